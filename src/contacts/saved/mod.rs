//! Filters kept under a name, each its owner's, who may share it with the workspace.
//!
//! Owns the table `saved_filter`. What a query means is `language`'s; where a filter names a saved one it is put in by `filter`.
//! Start reading at `commands`.

mod commands;
mod error;
mod queries;
mod store;

use entity::{SavedFilterId, UserId};

pub use commands::{create, delete, update};
pub use error::Error;
pub(super) use queries::filters;
pub use queries::{by_ids, list};

/// Most characters of a name.
const LONGEST_NAME: usize = 100;

/// Most filters of one owner: each that moves is a change.
const MOST: usize = 200;

/// A filter kept under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedFilter {
    /// Its id.
    pub id: SavedFilterId,
    /// As typed.
    pub name: String,
    /// In the language of filters, as typed.
    pub query: String,
    /// Whether the whole workspace sees it.
    pub shared: bool,
    /// Who saved it.
    pub owner: UserId,
    /// Its place among its owner's, from 0.
    pub position: i32,
}

/// A filter to be saved, behind the last of its owner's.
#[derive(Clone, Debug)]
pub struct NewSavedFilter {
    /// Its name.
    pub name: String,
    /// In the language of filters.
    pub query: String,
    /// Whether the whole workspace sees it.
    pub shared: bool,
}

/// What changes of a saved filter, as given. `None` stays as it is.
#[derive(Clone, Debug)]
pub struct SavedFilterEdit {
    /// Which one.
    pub id: SavedFilterId,
    /// Its name.
    pub name: Option<String>,
    /// In the language of filters.
    pub query: Option<String>,
    /// Whether the whole workspace sees it.
    pub shared: Option<bool>,
    /// Its place among its owner's, from 0.
    pub position: Option<i32>,
}

impl From<entity::saved_filter::Model> for SavedFilter {
    fn from(row: entity::saved_filter::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            query: row.query,
            shared: row.shared,
            owner: row.owner,
            position: row.position,
        }
    }
}
