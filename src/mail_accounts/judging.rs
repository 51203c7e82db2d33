//! What those need to know of mailboxes who judge their mail: whose a mailbox is, its address, and that nobody stores meanwhile.

use std::collections::HashSet;

use entity::mail_account::{self, ContactCreation};
use entity::{MailAccountId, MailFolderId, Timestamp, UserId, WorkspaceId, mail_folder};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Query, SelectStatement};
use sea_orm::{DbBackend, QueryOrder, QuerySelect};

use super::{Error, Lease, Role, store};
use crate::access::Cx;
use crate::db::{Db, Fault, Tx};

/// A mailbox whose mail is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Its id.
    pub id: MailAccountId,
    /// Whose it is.
    pub owner: UserId,
    /// Its address, as addresses are compared.
    pub address: String,
    /// Whether its mail is being removed.
    pub removing: bool,
    /// Of whom contacts are made.
    pub contact_creation: ContactCreation,
    /// Since when.
    pub contact_creation_since: Option<Timestamp>,
    /// Its version.
    pub version: i64,
}

impl From<mail_account::Model> for Mailbox {
    fn from(row: mail_account::Model) -> Self {
        Self {
            id: row.id,
            owner: row.owner,
            // Behind a blank stands the id of one that is being removed.
            address: row.email_key.split(' ').next().unwrap_or_default().to_owned(),
            removing: row.removing,
            contact_creation: row.contact_creation,
            contact_creation_since: row.contact_creation_since,
            version: row.version,
        }
    }
}

/// The mailbox of a lease that is held.
///
/// # Errors
/// `Fenced` when the lease is lost.
pub async fn mailbox(tx: &Tx, lease: &Lease) -> Result<Mailbox, Error> {
    Ok(lease.hold(tx).await?.into())
}

/// A mailbox, in which nobody stores until the transaction ends.
pub async fn hold(tx: &Tx, id: MailAccountId) -> Result<Option<Mailbox>, Fault> {
    Ok(store::lock(tx.conn(), tx.workspace(), id).await?.map(Mailbox::from))
}

/// Waits for what is being stored in the mailboxes of a user, or in all of the workspace, and lets nobody store until the transaction
/// ends.
pub async fn hold_all(tx: &Tx, owner: Option<UserId>) -> Result<(), Fault> {
    let mut query = mail_account::Entity::find()
        .select_only()
        .column(mail_account::Column::Id)
        .filter(mail_account::Column::Workspace.eq(tx.workspace()))
        .order_by_asc(mail_account::Column::Id);
    if let Some(owner) = owner {
        query = query.filter(mail_account::Column::Owner.eq(owner));
    }
    if tx.conn().get_database_backend() == DbBackend::Postgres {
        query = query.lock_exclusive();
    }
    query.into_tuple::<MailAccountId>().all(tx.conn()).await?;
    Ok(())
}

/// The ids of a user's mailboxes, disconnected ones too, for `column IN (…)`.
#[must_use]
pub fn accounts_of(workspace: WorkspaceId, owner: UserId) -> SelectStatement {
    let mut query = Query::select();
    query
        .column(mail_account::Column::Id)
        .from(mail_account::Entity)
        .and_where(Expr::col(mail_account::Column::Workspace).eq(workspace))
        .and_where(Expr::col(mail_account::Column::Owner).eq(owner));
    query
}

/// The mailboxes of a user, disconnected ones too, oldest first.
pub async fn mailboxes_of(cx: &Cx, db: &Db, owner: UserId) -> Result<Vec<Mailbox>, Fault> {
    let rows = mail_account::Entity::find()
        .filter(mail_account::Column::Workspace.eq(cx.workspace))
        .filter(mail_account::Column::Owner.eq(owner))
        .order_by_asc(mail_account::Column::Id)
        .all(db.reader())
        .await?;
    Ok(rows.into_iter().map(Mailbox::from).collect())
}

/// A mailbox, whoever's it is. The caller has its id from where it is decided who may see it.
pub async fn mailbox_by_id(cx: &Cx, db: &Db, id: MailAccountId) -> Result<Option<Mailbox>, Fault> {
    Ok(store::by_id(db.reader(), cx.workspace, id).await?.map(Mailbox::from))
}

/// Which of these addresses, as they are compared, are mailboxes of the workspace.
pub async fn addresses_among(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    keys: &[&str],
) -> Result<HashSet<String>, Fault> {
    let found: Vec<String> = mail_account::Entity::find()
        .select_only()
        .column(mail_account::Column::EmailKey)
        .filter(mail_account::Column::Workspace.eq(workspace))
        .filter(mail_account::Column::EmailKey.is_in(keys.iter().copied()))
        .into_tuple()
        .all(conn)
        .await?;
    Ok(found.into_iter().collect())
}

/// What a folder is for.
pub async fn folder_role(tx: &Tx, folder: MailFolderId) -> Result<Option<Role>, Fault> {
    let row = mail_folder::Entity::find_by_id((tx.workspace(), folder)).one(tx.conn()).await?;
    Ok(row.and_then(|row| row.role))
}
