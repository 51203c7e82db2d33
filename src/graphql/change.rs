//! Changes as clients hear of them.

use async_graphql::{ComplexObject, Enum, ID, SimpleObject};
use entity::UserId;
use uuid::Uuid;

use super::error::ApiError;
use super::following::Event;
use super::id::{self, Type};
use super::node::Node;
use super::reader::Reader;
use super::scalar::{Cursor, DateTime};
use super::user::User;
use crate::changes::{Action, Kind};

/// What kind of object a change concerns.
/// Tagging a contact is one CONTACT change per contact and transaction, and a TAG change only where the tag itself was made or changed.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// A contact, its tags included.
    Contact,
    /// A tag itself.
    Tag,
    /// A group of tags.
    TagGroup,
    /// A filter kept under a name: one's own, or one that is shared.
    SavedFilter,
    /// A run of an import, and its progress; seen by who began it.
    ContactImport,
    /// A mail.
    Message,
    /// A connected mailbox, its state and progress.
    MailAccount,
    /// A user, their rights included.
    User,
    /// What somebody lets a colleague see; told to both, and to Admins.
    Share,
    /// An invitation, and how its mail is doing; told to those who may invite.
    Invitation,
    /// The workspace itself.
    Workspace,
}

/// What happened to it. REMOVED: deleted, or no longer visible to the viewer.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Action")]
pub enum ChangeAction {
    /// It is new.
    Created,
    /// It is different.
    Updated,
    /// It is gone.
    Removed,
}

/// One committed change: the object it concerns, as the viewer sees it now. Changes of a workspace arrive in commit order, each once
/// per subscription; `after` resumes behind a position without a gap, over any transport; without it, from now on. A position older
/// than the log's retention gives CURSOR_EXPIRED (read afresh), a forged or foreign one CURSOR_INVALID.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub struct Change {
    /// Behind this change.
    pub cursor: Cursor,
    /// When it happened.
    pub occurred_at: DateTime,
    /// What kind of object it concerns.
    pub kind: ChangeKind,
    /// What happened to it.
    pub action: ChangeAction,
    #[graphql(skip)]
    actor: Option<UserId>,
    #[graphql(skip)]
    subject: (Type, Uuid),
    #[graphql(skip)]
    reader: Reader,
}

#[ComplexObject]
impl Change {
    /// The user who did it; null where a sync or Tagwire itself did.
    async fn actor(&self) -> Option<Result<User, ApiError>> {
        actor(&self.reader, self.actor).await.transpose()
    }

    /// The id of the object.
    async fn node_id(&self) -> ID {
        id::encode_as(self.subject.0, self.subject.1)
    }

    /// Null when it is gone, or not visible to the viewer now.
    async fn node(&self) -> Option<Result<Node, ApiError>> {
        if self.action == ChangeAction::Removed {
            return None;
        }
        Node::load(&self.reader, self.subject.0, self.subject.1).await.transpose()
    }
}

/// A page of changes.
#[derive(SimpleObject)]
pub struct ChangePage {
    /// In commit order.
    pub changes: Vec<Change>,
    /// Behind everything this page was made of, changes of other kinds included.
    pub end_cursor: Cursor,
    /// Whether there was more when it was read.
    pub has_more: bool,
}

impl Change {
    /// An event as a change; none when it is of another kind.
    pub(super) fn of(event: &Event, kinds: Option<&[ChangeKind]>) -> Option<Self> {
        let change = &event.change;
        let (kind, of) = kind(change.kind)?;
        if kinds.is_some_and(|kinds| !kinds.contains(&kind)) {
            return None;
        }
        Some(Self {
            cursor: Cursor(event.cursor.to_string()),
            occurred_at: DateTime(change.at),
            kind,
            action: event.action.into(),
            actor: change.actor,
            subject: (of, change.subject),
            reader: event.reader.clone(),
        })
    }
}

/// The user who did something.
pub(super) async fn actor(reader: &Reader, actor: Option<UserId>) -> Result<Option<User>, ApiError> {
    match actor {
        Some(user) => Ok(reader.shared().load_one(user).await?.map(|user| User::new(user, reader))),
        None => Ok(None),
    }
}

fn kind(kind: Kind) -> Option<(ChangeKind, Type)> {
    match kind {
        Kind::Contact => Some((ChangeKind::Contact, Type::Contact)),
        Kind::Tag => Some((ChangeKind::Tag, Type::Tag)),
        Kind::TagGroup => Some((ChangeKind::TagGroup, Type::TagGroup)),
        Kind::SavedFilter => Some((ChangeKind::SavedFilter, Type::SavedFilter)),
        Kind::User => Some((ChangeKind::User, Type::User)),
        Kind::Share => Some((ChangeKind::Share, Type::Share)),
        Kind::Invitation => Some((ChangeKind::Invitation, Type::Invitation)),
        Kind::Workspace => Some((ChangeKind::Workspace, Type::Workspace)),
        Kind::Message => Some((ChangeKind::Message, Type::Message)),
        Kind::MailAccount => Some((ChangeKind::MailAccount, Type::MailAccount)),
        Kind::ContactImport => Some((ChangeKind::ContactImport, Type::ContactImport)),
        Kind::Session => None,
    }
}
