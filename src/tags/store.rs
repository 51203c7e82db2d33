//! Rows of tags.

use entity::{ContactId, TagId, Timestamp, WorkspaceId, contact_tag, tag, tag_key, tag_name};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, LockType, Query, SelectStatement};
use sea_orm::{Condition, DbErr, FromQueryResult, QueryOrder, QuerySelect};

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

/// As `by_ids`, and until the transaction ends nobody else holds or counts them. Waits for those who do, in the order of ids.
pub(super) async fn hold(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    ids: &[TagId],
) -> Result<Vec<tag::Model>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let tags = live(workspace).filter(tag::Column::Id.is_in(ids.iter().copied())).order_by_asc(tag::Column::Id);
    tags.lock(LockType::NoKeyUpdate).all(conn).await
}

/// Tags that are there.
pub(super) fn live(workspace: WorkspaceId) -> sea_orm::Select<tag::Entity> {
    tag::Entity::find().filter(tag::Column::Workspace.eq(workspace)).filter(tag::Column::DeletedAt.is_null())
}

/// Joins the tags that are there to rows that name one in `tag`, a column beside `workspace`.
pub(super) fn join_live(query: &mut SelectStatement, workspace: Expr, tag: Expr) {
    query.inner_join(
        tag::Entity,
        Condition::all()
            .add(Expr::col((tag::Entity, tag::Column::Workspace)).eq(workspace))
            .add(Expr::col((tag::Entity, tag::Column::Id)).eq(tag))
            .add(Expr::col((tag::Entity, tag::Column::DeletedAt)).is_null()),
    );
}

/// The tags that contacts carry, each once.
pub(super) async fn carried(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    contacts: &[ContactId],
) -> Result<Vec<TagId>, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        id: TagId,
    }
    if contacts.is_empty() {
        return Ok(Vec::new());
    }
    let link = |column| Expr::col((contact_tag::Entity, column));
    let mut query = Query::select();
    query
        .distinct()
        .column((tag::Entity, tag::Column::Id))
        .from(contact_tag::Entity)
        .and_where(link(contact_tag::Column::Workspace).eq(workspace))
        .and_where(link(contact_tag::Column::Contact).is_in(contacts.iter().copied()));
    join_live(&mut query, link(contact_tag::Column::Workspace), link(contact_tag::Column::Tag));
    let rows = Row::find_by_statement(conn.get_database_backend().build(&query)).all(conn).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// A new tag, whose name is taken already.
pub(super) async fn insert(conn: &impl ConnectionTrait, row: tag::Model) -> Result<(), DbErr> {
    tag::Entity::insert(tag::ActiveModel::from(row).reset_all()).exec_without_returning(conn).await.map(drop)
}

/// Writes a tag as it is to be. It must be held: its count is written too.
pub(super) async fn save(conn: &impl ConnectionTrait, row: tag::Model) -> Result<(), DbErr> {
    tag::Entity::update(tag::ActiveModel::from(row).reset_all()).exec(conn).await.map(drop)
}

/// Takes tags out of every read at once. Their names must be gone or moved; their links are removed behind.
pub(super) async fn mark_deleted(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    ids: &[TagId],
    now: Timestamp,
) -> Result<(), DbErr> {
    tag::Entity::update_many()
        .col_expr(tag::Column::DeletedAt, Expr::value(now))
        .col_expr(tag::Column::ContactCount, Expr::value(0_i64))
        .col_expr(tag::Column::Version, Expr::col(tag::Column::Version).add(1))
        .filter(tag::Column::Workspace.eq(workspace))
        .filter(tag::Column::Id.is_in(ids.iter().copied()))
        .exec(conn)
        .await
        .map(drop)
}

/// Forgets all names of a tag: they are free for others.
pub(super) async fn delete_names(conn: &impl ConnectionTrait, workspace: WorkspaceId, id: TagId) -> Result<(), DbErr> {
    tag_name::Entity::delete_many()
        .filter(tag_name::Column::Workspace.eq(workspace))
        .filter(tag_name::Column::Tag.eq(id))
        .exec(conn)
        .await?;
    tag_key::Entity::delete_many()
        .filter(tag_key::Column::Workspace.eq(workspace))
        .filter(tag_key::Column::Tag.eq(id))
        .exec(conn)
        .await
        .map(drop)
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
