//! Messages: what a mail is once it is here, where it lies, who is on it.
//!
//! Owns the tables `mail_message`, `mail_location`, `mail_hole`, `mail_participant`, `mail_attachment`, `mail_pack_upkeep`,
//! `mail_thread_key` (`threads`), `blocked_address` (`blocks`), `private_reading`, the index of words (`search`), reading raw mail (`mime`) and making its HTML safe
//! (`html`). Does not fetch mail (`mail_sync`). Start reading at `batch`, then `queries`.

mod batch;
pub mod blocks;
mod content;
mod correspondence;
mod download;
mod error;
mod flags;
mod gone;
mod holes;
pub mod html;
mod link_check;
mod list;
pub mod mime;
mod new_mail;
mod packs;
mod picture;
mod private;
mod queries;
mod rows;
mod search;
mod skipped;
mod sweep;
pub mod threads;
mod visible;
mod why;

use entity::{ContactId, MailAccountId, MailAttachmentId, MailMessageId, MailThreadId, Timestamp, UserId};

pub use batch::{Batch, Located, Mail, Stored, known, store_batch};
pub use content::{Content, Contents};
pub use correspondence::Against;
pub use download::{Download, DownloadError, Purpose, ticket};
pub use entity::mail_participant::Role as ParticipantRole;
pub use error::Error;
pub use flags::Flags;
pub use gone::{drop_folder, end_generation, erase_batch, hide_gone};
pub use holes::{Hole, NewHole, due_holes, hole_uids, holes_of};
pub use link_check::{Checked, Difference, check_links};
pub use list::{MessageFilter, count, last_message_at, last_message_times, list};
pub use new_mail::{Identity, NewMail, Origin};
pub use packs::{find_unnamed_packs, look_after_packs};
pub use picture::Picture;
pub use private::{MarkError, set_private};
pub use queries::{
    Counts, attachments_by_ids, attachments_by_message_ids, by_ids, counts_of_folders, folders_by_message_ids,
    participants_by_message_ids,
};
pub use search::{Highlight, HighlightField, SearchText, SearchWords, Source, WrongText, highlights, index_backlog};
pub use skipped::{SkippedMessage, note_headers, retry_skipped, skipped, skipped_by_id, skipped_count, take_headless};
pub use sweep::{Sweep, located, oldest_in, sweep, uid_at_depth};
pub use visible::{access, scope, visible, visible_at};
pub use why::{NoContact, Sight, why_linked, why_no_contact, why_not_visible};

/// A mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MailMessageId,
    /// The mailbox it is in.
    pub account: MailAccountId,
    /// The thread it belongs to; none for a moment when it is from before there were threads.
    pub thread: Option<MailThreadId>,
    /// Whose that is.
    pub owner: UserId,
    /// Subject; empty when it has none.
    pub subject: String,
    /// Start of its text.
    pub snippet: String,
    /// When it was sent, as its sender says.
    pub sent_at: Option<Timestamp>,
    /// When its server received it.
    pub received_at: Timestamp,
    /// Bytes on its server.
    pub size: u64,
    /// Whether only its beginning is stored.
    pub partial: bool,
    /// Whether it has attachments.
    pub has_attachment: bool,
    /// Whether its owner keeps it from those who see the mailbox.
    pub private: bool,
    /// Whether it was read.
    pub seen: bool,
    /// Whether it is marked.
    pub flagged: bool,
    /// Whether it was answered.
    pub answered: bool,
    /// Grows with every change.
    pub version: i64,
}

/// Somebody on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// As what.
    pub role: ParticipantRole,
    /// The name on the message.
    pub name: Option<String>,
    /// The address, as first seen.
    pub address: String,
    /// The contact that the address belongs to now.
    pub contact: Option<ContactId>,
}

impl Participant {
    /// Name and address as headers have them.
    #[must_use]
    pub fn written(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} <{}>", self.address),
            None => self.address.clone(),
        }
    }
}

/// A file in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its id.
    pub id: MailAttachmentId,
    /// The message it is in.
    pub message: MailMessageId,
    /// Its name; empty when it has none.
    pub filename: String,
    /// Media type.
    pub content_type: String,
    /// Bytes, decoded.
    pub size: u64,
    /// By what the message's HTML refers to it.
    pub content_id: Option<String>,
    /// Whether it is shown within the message.
    pub inline: bool,
}

impl Message {
    /// A row, and whose mailbox it is in.
    fn new(row: entity::mail_message::Model, owner: UserId) -> Self {
        Self {
            id: row.id,
            account: row.account,
            thread: row.thread,
            owner,
            subject: row.subject,
            snippet: row.snippet,
            sent_at: row.sent_at,
            received_at: row.received_at,
            size: u64::try_from(row.size).unwrap_or_default(),
            partial: row.partial,
            has_attachment: row.has_attachment,
            private: row.private,
            seen: row.seen,
            flagged: row.flagged,
            answered: row.answered,
            version: row.version,
        }
    }
}

impl From<entity::mail_attachment::Model> for Attachment {
    fn from(row: entity::mail_attachment::Model) -> Self {
        Self {
            id: row.id,
            message: row.message,
            filename: row.filename,
            content_type: row.content_type,
            size: u64::try_from(row.size).unwrap_or_default(),
            content_id: row.content_id,
            inline: row.inline,
        }
    }
}
