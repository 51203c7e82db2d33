//! Who may see the object of a change.

use entity::{MailAccountId, UserId};
use uuid::Uuid;

use crate::access::{Actor, Cx, Right};

/// A set of people of a workspace, small enough to stand in every change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Nobody: not there yet, or gone.
    Nobody,
    /// Everyone in the workspace.
    Workspace,
    /// One user.
    User(UserId),
    /// Those who see mail of a mailbox: its owner, and those with whom they share their inbox.
    Mailbox(MailAccountId, UserId),
    /// Of those, the ones who see what its owner marked private.
    Private(MailAccountId, UserId),
    /// Those whom a share concerns: who shares, with whom, and Admins.
    Share(UserId, UserId),
    /// Those who may invite.
    Inviters,
}

impl Scope {
    /// Whether the one who asks is in it, with the rights of now.
    #[must_use]
    pub fn admits(&self, cx: &Cx) -> bool {
        match (self, &cx.actor) {
            (Self::Nobody, _) => false,
            (Self::Workspace, _) | (_, Actor::System) => true,
            (Self::User(user), _) => cx.user() == Some(*user),
            (Self::Inviters, _) => cx.can(Right::InviteUsers),
            (Self::Mailbox(account, owner), _) => cx.mail_access(*account, *owner, false).is_some(),
            (Self::Private(account, owner), _) => cx.mail_access(*account, *owner, true).is_some(),
            (Self::Share(owner, grantee), _) => {
                cx.can(Right::Admin) || [owner, grantee].into_iter().any(|user| cx.user() == Some(*user))
            }
        }
    }

    /// The mailbox that it is about.
    #[must_use]
    pub fn mailbox(self) -> Option<MailAccountId> {
        match self {
            Self::Mailbox(account, _) | Self::Private(account, _) => Some(account),
            Self::Nobody | Self::Workspace | Self::User(_) | Self::Share(..) | Self::Inviters => None,
        }
    }

    /// The stored form: none for nobody.
    #[must_use]
    pub fn to_text(self) -> Option<String> {
        let two =
            |kind: &str, first: Uuid, second: Uuid| Some(format!("{kind} {} {}", first.simple(), second.simple()));
        match self {
            Self::Nobody => None,
            Self::Workspace => Some("workspace".to_owned()),
            Self::Inviters => Some("inviters".to_owned()),
            Self::User(user) => Some(format!("user {}", user.0.simple())),
            Self::Mailbox(account, owner) => two("mailbox", account.0, owner.0),
            Self::Private(account, owner) => two("private", account.0, owner.0),
            Self::Share(owner, grantee) => two("share", owner.0, grantee.0),
        }
    }

    /// From the stored form. What cannot be read admits nobody.
    #[must_use]
    pub fn parse(text: Option<&str>) -> Self {
        let mut words = text.unwrap_or_default().split(' ');
        let kind = words.next().unwrap_or_default();
        let mut id = || words.next().and_then(|word| Uuid::parse_str(word).ok());
        match kind {
            "workspace" => Self::Workspace,
            "inviters" => Self::Inviters,
            "user" => id().map_or(Self::Nobody, |user| Self::User(UserId(user))),
            _ => match (kind, id(), id()) {
                ("mailbox", Some(account), Some(owner)) => Self::Mailbox(MailAccountId(account), UserId(owner)),
                ("private", Some(account), Some(owner)) => Self::Private(MailAccountId(account), UserId(owner)),
                ("share", Some(owner), Some(grantee)) => Self::Share(UserId(owner), UserId(grantee)),
                _ => Self::Nobody,
            },
        }
    }
}
