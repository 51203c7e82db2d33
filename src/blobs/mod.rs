//! Bytes too big for the database, kept in an object store: local files by default.
//! Owns writing packs durably and reading from them; what a pack holds and when it may go is the writer's business.
//! Start at [`Blobs`]; `pack` has the layout.

mod held;
mod pack;
mod spool;
#[cfg(test)]
mod tests;
mod upkeep;

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use object_store::{
    ObjectStore, ObjectStoreExt, PutPayload, local::LocalFileSystem, memory::InMemory, path::Path as Key,
};

pub use held::Held;
pub use pack::{Locator, PACK, PLAIN};
pub use spool::Spool;

/// Why bytes could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The object is not in the store.
    #[error("blob {0} is missing")]
    Missing(String),
    /// The object is there, but what it holds is not what was written.
    #[error("blob {0} is damaged: {1}")]
    Damaged(String, &'static str),
    /// Longer than one message or one object may be.
    #[error("{0} bytes are more than a blob may hold")]
    TooLarge(usize),
    /// The folder cannot be made or used.
    #[error("blob folder {0}: {1}")]
    Folder(String, #[source] std::io::Error),
    /// The compressor failed.
    #[error("compressing: {0}")]
    Compress(#[source] std::io::Error),
    /// The store failed; worth trying again.
    #[error("blob store: {0}")]
    Store(#[source] object_store::Error),
    /// The process is shutting down.
    #[error("interrupted")]
    Interrupted,
}

/// The store of blobs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
}

impl Blobs {
    /// Files under `folder`, which is made readable for its owner only.
    pub fn local(folder: &Path) -> Result<Self, BlobError> {
        let wrong = |error| BlobError::Folder(folder.display().to_string(), error);
        private_folder(folder).map_err(wrong)?;
        // The store syncs file and folder before a write returns only when told to.
        let store = LocalFileSystem::new_with_prefix(folder).map_err(BlobError::Store)?.with_fsync(true);
        Ok(Self { store: Arc::new(store) })
    }

    /// Kept in memory only: for tests and trials.
    #[must_use]
    pub fn memory() -> Self {
        Self { store: Arc::new(InMemory::new()) }
    }

    /// Writes messages, compressed one by one, into as few packs as hold them, and gives where each is, in order.
    /// Everything is on stable storage when this returns: call it before the transaction that names the locators. No two
    /// packs have the same name, so one that nobody names any more can go whatever is being written.
    pub async fn write_pack(&self, messages: Vec<Bytes>) -> Result<Vec<Locator>, BlobError> {
        let packs = off_loop(move || pack::build(&messages)).await?;
        let mut locators = Vec::new();
        for pack in packs {
            self.store.put(&key(&pack.name), PutPayload::from(pack.bytes)).await.map_err(BlobError::Store)?;
            locators.extend(pack.locators);
        }
        Ok(locators)
    }

    /// The message at a place, checked against its hash.
    pub async fn read(&self, locator: &Locator) -> Result<Bytes, BlobError> {
        let end = u64::from(locator.offset) + u64::from(locator.length);
        let found = self.store.get_range(&key(&locator.pack), u64::from(locator.offset)..end).await;
        let bytes = match found {
            Ok(bytes) => bytes,
            Err(object_store::Error::NotFound { .. }) => return Err(BlobError::Missing(locator.pack.clone())),
            Err(error) => return Err(self.why(locator, end, error).await),
        };
        let locator = locator.clone();
        off_loop(move || pack::unpack(&locator, &bytes)).await
    }

    /// Stores report a range beyond the end each in their own way.
    async fn why(&self, locator: &Locator, end: u64, error: object_store::Error) -> BlobError {
        match self.store.head(&key(&locator.pack)).await {
            Ok(found) if found.size < end => BlobError::Damaged(locator.pack.clone(), "it is too short"),
            _ => BlobError::Store(error),
        }
    }
}

/// Packs are spread over 256 folders: some file systems slow down with many files in one.
fn key(name: &str) -> Key {
    Key::from_iter(["packs", name.get(..2).unwrap_or("00"), name])
}

async fn off_loop<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| BlobError::Interrupted)?
}

fn private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    #[cfg(unix)]
    std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}
