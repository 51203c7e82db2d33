//! Tag groups.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};

use super::command::{payload, run};
use super::connection;
use super::contact::DeletePayload;
use super::error::ApiError;
use super::given::cleared;
use super::id;
use super::loaders::TagsOfGroup;
use super::reader::Reader;
use super::scalar::Color;
use super::tag::{Loaded, Tag};
use crate::tags::{self, NewTagGroup, TagGroupEdit};

/// A category of tags with a color. Pro and Enterprise.
#[derive(Clone)]
pub struct TagGroup {
    pub(super) group: tags::TagGroup,
    pub(super) reader: Reader,
}

/// A category of tags with a color. Pro and Enterprise.
#[Object]
impl TagGroup {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.group.id)
    }

    /// As typed; unique in the workspace as a tag's name is.
    async fn name(&self) -> &str {
        &self.group.name
    }

    /// The color of its tags that have none of their own.
    async fn color(&self) -> Color {
        Color(self.group.color.clone())
    }

    /// Its place among the groups, from 0.
    async fn position(&self) -> i32 {
        self.group.position
    }

    /// Its tags by name.
    #[graphql(complexity = "connection::list_cost(child_complexity)")]
    async fn tags(&self) -> Result<Vec<Tag>, ApiError> {
        let tags = self.reader.shared().load_one(TagsOfGroup(self.group.id)).await?.unwrap_or_default();
        let group = Loaded::With(Some(self.group.clone()));
        Ok(tags.iter().map(|tag| Tag { row: tag.clone(), group: group.clone(), reader: self.reader.clone() }).collect())
    }
}

/// Reading tag groups.
#[derive(Default)]
pub struct TagGroupQuery;

/// Reading tag groups.
#[Object]
impl TagGroupQuery {
    /// The tag groups in their order.
    #[graphql(complexity = "connection::list_cost(child_complexity)")]
    async fn tag_groups(&self, ctx: &Context<'_>) -> Result<Vec<TagGroup>, ApiError> {
        let reader = Reader::of(ctx)?;
        let groups = tags::groups(reader.cx(), reader.db()).await?;
        Ok(groups.into_iter().map(|group| TagGroup { group, reader: reader.clone() }).collect())
    }
}

/// A new group.
#[derive(InputObject)]
pub struct CreateTagGroupInput {
    /// Its name.
    pub name: String,
    /// The color of its tags that have none of their own.
    pub color: Color,
    /// Its place among the groups, from 0; else, and beyond the last, behind the last.
    pub position: Option<i32>,
}

/// As in every update input: a member left out stays. None of a group's can be cleared.
#[derive(InputObject)]
pub struct UpdateTagGroupInput {
    /// Which group.
    pub id: ID,
    /// Its name.
    pub name: MaybeUndefined<String>,
    /// The color of its tags that have none of their own.
    pub color: MaybeUndefined<Color>,
    /// Its place among the groups, from 0; those between move by one.
    pub position: MaybeUndefined<i32>,
}

payload!(TagGroupPayload, tag_group: TagGroup, "The group as it is now.");

/// Administering tag groups.
#[derive(Default)]
pub struct TagGroupMutation;

/// Administering tag groups.
#[Object]
impl TagGroupMutation {
    /// Makes a group of tags. Needs MANAGE_TAGS, in a workspace of edition PRO or ENTERPRISE.
    async fn create_tag_group(
        &self,
        ctx: &Context<'_>,
        input: CreateTagGroupInput,
    ) -> Result<TagGroupPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let made = run(&["input"], || {
            let new = NewTagGroup { name: input.name.clone(), color: input.color.0.clone(), position: input.position };
            tags::create_group(reader.cx(), reader.db(), new)
        })
        .await?;
        Ok(made.map(|group| TagGroup { group, reader: reader.clone() }).into())
    }

    /// Changes a group or its place. Needs MANAGE_TAGS, in a workspace of edition PRO or ENTERPRISE.
    async fn update_tag_group(
        &self,
        ctx: &Context<'_>,
        input: UpdateTagGroupInput,
    ) -> Result<TagGroupPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let edit = TagGroupEdit {
            id: id::decode_or_nil(&input.id),
            name: cleared(input.name),
            color: match input.color {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(String::new()),
                MaybeUndefined::Value(color) => Some(color.0),
            },
            // No place at all is refused, as a place before the first is.
            position: match input.position {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(-1),
                MaybeUndefined::Value(position) => Some(position),
            },
        };
        let made = run(&["input", "id"], || tags::update_group(reader.cx(), reader.db(), edit.clone())).await?;
        Ok(made.map(|group| TagGroup { group, reader: reader.clone() }).into())
    }

    /// Deletes a group. Its tags stay, without a group and its color: no change of theirs follows, clients drop the group's id from the
    /// tags that they hold. Needs MANAGE_TAGS, in a workspace of edition PRO or ENTERPRISE.
    async fn delete_tag_group(&self, ctx: &Context<'_>, id: ID) -> Result<DeletePayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let group = id::decode_or_nil(&id);
        let done = run(&["id"], || tags::delete_group(reader.cx(), reader.db(), group)).await?;
        Ok(DeletePayload::of(id, done))
    }
}
