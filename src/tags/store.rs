//! Rows of tags.

use std::collections::HashMap;

use entity::{TagGroupId, TagId, Timestamp, WorkspaceId, tag, tag_group, tag_key};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, OnConflict};
use sea_orm::{DbErr, QueryOrder, QuerySelect};

use super::TagName;
use crate::text;

/// Tags that are there, by key.
pub(super) async fn by_keys(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    keys: &[&str],
) -> Result<HashMap<String, tag::Model>, DbErr> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = live(workspace).filter(tag::Column::NameKey.is_in(keys.iter().copied())).all(conn).await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.name_key.clone()?, row))).collect())
}

/// Tags that are there, by id.
pub(super) async fn by_ids(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    ids: &[TagId],
) -> Result<Vec<tag::Model>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    live(workspace).filter(tag::Column::Id.is_in(ids.iter().copied())).all(conn).await
}

/// Tags that are there.
pub(super) fn live(workspace: WorkspaceId) -> sea_orm::Select<tag::Entity> {
    tag::Entity::find().filter(tag::Column::Workspace.eq(workspace)).filter(tag::Column::DeletedAt.is_null())
}

/// Makes a tag unless another with this name is there. Waits for a transaction that is just making it.
pub(super) async fn insert(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: TagId,
    name: &TagName,
    look: (Option<&str>, Option<TagGroupId>),
    now: Timestamp,
) -> Result<bool, DbErr> {
    let row = tag::ActiveModel {
        workspace: Set(workspace),
        id: Set(id),
        name: Set(name.as_str().to_owned()),
        name_key: Set(Some(name.key().to_owned())),
        name_sort: Set(text::plain(name.as_str())),
        color: Set(look.0.map(str::to_owned)),
        group_id: Set(look.1),
        contact_count: Set(0),
        version: Set(1),
        created_at: Set(now),
        deleted_at: Set(None),
    };
    let unique = OnConflict::columns([tag::Column::Workspace, tag::Column::NameKey]).do_nothing().to_owned();
    let inserted = tag::Entity::insert(row).on_conflict(unique).exec_without_returning(conn).await?;
    if inserted == 0 {
        return Ok(false);
    }
    let keys = text::suffixes(name.as_str()).into_iter().map(|key| tag_key::ActiveModel {
        workspace: Set(workspace),
        key: Set(key),
        tag: Set(id),
    });
    // "la la land" has the same suffix twice only if it is the same text.
    let unique = OnConflict::columns([tag_key::Column::Workspace, tag_key::Column::Key, tag_key::Column::Tag])
        .do_nothing()
        .to_owned();
    tag_key::Entity::insert_many(keys).on_conflict(unique).exec_without_returning(conn).await?;
    Ok(true)
}

/// Takes a tag out of every read at once. Its links are removed behind.
pub(super) async fn mark_deleted(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: TagId,
    now: Timestamp,
) -> Result<bool, DbErr> {
    let updated = tag::Entity::update_many()
        .col_expr(tag::Column::DeletedAt, Expr::value(now))
        .col_expr(tag::Column::NameKey, Expr::value(Option::<String>::None))
        .col_expr(tag::Column::ContactCount, Expr::value(0_i64))
        .col_expr(tag::Column::Version, Expr::col(tag::Column::Version).add(1))
        .filter(tag::Column::Workspace.eq(workspace))
        .filter(tag::Column::Id.eq(id))
        .filter(tag::Column::DeletedAt.is_null())
        .exec(conn)
        .await?;
    if updated.rows_affected > 0 {
        tag_key::Entity::delete_many()
            .filter(tag_key::Column::Workspace.eq(workspace))
            .filter(tag_key::Column::Tag.eq(id))
            .exec(conn)
            .await?;
    }
    Ok(updated.rows_affected > 0)
}

/// Adds to a tag's count, and keeps its row locked until the transaction ends. None when the tag is gone.
pub(super) async fn add_to_count(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: TagId,
    by: i64,
) -> Result<Option<tag::Model>, DbErr> {
    let updated = tag::Entity::update_many()
        .col_expr(tag::Column::ContactCount, Expr::col(tag::Column::ContactCount).add(by))
        .filter(tag::Column::Workspace.eq(workspace))
        .filter(tag::Column::Id.eq(id))
        .filter(tag::Column::DeletedAt.is_null())
        .exec_with_returning(conn)
        .await?;
    Ok(updated.into_iter().next())
}

pub(super) async fn groups(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
) -> Result<Vec<tag_group::Model>, DbErr> {
    tag_group::Entity::find()
        .filter(tag_group::Column::Workspace.eq(workspace))
        .order_by_asc(tag_group::Column::Position)
        .order_by_asc(tag_group::Column::NameKey)
        .all(conn)
        .await
}

pub(super) async fn groups_by_ids(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    ids: &[TagGroupId],
) -> Result<Vec<tag_group::Model>, DbErr> {
    tag_group::Entity::find()
        .filter(tag_group::Column::Workspace.eq(workspace))
        .filter(tag_group::Column::Id.is_in(ids.iter().copied()))
        .all(conn)
        .await
}

pub(super) async fn group_by_key(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    key: &str,
) -> Result<Option<tag_group::Model>, DbErr> {
    tag_group::Entity::find()
        .filter(tag_group::Column::Workspace.eq(workspace))
        .filter(tag_group::Column::NameKey.eq(key))
        .one(conn)
        .await
}

/// Groups by folded name.
pub(super) async fn groups_by_keys(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    keys: &[&str],
) -> Result<Vec<tag_group::Model>, DbErr> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    tag_group::Entity::find()
        .filter(tag_group::Column::Workspace.eq(workspace))
        .filter(tag_group::Column::NameKey.is_in(keys.iter().copied()))
        .all(conn)
        .await
}

/// The place behind the last group.
pub(super) async fn next_group_position(conn: &impl ConnectionTrait, workspace: WorkspaceId) -> Result<i32, DbErr> {
    let last: Option<Option<i32>> = tag_group::Entity::find()
        .select_only()
        .column_as(tag_group::Column::Position.max(), "position")
        .filter(tag_group::Column::Workspace.eq(workspace))
        .into_tuple()
        .one(conn)
        .await?;
    Ok(last.flatten().map_or(0, |position| position.saturating_add(1)))
}
