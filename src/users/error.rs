//! Why a command about users is refused.

use entity::Timestamp;

use super::PasswordError;
use crate::access::{Denied, Right};
use crate::db::Fault;
use crate::post::PostError;
use crate::text::NotAnAddress;

/// Why a command about users is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A right is missing.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// No such user in this workspace.
    #[error("There is no such user.")]
    NotFound,
    /// Address and password do not belong together, or may not sign in. The same whichever it is.
    #[error("The address or the password is not right.")]
    WrongCredentials,
    /// Too many failed attempts.
    #[error("There were too many failed attempts to sign in. Try again later.")]
    TooManyAttempts {
        /// When to try again.
        retry_at: Timestamp,
    },
    /// The address cannot be used.
    #[error(transparent)]
    Email(#[from] NotAnAddress),
    /// The password cannot be used.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The name cannot be used.
    #[error("A name has 1 to 200 characters on one line.")]
    Name,
    /// The address is taken in this workspace.
    #[error("Somebody in this workspace already has this address.")]
    EmailTaken,
    /// They have not joined yet.
    #[error("This user has not joined yet. Take the invitation back instead.")]
    StillInvited,
    /// The last working day cannot be used.
    #[error("The last working day cannot be before today. To disable somebody now, disable them.")]
    DayIsOver,
    /// What confirms an address is unknown, used, or too old. The same whichever it is.
    #[error("This link is not valid, or not any more. Ask for a new one.")]
    NotValid,
    /// The letter cannot be made.
    #[error(transparent)]
    Post(#[from] PostError),
    /// Nobody would be left to administer the workspace.
    #[error("This is the last Admin of the workspace. Make somebody else an Admin first.")]
    LastAdmin,
    /// A right that the actor does not hold.
    #[error("You can only give rights that you hold yourself, and {} is not one of them.", .0.name())]
    NotYours(Right),
    /// Admins give it to others only.
    #[error("The right to view private mail can be given to a colleague, not to yourself.")]
    PrivateMailToSelf,
    /// The database failed.
    #[error("storage failed")]
    Fault(#[from] Fault),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Fault(error.into())
    }
}
