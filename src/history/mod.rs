//! History: who did what to contacts and tags, and when. Kept for good, unlike the change log, which retention trims.
//!
//! Owns the table `history_entry`. Commands say what they do with `db::Tx::note`, and it is written as they commit; what deserves an
//! entry, and when, is each feature's own. Start reading at `Deed`, then `store`.
//!
//! A contact's history tells what was put on it and taken off. A tag's tells of the tag itself: it may be on a hundred thousand contacts.
//! The names in an entry are those of then; the actor's is that of now.

mod deed;
mod sentence;
pub mod store;

use entity::{ContactId, HistoryEntryId, TagId, Timestamp, UserId};

pub use deed::{Deed, Field};

/// What an entry tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A contact.
    Contact(ContactId),
    /// A tag.
    Tag(TagId),
}

/// An entry as a command notes it; it gets its id, time and actor at commit.
#[derive(Clone, Debug)]
pub struct NewEntry {
    subject: Subject,
    tag: Option<TagId>,
    deed: Deed,
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: HistoryEntryId,
    /// To what.
    pub subject: Subject,
    /// When.
    pub at: Timestamp,
    /// The user who did it, if one did.
    pub actor: Option<UserId>,
    /// The tag it is about. It may be gone by now.
    pub tag: Option<TagId>,
    /// What was done.
    pub deed: Deed,
}

impl NewEntry {
    /// Something done to a contact or a tag.
    #[must_use]
    pub fn of(subject: Subject, deed: Deed) -> Self {
        Self { subject, tag: None, deed }
    }

    /// A tag put on a contact.
    #[must_use]
    pub fn tagged(contact: ContactId, tag: TagId, name: &str) -> Self {
        let deed = Deed::Tagged { name: name.to_owned() };
        Self { subject: Subject::Contact(contact), tag: Some(tag), deed }
    }

    /// A tag taken off a contact.
    #[must_use]
    pub fn untagged(contact: ContactId, tag: TagId, name: &str) -> Self {
        let deed = Deed::Untagged { name: name.to_owned() };
        Self { subject: Subject::Contact(contact), tag: Some(tag), deed }
    }
}
