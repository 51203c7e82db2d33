//! Packs as a whole: which there are, and writing one anew or removing it when messages have gone.
//! Owns doing it durably; when it may be done is the writer's business.

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, path::Path as Key};

use super::{BlobError, Blobs, Locator, key, off_loop, pack};

impl Blobs {
    /// The names of all packs.
    #[must_use]
    pub fn packs(&self) -> BoxStream<'static, Result<String, BlobError>> {
        let listed = self.store.list(Some(&Key::from("packs")));
        let name = |found: Result<object_store::ObjectMeta, _>| match found {
            Ok(found) => found.location.filename().map(|name| Ok(name.to_owned())),
            Err(error) => Some(Err(BlobError::Store(error))),
        };
        listed.filter_map(move |found| std::future::ready(name(found))).boxed()
    }

    /// Bytes of a pack; none when there is no such pack.
    pub async fn pack_size(&self, name: &str) -> Result<Option<u64>, BlobError> {
        match self.store.head(&key(name)).await {
            Ok(found) => Ok(Some(found.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(BlobError::Store(error)),
        }
    }

    /// Writes messages of one pack into a new one, as they are, and gives where each is now, in order. It is on stable storage when
    /// this returns: call it before the transaction that names the locators.
    pub async fn copy_to_new_pack(&self, old: &[Locator]) -> Result<Vec<Locator>, BlobError> {
        let mut messages = Vec::with_capacity(old.len());
        for locator in old {
            let end = u64::from(locator.offset) + u64::from(locator.length);
            let bytes = match self.store.get_range(&key(&locator.pack), u64::from(locator.offset)..end).await {
                Ok(bytes) if bytes.len() as u64 == u64::from(locator.length) => bytes,
                Ok(_) => return Err(BlobError::Damaged(locator.pack.clone(), "it is too short")),
                Err(object_store::Error::NotFound { .. }) => return Err(BlobError::Missing(locator.pack.clone())),
                Err(error) => return Err(self.why(locator, end, error).await),
            };
            messages.push((bytes, locator.hash));
        }
        let pack = off_loop(move || pack::assemble(&messages)).await?;
        self.store.put(&key(&pack.name), PutPayload::from(pack.bytes)).await.map_err(BlobError::Store)?;
        Ok(pack.locators)
    }

    /// Removes a pack; one that is gone already is no error.
    pub async fn remove_pack(&self, name: &str) -> Result<(), BlobError> {
        match self.store.delete(&key(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(BlobError::Store(error)),
        }
    }
}
