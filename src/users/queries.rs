//! Reading users.

use std::collections::HashSet;

use entity::{UserId, WorkspaceId, workspace, workspace_user};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::LockType;
use sea_orm::{QueryOrder, QuerySelect};

use super::{Plan, Status, User, Workspace, store};
use crate::access::{Cx, Right};
use crate::db::{Db, Fault, Tx};

/// Users by id; ids of other workspaces are as if they never existed.
pub async fn by_ids(cx: &Cx, db: &Db, ids: Vec<UserId>) -> Result<Vec<User>, Fault> {
    let rows = store::users_by_ids(db.reader(), cx.workspace, ids).await?;
    Ok(rows.into_iter().map(User::from).collect())
}

/// Which of these addresses, as they are compared, users of the workspace sign in with.
pub async fn addresses_among(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    keys: &[&str],
) -> Result<HashSet<String>, Fault> {
    let found: Vec<String> = workspace_user::Entity::find()
        .select_only()
        .column(workspace_user::Column::EmailKey)
        .filter(workspace_user::Column::Workspace.eq(workspace))
        .filter(workspace_user::Column::EmailKey.is_in(keys.iter().copied()))
        .into_tuple()
        .all(conn)
        .await?;
    Ok(found.into_iter().collect())
}

/// The actor's workspace.
pub async fn workspace(cx: &Cx, db: &Db) -> Result<Option<Workspace>, Fault> {
    Ok(workspace::Entity::find_by_id(cx.workspace).one(db.reader()).await?.map(Workspace::from))
}

/// What the transaction's workspace may use.
pub async fn edition(tx: &Tx) -> Result<Plan, Fault> {
    let row = workspace::Entity::find_by_id(tx.workspace()).one(tx.conn()).await?;
    Ok(row.map_or(Plan::Free, |row| row.granted_edition))
}

/// As `edition`, and it stays so until the transaction ends: those who ask for it wait for each other.
pub async fn hold_edition(tx: &Tx) -> Result<Plan, Fault> {
    let row = workspace::Entity::find_by_id(tx.workspace()).lock(LockType::NoKeyUpdate).one(tx.conn()).await?;
    Ok(row.map_or(Plan::Free, |row| row.granted_edition))
}

/// The transaction's workspace, which stays so until it ends: those who hold it wait for each other.
pub async fn hold_workspace(tx: &Tx) -> Result<Option<Workspace>, Fault> {
    let row = workspace::Entity::find_by_id(tx.workspace()).lock(LockType::NoKeyUpdate).one(tx.conn()).await?;
    Ok(row.map(Workspace::from))
}

/// The workspace's user with an address, as it is compared.
pub async fn by_address(tx: &Tx, key: &str) -> Result<Option<User>, Fault> {
    let user = workspace_user::Entity::find()
        .filter(workspace_user::Column::Workspace.eq(tx.workspace()))
        .filter(workspace_user::Column::EmailKey.eq(key))
        .one(tx.conn())
        .await?;
    Ok(user.map(User::from))
}

/// The Admins of the workspace who can sign in, by name.
pub async fn admins(cx: &Cx, db: &Db) -> Result<Vec<User>, Fault> {
    let users = workspace_user::Entity::find()
        .filter(workspace_user::Column::Workspace.eq(cx.workspace))
        .filter(workspace_user::Column::Status.eq(Status::Active))
        .order_by_asc(workspace_user::Column::NameSort)
        .all(db.reader())
        .await?;
    Ok(users.into_iter().map(User::from).filter(|user| user.rights.contains(Right::Admin)).collect())
}

/// Makes those who hold the same user wait for each other until the transaction ends: for what is numbered for each user.
pub async fn hold(tx: &Tx, user: UserId) -> Result<(), Fault> {
    let user = workspace_user::Entity::find_by_id((tx.workspace(), user)).lock(LockType::NoKeyUpdate);
    user.one(tx.conn()).await?;
    Ok(())
}

/// Every workspace of this installation.
pub async fn workspaces(db: &Db) -> Result<Vec<WorkspaceId>, Fault> {
    Ok(store::workspaces(db.reader()).await?)
}
