//! Text and HTML of messages, read from their bytes when asked for.

use std::sync::Arc;

use bytes::Bytes;
use entity::{MailMessageId, mail_message};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::html::{self, RemoteImages};
use super::{Error, mime, queries};
use crate::access::Cx;
use crate::blobs::{Blobs, Locator};
use crate::db::Db;

/// Bytes of content kept in memory.
const KEPT: u64 = 16 << 20;

/// What a message says.
#[derive(Debug, PartialEq, Eq)]
pub struct Content {
    /// Plain text; made of the HTML where there is no other.
    pub text: String,
    /// Safe to show; remote images are blocked. None for a message of text.
    pub html: Option<String>,
}

/// Reads messages' content; what was read last is kept.
#[derive(Clone)]
pub struct Contents {
    blobs: Blobs,
    cache: Arc<Cache<MailMessageId, Arc<Content>, Bytewise>>,
}

#[derive(Clone)]
struct Bytewise;

impl Weighter<MailMessageId, Arc<Content>> for Bytewise {
    fn weight(&self, _: &MailMessageId, content: &Arc<Content>) -> u64 {
        (content.text.len() + content.html.as_ref().map_or(0, String::len) + 64) as u64
    }
}

impl Contents {
    /// Over the store of the bytes.
    #[must_use]
    pub fn new(blobs: Blobs) -> Self {
        Self { blobs, cache: Arc::new(Cache::with_weighter(1_000, KEPT, Bytewise)) }
    }

    pub(super) fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// What a message says; none when the actor may not see it.
    pub async fn read(&self, cx: &Cx, db: &Db, id: MailMessageId) -> Result<Option<Arc<Content>>, Error> {
        let Some(row) = queries::visible_row(cx, db, id).await? else { return Ok(None) };
        // The bytes of a message never change, so what was read of them holds.
        if let Some(content) = self.cache.get(&id) {
            return Ok(Some(content));
        }
        let raw = self.blobs.read(&locator(&row)).await?;
        let content = tokio::task::spawn_blocking(move || Arc::new(read(&raw)));
        let content = content.await.map_err(|_| crate::blobs::BlobError::Interrupted)?;
        self.cache.insert(id, Arc::clone(&content));
        Ok(Some(content))
    }

    /// The message as its server sent it, or as much as is stored; none when the actor may not see it.
    pub async fn raw(&self, cx: &Cx, db: &Db, id: MailMessageId) -> Result<Option<Bytes>, Error> {
        let Some(row) = queries::visible_row(cx, db, id).await? else { return Ok(None) };
        Ok(Some(self.blobs.read(&locator(&row)).await?))
    }
}

fn read(raw: &[u8]) -> Content {
    let parsed = mime::parse(raw);
    let html = parsed.html.as_deref().map(|html| html::sanitize(html, RemoteImages::Blocked).html);
    Content { text: parsed.text, html }
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
