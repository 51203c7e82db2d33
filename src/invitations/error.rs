//! Why a command about invitations is refused.

use entity::UserId;

use crate::db::Fault;
use crate::post::PostError;
use crate::text::NotAnAddress;
use crate::users;

/// Why a command about invitations is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The actor may not invite; with the names of those who can give them the right.
    #[error(
        "You need the right INVITE_USERS to invite colleagues. The Admins of this workspace can invite them, or give you the right: {}.",
        .0.join(", ")
    )]
    Denied(Vec<String>),
    /// Nobody acts who could have invited.
    #[error("Sign in first.")]
    NoUser,
    /// No such invitation in this workspace.
    #[error("There is no such invitation.")]
    NotFound,
    /// The token opens nothing: unknown, used, taken back, or its time is over. The same whichever it is.
    #[error("This invitation is not valid, or not any more. Ask for a new one.")]
    NotValid,
    /// The address cannot be used.
    #[error(transparent)]
    Email(#[from] NotAnAddress),
    /// A user of this workspace has the address.
    #[error("Somebody in this workspace already has this address.")]
    Taken(UserId),
    /// It was accepted: the user is here.
    #[error("This invitation was accepted.")]
    Accepted,
    /// It was taken back.
    #[error("This invitation was taken back. Invite anew.")]
    Revoked,
    /// The user cannot be made, or cannot join.
    #[error(transparent)]
    User(users::Error),
    /// The mail cannot be made.
    #[error(transparent)]
    Post(#[from] PostError),
    /// The database failed.
    #[error("storage failed")]
    Fault(#[from] Fault),
}

impl From<users::Error> for Error {
    fn from(error: users::Error) -> Self {
        match error {
            users::Error::Fault(fault) => Self::Fault(fault),
            other => Self::User(other),
        }
    }
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Fault(error.into())
    }
}
