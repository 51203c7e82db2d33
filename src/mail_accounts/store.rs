//! Rows of mailboxes and folders.

use entity::{MailAccountId, MailFolderId, UserId, WorkspaceId, mail_account, mail_folder};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{DbBackend, DbErr, IntoActiveModel, QuerySelect};

pub(super) async fn by_id(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: MailAccountId,
) -> Result<Option<mail_account::Model>, DbErr> {
    mail_account::Entity::find_by_id((workspace, id)).one(conn).await
}

pub(super) async fn lock(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: MailAccountId,
) -> Result<Option<mail_account::Model>, DbErr> {
    let mut query = mail_account::Entity::find_by_id((workspace, id));
    if conn.get_database_backend() == DbBackend::Postgres {
        query = query.lock_exclusive();
    }
    query.one(conn).await
}

pub(super) async fn by_email(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    owner: UserId,
    key: &str,
) -> Result<Option<mail_account::Model>, DbErr> {
    mail_account::Entity::find()
        .filter(mail_account::Column::Workspace.eq(workspace))
        .filter(mail_account::Column::Owner.eq(owner))
        .filter(mail_account::Column::EmailKey.eq(key))
        .one(conn)
        .await
}

pub(super) async fn folders(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    accounts: &[MailAccountId],
) -> Result<Vec<mail_folder::Model>, DbErr> {
    mail_folder::Entity::find()
        .filter(mail_folder::Column::Workspace.eq(workspace))
        .filter(mail_folder::Column::Account.is_in(accounts.iter().copied()))
        .all(conn)
        .await
}

pub(super) async fn folder(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: MailFolderId,
) -> Result<Option<mail_folder::Model>, DbErr> {
    mail_folder::Entity::find_by_id((workspace, id)).one(conn).await
}

/// Writes the figures of a check, and nothing else: cursors move beside it.
pub(super) async fn save_coverage(conn: &impl ConnectionTrait, row: &mail_folder::Model) -> Result<(), DbErr> {
    let figures = mail_folder::ActiveModel {
        workspace: Set(row.workspace),
        id: Set(row.id),
        coverage_generation: Set(row.coverage_generation),
        coverage_on_server: Set(row.coverage_on_server),
        coverage_stored: Set(row.coverage_stored),
        coverage_skipped: Set(row.coverage_skipped),
        coverage_pending: Set(row.coverage_pending),
        coverage_excluded: Set(row.coverage_excluded),
        coverage_checked_at: Set(row.coverage_checked_at),
        coverage_due: Set(row.coverage_due),
        ..Default::default()
    };
    mail_folder::Entity::update(figures).exec(conn).await.map(drop)
}

pub(super) async fn save_folder(conn: &impl ConnectionTrait, row: &mail_folder::Model) -> Result<(), DbErr> {
    mail_folder::Entity::update(row.clone().into_active_model().reset_all()).exec(conn).await.map(drop)
}
