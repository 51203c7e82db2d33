//! Why a command about contacts is refused.

use entity::ContactId;

use super::FilterError;
use crate::access::Denied;
use crate::db::Fault;
use crate::tags;

/// An input field that is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `name`
    Name,
    /// `company`
    Company,
    /// `jobTitle`
    JobTitle,
    /// `notes`
    Notes,
    /// An entry of `emails`; all of them without a number.
    Emails(Option<usize>),
    /// An entry of `phones`; all of them without a number.
    Phones(Option<usize>),
    /// An entry of a list of tag names: the list's name in the API, the entry's number.
    Tags(&'static str, usize),
    /// A list of tags or contacts as a whole.
    List(&'static str),
}

/// Why a command about contacts is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A right is missing.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// No such contact in this workspace.
    #[error("There is no such contact.")]
    NotFound,
    /// No such tag in this workspace.
    #[error("There is no such tag.")]
    TagNotFound(usize),
    /// A field cannot be used as it is.
    #[error("{1}")]
    Invalid(Field, &'static str),
    /// Another contact has this address.
    #[error("{address} already belongs to another contact.")]
    EmailTaken {
        /// The entry of `emails`.
        entry: usize,
        /// As typed.
        address: String,
        /// Who has it.
        contact: ContactId,
    },
    /// Somebody else changed the contact meanwhile.
    #[error("Somebody else changed this contact meanwhile. Look at it again before you change it.")]
    Changed(ContactId),
    /// The filter cannot be used.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// The tags refused.
    #[error(transparent)]
    Tags(#[from] tags::Error),
    /// The database failed.
    #[error("storage failed")]
    Fault(#[from] Fault),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Fault(error.into())
    }
}
