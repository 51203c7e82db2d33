//! Rows of invitations.

use entity::invitation::{self, Status};
use entity::{InvitationId, Timestamp, WorkspaceId};
use sea_orm::entity::prelude::*;
use sea_orm::{DbBackend, DbErr, IntoActiveModel, QuerySelect};

/// The open invitation of an address, locked: pending, or expired. Everybody locks an invitation before its user.
pub(super) async fn open_for(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    email_key: &str,
) -> Result<Option<invitation::Model>, DbErr> {
    let mut query = invitation::Entity::find()
        .filter(invitation::Column::Workspace.eq(workspace))
        .filter(invitation::Column::EmailKey.eq(email_key))
        .filter(invitation::Column::Status.is_in([Status::Pending, Status::Expired]));
    if conn.get_database_backend() == DbBackend::Postgres {
        query = query.lock_exclusive();
    }
    query.one(conn).await
}

pub(super) async fn lock(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: InvitationId,
) -> Result<Option<invitation::Model>, DbErr> {
    let mut query = invitation::Entity::find_by_id((workspace, id));
    if conn.get_database_backend() == DbBackend::Postgres {
        query = query.lock_exclusive();
    }
    query.one(conn).await
}

/// The invitation that a token opens now.
pub(super) async fn by_token(
    conn: &impl ConnectionTrait,
    hash: &[u8],
    now: Timestamp,
) -> Result<Option<invitation::Model>, DbErr> {
    invitation::Entity::find()
        .filter(invitation::Column::TokenHash.eq(hash))
        .filter(invitation::Column::Status.eq(Status::Pending))
        .filter(invitation::Column::ExpiresAt.gt(now))
        .one(conn)
        .await
}

/// Spends the token; false when it opens nothing any more.
pub(super) async fn spend(
    conn: &impl ConnectionTrait,
    row: &invitation::Model,
    hash: &[u8],
    now: Timestamp,
) -> Result<bool, DbErr> {
    let spent = invitation::Entity::update_many()
        .col_expr(invitation::Column::Status, Expr::value(Status::Accepted))
        .col_expr(invitation::Column::TokenHash, Expr::value(Option::<Vec<u8>>::None))
        .filter(invitation::Column::Workspace.eq(row.workspace))
        .filter(invitation::Column::Id.eq(row.id))
        .filter(invitation::Column::TokenHash.eq(hash))
        .filter(invitation::Column::Status.eq(Status::Pending))
        .filter(invitation::Column::ExpiresAt.gt(now))
        .exec(conn)
        .await?;
    Ok(spent.rows_affected > 0)
}

pub(super) async fn insert(conn: &impl ConnectionTrait, row: &invitation::Model) -> Result<(), DbErr> {
    let row = row.clone().into_active_model().reset_all();
    invitation::Entity::insert(row).exec_without_returning(conn).await.map(drop)
}

pub(super) async fn save(conn: &impl ConnectionTrait, row: &invitation::Model) -> Result<(), DbErr> {
    invitation::Entity::update(row.clone().into_active_model().reset_all()).exec(conn).await.map(drop)
}

/// The next invitation of any workspace whose time is over.
pub(super) async fn late(conn: &impl ConnectionTrait, now: Timestamp) -> Result<Vec<invitation::Model>, DbErr> {
    invitation::Entity::find()
        .filter(invitation::Column::Status.eq(Status::Pending))
        .filter(invitation::Column::ExpiresAt.lte(now))
        .limit(100)
        .all(conn)
        .await
}

/// Writes down that its time is over; false when it was renewed or answered meanwhile.
pub(super) async fn expire(
    conn: &impl ConnectionTrait,
    row: &invitation::Model,
    now: Timestamp,
) -> Result<bool, DbErr> {
    let done = invitation::Entity::update_many()
        .col_expr(invitation::Column::Status, Expr::value(Status::Expired))
        .col_expr(invitation::Column::TokenHash, Expr::value(Option::<Vec<u8>>::None))
        .filter(invitation::Column::Workspace.eq(row.workspace))
        .filter(invitation::Column::Id.eq(row.id))
        .filter(invitation::Column::Status.eq(Status::Pending))
        .filter(invitation::Column::ExpiresAt.lte(now))
        .exec(conn)
        .await?;
    Ok(done.rows_affected > 0)
}
