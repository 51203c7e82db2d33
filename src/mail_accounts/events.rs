//! The log of an account's last events, for its owner. Each is written in the transaction that makes it true.

use entity::mail_account_event::{self, Kind};
use entity::{MailAccountEventId, MailAccountId, Timestamp};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Query};
use sea_orm::{DbErr, FromQueryResult, IntoActiveModel, Iterable, QueryOrder, QuerySelect};

use super::{Error, Lease, queries};
use crate::access::Cx;
use crate::db::{Db, Fault, Tx};
use crate::paging::{Page, PageError, Place, Rows, Sort};

/// Events that are kept of an account.
const KEPT: i64 = 200;

/// Characters of a sentence.
const MESSAGE: usize = 500;

/// Something that happened to a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEvent {
    /// Its id.
    pub id: MailAccountEventId,
    /// What happened.
    pub kind: Kind,
    /// One plain sentence.
    pub message: String,
    /// When.
    pub occurred_at: Timestamp,
}

impl From<mail_account_event::Model> for AccountEvent {
    fn from(row: mail_account_event::Model) -> Self {
        Self { id: row.id, kind: row.kind, message: row.message, occurred_at: row.occurred_at }
    }
}

/// Writes an event. The row of the account is held by the transaction, so that numbers follow each other.
pub(super) async fn note(tx: &Tx, account: MailAccountId, kind: Kind, message: impl Into<String>) -> Result<(), DbErr> {
    let of_account = mail_account_event::Column::Account.eq(account);
    let of_workspace = mail_account_event::Column::Workspace.eq(tx.workspace());
    let last: Option<i64> = mail_account_event::Entity::find()
        .select_only()
        .column(mail_account_event::Column::Number)
        .filter(of_workspace.clone())
        .filter(of_account.clone())
        .order_by_desc(mail_account_event::Column::Number)
        .limit(1)
        .into_tuple()
        .one(tx.conn())
        .await?;
    let number = last.unwrap_or(0) + 1;
    let event = mail_account_event::Model {
        workspace: tx.workspace(),
        id: tx.cx().new_id(),
        account,
        number,
        kind,
        message: message.into().replace('\0', "").chars().take(MESSAGE).collect(),
        occurred_at: tx.cx().now(),
    };
    mail_account_event::Entity::insert(event.into_active_model()).exec_without_returning(tx.conn()).await?;
    mail_account_event::Entity::delete_many()
        .filter(of_workspace)
        .filter(of_account)
        .filter(mail_account_event::Column::Number.lte(number - KEPT))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Tells that a folder does not open, and why.
pub async fn note_refusal(cx: &Cx, db: &Db, lease: &Lease, folder: &str, why: &str) -> Result<(), Error> {
    let tx = db.begin(cx).await?;
    lease.hold(&tx).await?;
    let message = format!("The folder {folder} does not open ({why}). It is tried again; it can be left out, too.");
    note(&tx, lease.account, Kind::FolderRefused, message).await?;
    Ok(tx.commit().await?)
}

/// So many mails, in words.
pub(super) fn mails(count: u32) -> String {
    if count == 1 { "1 mail".to_owned() } else { format!("{count} mails") }
}

/// A page of the last events of a mailbox, newest first; none for all but its owner.
pub async fn events(
    cx: &Cx,
    db: &Db,
    account: MailAccountId,
    page: &Page,
) -> Result<Result<Rows<AccountEvent>, PageError>, Fault> {
    let column = |column: mail_account_event::Column| Expr::col((mail_account_event::Entity, column));
    let mut query = Query::select();
    query
        .columns(mail_account_event::Column::iter().map(|column| (mail_account_event::Entity, column)))
        .from(mail_account_event::Entity)
        .and_where(column(mail_account_event::Column::Workspace).eq(cx.workspace))
        .and_where(column(mail_account_event::Column::Account).eq(account))
        .and_where(column(mail_account_event::Column::Account).in_subquery(queries::own_accounts(cx)));
    let (sort, id) = (column(mail_account_event::Column::Number), column(mail_account_event::Column::Id));
    if let Err(error) = page.apply(&mut query, &sort, &id, true, true) {
        return Ok(Err(error));
    }
    let rows = mail_account_event::Model::find_by_statement(db.backend().build(&query)).all(db.reader()).await?;
    let rows = page.rows(rows, |row| Place(Sort::Number(row.number), row.id.0));
    Ok(Ok(rows.map(AccountEvent::from)))
}

/// How many events of a mailbox are kept; none for all but its owner.
pub async fn event_count(cx: &Cx, db: &Db, account: MailAccountId) -> Result<u64, Fault> {
    Ok(own(cx).filter(mail_account_event::Column::Account.eq(account)).count(db.reader()).await?)
}

/// An event by its id, for the owner of its mailbox.
pub async fn event(cx: &Cx, db: &Db, id: MailAccountEventId) -> Result<Option<AccountEvent>, Fault> {
    let row = own(cx).filter(mail_account_event::Column::Id.eq(id)).one(db.reader()).await?;
    Ok(row.map(AccountEvent::from))
}

fn own(cx: &Cx) -> Select<mail_account_event::Entity> {
    mail_account_event::Entity::find()
        .filter(mail_account_event::Column::Workspace.eq(cx.workspace))
        .filter(mail_account_event::Column::Account.in_subquery(queries::own_accounts(cx)))
}
