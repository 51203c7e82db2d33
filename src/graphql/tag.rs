//! Tags.

use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, Object};
use entity::{TagGroupId, TagId};
use futures_util::FutureExt;

use super::command::{payload, run};
use super::connection::{self, PageArguments, connection};
use super::contact::{self, ContactConnection, DeletePayload};
use super::error::ApiError;
use super::given::{clearable, cleared};
use super::history::HistoryConnection;
use super::id;
use super::loaders::AliasesOf;
use super::reader::Reader;
use super::scalar::Color;
use super::tag_group::TagGroup;
use crate::contacts::{self, ContactOrder};
use crate::history::Subject;
use crate::tags::{self, NewTag, TagEdit, TagName};

/// A free label on contacts.
#[derive(Clone)]
pub struct Tag {
    pub(super) row: tags::Tag,
    pub(super) group: Loaded,
    pub(super) reader: Reader,
}

/// Whether a tag's group was loaded with it.
#[derive(Clone)]
pub(super) enum Loaded {
    With(Option<tags::TagGroup>),
    Not,
}

impl Tag {
    pub(super) fn new(tag: tags::Tag, reader: &Reader) -> Self {
        Self { row: tag, group: Loaded::Not, reader: reader.clone() }
    }

    async fn load_group(&self) -> Result<Option<tags::TagGroup>, ApiError> {
        match (&self.group, self.row.group) {
            (Loaded::With(group), _) => Ok(group.clone()),
            (Loaded::Not, Some(id)) => Ok(self.reader.shared().load_one(id).await?),
            (Loaded::Not, None) => Ok(None),
        }
    }
}

/// A free label on contacts.
#[Object]
impl Tag {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.row.id)
    }

    /// As typed; unique in the workspace without regard to case, accents' encoding (NFKC) and surrounding blanks. May hold spaces.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// Own color, else the group's, else null.
    async fn color(&self) -> Option<Result<Color, ApiError>> {
        if let Some(color) = &self.row.color {
            return Some(Ok(Color(color.clone())));
        }
        self.load_group().await.map(|group| group.map(|group| Color(group.color))).transpose()
    }

    /// Its group.
    async fn group(&self) -> Option<Result<TagGroup, ApiError>> {
        let group = self.load_group().await.transpose()?;
        Some(group.map(|group| TagGroup { group, reader: self.reader.clone() }))
    }

    /// Contacts that carry it.
    async fn contact_count(&self) -> i32 {
        i32::try_from(self.row.contact_count).unwrap_or(i32::MAX)
    }

    /// Earlier names that still find this tag, and those of tags that were merged into it.
    async fn aliases(&self) -> Result<Vec<String>, ApiError> {
        let aliases = self.reader.shared().load_one(AliasesOf(self.row.id)).await?.unwrap_or_default();
        Ok(aliases.to_vec())
    }

    /// The contacts that carry it, by name.
    #[graphql(complexity = "connection::cost(first, last, child_complexity)")]
    async fn contacts(
        &self,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<ContactConnection, ApiError> {
        let filter = contacts::Filter::Tag(contacts::TagMatch::Id(self.row.id));
        let arguments = PageArguments { first, after, last, before };
        contact::page(&self.reader, Some(filter), ContactOrder::default(), &arguments).await
    }

    /// Who did what to the tag itself and to those that were merged into it, newest first; kept for good. Which contact got or lost it is
    /// told by the contact's history.
    #[graphql(complexity = "connection::cost(first, None, child_complexity)")]
    async fn history(&self, first: Option<i32>, after: Option<String>) -> Result<HistoryConnection, ApiError> {
        HistoryConnection::of(&self.reader, Subject::Tag(self.row.id), first, after).await
    }
}

connection!(TagConnection, TagEdge, Tag, "tags");

/// What tags are ordered by.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagOrderField {
    /// Name, in any script, accents beside their letters.
    Name,
    /// Number of contacts.
    ContactCount,
}

/// First to last, or last to first.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderDirection {
    /// Least first.
    Asc,
    /// Greatest first.
    Desc,
}

/// In which order tags come.
#[derive(InputObject, Clone, Copy)]
pub struct TagOrder {
    /// What by.
    pub field: TagOrderField,
    /// Which way.
    pub direction: OrderDirection,
}

/// Reading tags.
#[derive(Default)]
pub struct TagQuery;

/// Reading tags.
#[Object]
impl TagQuery {
    /// `search` is a prefix of the name, of an alias, or of a word in them, with or without the leading '#'.
    /// Without orderBy: by name; with `search`: most used first.
    #[graphql(complexity = "connection::cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection field")]
    async fn tags(
        &self,
        ctx: &Context<'_>,
        search: Option<String>,
        group_id: Option<ID>,
        order_by: Option<TagOrder>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<TagConnection, ApiError> {
        let reader = Reader::of(ctx)?;
        let page = PageArguments { first, after, last, before }.page()?;
        let searching = search.as_deref().is_some_and(|text| !text.trim().is_empty());
        let order = match order_by {
            Some(TagOrder { field: TagOrderField::Name, direction }) => {
                tags::TagOrder::Name { descending: direction == OrderDirection::Desc }
            }
            Some(TagOrder { field: TagOrderField::ContactCount, direction }) => {
                tags::TagOrder::ContactCount { descending: direction == OrderDirection::Desc }
            }
            None if searching => tags::TagOrder::ContactCount { descending: true },
            None => tags::TagOrder::Name { descending: false },
        };
        let group = group_id.map(|id| id::decode_or_nil::<TagGroupId>(&id));
        let filter = tags::TagFilter { search, group };
        let rows = tags::list(reader.cx(), reader.db(), &filter, order, &page).await??;
        let counting = reader.clone();
        let count = Box::new(move || {
            let (reader, filter) = (counting.clone(), filter.clone());
            async move { Ok(tags::count(reader.cx(), reader.db(), &filter).await?) }.boxed()
        });
        Ok(TagConnection { rows: rows.map(|tag| Tag::new(tag, reader)), count })
    }
}

/// A tag made ahead. A name or alias that exists already gives the existing tag, unchanged. At most 100 characters.
#[derive(InputObject)]
pub struct CreateTagInput {
    /// Its name.
    pub name: String,
    /// Its own color.
    pub color: Option<Color>,
    /// Its group.
    pub group_id: Option<ID>,
}

/// As in every update input: a member left out stays, null clears.
#[derive(InputObject)]
pub struct UpdateTagInput {
    /// Which tag.
    pub id: ID,
    /// Its name; the one it has becomes an alias, which still finds it. At most 100 characters.
    pub name: MaybeUndefined<String>,
    /// Its own color.
    pub color: MaybeUndefined<Color>,
    /// Its group. Another one only in a workspace of edition PRO or ENTERPRISE.
    pub group_id: MaybeUndefined<ID>,
}

/// Which tags become one.
#[derive(InputObject)]
pub struct MergeTagsInput {
    /// Those that go, at most 200.
    pub from_ids: Vec<ID>,
    /// The one that stays.
    pub into_id: ID,
}

payload!(TagPayload, tag: Tag, "The tag as it is now.");

/// Administering tags.
#[derive(Default)]
pub struct TagMutation;

/// Administering tags.
#[Object]
impl TagMutation {
    /// Makes a tag ahead, without any contact. Needs MANAGE_TAGS.
    async fn create_tag(&self, ctx: &Context<'_>, input: CreateTagInput) -> Result<TagPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let group = input.group_id.map(|id| id::decode_or_nil(&id));
        let color = input.color.map(|color| color.0);
        let made = run(&["input"], || async {
            let new = NewTag { name: TagName::parse(&input.name)?, color: color.clone(), group };
            tags::create(reader.cx(), reader.db(), new).await
        })
        .await?;
        Ok(made.map(|tag| Tag::new(tag, reader)).into())
    }

    /// Renames a tag, gives it a color or puts it into a group. Needs MANAGE_TAGS.
    /// A name or alias of another tag is a CONFLICT with that tag; one of its own aliases changes places with its name.
    async fn update_tag(&self, ctx: &Context<'_>, input: UpdateTagInput) -> Result<TagPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let edit = TagEdit {
            id: id::decode_or_nil(&input.id),
            name: cleared(input.name),
            color: clearable(input.color).map(|color| color.map(|color| color.0)),
            group: clearable(input.group_id).map(|group| group.map(|id| id::decode_or_nil(&id))),
        };
        let made = run(&["input", "id"], || tags::update(reader.cx(), reader.db(), edit.clone())).await?;
        Ok(made.map(|tag| Tag::new(tag, reader)).into())
    }

    /// Makes one tag of several, at once on every contact. The names and aliases of those that go become aliases of the one that stays,
    /// which keeps its name, color and group. Needs MANAGE_TAGS.
    async fn merge_tags(&self, ctx: &Context<'_>, input: MergeTagsInput) -> Result<TagPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let from: Vec<TagId> = input.from_ids.iter().map(|id| id::decode_or_nil(id)).collect();
        let into = id::decode_or_nil(&input.into_id);
        let made = run(&["input", "intoId"], || tags::merge(reader.cx(), reader.db(), &from, into)).await?;
        Ok(made.map(|tag| Tag::new(tag, reader)).into())
    }

    /// Forgets an alias of a tag: it finds the tag no longer, and is free for another. Needs MANAGE_TAGS.
    async fn remove_tag_alias(&self, ctx: &Context<'_>, tag_id: ID, alias: String) -> Result<TagPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let tag = id::decode_or_nil(&tag_id);
        let made = run(&["tagId"], || tags::remove_alias(reader.cx(), reader.db(), tag, &alias)).await?;
        Ok(made.map(|tag| Tag::new(tag, reader)).into())
    }

    /// Removes the tag from every contact. Needs MANAGE_TAGS.
    async fn delete_tag(&self, ctx: &Context<'_>, id: ID) -> Result<DeletePayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let tag = id::decode_or_nil(&id);
        let done = run(&["id"], || tags::delete(reader.cx(), reader.db(), tag)).await?;
        Ok(DeletePayload::of(id, done))
    }
}
