//! Finding mail by its words.
//!
//! Owns the table `mail_search`, which words of a message stand in it, and what is marked in what was found. Who may see a message is
//! `queries`' decision; here it decides by which of its words it is found. Start reading at `words`, then `query`.

mod backlog;
mod highlight;
mod index;
mod known;
mod near;
mod query;
mod words;

pub use backlog::index_backlog;
pub use highlight::{Highlight, HighlightField, Source, highlights};
use index::bring_in;
pub(super) use index::{forget, insert, place};
pub(super) use query::{Search, Way};
pub use query::{SearchText, WrongText};
pub use words::SearchWords;

use crate::access::Level;

/// What words begin with in the index, that are found from this level on. Whoever sees more finds by more: the levels in their order.
const fn mark(level: Level) -> char {
    match level {
        Level::Metadata => '0',
        Level::Subject => '1',
        Level::Full => '2',
    }
}

const LEVELS: [Level; 3] = [Level::Metadata, Level::Subject, Level::Full];
