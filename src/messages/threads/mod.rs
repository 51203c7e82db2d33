//! Threads: mails of one account that belong together.
//!
//! Owns the table `mail_thread_key` and the column `mail_message.thread`. A thread has no row of its own: it is what its mails are, so
//! that nobody learns more of one than the mails that they may see tell. Start reading at `ties`, then `join`; `list` and `summary`
//! read.

mod join;
mod joining;
mod list;
mod pages;
mod rest;
mod store;
mod subject;
mod summary;
#[cfg(test)]
mod tests;
mod ties;

use entity::MailThreadId;

pub(super) use join::join;
pub use list::{count, list};
pub use pages::messages;
pub use rest::thread_rest;
pub(super) use store::erase_keys;
pub use summary::{Counts, by_ids, counts, participants};

use super::Message;

/// Mails that belong together, as far as who asks may see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// Its id.
    pub id: MailThreadId,
    /// Its newest mail.
    pub newest: Message,
}
