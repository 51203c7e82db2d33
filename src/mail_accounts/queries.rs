//! Reading mailboxes and their folders. A mailbox is seen by its owner and those they share their inbox with; to all others it is as if
//! it never existed.

use entity::{MailAccountId, MailFolderId, mail_account, mail_folder};
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Query, SelectStatement, SimpleExpr, SubQueryStatement};

use super::{Folder, MailAccount, Role, store};
use crate::access::{Cx, Level, MailReach};
use crate::db::{Db, Fault, Tx};

/// The ids of the mailboxes whose mail the actor may see, for `column IN (…)`.
#[must_use]
pub fn visible_accounts(cx: &Cx) -> SelectStatement {
    accounts_at(cx, Level::Metadata, false)
}

/// The ids of the mailboxes of whose mail the actor sees at least this much, for `column IN (…)`; of that marked private, or of the other.
#[must_use]
pub fn accounts_at(cx: &Cx, least: Level, private: bool) -> SelectStatement {
    let mut query = Query::select();
    query
        .column(mail_account::Column::Id)
        .from(mail_account::Entity)
        .and_where(Expr::col(mail_account::Column::Workspace).eq(cx.workspace))
        .and_where(Expr::col(mail_account::Column::Removing).eq(false));
    match cx.mail_reach(least, private) {
        MailReach::All => {}
        MailReach::Mailbox(account) => {
            query.and_where(Expr::col(mail_account::Column::Id).eq(account));
        }
        MailReach::Of(owners) => {
            query.and_where(Expr::col(mail_account::Column::Owner).is_in(owners));
        }
    }
    query
}

/// The ids of the actor's own mailboxes, for `column IN (…)`: what only their owner sees. None for others than users.
#[must_use]
pub(super) fn own_accounts(cx: &Cx) -> SelectStatement {
    let mut query = Query::select();
    query
        .column(mail_account::Column::Id)
        .from(mail_account::Entity)
        .and_where(Expr::col(mail_account::Column::Workspace).eq(cx.workspace))
        .and_where(Expr::col(mail_account::Column::Removing).eq(false))
        .and_where(Expr::col(mail_account::Column::Owner).eq(cx.user()));
    query
}

/// The ids of the folders of the actor's own mailboxes, for `column IN (…)`.
#[must_use]
pub fn own_folders(cx: &Cx) -> SelectStatement {
    let mut query = Query::select();
    query
        .column(mail_folder::Column::Id)
        .from(mail_folder::Entity)
        .and_where(Expr::col(mail_folder::Column::Workspace).eq(cx.workspace))
        .and_where(Expr::col(mail_folder::Column::Account).in_subquery(own_accounts(cx)));
    query
}

/// Whose the mailbox is that a row belongs to, given the row's columns of workspace and mailbox.
#[must_use]
pub fn owner_of(workspace: SimpleExpr, account: SimpleExpr) -> SimpleExpr {
    let column = |column: mail_account::Column| Expr::col((mail_account::Entity, column));
    let mut query = Query::select();
    query
        .expr(column(mail_account::Column::Owner))
        .from(mail_account::Entity)
        .and_where(column(mail_account::Column::Workspace).eq(workspace))
        .and_where(column(mail_account::Column::Id).eq(account));
    SimpleExpr::SubQuery(None, Box::new(SubQueryStatement::SelectStatement(query)))
}

/// Mailboxes by id; also disconnected ones whose mail is kept.
pub async fn by_ids(cx: &Cx, db: &Db, ids: &[MailAccountId]) -> Result<Vec<MailAccount>, Fault> {
    let rows = mail_account::Entity::find()
        .filter(mail_account::Column::Workspace.eq(cx.workspace))
        .filter(mail_account::Column::Id.is_in(ids.iter().copied()))
        .filter(mail_account::Column::Id.in_subquery(visible_accounts(cx)))
        .all(db.reader())
        .await?;
    Ok(rows.into_iter().map(MailAccount::from).collect())
}

/// The connected mailboxes that the actor may see, oldest first.
pub async fn list(cx: &Cx, db: &Db) -> Result<Vec<MailAccount>, Fault> {
    let rows = mail_account::Entity::find()
        .filter(mail_account::Column::Workspace.eq(cx.workspace))
        .filter(mail_account::Column::Id.in_subquery(visible_accounts(cx)))
        .filter(mail_account::Column::DisconnectedAt.is_null())
        .order_by_asc(mail_account::Column::Id)
        .all(db.reader())
        .await?;
    Ok(rows.into_iter().map(MailAccount::from).collect())
}

/// Makes the mailbox's transactions follow this one, those of its sync too.
pub async fn hold(tx: &Tx, account: MailAccountId) -> Result<(), Fault> {
    store::lock(tx.conn(), tx.workspace(), account).await?;
    Ok(())
}

/// The folders of mailboxes by name.
pub async fn folders_of_accounts(cx: &Cx, db: &Db, accounts: &[MailAccountId]) -> Result<Vec<Folder>, Fault> {
    let rows = folders(cx)
        .filter(mail_folder::Column::Account.is_in(accounts.iter().copied()))
        .order_by_asc(mail_folder::Column::NameRaw)
        .all(db.reader())
        .await?;
    Ok(rows.into_iter().map(Folder::from).collect())
}

/// Folders by id.
pub async fn folders_by_ids(cx: &Cx, db: &Db, ids: &[MailFolderId]) -> Result<Vec<Folder>, Fault> {
    let rows = folders(cx).filter(mail_folder::Column::Id.is_in(ids.iter().copied())).all(db.reader()).await?;
    Ok(rows.into_iter().map(Folder::from).collect())
}

fn folders(cx: &Cx) -> Select<mail_folder::Entity> {
    mail_folder::Entity::find()
        .filter(mail_folder::Column::Workspace.eq(cx.workspace))
        .filter(mail_folder::Column::Account.in_subquery(visible_accounts(cx)))
}

/// The ids of the folders with a role in mailboxes whose mail the actor may see, for `column IN (…)`.
#[must_use]
pub fn visible_folders(cx: &Cx, role: Role) -> SelectStatement {
    let mut query = Query::select();
    query
        .column(mail_folder::Column::Id)
        .from(mail_folder::Entity)
        .and_where(Expr::col(mail_folder::Column::Workspace).eq(cx.workspace))
        .and_where(Expr::col(mail_folder::Column::Role).eq(role))
        .and_where(Expr::col(mail_folder::Column::Account).in_subquery(visible_accounts(cx)));
    query
}
