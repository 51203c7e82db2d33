//! Rows of saved filters.

use entity::{SavedFilterId, UserId, WorkspaceId, saved_filter};
use sea_orm::entity::prelude::*;
use sea_orm::{Condition, DbErr, QueryOrder, Select};

use crate::access::Cx;

/// Those that the actor sees: their own, and what others share.
pub(super) fn visible(cx: &Cx) -> Select<saved_filter::Entity> {
    let own = cx.user().map(|user| saved_filter::Column::Owner.eq(user));
    saved_filter::Entity::find()
        .filter(saved_filter::Column::Workspace.eq(cx.workspace))
        .filter(Condition::any().add(saved_filter::Column::Shared.eq(true)).add_option(own))
}

pub(super) async fn by_ids(
    conn: &impl ConnectionTrait,
    cx: &Cx,
    ids: impl IntoIterator<Item = SavedFilterId>,
) -> Result<Vec<saved_filter::Model>, DbErr> {
    visible(cx).filter(saved_filter::Column::Id.is_in(ids)).all(conn).await
}

/// All of one owner in their order.
pub(super) async fn of(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    owner: UserId,
) -> Result<Vec<saved_filter::Model>, DbErr> {
    saved_filter::Entity::find()
        .filter(saved_filter::Column::Workspace.eq(workspace))
        .filter(saved_filter::Column::Owner.eq(owner))
        .order_by_asc(saved_filter::Column::Position)
        .all(conn)
        .await
}

pub(super) async fn insert(conn: &impl ConnectionTrait, row: saved_filter::Model) -> Result<(), DbErr> {
    let row = saved_filter::ActiveModel::from(row).reset_all();
    saved_filter::Entity::insert(row).exec_without_returning(conn).await.map(drop)
}

pub(super) async fn save(conn: &impl ConnectionTrait, row: saved_filter::Model) -> Result<(), DbErr> {
    saved_filter::Entity::update(saved_filter::ActiveModel::from(row).reset_all()).exec(conn).await.map(drop)
}

pub(super) async fn delete(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: SavedFilterId,
) -> Result<(), DbErr> {
    saved_filter::Entity::delete_by_id((workspace, id)).exec(conn).await.map(drop)
}
