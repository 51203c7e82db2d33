//! Why an import or export is refused.

use entity::ContactImportId;

use crate::access::Denied;
use crate::contacts;
use crate::db::Fault;

/// Why an import or export is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A right is missing.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// No such import of the actor's.
    #[error("There is no such import.")]
    NotFound,
    /// One at a time.
    #[error("Your import before this one is still at work. Wait for its end, or cancel it.")]
    AtWork(ContactImportId),
    /// Somebody ended it: nothing more of it is written.
    #[error("the import has ended")]
    Ended,
    /// The file cannot be read.
    #[error("{0}")]
    File(&'static str),
    /// The file is written in another format than was said.
    #[error("{0}")]
    Format(&'static str),
    /// An entry of the given columns: its number, its member in the API.
    #[error("{2}")]
    Column(usize, &'static str, &'static str),
    /// The file lies on our disk and cannot be read there.
    #[error("the uploaded file: {0}")]
    Disk(#[from] std::io::Error),
    /// The contacts refused.
    #[error(transparent)]
    Contacts(#[from] contacts::Error),
    /// The database failed.
    #[error("storage failed")]
    Fault(#[from] Fault),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Fault(error.into())
    }
}
