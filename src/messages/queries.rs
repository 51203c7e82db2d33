//! Reading messages and what hangs on them, for those who may see them.

use std::collections::HashMap;

use entity::{
    MailAccountId, MailAttachmentId, MailFolderId, MailMessageId, UserId, mail_attachment, mail_location, mail_message,
    mail_participant,
};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Condition, ExprTrait, Query, SelectStatement};
use sea_orm::{DbErr, FromQueryResult, Iterable, QueryOrder, QueryResult, QuerySelect, QueryTrait};

use super::visible::{visible, visible_at};
use super::{Attachment, Message, Participant};
use crate::access::{Cx, Level};
use crate::contacts;
use crate::db::{Db, Fault};
use crate::mail_accounts;

/// The row of a message, and whose mailbox it is in.
#[derive(Debug)]
pub(super) struct Owned {
    pub(super) row: mail_message::Model,
    pub(super) owner: UserId,
}

impl FromQueryResult for Owned {
    fn from_query_result(found: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let row = mail_message::Model::from_query_result(found, prefix)?;
        Ok(Self { row, owner: found.try_get(prefix, "owner")? })
    }
}

impl From<Owned> for Message {
    fn from(Owned { row, owner }: Owned) -> Self {
        Self::new(row, owner)
    }
}

/// Selects messages as `Owned`: those that the actor sees at least this much of.
pub(super) fn select(cx: &Cx, least: Level) -> SelectStatement {
    let mut query = select_from_given(cx, least);
    query.from(mail_message::Entity);
    query
}

/// As `select`, without saying yet from which messages.
fn select_from_given(cx: &Cx, least: Level) -> SelectStatement {
    let mut query = columns();
    query.cond_where(visible_at(cx, least));
    query
}

/// Selects messages as `Owned`, from where and which is still to be said.
pub(super) fn columns() -> SelectStatement {
    let column = |column: mail_message::Column| Expr::col((mail_message::Entity, column));
    let owner = mail_accounts::owner_of(column(mail_message::Column::Workspace), column(mail_message::Column::Account));
    let mut query = Query::select();
    query.columns(mail_message::Column::iter().map(|column| (mail_message::Entity, column))).expr_as(owner, "owner");
    query
}

/// Messages by id, those that the actor may see.
pub async fn by_ids(cx: &Cx, db: &Db, ids: &[MailMessageId]) -> Result<Vec<Message>, Fault> {
    let mut query = select_from_given(cx, Level::Metadata);
    query.from_subquery(with_ids(cx, ids), mail_message::Entity);
    let rows = Owned::find_by_statement(db.backend().build(&query)).all(db.reader()).await?;
    Ok(rows.into_iter().map(Message::from).collect())
}

/// The row of a message of which the actor sees at least this much.
pub(super) async fn find(
    conn: &impl ConnectionTrait,
    cx: &Cx,
    id: MailMessageId,
    least: Level,
) -> Result<Option<Owned>, Fault> {
    let mut query = select(cx, least);
    query.and_where(Expr::col((mail_message::Entity, mail_message::Column::Id)).eq(id));
    Ok(Owned::find_by_statement(conn.get_database_backend().build(&query)).one(conn).await?)
}

/// Of these messages, the ids of those of which the actor sees at least this much.
fn visible_ids(cx: &Cx, ids: &[MailMessageId], least: Level) -> SelectStatement {
    let mut query = Query::select();
    query
        .column((mail_message::Entity, mail_message::Column::Id))
        .from_subquery(with_ids(cx, ids), mail_message::Entity)
        .cond_where(visible_at(cx, least));
    query
}

/// Messages by id, whoever may see them. The limit changes nothing, but for the way: from ten ids on, SQLite would rather go through the
/// mailboxes that the actor sees than look each id up.
fn with_ids(cx: &Cx, ids: &[MailMessageId]) -> SelectStatement {
    let mut query = Query::select();
    query
        .columns(mail_message::Column::iter())
        .from(mail_message::Entity)
        .and_where(Expr::col(mail_message::Column::Workspace).eq(cx.workspace))
        .and_where(Expr::col(mail_message::Column::Id).is_in(ids.iter().copied()))
        .limit(ids.len() as u64);
    query
}

/// Who is on messages, in the order of their headers.
pub async fn participants_by_message_ids(
    cx: &Cx,
    db: &Db,
    ids: &[MailMessageId],
) -> Result<HashMap<MailMessageId, Vec<Participant>>, Fault> {
    let rows = mail_participant::Entity::find()
        .filter(mail_participant::Column::Workspace.eq(cx.workspace))
        .filter(mail_participant::Column::Message.in_subquery(visible_ids(cx, ids, Level::Metadata)))
        .order_by_asc(mail_participant::Column::Message)
        .order_by_asc(mail_participant::Column::Position)
        .all(db.reader())
        .await?;
    let mut wanted: Vec<_> = rows.iter().map(|row| row.address).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let addresses = contacts::addresses_by_ids(cx, db, &wanted).await?;
    let mut participants: HashMap<MailMessageId, Vec<Participant>> = HashMap::new();
    for row in rows {
        let Some(address) = addresses.get(&row.address) else { continue };
        participants.entry(row.message).or_default().push(Participant {
            role: row.role,
            name: row.name,
            address: address.address.clone(),
            contact: address.contact,
        });
    }
    Ok(participants)
}

/// What is attached to messages, in order; of those that the actor sees all of.
pub async fn attachments_by_message_ids(
    cx: &Cx,
    db: &Db,
    ids: &[MailMessageId],
) -> Result<HashMap<MailMessageId, Vec<Attachment>>, Fault> {
    let rows = mail_attachment::Entity::find()
        .filter(mail_attachment::Column::Workspace.eq(cx.workspace))
        .filter(mail_attachment::Column::Message.in_subquery(visible_ids(cx, ids, Level::Full)))
        .order_by_asc(mail_attachment::Column::Message)
        .order_by_asc(mail_attachment::Column::Part)
        .all(db.reader())
        .await?;
    let mut attachments: HashMap<MailMessageId, Vec<Attachment>> = HashMap::new();
    for row in rows {
        attachments.entry(row.message).or_default().push(row.into());
    }
    Ok(attachments)
}

/// Attachments by id, of messages that the actor sees all of.
pub async fn attachments_by_ids(cx: &Cx, db: &Db, ids: &[MailAttachmentId]) -> Result<Vec<Attachment>, Fault> {
    let found = || {
        mail_attachment::Entity::find()
            .filter(mail_attachment::Column::Workspace.eq(cx.workspace))
            .filter(mail_attachment::Column::Id.is_in(ids.iter().copied()))
    };
    let mut messages = Query::select();
    messages
        .column((mail_message::Entity, mail_message::Column::Id))
        .from(mail_message::Entity)
        .and_where(
            Expr::col((mail_message::Entity, mail_message::Column::Id))
                .in_subquery(found().select_only().column(mail_attachment::Column::Message).into_query()),
        )
        .cond_where(visible_at(cx, Level::Full));
    let rows = found().filter(mail_attachment::Column::Message.in_subquery(messages)).all(db.reader()).await?;
    Ok(rows.into_iter().map(Attachment::from).collect())
}

/// The folders that messages are in, each once.
pub async fn folders_by_message_ids(
    cx: &Cx,
    db: &Db,
    ids: &[MailMessageId],
) -> Result<HashMap<MailMessageId, Vec<MailFolderId>>, Fault> {
    let rows: Vec<(MailMessageId, MailFolderId)> = mail_location::Entity::find()
        .select_only()
        .columns([mail_location::Column::Message, mail_location::Column::Folder])
        .distinct()
        .filter(mail_location::Column::Workspace.eq(cx.workspace))
        .filter(mail_location::Column::Message.in_subquery(visible_ids(cx, ids, Level::Metadata)))
        .order_by_asc(mail_location::Column::Folder)
        .into_tuple()
        .all(db.reader())
        .await?;
    let mut folders: HashMap<MailMessageId, Vec<MailFolderId>> = HashMap::new();
    for (message, folder) in rows {
        folders.entry(message).or_default().push(folder);
    }
    Ok(folders)
}

/// Messages of a folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All.
    pub messages: u32,
    /// Those not read.
    pub unread: u32,
}

/// How many messages that the actor may see lie in folders, each in the life of its UIDs that is given. Folders without any are left
/// out.
pub async fn counts_of_folders(
    cx: &Cx,
    db: &Db,
    folders: &[(MailFolderId, i64)],
) -> Result<HashMap<MailFolderId, Counts>, Fault> {
    #[derive(FromQueryResult)]
    struct Row {
        folder: MailFolderId,
        generation: i64,
        messages: i64,
        unread: i64,
    }
    if folders.is_empty() {
        return Ok(HashMap::new());
    }
    let place = |column: mail_location::Column| Expr::col((mail_location::Entity, column));
    let message = |column: mail_message::Column| Expr::col((mail_message::Entity, column));
    let unread = Expr::case(place(mail_location::Column::Seen), 0).finally(1);
    let mut query = Query::select();
    query
        .column((mail_location::Entity, mail_location::Column::Folder))
        .column((mail_location::Entity, mail_location::Column::Generation))
        .expr_as(Expr::col((mail_location::Entity, mail_location::Column::Uid)).count(), "messages")
        .expr_as(Expr::expr(unread).sum(), "unread")
        .from(mail_location::Entity)
        .inner_join(
            mail_message::Entity,
            Condition::all()
                .add(
                    message(mail_message::Column::Workspace)
                        .equals((mail_location::Entity, mail_location::Column::Workspace)),
                )
                .add(message(mail_message::Column::Id).equals((mail_location::Entity, mail_location::Column::Message))),
        )
        .and_where(place(mail_location::Column::Workspace).eq(cx.workspace))
        .and_where(place(mail_location::Column::Folder).is_in(folders.iter().map(|(folder, _)| *folder)))
        .cond_where(visible(cx))
        .group_by_columns([
            (mail_location::Entity, mail_location::Column::Folder),
            (mail_location::Entity, mail_location::Column::Generation),
        ]);
    let rows = Row::find_by_statement(db.backend().build(&query)).all(db.reader()).await?;
    let count = |count: i64| u32::try_from(count).unwrap_or_default();
    let rows = rows.into_iter().filter(|row| folders.contains(&(row.folder, row.generation)));
    Ok(rows.map(|row| (row.folder, Counts { messages: count(row.messages), unread: count(row.unread) })).collect())
}

/// The mailboxes whose mail the actor may see.
pub(super) async fn visible_account_ids(cx: &Cx, db: &Db) -> Result<Vec<MailAccountId>, Fault> {
    #[derive(FromQueryResult)]
    struct Row {
        id: MailAccountId,
    }
    let statement = db.backend().build(&mail_accounts::visible_accounts(cx));
    Ok(Row::find_by_statement(statement).all(db.reader()).await?.into_iter().map(|row| row.id).collect())
}
