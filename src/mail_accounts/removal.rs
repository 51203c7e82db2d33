//! Removing disconnected mailboxes, behind their disconnection.

use entity::{MailAccountId, MailFolderId, WorkspaceId, mail_account, mail_account_event, mail_folder};
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;

use super::store;
use crate::db::{Db, Fault};

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
    mail_account_event::Entity::delete_many()
        .filter(mail_account_event::Column::Workspace.eq(workspace))
        .filter(mail_account_event::Column::Account.eq(id))
        .exec(db.writer())
        .await?;
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
    Ok(store::folders(db.reader(), workspace, &[account]).await?.into_iter().map(|row| row.id).collect())
}
