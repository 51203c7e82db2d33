//! Why a command about tags is refused.

use entity::{TagGroupId, TagId};

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
    /// No such group in this workspace, for a tag that is to belong to it.
    #[error("There is no such tag group.")]
    GroupNotFound,
    /// No such group in this workspace, where the group itself is meant.
    #[error("There is no such tag group.")]
    NoSuchGroup,
    /// The tag has no such alias.
    #[error("This tag has no such alias.")]
    AliasNotFound,
    /// Another tag has this name, or is still found by it.
    #[error("Another tag has this name, or had it before. Merge the two, or remove the alias there.")]
    NameTaken(TagId),
    /// The tag would have too many aliases.
    #[error("A tag has at most 1000 aliases; remove some of them first.")]
    TooManyAliases,
    /// Nothing is to be merged.
    #[error("Give at least one tag to merge.")]
    NothingToMerge,
    /// Too much is to be merged.
    #[error("At most 200 tags can be merged at once.")]
    TooManyToMerge,
    /// The tag at this place of those that go is the one that stays.
    #[error("A tag cannot be merged with itself.")]
    MergedWithItself(usize),
    /// The tag at this place of those that go is not there.
    #[error("There is no such tag.")]
    MergedNotFound(usize),
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
