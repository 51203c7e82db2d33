//! Tags: free labels, made the first time somebody types them; their groups; and which contact carries which.
//!
//! Owns the tables `tag`, `tag_name`, `tag_key`, `tag_group`, `contact_tag`. To this feature a contact is an id with a sort key; what a contact is
//! belongs to `contacts`, which links and unlinks within its own transactions. Start reading at `commands`, then `held` and `links`.

mod cleanup;
mod commands;
mod error;
mod facets;
mod filter;
mod group_store;
mod groups;
mod held;
mod links;
mod merge;
mod name_store;
mod names;
mod queries;
mod store;

use entity::{TagGroupId, TagId, Timestamp};

pub use cleanup::Cleanup;
pub use commands::{NewTag, create, delete};
pub use error::Error;
pub use facets::facets;
pub use filter::{TagMatch, carries, driven_by};
pub use groups::{
    NewTagGroup, TagGroupEdit, create_group, delete_group, groups, groups_by_ids, groups_by_names, update_group,
};
pub use held::{Held, Wanted, hold};
pub use links::{Tagging, count_change, link, rename_contact, unlink, unlink_all};
pub use merge::merge;
pub use names::{TagEdit, remove_alias, update};
pub use queries::{TagFilter, TagOrder, aliases, by_ids, by_names, count, list, of_contacts, tags_of_groups};

use crate::text;

/// Most characters of a tag's name.
pub const LONGEST_NAME: usize = 100;

/// A tag that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its id.
    pub id: TagId,
    /// As typed.
    pub name: String,
    /// Its own color, `#RRGGBB`.
    pub color: Option<String>,
    /// Its group.
    pub group: Option<TagGroupId>,
    /// Contacts that carry it.
    pub contact_count: i64,
    /// When it was made.
    pub created_at: Timestamp,
    name_sort: String,
}

/// A category of tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagGroup {
    /// Its id.
    pub id: TagGroupId,
    /// As typed.
    pub name: String,
    /// `#RRGGBB`.
    pub color: String,
    /// Its place among the groups, from 0.
    pub position: i32,
}

/// A tag's name: 1 to 100 characters on one line, without surrounding blanks or a leading `#`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagName {
    typed: String,
    key: String,
}

/// Not a tag's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A tag has 1 to 100 characters on one line.")]
pub struct NotAName;

impl TagName {
    /// Reads a name as a person types it.
    pub fn parse(text: &str) -> Result<Self, NotAName> {
        let typed = text.trim();
        let typed = typed.strip_prefix('#').unwrap_or(typed).trim();
        let key = text::key(typed);
        let sound = !key.is_empty() && typed.chars().count() <= LONGEST_NAME && text::is_one_line(typed);
        if sound { Ok(Self { typed: typed.to_owned(), key }) } else { Err(NotAName) }
    }

    /// As typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// The form by which two names are the same.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl From<entity::tag::Model> for Tag {
    fn from(row: entity::tag::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            color: row.color,
            group: row.group_id,
            contact_count: row.contact_count,
            created_at: row.created_at,
            name_sort: row.name_sort,
        }
    }
}

impl From<entity::tag_group::Model> for TagGroup {
    fn from(row: entity::tag_group::Model) -> Self {
        Self { id: row.id, name: row.name, color: row.color, position: row.position }
    }
}
