//! Text and HTML of messages, read from their bytes when asked for.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use entity::{MailMessageId, mail_message};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::html::{self, Fragment, RemoteImages};
use super::private::note_reading;
use super::queries::Owned;
use super::{Error, mime, queries};
use crate::access::{Cx, Level};
use crate::blobs::{BlobError, Blobs, Locator};
use crate::db::Db;

/// Bytes of content kept in memory.
const KEPT: u64 = 16 << 20;

/// MiB of messages that are read at once. Reading one takes up to three times its size.
const ROOM: u32 = 64;

/// Downloads too large for memory that run at once.
const LARGE_DOWNLOADS: usize = 64;

/// What a message says.
#[derive(Debug, PartialEq, Eq)]
pub struct Content {
    /// Plain text; made of the HTML where there is no other.
    pub text: String,
    /// Safe to show. None for a message of text.
    pub html: Option<Fragment>,
    /// Remote pictures that the HTML lacks.
    pub blocked_images: usize,
}

/// Reads messages' content and files; content that was read last is kept.
#[derive(Clone)]
pub struct Contents {
    blobs: Blobs,
    cache: Arc<Cache<(MailMessageId, RemoteImages), Arc<Content>, Bytewise>>,
    room: Arc<Semaphore>,
    pub(super) large_downloads: Arc<Semaphore>,
    /// Where large files lie while they go out.
    pub(super) folder: Arc<Path>,
}

#[derive(Clone)]
struct Bytewise;

impl Weighter<(MailMessageId, RemoteImages), Arc<Content>> for Bytewise {
    fn weight(&self, _: &(MailMessageId, RemoteImages), content: &Arc<Content>) -> u64 {
        (content.text.len() + content.html.as_ref().map_or(0, Fragment::size) + 64) as u64
    }
}

impl Contents {
    /// Over the store of the bytes. Large files lie in the folder while they go out.
    #[must_use]
    pub fn new(blobs: Blobs, folder: &Path) -> Self {
        Self {
            blobs,
            cache: Arc::new(Cache::with_weighter(1_000, KEPT, Bytewise)),
            room: Arc::new(Semaphore::new(ROOM as usize)),
            large_downloads: Arc::new(Semaphore::new(LARGE_DOWNLOADS)),
            folder: folder.into(),
        }
    }

    /// What a message says; none when the actor may not see all of it.
    pub async fn read(
        &self,
        cx: &Cx,
        db: &Db,
        id: MailMessageId,
        images: RemoteImages,
    ) -> Result<Option<Arc<Content>>, Error> {
        let Some(found) = opened(cx, db, id).await? else { return Ok(None) };
        // The bytes of a message never change, so what was read of them holds; and those who ask at once wait for one reading.
        let reading = async {
            let (content, _) = self.work_on(&found.row, move |raw| Arc::new(read(raw, images))).await?;
            Ok::<_, Error>(content)
        };
        self.cache.get_or_insert_async(&(id, images), reading).await.map(Some)
    }

    /// The message as its server sent it, or as much as is stored; none when the actor may not see all of it.
    pub async fn raw(&self, cx: &Cx, db: &Db, id: MailMessageId) -> Result<Option<Bytes>, Error> {
        let Some(found) = opened(cx, db, id).await? else { return Ok(None) };
        Ok(Some(self.blobs.read(&locator(&found.row)).await?))
    }

    /// Works on the bytes of a message, off the event loop, when there is room for them. The room is taken as long as the caller
    /// holds the permit.
    pub(super) async fn work_on<T: Send + 'static>(
        &self,
        row: &mail_message::Model,
        work: impl FnOnce(&[u8]) -> T + Send + 'static,
    ) -> Result<(T, OwnedSemaphorePermit), Error> {
        // What the server says of a size need not be so, and what is stored of it may be less.
        let bytes = row.size.max(row.pack_length).max(0) >> 20;
        let share = u32::try_from(bytes).unwrap_or(ROOM).saturating_add(1).min(ROOM);
        let room = Arc::clone(&self.room).acquire_many_owned(share).await.map_err(|_| BlobError::Interrupted)?;
        let raw = self.blobs.read(&locator(row)).await?;
        // The permit goes along: the work goes on when who asked for it has gone.
        let working = tokio::task::spawn_blocking(move || (work(&raw), room));
        Ok(working.await.map_err(|_| BlobError::Interrupted)?)
    }
}

/// The message, to be read by an actor who may see all of it: the one door to text and files.
pub(super) async fn opened(cx: &Cx, db: &Db, id: MailMessageId) -> Result<Option<Owned>, Error> {
    let Some(found) = queries::find(db.reader(), cx, id, Level::Full).await? else { return Ok(None) };
    note_reading(cx, db, &found).await?;
    Ok(Some(found))
}

fn read(raw: &[u8], images: RemoteImages) -> Content {
    let parsed = mime::parse(raw);
    let safe = parsed.html.as_deref().map(|html| html::sanitize(html, images));
    let blocked_images = safe.as_ref().map_or(0, |safe| safe.blocked_images);
    Content { text: parsed.text, html: safe.map(|safe| safe.html), blocked_images }
}

pub(super) fn locator(row: &mail_message::Model) -> Locator {
    let mut hash = [0; 32];
    for (byte, stored) in hash.iter_mut().zip(&row.hash) {
        *byte = *stored;
    }
    Locator {
        pack: row.pack.clone(),
        offset: u32::try_from(row.pack_offset).unwrap_or_default(),
        length: u32::try_from(row.pack_length).unwrap_or_default(),
        hash,
    }
}
