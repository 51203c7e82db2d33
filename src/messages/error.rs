//! What goes wrong with stored mail.

use crate::blobs::BlobError;
use crate::db::Fault;
use crate::secrets::SecretError;
use crate::{contacts, mail_accounts};

/// What goes wrong with stored mail.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The mailbox cannot be written: see there.
    #[error(transparent)]
    Account(#[from] mail_accounts::Error),
    /// The message's bytes cannot be read.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The filter of contacts is not answered.
    #[error(transparent)]
    Contacts(#[from] contacts::Error),
    /// An address to a file cannot be sealed.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The database failed.
    #[error("storage failed: {0}")]
    Fault(#[from] Fault),
}

impl Error {
    /// Whether the lease of the mailbox was lost: who wrote must stop.
    #[must_use]
    pub fn is_fenced(&self) -> bool {
        matches!(self, Self::Account(mail_accounts::Error::Fenced))
    }
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Fault(error.into())
    }
}
