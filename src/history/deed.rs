//! What people do to contacts and tags.

use serde::{Deserialize, Serialize};

/// Something done to a contact or a tag, with names as they were then. Stored as JSON and kept for good: a variant or member may come,
/// none may go or change its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// It was added or made.
    Created {
        /// Its name.
        name: String,
    },
    /// A contact came from a file.
    Imported {
        /// Its name.
        name: String,
    },
    /// A contact was made of who wrote, or was written to.
    Corresponded {
        /// Its name.
        name: String,
    },
    /// Fields of a contact were changed.
    Updated {
        /// Which.
        fields: Vec<Field>,
    },
    /// It was deleted.
    Deleted {
        /// Its name.
        name: String,
    },
    /// A contact got a tag.
    Tagged {
        /// The tag's name.
        name: String,
    },
    /// A contact lost a tag, other than by the tag's end.
    Untagged {
        /// The tag's name.
        name: String,
    },
    /// A tag got another name.
    Renamed {
        /// Its name before.
        from: String,
        /// Its name since.
        to: String,
    },
    /// A tag got another color of its own, or none.
    Recolored {
        /// Its color before.
        from: Option<String>,
        /// Its color since.
        to: Option<String>,
    },
    /// A tag came into another group, or into none.
    Regrouped {
        /// The group before.
        from: Option<String>,
        /// The group since.
        to: Option<String>,
    },
    /// A tag is no longer found by an earlier name.
    AliasRemoved {
        /// That name.
        name: String,
    },
    /// Other tags became part of a tag.
    Merged {
        /// Their names.
        names: Vec<String>,
    },
}

/// A field of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Its name.
    Name,
    /// The company it belongs to.
    Company,
    /// What it does there.
    JobTitle,
    /// Its addresses.
    Emails,
    /// Its phone numbers.
    Phones,
    /// The notes on it.
    Notes,
}
