//! Why a letter is not taken or sent.

use crate::db::Fault;
use crate::secrets::SecretError;

/// Why a letter is not taken, or the outbox cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// No mail can carry it: an address, name or subject that is none.
    #[error("no mail can be made of this letter: {0}")]
    Unsendable(&'static str),
    /// The settings of the mail server cannot be used.
    #[error("the mail server's settings cannot be used: {0}")]
    Settings(String),
    /// It could not be sealed.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The database failed.
    #[error("storage failed")]
    Fault(#[from] Fault),
}

impl From<sea_orm::DbErr> for PostError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Fault(error.into())
    }
}
