//! Rows of people and workspaces.

use entity::{PersonId, UserId, WorkspaceId, person, workspace, workspace_user};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{DbBackend, DbErr, FromQueryResult, Iterable, QuerySelect};

use super::Status;
use crate::access::{Right, Rights};
use crate::paging::{Page, PageError};

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

pub(super) async fn page_of_users(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    page: &Page,
) -> Result<Result<Vec<workspace_user::Model>, PageError>, DbErr> {
    let mut query = Query::select();
    query
        .columns(workspace_user::Column::iter())
        .from(workspace_user::Entity)
        .and_where(Expr::col(workspace_user::Column::Workspace).eq(workspace));
    let sort = Expr::col(workspace_user::Column::NameSort);
    let id = Expr::col(workspace_user::Column::Id);
    if let Err(error) = page.apply(&mut query, &sort, &id, false, false) {
        return Ok(Err(error));
    }
    let statement = conn.get_database_backend().build(&query);
    workspace_user::Model::find_by_statement(statement).all(conn).await.map(Ok)
}

pub(super) async fn count_users(conn: &impl ConnectionTrait, workspace: WorkspaceId) -> Result<u64, DbErr> {
    workspace_user::Entity::find().filter(workspace_user::Column::Workspace.eq(workspace)).count(conn).await
}

pub(super) async fn workspaces(conn: &impl ConnectionTrait) -> Result<Vec<WorkspaceId>, DbErr> {
    workspace::Entity::find().select_only().column(workspace::Column::Id).into_tuple().all(conn).await
}
