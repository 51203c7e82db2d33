//! Why a command about blocked addresses is refused.

use crate::access::Denied;
use crate::db::Fault;

/// Why a command about blocked addresses is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A right is missing.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// No such entry of the lists that the actor sees.
    #[error("There is no such entry in your block list.")]
    NotFound,
    /// A list is a user's or a workspace's, and no user acts.
    #[error("Sign in first.")]
    NoUser,
    /// Neither an address nor a domain.
    #[error("Give an address such as jan@example.com, or a domain such as example.com.")]
    Pattern,
    /// The actor's own mailbox.
    #[error("This is the address of your own mailbox.")]
    OwnAddress,
    /// The list is full.
    #[error("A block list has at most 10 000 entries; remove some of them first.")]
    TooMany,
    /// The database failed.
    #[error("storage failed")]
    Fault(#[from] Fault),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Fault(error.into())
    }
}
