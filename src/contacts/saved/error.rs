//! Why a command about saved filters is refused.

use entity::SavedFilterId;

use crate::contacts::language::Mistake;
use crate::db::Fault;

/// Why a command about saved filters is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such filter, or another's that is not shared.
    #[error("There is no such saved filter.")]
    NotFound,
    /// Another user's, who shares it.
    #[error("Only its owner can change this filter. Save one of your own instead.")]
    NotYours,
    /// Saved filters are a user's, and none acts.
    #[error("Sign in first.")]
    NoOwner,
    /// The name cannot be used.
    #[error("A saved filter has a name of 1 to 100 characters on one line.")]
    Name,
    /// Another of the owner's has this name.
    #[error("You already have a saved filter with this name.")]
    NameTaken(SavedFilterId),
    /// The query cannot be read.
    #[error(transparent)]
    Query(#[from] Mistake),
    /// Not a place.
    #[error("A position is a number from 0 on.")]
    Position,
    /// The owner has too many.
    #[error("You can keep at most 200 filters; delete some of them first.")]
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
