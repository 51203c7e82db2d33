//! Rows of tag groups.

use entity::{TagGroupId, TagId, WorkspaceId, tag, tag_group};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::LockType;
use sea_orm::{DbErr, QueryOrder, QuerySelect};

/// All groups in their order.
pub(super) async fn all(conn: &impl ConnectionTrait, workspace: WorkspaceId) -> Result<Vec<tag_group::Model>, DbErr> {
    of(workspace).order_by_asc(tag_group::Column::Position).order_by_asc(tag_group::Column::NameKey).all(conn).await
}

pub(super) async fn by_ids(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    ids: &[TagGroupId],
) -> Result<Vec<tag_group::Model>, DbErr> {
    of(workspace).filter(tag_group::Column::Id.is_in(ids.iter().copied())).all(conn).await
}

/// Whether a group is there. It stays so until the transaction ends, for a tag that is to belong to it.
pub(super) async fn hold(conn: &impl ConnectionTrait, workspace: WorkspaceId, id: TagGroupId) -> Result<bool, DbErr> {
    let row = of(workspace).filter(tag_group::Column::Id.eq(id)).lock(LockType::KeyShare).one(conn).await?;
    Ok(row.is_some())
}

pub(super) async fn insert(conn: &impl ConnectionTrait, row: tag_group::Model) -> Result<(), DbErr> {
    let row = tag_group::ActiveModel::from(row).reset_all();
    tag_group::Entity::insert(row).exec_without_returning(conn).await.map(drop)
}

pub(super) async fn save(conn: &impl ConnectionTrait, row: tag_group::Model) -> Result<(), DbErr> {
    tag_group::Entity::update(tag_group::ActiveModel::from(row).reset_all()).exec(conn).await.map(drop)
}

/// Deletes a group. Its tags stay, without a group; which those are.
pub(super) async fn delete(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: TagGroupId,
) -> Result<Vec<TagId>, DbErr> {
    // Nobody puts a tag into it from here on; its tags are locked in the order in which counting locks them.
    of(workspace).filter(tag_group::Column::Id.eq(id)).lock(LockType::Update).one(conn).await?;
    let tags = tag::Entity::find()
        .filter(tag::Column::Workspace.eq(workspace))
        .filter(tag::Column::GroupId.eq(id))
        .order_by_asc(tag::Column::Id);
    let tags = tags.lock(LockType::NoKeyUpdate).all(conn).await?;
    tag::Entity::update_many()
        .col_expr(tag::Column::GroupId, Expr::value(Option::<TagGroupId>::None))
        .filter(tag::Column::Workspace.eq(workspace))
        .filter(tag::Column::GroupId.eq(id))
        .exec(conn)
        .await?;
    tag_group::Entity::delete_by_id((workspace, id)).exec(conn).await?;
    Ok(tags.into_iter().filter(|tag| tag.deleted_at.is_none()).map(|tag| tag.id).collect())
}

fn of(workspace: WorkspaceId) -> sea_orm::Select<tag_group::Entity> {
    tag_group::Entity::find().filter(tag_group::Column::Workspace.eq(workspace))
}

/// Groups by folded name.
pub(super) async fn by_keys(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    keys: &[&str],
) -> Result<Vec<tag_group::Model>, DbErr> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    of(workspace).filter(tag_group::Column::NameKey.is_in(keys.iter().copied())).all(conn).await
}
