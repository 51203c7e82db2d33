//! The history of contacts and tags.

use async_graphql::{Enum, ID, Object, SimpleObject};
use entity::HistoryEntryId;

use super::connection::{PageArguments, PageInfo};
use super::error::ApiError;
use super::id;
use super::loaders::HistoryOf;
use super::reader::Reader;
use super::scalar::DateTime;
use super::tag::Tag;
use super::user::User;
use crate::history::{Deed, Entry, Subject};

/// What was done.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryAction {
    /// It was added or made.
    Created,
    /// Fields of a contact were changed; a tag was moved to another group, or an alias of it removed.
    Updated,
    /// It was deleted.
    Deleted,
    /// A contact got a tag.
    Tagged,
    /// A contact lost a tag.
    Untagged,
    /// A tag got another name.
    Renamed,
    /// A tag got another color.
    Recolored,
    /// Other tags became part of a tag.
    Merged,
    /// A contact came from a file.
    Imported,
}

impl From<&Deed> for HistoryAction {
    fn from(deed: &Deed) -> Self {
        match deed {
            Deed::Created { .. } => Self::Created,
            Deed::Imported { .. } => Self::Imported,
            Deed::Updated { .. } | Deed::Regrouped { .. } | Deed::AliasRemoved { .. } => Self::Updated,
            Deed::Deleted { .. } => Self::Deleted,
            Deed::Tagged { .. } => Self::Tagged,
            Deed::Untagged { .. } => Self::Untagged,
            Deed::Renamed { .. } => Self::Renamed,
            Deed::Recolored { .. } => Self::Recolored,
            Deed::Merged { .. } => Self::Merged,
        }
    }
}

/// Something that was done to a contact or a tag.
#[derive(Clone)]
pub struct HistoryEntry {
    entry: Entry,
    reader: Reader,
}

impl HistoryEntry {
    pub(super) fn new(entry: Entry, reader: &Reader) -> Self {
        Self { entry, reader: reader.clone() }
    }

    /// The entry with an id, as long as what it tells of is there.
    pub(super) async fn load(reader: &Reader, id: HistoryEntryId) -> Result<Option<Self>, ApiError> {
        let Some(entry) = reader.shared().load_one(id).await? else { return Ok(None) };
        let is_there = match entry.subject {
            Subject::Contact(contact) => reader.shared().load_one(contact).await?.is_some(),
            Subject::Tag(tag) => reader.shared().load_one(tag).await?.is_some(),
        };
        Ok(is_there.then(|| Self::new(entry, reader)))
    }

    async fn load_actor(&self) -> Result<Option<User>, ApiError> {
        match self.entry.actor {
            Some(actor) => Ok(self.reader.shared().load_one(actor).await?.map(|user| User::new(user, &self.reader))),
            None => Ok(None),
        }
    }
}

/// Something that was done to a contact or a tag.
#[Object]
impl HistoryEntry {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.entry.id)
    }

    /// When it was done.
    async fn occurred_at(&self) -> DateTime {
        DateTime(self.entry.at)
    }

    /// Who did it; null where no user did, such as Tagwire's operator.
    async fn actor(&self) -> Option<Result<User, ApiError>> {
        self.load_actor().await.transpose()
    }

    /// What was done.
    async fn action(&self) -> HistoryAction {
        HistoryAction::from(&self.entry.deed)
    }

    /// The tag it is about. Null where it is about none, or the tag is gone; the sentence still has its name.
    async fn tag(&self) -> Option<Result<Tag, ApiError>> {
        let tag = self.reader.shared().load_one(self.entry.tag?).await.transpose()?;
        Some(tag.map(|tag| Tag::new(tag, &self.reader)).map_err(ApiError::from))
    }

    /// One plain sentence, such as "Ann added the tag “hot prospect”." Names are those of then; the actor's is that of now.
    async fn summary(&self) -> Result<String, ApiError> {
        let actor = self.load_actor().await?;
        Ok(self.entry.summary(actor.as_ref().map(|actor| actor.user.name.as_str())))
    }
}

/// One entry of a history, and its place.
#[derive(SimpleObject)]
pub struct HistoryEdge {
    /// Cursor of this edge, for `after`.
    pub cursor: String,
    /// The entry.
    pub node: HistoryEntry,
}

/// A page of a history, newest first.
#[derive(SimpleObject)]
pub struct HistoryConnection {
    /// The entries with their cursors.
    pub edges: Vec<HistoryEdge>,
    /// The entries.
    pub nodes: Vec<HistoryEntry>,
    /// Where this page lies in the history.
    pub page_info: PageInfo,
}

impl HistoryConnection {
    pub(super) async fn of(
        reader: &Reader,
        subject: Subject,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Self, ApiError> {
        let page = PageArguments { first, after, last: None, before: None }.page()?;
        let Some(rows) = reader.shared().load_one(HistoryOf(subject, page)).await? else {
            return Err(ApiError::fault(&"a page of history was not loaded"));
        };
        let rows = rows?.map(|entry| HistoryEntry::new(entry, reader));
        let page_info = PageInfo::of(&rows);
        let edge = |(node, place): &(HistoryEntry, crate::paging::Place)| HistoryEdge {
            cursor: place.to_cursor(),
            node: node.clone(),
        };
        let edges = rows.rows.iter().map(edge).collect();
        Ok(Self { edges, nodes: rows.rows.into_iter().map(|(node, _)| node).collect(), page_info })
    }
}
