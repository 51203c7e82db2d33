//! Blocked addresses: mail that a user, or a whole workspace, does not want to see.
//!
//! Owns the table `blocked_address`, and decides `mail_message.blocked`; that such mail is not seen is `visible`'s. Start reading at
//! `judging`, which says when a mail is blocked, then `commands`.
//!
//! A list may touch a hundred thousand stored mails: a change of it is in force for new mail when it is committed, and goes through
//! stored mail behind that, some at a time. Every step judges by the list of its moment while nobody else writes to the mailbox, so
//! steps of several changes may come in any order.

mod commands;
mod error;
mod judging;
mod pattern;
mod queries;
mod settling;
mod store;

use entity::{BlockedAddressId, UserId};

pub use commands::{NewBlock, block, unblock};
pub use error::Error;
pub(super) use judging::{OnMail, Patterns, blocking, mark};
pub use queries::{by_ids, count, list, preview};
pub use settling::{Settling, run_sweep, settle_all};

/// Whose mail is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockScope {
    /// That of the mailboxes of who blocks.
    User,
    /// That of everyone in the workspace.
    Workspace,
}

/// An address or domain whose mail is hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockedAddress {
    /// Its id.
    pub id: BlockedAddressId,
    /// The address, or the domain.
    pub pattern: String,
    /// Whose it is; none when it is the workspace's.
    pub owner: Option<UserId>,
}

impl BlockedAddress {
    /// Whose mail it blocks.
    #[must_use]
    pub fn scope(&self) -> BlockScope {
        if self.owner.is_some() { BlockScope::User } else { BlockScope::Workspace }
    }
}

impl From<entity::blocked_address::Model> for BlockedAddress {
    fn from(row: entity::blocked_address::Model) -> Self {
        Self { id: row.id, pattern: row.pattern, owner: row.owner }
    }
}
