//! Why a command about tags is refused.

use entity::TagGroupId;

use super::NotAName;
use crate::access::Denied;
use crate::db::Fault;

/// Why a command about tags is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A right is missing.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// No such tag in this workspace.
    #[error("There is no such tag.")]
    NotFound,
    /// No such group in this workspace.
    #[error("There is no such tag group.")]
    GroupNotFound,
    /// The name cannot be used.
    #[error(transparent)]
    Name(#[from] NotAName),
    /// The group's name cannot be used.
    #[error("A tag group has a name of 1 to 100 characters on one line.")]
    GroupName,
    /// Not a color.
    #[error("A color is written as #RRGGBB, such as #1E90FF.")]
    Color,
    /// Not a place.
    #[error("A position is a number from 0 on.")]
    Position,
    /// Another group has this name.
    #[error("There is already a tag group with this name.")]
    GroupNameTaken(TagGroupId),
    /// The workspace's edition has no groups.
    #[error("Tag groups need a Pro or Enterprise license.")]
    LicenseRequired,
    /// A tag went away while it was being used; trying again makes it anew or says that it is gone.
    #[error("the tag went away meanwhile")]
    Overtaken,
    /// The database failed.
    #[error("storage failed")]
    Fault(#[from] Fault),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Fault(error.into())
    }
}
