//! Rows of people and workspaces.

use entity::{PersonId, UserId, WorkspaceId, person, workspace, workspace_user};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{DbBackend, DbErr, QuerySelect};

use super::Status;
use crate::access::{Right, Rights};

pub(super) async fn person_by_email(conn: &impl ConnectionTrait, key: &str) -> Result<Option<person::Model>, DbErr> {
    person::Entity::find().filter(person::Column::EmailKey.eq(key)).one(conn).await
}

pub(super) async fn person_of_user(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: UserId,
) -> Result<Option<person::Model>, DbErr> {
    let Some(user) = workspace_user::Entity::find_by_id((workspace, id)).one(conn).await? else { return Ok(None) };
    person::Entity::find_by_id(user.person).one(conn).await
}

pub(super) async fn users_of_person(
    conn: &impl ConnectionTrait,
    person: PersonId,
) -> Result<Vec<workspace_user::Model>, DbErr> {
    workspace_user::Entity::find()
        .filter(workspace_user::Column::Person.eq(person))
        .filter(workspace_user::Column::Status.eq(Status::Active))
        .all(conn)
        .await
}

/// The user, locked until the transaction ends.
pub(super) async fn lock_user(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: UserId,
) -> Result<Option<workspace_user::Model>, DbErr> {
    let mut query = workspace_user::Entity::find_by_id((workspace, id));
    if conn.get_database_backend() == DbBackend::Postgres {
        query = query.lock_exclusive();
    }
    query.one(conn).await
}

/// The active Admins, locked in one order until the transaction ends: two who take each other's right away meet here.
pub(super) async fn lock_admins(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
) -> Result<Vec<workspace_user::Model>, DbErr> {
    use sea_orm::QueryOrder;
    let mut query = workspace_user::Entity::find()
        .filter(workspace_user::Column::Workspace.eq(workspace))
        .filter(workspace_user::Column::Status.eq(Status::Active))
        .order_by_asc(workspace_user::Column::Id);
    if conn.get_database_backend() == DbBackend::Postgres {
        query = query.lock_exclusive();
    }
    let users = query.all(conn).await?;
    Ok(users.into_iter().filter(|user| Rights::from_bits(user.rights).contains(Right::Admin)).collect())
}

pub(super) async fn set_rights(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: UserId,
    rights: Rights,
) -> Result<(), DbErr> {
    workspace_user::Entity::update_many()
        .col_expr(workspace_user::Column::Rights, Expr::value(rights.bits()))
        .filter(workspace_user::Column::Workspace.eq(workspace))
        .filter(workspace_user::Column::Id.eq(id))
        .exec(conn)
        .await
        .map(drop)
}

pub(super) async fn users_by_ids(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    ids: Vec<UserId>,
) -> Result<Vec<workspace_user::Model>, DbErr> {
    workspace_user::Entity::find()
        .filter(workspace_user::Column::Workspace.eq(workspace))
        .filter(workspace_user::Column::Id.is_in(ids))
        .all(conn)
        .await
}

pub(super) async fn set_last_working_day(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: UserId,
    day: Option<String>,
) -> Result<(), DbErr> {
    workspace_user::Entity::update_many()
        .col_expr(workspace_user::Column::LastWorkingDay, Expr::value(day))
        .filter(workspace_user::Column::Workspace.eq(workspace))
        .filter(workspace_user::Column::Id.eq(id))
        .exec(conn)
        .await
        .map(drop)
}

pub(super) async fn workspaces(conn: &impl ConnectionTrait) -> Result<Vec<WorkspaceId>, DbErr> {
    workspace::Entity::find().select_only().column(workspace::Column::Id).into_tuple().all(conn).await
}
