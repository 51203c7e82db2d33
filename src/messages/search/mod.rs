//! Finding mail by its words.
//!
//! Owns the table `mail_search`, which words of a message stand in it, and what is marked in what was found. Who may see a message is
//! `queries`' decision; here it decides by which of its words it is found. Start reading at `words`, then `query`.

mod backlog;
mod highlight;
mod index;
mod query;
mod words;

pub use backlog::index_backlog;
pub use highlight::{Highlight, HighlightField, Source, highlights};
pub(super) use index::{forget, insert, place};
pub(super) use query::Search;
pub use query::{SearchText, WrongText};
pub use words::SearchWords;

/// How much of a message is seen, from the least: by what of it, it is found. Their order is that of their names in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// Who is on it.
    Metadata,
    /// Its subject too.
    Subject,
    /// All of it.
    Full,
}

impl Level {
    const ALL: [Self; 3] = [Self::Metadata, Self::Subject, Self::Full];

    /// What words that are found at this level begin with in the index.
    const fn mark(self) -> char {
        match self {
            Self::Metadata => '0',
            Self::Subject => '1',
            Self::Full => '2',
        }
    }
}
