//! One committed event of a workspace.

use entity::{TagId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Scope;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant),* }

        impl $name {
            /// The stored word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// From the stored word; none for a word of a later version.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

words! {
    /// What kind of object a change concerns.
    Kind {
        /// A contact, its tags included.
        Contact = "CONTACT",
        /// A tag itself.
        Tag = "TAG",
        /// A group of tags.
        TagGroup = "TAG_GROUP",
        /// A filter kept under a name.
        SavedFilter = "SAVED_FILTER",
        /// A mail.
        Message = "MESSAGE",
        /// A connected mailbox, its state and progress.
        MailAccount = "MAIL_ACCOUNT",
        /// A user, their rights included.
        User = "USER",
        /// A run of an import, and its progress.
        ContactImport = "CONTACT_IMPORT",
        /// What somebody lets a colleague see.
        Share = "SHARE",
        /// An invitation, and how its mail is doing.
        Invitation = "INVITATION",
        /// The workspace itself.
        Workspace = "WORKSPACE",
        /// A sign-in that ended. Told to the server's own nodes, not to clients.
        Session = "SESSION",
    }
}

words! {
    /// What happened to it.
    Action {
        /// It is new.
        Created = "CREATED",
        /// It is different.
        Updated = "UPDATED",
        /// It is gone.
        Removed = "REMOVED",
    }
}

/// What a change tells beyond its subject. Small: it is stored and kept in memory with every change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Body {
    /// Tags that a contact got.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags_added: Vec<TagId>,
    /// Tags that a contact lost.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags_removed: Vec<TagId>,
    /// The tag went into another, which tells of it behind this change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<TagId>,
    /// Tags that went into this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub merged_from: Vec<TagId>,
    /// The message arrived after its account was connected: it is told to `messageReceived`, once.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub arrived: bool,
}

/// A change as a command records it; it gets its number at commit.
#[derive(Clone, Debug)]
pub struct NewChange {
    /// What kind of object.
    pub kind: Kind,
    /// What happened.
    pub action: Action,
    /// Which object.
    pub subject: Uuid,
    /// The object's version after the change; 0 where it has none.
    pub version: i64,
    /// Who could see it before.
    pub before: Scope,
    /// Who can see it now.
    pub after: Scope,
    /// What else there is to tell.
    pub body: Body,
}

impl NewChange {
    /// A change of something that the whole workspace sees.
    #[must_use]
    pub fn in_workspace(kind: Kind, action: Action, subject: impl Into<Uuid>) -> Self {
        Self::in_scope(Scope::Workspace, kind, action, subject)
    }

    /// A change of something that stays within one scope.
    #[must_use]
    pub fn in_scope(scope: Scope, kind: Kind, action: Action, subject: impl Into<Uuid>) -> Self {
        let (before, after) = match action {
            Action::Created => (Scope::Nobody, scope),
            Action::Updated => (scope, scope),
            Action::Removed => (scope, Scope::Nobody),
        };
        Self { kind, action, subject: subject.into(), version: 0, before, after, body: Body::default() }
    }

    /// With the object's version after the change.
    #[must_use]
    pub fn version(mut self, version: i64) -> Self {
        self.version = version;
        self
    }

    /// With what else there is to tell.
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }
}

/// A committed change.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its number: dense and rising in commit order within the workspace.
    pub seq: i64,
    /// When its transaction began.
    pub at: Timestamp,
    /// What kind of object.
    pub kind: Kind,
    /// What happened.
    pub action: Action,
    /// Which object.
    pub subject: Uuid,
    /// The object's version after the change; 0 where it has none.
    pub version: i64,
    /// Who could see it before.
    pub before: Scope,
    /// Who can see it now.
    pub after: Scope,
    /// The user who did it, if one did.
    pub actor: Option<UserId>,
    /// What else there is to tell.
    pub body: Body,
}

impl Change {
    /// What happened in the eyes of somebody with the rights of now: none where they saw nothing of it before or after;
    /// what they can no longer see is removed to them, and what they could not see before is new.
    #[must_use]
    pub fn action_for(&self, cx: &crate::access::Cx) -> Option<Action> {
        if self.kind == Kind::Session {
            None
        } else {
            match (self.before.admits(cx), self.after.admits(cx)) {
                (false, true) => Some(Action::Created),
                (true, true) => Some(self.action),
                (true, false) => Some(Action::Removed),
                (false, false) => None,
            }
        }
    }
}
