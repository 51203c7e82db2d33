//! Who is asking, and what they may do.
//!
//! Owns `Cx`, the first argument of every command and query, the closed list of rights, and what rights and shares let one see of mail.
//! Who has which right and share is stored by `users`.

mod mail;
mod right;

use std::sync::Arc;

use entity::{MailAccountId, SessionId, Timestamp, UserId, WorkspaceId};
use uuid::Uuid;

pub use entity::ShareLevel as Level;
pub use mail::{Inboxes, MailReach};
pub use right::{Right, Rights};

use crate::clock::Clock;

/// A signed-in user, with their rights of now, and what colleagues share with them now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The user.
    pub user: UserId,
    /// The sign-in through which they ask.
    pub session: SessionId,
    /// What they may do.
    pub rights: Rights,
    /// Whose mail they see besides their own.
    pub inboxes: Inboxes,
}

/// Who acts.
#[derive(Clone, Debug)]
pub enum Actor {
    /// A signed-in user.
    User(Arc<Viewer>),
    /// The sync of a mailbox, for its owner.
    MailAccount(MailAccountId, UserId),
    /// Tagwire itself, or its operator at the command line.
    System,
}

/// Who is asking, in which workspace, and when.
#[derive(Clone)]
pub struct Cx {
    /// The workspace that everything asked is bound to.
    pub workspace: WorkspaceId,
    /// Who acts.
    pub actor: Actor,
    /// Time and new ids.
    pub clock: Clock,
}

/// The actor lacks a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("You need the right {} for this. An Admin of your workspace can give it to you.", .0.name())]
pub struct Denied(pub Right);

impl Cx {
    /// What a signed-in user asks.
    #[must_use]
    pub fn of_user(workspace: WorkspaceId, viewer: Arc<Viewer>, clock: Clock) -> Self {
        Self { workspace, actor: Actor::User(viewer), clock }
    }

    /// What Tagwire itself or its operator does in a workspace.
    #[must_use]
    pub fn of_system(workspace: WorkspaceId, clock: Clock) -> Self {
        Self { workspace, actor: Actor::System, clock }
    }

    /// What the sync of a mailbox does.
    #[must_use]
    pub fn of_mail_account(workspace: WorkspaceId, account: MailAccountId, owner: UserId, clock: Clock) -> Self {
        Self { workspace, actor: Actor::MailAccount(account, owner), clock }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new id that sorts behind earlier ones.
    #[must_use]
    pub fn new_id<T: From<Uuid>>(&self) -> T {
        self.clock.new_id()
    }

    /// The signed-in user; none for a sync or the system.
    #[must_use]
    pub fn viewer(&self) -> Option<&Viewer> {
        match &self.actor {
            Actor::User(viewer) => Some(viewer),
            Actor::MailAccount(..) | Actor::System => None,
        }
    }

    /// The user who acts or for whom a sync acts.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        match &self.actor {
            Actor::User(viewer) => Some(viewer.user),
            Actor::MailAccount(_, owner) => Some(*owner),
            Actor::System => None,
        }
    }

    /// Who stands in a change as its actor: a user, or none.
    #[must_use]
    pub fn actor_user(&self) -> Option<UserId> {
        self.viewer().map(|viewer| viewer.user)
    }

    /// Whether the actor has a right. The system may do all, a sync nothing beyond its commands.
    #[must_use]
    pub fn can(&self, right: Right) -> bool {
        match &self.actor {
            Actor::User(viewer) => viewer.rights.allow(right),
            Actor::MailAccount(..) => false,
            Actor::System => true,
        }
    }

    /// Refuses an actor without a right.
    pub fn require(&self, right: Right) -> Result<(), Denied> {
        if self.can(right) { Ok(()) } else { Err(Denied(right)) }
    }
}
