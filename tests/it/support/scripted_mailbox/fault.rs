//! How a server fails, once, at a command.

use std::sync::Arc;

use tokio::sync::Notify;

use super::contents::{Change, Mailbox};

/// What happens instead of the right answer, or to it.
pub enum Fault {
    /// After so many lines of the answer the command ends with this instead of OK: `NO …` or `BAD …`.
    Ends(usize, &'static str),
    /// After so many lines the server says good-bye.
    Bye(usize, &'static str),
    /// After so many lines the connection ends.
    Closes(usize),
    /// After so many lines nothing more comes, and nothing more is heard.
    Silence(usize),
    /// The answer has nothing of this UID.
    LeavesOut(u32),
    /// The lines of the answer come in the other order.
    Backwards,
    /// These lines come first.
    Says(&'static str),
    /// The answer waits for the story.
    Waits(Arc<Notify>),
    /// The mailbox changes as the command comes.
    Changes(Change),
    /// The mailbox changes when the command has been answered.
    ChangesAfter(Change),
}

impl Fault {
    /// The mailbox changes as the command comes.
    pub fn changes(change: impl FnOnce(&mut Mailbox) + Send + 'static) -> Self {
        Self::Changes(Box::new(change))
    }

    /// The mailbox changes when the command has been answered.
    pub fn changes_after(change: impl FnOnce(&mut Mailbox) + Send + 'static) -> Self {
        Self::ChangesAfter(Box::new(change))
    }
}
