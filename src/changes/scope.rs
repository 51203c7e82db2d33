//! Who may see the object of a change.

use entity::{MailAccountId, UserId};
use uuid::Uuid;

use crate::access::{Actor, Cx};

/// A set of people of a workspace, small enough to stand in every change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Nobody: not there yet, or gone.
    Nobody,
    /// Everyone in the workspace.
    Workspace,
    /// One user.
    User(UserId),
    /// Those who may see the mail of a mailbox: its owner.
    Mailbox(MailAccountId, UserId),
}

impl Scope {
    /// Whether the one who asks is in it, with the rights of now.
    #[must_use]
    pub fn admits(&self, cx: &Cx) -> bool {
        match (self, &cx.actor) {
            (Self::Nobody, _) => false,
            (Self::Workspace, _) | (_, Actor::System) => true,
            (Self::User(user) | Self::Mailbox(_, user), _) => cx.user() == Some(*user),
        }
    }

    /// The stored form: none for nobody.
    #[must_use]
    pub fn to_text(self) -> Option<String> {
        match self {
            Self::Nobody => None,
            Self::Workspace => Some("workspace".to_owned()),
            Self::User(user) => Some(format!("user {}", user.0.simple())),
            Self::Mailbox(account, owner) => Some(format!("mailbox {} {}", account.0.simple(), owner.0.simple())),
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
            "user" => id().map_or(Self::Nobody, |user| Self::User(UserId(user))),
            "mailbox" => match (id(), id()) {
                (Some(account), Some(owner)) => Self::Mailbox(MailAccountId(account), UserId(owner)),
                _ => Self::Nobody,
            },
            _ => Self::Nobody,
        }
    }
}
