//! What users let colleagues see.

use async_graphql::{Context, Enum, ID, InputObject, Object};
use entity::UserId;

use super::command::{payload, run};
use super::contact::DeletePayload;
use super::error::{ApiError, ErrorCode, Refusal, UserError, denied};
use super::id;
use super::reader::Reader;
use super::user::User;
use crate::access;
use crate::users::shares::{self, Error, NewShare};

/// What can be shared: all of its kind that a user has.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "shares::Resource")]
pub enum ShareableResource {
    /// The mail of all their mailboxes, but for messages marked private.
    Inbox,
    /// Their calendars.
    Calendar,
    /// Their kanban boards.
    KanbanBoard,
}

/// How much of it is shared; each level includes those before.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "access::Level")]
pub enum ShareLevel {
    /// Of mail: participants, dates, flags and folders.
    Metadata,
    /// The subject too.
    Subject,
    /// All of it.
    Full,
}

/// What a user lets a colleague see. Seen by both, and by Admins.
#[derive(Clone)]
pub struct Share {
    pub(super) share: shares::Share,
    pub(super) reader: Reader,
}

impl Share {
    async fn user(&self, id: UserId) -> Result<User, ApiError> {
        let user = self.reader.shared().load_one(id).await?;
        let user = user.ok_or_else(|| ApiError::fault(&"a share without its users"))?;
        Ok(User::new(user, &self.reader))
    }
}

/// What a user lets a colleague see. Seen by both, and by Admins.
#[Object]
impl Share {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.share.id)
    }

    /// Who shares.
    async fn owner(&self) -> Result<User, ApiError> {
        self.user(self.share.owner).await
    }

    /// With whom.
    async fn grantee(&self) -> Result<User, ApiError> {
        self.user(self.share.grantee).await
    }

    /// What.
    async fn resource(&self) -> ShareableResource {
        self.share.resource.into()
    }

    /// How much of it.
    async fn level(&self) -> ShareLevel {
        self.share.level.into()
    }
}

/// What is to be shared with whom.
#[derive(InputObject)]
pub struct ShareInput {
    /// Whose it is; the viewer's when left out.
    pub owner_id: Option<ID>,
    /// With whom.
    pub grantee_id: ID,
    /// What.
    pub resource: ShareableResource,
    /// How much of it.
    pub level: ShareLevel,
}

payload!(SharePayload, share: Share, "The share as it is now.");

/// Sharing with colleagues.
#[derive(Default)]
pub struct ShareMutation;

/// Sharing with colleagues.
#[Object]
impl ShareMutation {
    /// Lets a colleague see something; again with another level to change it. Another user's resource only by an Admin, and an Admin to
    /// himself only with VIEW_PRIVATE_MAIL; the owner is told and it is on record.
    async fn share(&self, ctx: &Context<'_>, input: ShareInput) -> Result<SharePayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let new = NewShare {
            owner: input.owner_id.map(|id| id::decode_or_nil(&id)),
            grantee: id::decode_or_nil(&input.grantee_id),
            resource: input.resource.into(),
            level: input.level.into(),
        };
        let made = run(&["input"], || shares::share(reader.cx(), reader.db(), new)).await?;
        Ok(made.map(|share| Share { share, reader: reader.clone() }).into())
    }

    /// Ends a share, by its owner or an Admin. It ends in open subscriptions too.
    async fn unshare(&self, ctx: &Context<'_>, id: ID) -> Result<DeletePayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let share = id::decode_or_nil(&id);
        let done = run(&["id"], || shares::unshare(reader.cx(), reader.db(), share)).await?;
        Ok(DeletePayload::of(id, done))
    }
}

impl Refusal for Error {
    fn refusal(self, path: &[&str]) -> Result<UserError, ApiError> {
        let message = self.to_string();
        let refused = |code, path: &[&str]| UserError::new(code, message.clone(), path);
        Ok(match self {
            Self::Denied(error) => denied(error),
            Self::NotFound => refused(ErrorCode::NotFound, path),
            Self::OwnerNotFound => refused(ErrorCode::NotFound, &["input", "ownerId"]),
            Self::GranteeNotFound => refused(ErrorCode::NotFound, &["input", "granteeId"]),
            Self::NoOwner => refused(ErrorCode::Unauthenticated, &[]),
            Self::WithOneself | Self::Disabled => refused(ErrorCode::Invalid, &["input", "granteeId"]),
            Self::Fault(fault) => return Err(fault.into()),
        })
    }

    fn lost_a_race(&self) -> bool {
        matches!(self, Self::Fault(fault) if fault.is_transient())
    }
}
