//! Skipped mail as its owner sees it: what it is, why, and trying it again.

use entity::{MailAccountId, MailFolderId, SkippedMessageId, Timestamp, mail_hole};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Query};
use sea_orm::{FromQueryResult, Iterable, QuerySelect};

use super::{Error, mime};
use crate::access::Cx;
use crate::db::{Db, Fault};
use crate::mail_accounts::{self, Lease, Signals};
use crate::paging::{Page, PageError, Place, Rows, Sort};

/// Characters of a subject or sender.
const TEXT: usize = 500;

/// A mail that could not be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedMessage {
    /// Its id.
    pub id: SkippedMessageId,
    /// The folder it lies in.
    pub folder: MailFolderId,
    /// Its UID there.
    pub uid: u32,
    /// Why, in plain words.
    pub reason: String,
    /// Its subject, if its headers could be read.
    pub subject: Option<String>,
    /// Who sent it, if its headers could be read.
    pub from: Option<String>,
    /// When it was sent, if its headers could be read.
    pub date: Option<Timestamp>,
    /// When it is tried again.
    pub retry_at: Timestamp,
}

impl From<mail_hole::Model> for SkippedMessage {
    fn from(row: mail_hole::Model) -> Self {
        Self {
            id: row.id,
            folder: row.folder,
            uid: u32::try_from(row.uid).unwrap_or_default(),
            reason: row.reason,
            subject: row.subject,
            from: row.sender,
            date: row.sent_at,
            retry_at: row.next_at,
        }
    }
}

/// A page of what is skipped in a folder, in the life of its UIDs, newest first; none for all but its owner.
pub async fn skipped(
    cx: &Cx,
    db: &Db,
    (folder, generation): (MailFolderId, i64),
    page: &Page,
) -> Result<Result<Rows<SkippedMessage>, PageError>, Fault> {
    let column = |column: mail_hole::Column| Expr::col((mail_hole::Entity, column));
    let mut query = Query::select();
    query
        .columns(mail_hole::Column::iter().map(|column| (mail_hole::Entity, column)))
        .from(mail_hole::Entity)
        .and_where(column(mail_hole::Column::Workspace).eq(cx.workspace))
        .and_where(column(mail_hole::Column::Folder).eq(folder))
        .and_where(column(mail_hole::Column::Generation).eq(generation))
        .and_where(column(mail_hole::Column::Folder).in_subquery(mail_accounts::own_folders(cx)));
    let (sort, id) = (column(mail_hole::Column::Uid), column(mail_hole::Column::Id));
    if let Err(error) = page.apply(&mut query, &sort, &id, true, true) {
        return Ok(Err(error));
    }
    let rows = mail_hole::Model::find_by_statement(db.backend().build(&query)).all(db.reader()).await?;
    let rows = page.rows(rows, |row| Place(Sort::Number(row.uid), row.id.0));
    Ok(Ok(rows.map(SkippedMessage::from)))
}

/// How much is skipped in a folder; nothing for all but its owner.
pub async fn skipped_count(cx: &Cx, db: &Db, (folder, generation): (MailFolderId, i64)) -> Result<u64, Fault> {
    let of_folder =
        own(cx).filter(mail_hole::Column::Folder.eq(folder)).filter(mail_hole::Column::Generation.eq(generation));
    Ok(of_folder.count(db.reader()).await?)
}

/// A skipped mail by its id, for the owner of its mailbox.
pub async fn skipped_by_id(cx: &Cx, db: &Db, id: SkippedMessageId) -> Result<Option<SkippedMessage>, Fault> {
    Ok(own(cx).filter(mail_hole::Column::Id.eq(id)).one(db.reader()).await?.map(SkippedMessage::from))
}

/// Has a skipped mail of the actor tried again now; the mail as it is until then, none where nothing is skipped under this id (any
/// more).
pub async fn retry_skipped(
    cx: &Cx,
    db: &Db,
    signals: &Signals,
    id: SkippedMessageId,
) -> Result<Option<SkippedMessage>, Fault> {
    let tx = db.begin(cx).await?;
    let Some(mut row) = own(cx).filter(mail_hole::Column::Id.eq(id)).one(tx.conn()).await? else { return Ok(None) };
    row.next_at = cx.now();
    let due = mail_hole::Entity::update_many()
        .col_expr(mail_hole::Column::NextAt, Expr::value(row.next_at))
        .filter(mail_hole::Column::Workspace.eq(cx.workspace))
        .filter(mail_hole::Column::Id.eq(id));
    let still_there = due.exec(tx.conn()).await?.rows_affected == 1;
    let account = account_of(cx, db, row.folder).await?;
    tx.commit().await?;
    if let Some(account) = account {
        signals.tell(account);
    }
    Ok(still_there.then(|| row.into()))
}

async fn account_of(cx: &Cx, db: &Db, folder: MailFolderId) -> Result<Option<MailAccountId>, Fault> {
    Ok(mail_accounts::folders_by_ids(cx, db, &[folder]).await?.pop().map(|folder| folder.account))
}

fn own(cx: &Cx) -> Select<mail_hole::Entity> {
    mail_hole::Entity::find()
        .filter(mail_hole::Column::Workspace.eq(cx.workspace))
        .filter(mail_hole::Column::Folder.in_subquery(mail_accounts::own_folders(cx)))
}

/// Skipped mail whose headers nobody asked for yet, as (folder, generation, UID); from now on they count as asked for, so that an
/// answer that breaks the connection does it once.
pub async fn take_headless(
    cx: &Cx,
    db: &Db,
    lease: &Lease,
    folders: &[(MailFolderId, i64)],
    limit: u64,
) -> Result<Vec<(MailFolderId, i64, u32)>, Error> {
    let headless = || {
        mail_hole::Entity::find()
            .filter(mail_hole::Column::Workspace.eq(cx.workspace))
            .filter(mail_hole::Column::Folder.is_in(folders.iter().map(|(folder, _)| *folder)))
            .filter(mail_hole::Column::HeadersAsked.eq(false))
            .limit(limit)
    };
    if folders.is_empty() || headless().one(db.reader()).await?.is_none() {
        return Ok(Vec::new());
    }
    let tx = db.begin(cx).await?;
    lease.hold(&tx).await?;
    let rows = headless().all(tx.conn()).await?;
    mail_hole::Entity::update_many()
        .col_expr(mail_hole::Column::HeadersAsked, Expr::value(true))
        .filter(mail_hole::Column::Workspace.eq(cx.workspace))
        .filter(mail_hole::Column::Id.is_in(rows.iter().map(|row| row.id)))
        .exec(tx.conn())
        .await?;
    tx.commit().await?;
    let rows = rows.into_iter().filter(|row| folders.contains(&(row.folder, row.generation)));
    Ok(rows.map(|row| (row.folder, row.generation, u32::try_from(row.uid).unwrap_or_default())).collect())
}

/// Keeps the headers of a skipped mail with it.
pub async fn note_headers(
    cx: &Cx,
    db: &Db,
    lease: &Lease,
    (folder, generation, uid): (MailFolderId, i64, u32),
    headers: &[u8],
) -> Result<(), Error> {
    let parsed = mime::parse(headers);
    let short = |text: String| Some(text.replace('\0', "").chars().take(TEXT).collect::<String>());
    let subject = short(parsed.subject).filter(|subject| !subject.is_empty());
    let from = parsed.from.into_iter().next().and_then(|from| {
        short(match from.name {
            Some(name) if !name.is_empty() => format!("{name} <{}>", from.address),
            _ => from.address,
        })
    });
    let tx = db.begin(cx).await?;
    lease.hold(&tx).await?;
    mail_hole::Entity::update_many()
        .col_expr(mail_hole::Column::Subject, Expr::value(subject))
        .col_expr(mail_hole::Column::Sender, Expr::value(from))
        .col_expr(mail_hole::Column::SentAt, Expr::value(parsed.sent_at.map(Timestamp)))
        .filter(mail_hole::Column::Workspace.eq(cx.workspace))
        .filter(mail_hole::Column::Folder.eq(folder))
        .filter(mail_hole::Column::Generation.eq(generation))
        .filter(mail_hole::Column::Uid.eq(i64::from(uid)))
        .exec(tx.conn())
        .await?;
    Ok(tx.commit().await?)
}
