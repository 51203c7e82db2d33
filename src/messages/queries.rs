//! Reading messages and what hangs on them, for those who may see them.

use std::collections::HashMap;

use entity::{
    MailAccountId, MailAttachmentId, MailFolderId, MailMessageId, mail_attachment, mail_location, mail_message,
    mail_participant,
};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Condition, ExprTrait, Query, SelectStatement};
use sea_orm::{FromQueryResult, QueryOrder, QuerySelect, QueryTrait, Statement};

use super::{Attachment, Message, Participant};
use crate::access::{Actor, Cx};
use crate::contacts;
use crate::db::{Db, Fault};
use crate::mail_accounts;

/// Which messages the actor may see: a condition on `mail_message`. The one place that decides it.
#[must_use]
pub fn visible(cx: &Cx) -> Condition {
    let column = |column: mail_message::Column| Expr::col((mail_message::Entity, column));
    Condition::all()
        .add(column(mail_message::Column::Workspace).eq(cx.workspace))
        .add(column(mail_message::Column::Hidden).eq(false))
        .add(column(mail_message::Column::Account).in_subquery(mail_accounts::visible_accounts(cx)))
        .add_option(hides_blocked(cx).then(|| column(mail_message::Column::Blocked).eq(false)))
}

/// Blocked mail is hidden from all but the sync, which counts what is stored.
fn hides_blocked(cx: &Cx) -> bool {
    !matches!(cx.actor, Actor::MailAccount(..))
}

/// Messages by id, those that the actor may see.
pub async fn by_ids(cx: &Cx, db: &Db, ids: &[MailMessageId]) -> Result<Vec<Message>, Fault> {
    let rows = mail_message::Entity::find()
        .filter(mail_message::Column::Id.is_in(ids.iter().copied()))
        .filter(visible(cx))
        .all(db.reader())
        .await?;
    Ok(rows.into_iter().map(Message::from).collect())
}

/// Of these messages, the ids of those that the actor may see.
fn visible_ids(cx: &Cx, ids: &[MailMessageId]) -> SelectStatement {
    let id = Expr::col((mail_message::Entity, mail_message::Column::Id));
    let mut query = Query::select();
    query
        .column((mail_message::Entity, mail_message::Column::Id))
        .from(mail_message::Entity)
        .and_where(id.is_in(ids.iter().copied()))
        .cond_where(visible(cx));
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
        .filter(mail_participant::Column::Message.in_subquery(visible_ids(cx, ids)))
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

/// What is attached to messages, in order.
pub async fn attachments_by_message_ids(
    cx: &Cx,
    db: &Db,
    ids: &[MailMessageId],
) -> Result<HashMap<MailMessageId, Vec<Attachment>>, Fault> {
    let rows = mail_attachment::Entity::find()
        .filter(mail_attachment::Column::Workspace.eq(cx.workspace))
        .filter(mail_attachment::Column::Message.in_subquery(visible_ids(cx, ids)))
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

/// Attachments by id, of messages that the actor may see.
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
        .cond_where(visible(cx));
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
        .filter(mail_location::Column::Message.in_subquery(visible_ids(cx, ids)))
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

/// How many messages lie in folders, each in the life of its UIDs that is given. Folders without any are left out. The caller has
/// the folders from where it is decided who may see them.
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
    let places = (2..=folders.len() + 1).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ");
    let shown = if hides_blocked(cx) {
        "AND message NOT IN (SELECT id FROM mail_message WHERE workspace = $1 AND blocked)"
    } else {
        ""
    };
    let sql = format!(
        "SELECT folder, generation, COUNT(*) AS messages, SUM(CASE WHEN seen THEN 0 ELSE 1 END) AS unread \
         FROM mail_location WHERE workspace = $1 AND folder IN ({places}) {shown} GROUP BY folder, generation"
    );
    let ids = folders.iter().map(|(folder, _)| (*folder).into());
    let values: Vec<sea_orm::Value> = std::iter::once(cx.workspace.into()).chain(ids).collect();
    let statement = Statement::from_sql_and_values(db.backend(), sql, values);
    let rows = Row::find_by_statement(statement).all(db.reader()).await?;
    let count = |count: i64| u32::try_from(count).unwrap_or_default();
    let rows = rows.into_iter().filter(|row| folders.contains(&(row.folder, row.generation)));
    Ok(rows.map(|row| (row.folder, Counts { messages: count(row.messages), unread: count(row.unread) })).collect())
}

/// The row of a message that the actor may see.
pub(super) async fn visible_row(cx: &Cx, db: &Db, id: MailMessageId) -> Result<Option<mail_message::Model>, Fault> {
    let query = mail_message::Entity::find().filter(mail_message::Column::Id.eq(id)).filter(visible(cx));
    Ok(query.one(db.reader()).await?)
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
