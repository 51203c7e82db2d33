//! Rows of mailboxes and folders.

use entity::{MailAccountId, MailFolderId, UserId, WorkspaceId, mail_account, mail_folder};
use sea_orm::entity::prelude::*;
use sea_orm::{DbBackend, DbErr, IntoActiveModel, QuerySelect};

use crate::db::{Db, Fault};

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

pub(super) async fn save_folder(conn: &impl ConnectionTrait, row: &mail_folder::Model) -> Result<(), DbErr> {
    mail_folder::Entity::update(row.clone().into_active_model().reset_all()).exec(conn).await.map(drop)
}

/// Disconnected mailboxes whose mail goes with them and is not gone yet, of all workspaces.
pub async fn removing(db: &Db) -> Result<Vec<(WorkspaceId, MailAccountId)>, Fault> {
    let rows = mail_account::Entity::find()
        .select_only()
        .columns([mail_account::Column::Workspace, mail_account::Column::Id])
        .filter(mail_account::Column::Removing.eq(true))
        .into_tuple()
        .all(db.reader())
        .await?;
    Ok(rows)
}

/// Removes the rows of a disconnected mailbox, once no message is left of it.
pub async fn erase(db: &Db, workspace: WorkspaceId, id: MailAccountId) -> Result<(), Fault> {
    mail_folder::Entity::delete_many()
        .filter(mail_folder::Column::Workspace.eq(workspace))
        .filter(mail_folder::Column::Account.eq(id))
        .exec(db.writer())
        .await?;
    mail_account::Entity::delete_many()
        .filter(mail_account::Column::Workspace.eq(workspace))
        .filter(mail_account::Column::Id.eq(id))
        .filter(mail_account::Column::Removing.eq(true))
        .exec(db.writer())
        .await?;
    Ok(())
}

/// The folders of a mailbox, for who removes what hangs on them.
pub async fn folder_ids(db: &Db, workspace: WorkspaceId, account: MailAccountId) -> Result<Vec<MailFolderId>, Fault> {
    Ok(folders(db.reader(), workspace, &[account]).await?.into_iter().map(|row| row.id).collect())
}
