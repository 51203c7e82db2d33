//! Messages: what a mail is once it is here, where it lies, who is on it.
//!
//! Owns the tables `mail_message`, `mail_location`, `mail_hole`, `mail_participant`, `mail_attachment`, the index of words (`search`), reading raw mail (`mime`) and
//! making its HTML safe (`html`). Does not fetch mail (`mail_sync`). Start reading at `batch`, then `queries`.

mod batch;
mod content;
mod error;
mod flags;
mod gone;
mod holes;
pub mod html;
mod list;
pub mod mime;
mod new_mail;
mod queries;
mod rows;
mod search;
mod sweep;

use entity::{ContactId, MailAccountId, MailAttachmentId, MailMessageId, Timestamp};

pub use batch::{Batch, Located, Mail, Stored, known, store_batch};
pub use content::{Content, Contents};
pub use entity::mail_participant::Role as ParticipantRole;
pub use error::Error;
pub use flags::Flags;
pub use gone::{drop_folder, end_generation, erase_batch, hide_gone};
pub use holes::{Hole, NewHole, due_holes, holes_of};
pub use list::{MessageFilter, count, last_message_at, list};
pub use new_mail::{Identity, NewMail, Origin};
pub use queries::{
    Counts, attachments_by_ids, attachments_by_message_ids, by_ids, counts_of_folders, folders_by_message_ids,
    participants_by_message_ids, visible,
};
pub use search::{
    Highlight, HighlightField, SearchText, SearchWords, Source, WrongText, highlights, index_backlog,
};
pub use sweep::{Sweep, located, sweep, uid_at_depth};

/// A mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MailMessageId,
    /// The mailbox it is in.
    pub account: MailAccountId,
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
    /// Its name; empty when it has none.
    pub filename: String,
    /// Media type.
    pub content_type: String,
    /// Bytes, decoded.
    pub size: u64,
    /// Whether it is shown within the message.
    pub inline: bool,
}

impl From<entity::mail_message::Model> for Message {
    fn from(row: entity::mail_message::Model) -> Self {
        Self {
            id: row.id,
            account: row.account,
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
            filename: row.filename,
            content_type: row.content_type,
            size: u64::try_from(row.size).unwrap_or_default(),
            inline: row.inline,
        }
    }
}
