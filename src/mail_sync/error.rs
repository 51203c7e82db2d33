//! Why a session with a mail server ends.

use super::imap::ImapError;
use crate::blobs::BlobError;
use crate::{mail_accounts, messages};

/// Why a session ends.
#[derive(Debug, thiserror::Error)]
pub(super) enum SyncError {
    /// Signing in failed.
    #[error("signing in: {0}")]
    Login(ImapError),
    /// The server or the way there failed.
    #[error(transparent)]
    Imap(#[from] ImapError),
    /// What was read could not be stored.
    #[error(transparent)]
    Messages(#[from] messages::Error),
    /// The account could not be read or written.
    #[error(transparent)]
    Account(#[from] mail_accounts::Error),
    /// The bytes could not be stored.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// What the server tells of a folder and what it lists keep contradicting each other.
    #[error("the server contradicts itself about a folder")]
    Unexplained(String),
    /// Something is not as this session took it to be: begin anew, at once.
    #[error("begin anew: {0}")]
    Restart(&'static str),
    /// A bug ended it.
    #[error("the sync failed unexpectedly")]
    Panicked,
}

impl SyncError {
    /// Whether the lease is lost: nothing more may be written or told.
    pub(super) fn is_fenced(&self) -> bool {
        match self {
            Self::Messages(error) => error.is_fenced(),
            Self::Account(mail_accounts::Error::Fenced) => true,
            _ => false,
        }
    }

    /// Whether the answer to a command could not be read: the same command will fail again, another may not.
    pub(super) fn is_unreadable(&self) -> bool {
        matches!(self, Self::Imap(ImapError::Parse(_) | ImapError::Panic))
    }
}
