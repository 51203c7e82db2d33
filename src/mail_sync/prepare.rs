//! From bytes to what is stored: parsing and packing, off the event loop.

use bytes::Bytes;
use entity::{MailFolderId, MailMessageId, Timestamp};
use tokio::sync::OwnedSemaphorePermit;

use super::arrival::arrived;
use super::error::SyncError;
use super::imap::FetchItem;
use crate::blobs::{BlobError, Blobs};
use crate::crash_point;
use crate::mail_accounts::{CursorMove, Folder};
use crate::messages::{Batch, Flags, Identity, Located, Mail, NewHole, NewMail, Origin, SearchWords, mime};

/// What one request read.
pub(super) struct Read {
    pub(super) folder: MailFolderId,
    pub(super) generation: i64,
    pub(super) mails: Vec<ReadMail>,
    pub(super) holes: Vec<NewHole>,
    pub(super) filled: Vec<u32>,
    pub(super) cursor: CursorMove,
    /// Its share of the memory for bytes, given back when it is stored.
    pub(super) memory: Option<OwnedSemaphorePermit>,
}

/// A message as it was read.
pub(super) struct ReadMail {
    pub(super) meta: Meta,
    pub(super) body: Body,
}

/// What is known of a message without its bytes.
pub(super) struct Meta {
    pub(super) uid: u32,
    pub(super) flags: Flags,
    pub(super) mod_seq: Option<u64>,
    pub(super) size: u32,
    pub(super) received_at: Option<Timestamp>,
    pub(super) identity: Option<Identity>,
    pub(super) thread: Option<String>,
    pub(super) arrived: bool,
}

pub(super) enum Body {
    /// The message is stored already.
    Known(MailMessageId),
    /// All of it.
    Whole(Bytes),
    /// Its beginning.
    Beginning(Bytes),
}

impl Read {
    /// Nothing yet, of a folder.
    pub(super) fn of(folder: &Folder) -> Self {
        Self {
            folder: folder.id,
            generation: folder.generation,
            mails: Vec::new(),
            holes: Vec::new(),
            filled: Vec::new(),
            cursor: CursorMove::default(),
            memory: None,
        }
    }
}

impl Meta {
    /// From what the server lists; none without a UID.
    pub(super) fn new(item: FetchItem, folder: &Folder, connected_at: Timestamp) -> Option<Self> {
        let uid = item.uid?;
        let received_at = item.internal_date.map(|date| Timestamp(date.timestamp_micros()));
        let identity = item.gmail_message.map(Identity::gmail);
        Some(Self {
            uid,
            flags: Flags::parse(item.flags.unwrap_or_default()),
            mod_seq: item.modseq,
            size: item.size.unwrap_or_default(),
            received_at,
            identity: identity.or_else(|| item.email_id.as_deref().map(Identity::email_id)),
            thread: item.gmail_thread.map(|id| id.to_string()).or(item.thread_id),
            arrived: arrived(folder, uid, received_at, connected_at),
        })
    }
}

/// Parses and packs. When this returns, the bytes are on stable storage. `indexing`: history is indexed with its storing, as news
/// always is.
pub(super) async fn prepare(
    blobs: Blobs,
    read: Read,
    indexing: bool,
    now: Timestamp,
) -> Result<(Batch, Option<OwnedSemaphorePermit>), SyncError> {
    let (mut bodies, mut indexed) = (Vec::new(), Vec::new());
    for mail in &read.mails {
        if let Body::Whole(bytes) | Body::Beginning(bytes) = &mail.body {
            bodies.push(bytes.clone());
            indexed.push(indexing || mail.meta.arrived);
        }
    }
    let (mut locators, mut parsed) = if bodies.is_empty() {
        (Vec::new().into_iter(), Vec::new().into_iter())
    } else {
        let raw = bodies.clone();
        let parse = move || raw.iter().zip(indexed).map(|(raw, indexed)| lean(raw, indexed)).collect::<Vec<_>>();
        let parsing = tokio::task::spawn_blocking(parse);
        crash_point::pass(|| "before a pack".to_owned());
        let (locators, parsed) = tokio::join!(blobs.write_pack(bodies), parsing);
        crash_point::pass(|| "after a pack".to_owned());
        (locators?.into_iter(), parsed.map_err(|_| BlobError::Interrupted)?.into_iter())
    };
    let mut mails = Vec::with_capacity(read.mails.len());
    for ReadMail { meta, body } in read.mails {
        let partial = matches!(body, Body::Beginning(_));
        let mail = match body {
            Body::Known(id) => Mail::Known(id),
            Body::Whole(_) | Body::Beginning(_) => {
                let (Some(locator), Some((parsed, words))) = (locators.next(), parsed.next()) else { break };
                let received_at = meta.received_at.or(parsed.sent_at.map(Timestamp)).unwrap_or(now);
                let origin = Origin {
                    identity: meta.identity,
                    received_at,
                    size: meta.size,
                    partial,
                    arrived: meta.arrived,
                    provider_thread: meta.thread,
                    words,
                };
                Mail::New(Box::new(NewMail::new(parsed, locator, origin)))
            }
        };
        mails.push(Located { uid: meta.uid, flags: meta.flags, mod_seq: meta.mod_seq, mail });
    }
    let Read { folder, generation, holes, filled, cursor, memory, .. } = read;
    Ok((Batch { folder, generation, mails, holes, filled, cursor }, memory))
}

/// Without what is not stored: texts are far larger than the rest. Beside it the words it is found by.
fn lean(raw: &[u8], indexed: bool) -> (mime::ParsedMessage, Option<SearchWords>) {
    let mut parsed = mime::parse(raw);
    let words = indexed.then(|| SearchWords::of(&parsed));
    parsed.text = String::new();
    parsed.html = None;
    (parsed, words)
}
