//! Reading messages of the open folder. Owns: the fetch commands, always by UID and always with PEEK.
//! Does not own: batches and their sizes.
//! Start reading at [`ImapConn::fetch_messages`].

use std::collections::HashSet;

use super::answer::{FetchItem, Untagged};
use super::conn::{Completion, ImapConn};
use super::error::ImapError;
use super::uid_set::UidSet;

/// How much of a message to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it; a message over 60 MiB is more than a response may hold and ends the connection: read it in chunks.
    Whole,
    /// So many bytes from an offset. A server may send fewer, and none past the end.
    Chunk {
        /// First byte.
        offset: u32,
        /// Most bytes.
        length: u32,
    },
}

impl Part {
    fn item(self) -> String {
        match self {
            Self::Whole => "BODY.PEEK[]".to_owned(),
            Self::Chunk { offset, length } => format!("BODY.PEEK[]<{offset}.{length}>"),
        }
    }
}

/// All fetch calls hand each message to `on_item` as it arrives, in any order, and end with the server's verdict: after
/// an error what was handed over is good, and the rest is unknown. With OK, a UID that did not come is unknown too: some
/// servers leave out messages that exist. No message is handed over twice, or that was not asked for, or without what was
/// asked.
impl ImapConn {
    /// Flags, dates, sizes and identities.
    ///
    /// # Errors
    /// As of any command.
    pub async fn fetch_metadata(
        &mut self,
        uids: &UidSet,
        on_item: impl FnMut(FetchItem),
    ) -> Result<Completion, ImapError> {
        let items = self.metadata_items();
        self.fetch(uids, &format!("({items})"), |item| item.size.is_some(), on_item).await
    }

    /// Flags only; `changed_since` a modification sequence only those that changed after it (RFC 7162).
    ///
    /// # Errors
    /// As of any command.
    pub async fn fetch_flags(
        &mut self,
        uids: &UidSet,
        changed_since: Option<u64>,
        on_item: impl FnMut(FetchItem),
    ) -> Result<Completion, ImapError> {
        let modseq = if self.folder_has_modseq { " MODSEQ" } else { "" };
        let since = changed_since.map(|modseq| format!(" (CHANGEDSINCE {modseq})")).unwrap_or_default();
        self.fetch(uids, &format!("(UID FLAGS{modseq}){since}"), |item| item.flags.is_some(), on_item).await
    }

    /// UIDs and nothing else: to count.
    ///
    /// # Errors
    /// As of any command.
    pub async fn fetch_uids(&mut self, uids: &UidSet, on_item: impl FnMut(FetchItem)) -> Result<Completion, ImapError> {
        self.fetch(uids, "(UID)", |_| true, on_item).await
    }

    /// When messages were received. One whose date cannot be read comes without it.
    ///
    /// # Errors
    /// As of any command.
    pub async fn fetch_dates(
        &mut self,
        uids: &UidSet,
        on_item: impl FnMut(FetchItem),
    ) -> Result<Completion, ImapError> {
        self.fetch(uids, "(UID INTERNALDATE)", |_| true, on_item).await
    }

    /// The headers of one message that tell what it is.
    ///
    /// # Errors
    /// As of any command.
    pub async fn fetch_headers(&mut self, uid: u32, on_item: impl FnMut(FetchItem)) -> Result<Completion, ImapError> {
        let items = "(UID BODY.PEEK[HEADER.FIELDS (SUBJECT FROM DATE)])";
        self.fetch(&UidSet::range(uid..=uid), items, |item| item.headers.is_some(), on_item).await
    }

    /// The messages themselves, as bytes.
    ///
    /// # Errors
    /// As of any command.
    pub async fn fetch_bodies(
        &mut self,
        uids: &UidSet,
        part: Part,
        on_item: impl FnMut(FetchItem),
    ) -> Result<Completion, ImapError> {
        self.fetch(uids, &format!("(UID {})", part.item()), |item| item.body.is_some(), on_item).await
    }

    /// Metadata and bytes in one flight.
    ///
    /// # Errors
    /// As of any command.
    pub async fn fetch_messages(
        &mut self,
        uids: &UidSet,
        part: Part,
        on_item: impl FnMut(FetchItem),
    ) -> Result<Completion, ImapError> {
        let items = format!("({} {})", self.metadata_items(), part.item());
        self.fetch(uids, &items, |item| item.size.is_some() && item.body.is_some(), on_item).await
    }

    fn metadata_items(&self) -> String {
        let mut items = "UID FLAGS INTERNALDATE RFC822.SIZE".to_owned();
        if self.folder_has_modseq {
            items.push_str(" MODSEQ");
        }
        if self.has("X-GM-EXT-1") {
            items.push_str(" X-GM-MSGID X-GM-THRID X-GM-LABELS");
        }
        if self.has("OBJECTID") {
            items.push_str(" EMAILID THREADID");
        }
        items
    }

    async fn fetch(
        &mut self,
        uids: &UidSet,
        items: &str,
        complete: impl Fn(&FetchItem) -> bool,
        mut on_item: impl FnMut(FetchItem),
    ) -> Result<Completion, ImapError> {
        if uids.is_empty() {
            return Ok(Completion { code: None, text: String::new() });
        }
        let command = format!("UID FETCH {uids} {items}");
        let mut handed = HashSet::new();
        let mut wanted =
            |item: &FetchItem| item.uid.is_some_and(|uid| uids.contains(uid) && complete(item) && handed.insert(uid));
        self.exec(&command, self.timeouts.fetch, |untagged| match untagged {
            Untagged::Fetch(item) if wanted(&item) => {
                on_item(*item);
                None
            }
            other => Some(other),
        })
        .await
    }
}
