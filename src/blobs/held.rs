//! Bytes on their way out: in memory when they are few, else in a file without a name that is gone with its last handle.

use std::fs::File;
use std::io::{self, SeekFrom};
use std::ops::Range;
use std::path::Path;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::Spool;

/// Bytes that go out at once.
const PIECE: usize = 64 << 10;

/// Bytes that are held for somebody who may take them slowly.
#[derive(Debug)]
pub struct Held {
    length: u64,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Memory(Bytes),
    File(File),
}

impl Held {
    /// Bytes up to which memory holds them.
    pub const IN_MEMORY: usize = 256 << 10;

    /// Holds bytes; many of them on the disk of a folder.
    pub async fn keep(bytes: Vec<u8>, folder: &Path) -> io::Result<Self> {
        let length = bytes.len() as u64;
        if bytes.len() <= Self::IN_MEMORY {
            return Ok(Self { length, place: Place::Memory(bytes.into()) });
        }
        let mut spool = Spool::create(folder).await?;
        spool.write(&bytes).await?;
        Ok(Self { length, place: Place::File(spool.finish().await?) })
    }

    /// How many they are.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Those of a range, piece by piece. The range must lie within them.
    pub async fn pieces(self, range: Range<u64>) -> io::Result<BoxStream<'static, io::Result<Bytes>>> {
        let beyond = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let left = range.end.checked_sub(range.start).filter(|_| range.end <= self.length).ok_or_else(beyond)?;
        match self.place {
            Place::Memory(bytes) => {
                let end = usize::try_from(range.end).map_err(|_| beyond())?;
                let start = usize::try_from(range.start).map_err(|_| beyond())?;
                Ok(stream::once(async move { Ok(bytes.slice(start..end)) }).boxed())
            }
            Place::File(file) => {
                let mut file = tokio::fs::File::from_std(file);
                file.seek(SeekFrom::Start(range.start)).await?;
                Ok(stream::try_unfold((file, left), next).boxed())
            }
        }
    }
}

async fn next((mut file, left): (tokio::fs::File, u64)) -> io::Result<Option<(Bytes, (tokio::fs::File, u64))>> {
    if left == 0 {
        return Ok(None);
    }
    let mut piece = vec![0; usize::try_from(left).unwrap_or(PIECE).min(PIECE)];
    file.read_exact(&mut piece).await?;
    let left = left - piece.len() as u64;
    Ok(Some((piece.into(), (file, left))))
}
