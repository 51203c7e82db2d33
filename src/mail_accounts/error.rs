//! Why a command about mailboxes is refused.

use entity::MailAccountId;

use crate::access::{Denied, Right};
use crate::db::Fault;
use crate::secrets::SecretError;

/// Why a command about mailboxes is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A right is missing.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// No such mailbox that the actor may see.
    #[error("There is no such mail account.")]
    NotFound,
    /// The actor has connected this mailbox before.
    #[error("You have already connected this mailbox.")]
    AlreadyConnected(MailAccountId),
    /// The server cannot be named so.
    #[error("The name of a mail server has 1 to 253 characters without spaces, its port is from 1 to 65535.")]
    Server,
    /// The user name cannot be used.
    #[error("A user name has 1 to 320 characters on one line.")]
    Username,
    /// The password cannot be used.
    #[error("A password has 1 to 1000 characters on one line.")]
    Password,
    /// So many days cannot be asked for.
    #[error("History is read for 1 to 36500 days back, or all of it.")]
    HistoryDays,
    /// No such folder in the mailbox; its place in the list that was given.
    #[error("There is no such folder in this mailbox.")]
    FolderNotFound(usize),
    /// Somebody else syncs the mailbox now, or nobody should: what was to be written is not.
    #[error("the lease of the mailbox is lost")]
    Fenced,
    /// Sealing or opening the password failed.
    #[error("secret: {0}")]
    Secret(#[from] SecretError),
    /// The database failed.
    #[error("storage failed")]
    Fault(#[from] Fault),
}

impl Error {
    /// Only a signed-in user has mailboxes.
    pub(super) fn nobody() -> Self {
        Self::Denied(Denied(Right::Admin))
    }
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Fault(error.into())
    }
}
