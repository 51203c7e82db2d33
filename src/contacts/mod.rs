//! Contacts: people and companies outside, with their addresses, phones and tags.
//!
//! Owns the tables `contact`, `address`, `contact_phone`, `contact_word`, `saved_filter`. Tags and who carries them belong to `tags`; mail points to
//! address rows and is linked to contacts by them alone. Start reading at `commands`, then `filter` and `language`.

mod addresses;
mod bulk;
mod commands;
mod correspondence;
mod draft;
mod error;
mod filter;
mod incoming;
pub mod language;
mod live;
mod matching;
mod members;
mod placing;
mod queries;
pub mod saved;
mod store;
mod whole;
mod words;

use entity::{ContactId, Timestamp};

pub use addresses::{
    Address, address_keys, addresses_by_ids, addresses_like, addresses_of, intern_addresses, last_of_addresses,
    owner_of_address,
};
pub use bulk::{BulkTagging, Tagged, TagsGiven, retag};
pub use commands::{create, delete, update};
pub use correspondence::{Correspondent, record_correspondence};
pub use draft::{ContactChange, NewContact};
pub use error::{Error, Field};
pub use filter::{Filter, FilterError, TagMatch};
pub use incoming::{Incoming, Mode, Placed, place};
pub use live::{Facts, LiveFilter, Snapshot, is_sweeping, may_rename};
pub use matching::addresses_of_matching;
pub use members::{Members, Numbering};
pub use queries::{ContactOrder, Measure, OrderField, by_ids, count, emails, facets, list, measured, phones, words};
pub use whole::{WholeContact, WholeContacts};

/// A contact without what hangs on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// Its name.
    pub name: String,
    /// The company it belongs to.
    pub company: Option<String>,
    /// What it does there.
    pub job_title: Option<String>,
    /// Free notes.
    pub notes: String,
    /// Grows with every change of its own fields.
    pub version: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When its own fields last changed.
    pub updated_at: Timestamp,
}

/// An address of a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactEmail {
    /// As typed.
    pub address: String,
    /// What it is for, e.g. "work".
    pub label: Option<String>,
}

/// A phone number of a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactPhone {
    /// As typed.
    pub number: String,
    /// What it is for.
    pub label: Option<String>,
}

impl From<entity::contact::Model> for Contact {
    fn from(row: entity::contact::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            company: row.company,
            job_title: row.job_title,
            notes: row.notes,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
