//! A file that comes in, kept on disk while it is used and gone with its last handle, also when the process dies.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::path::Path;

use tokio::io::AsyncWriteExt;

/// A file that is being written.
#[derive(Debug)]
pub struct Spool(tokio::fs::File);

impl Spool {
    /// An empty one without a name, on the disk of a folder.
    pub async fn create(folder: &Path) -> io::Result<Self> {
        let folder = folder.to_owned();
        let made = tokio::task::spawn_blocking(move || tempfile::tempfile_in(folder)).await;
        Ok(Self(tokio::fs::File::from_std(made.map_err(io::Error::other)??)))
    }

    /// Writes behind what was written.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await
    }

    /// The whole file, from its start.
    pub async fn finish(mut self) -> io::Result<File> {
        self.0.flush().await?;
        let mut file = self.0.into_std().await;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }
}
