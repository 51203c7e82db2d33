//! What threads are, of the mails that the actor may see.

use std::collections::{HashMap, HashSet};

use entity::{AddressId, MailMessageId, MailThreadId, mail_message, mail_participant};
use sea_orm::FromQueryResult;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, Condition, ExprTrait, Func, Order, Query, SelectStatement, WindowStatement};

use super::Thread;
use crate::access::Cx;
use crate::contacts;
use crate::db::{Db, Fault};
use crate::messages::{self, Participant, ParticipantRole, visible};

/// Mails of a thread whose participants are looked at: the newest.
const MAILS: i32 = 50;

/// Participants of a mail that are looked at, and most participants of a thread.
const PARTICIPANTS: usize = 50;

/// Mails of a thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All.
    pub messages: u32,
    /// Those not read.
    pub unread: u32,
}

/// Threads by id, those of which the actor may see a mail.
pub async fn by_ids(cx: &Cx, db: &Db, ids: &[MailThreadId]) -> Result<Vec<Thread>, Fault> {
    #[derive(FromQueryResult)]
    struct Row {
        id: MailMessageId,
    }
    let mut query = newest(cx, ids, 1);
    query.column((Alias::new(NEWEST), mail_message::Column::Id));
    let rows = Row::find_by_statement(db.backend().build(&query)).all(db.reader()).await?;
    of_newest(cx, db, &rows.into_iter().map(|row| row.id).collect::<Vec<_>>()).await
}

/// Threads by their newest mails.
pub(super) async fn of_newest(cx: &Cx, db: &Db, ids: &[MailMessageId]) -> Result<Vec<Thread>, Fault> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mails = messages::by_ids(cx, db, ids).await?;
    Ok(mails.into_iter().filter_map(|newest| Some(Thread { id: newest.thread?, newest })).collect())
}

const NEWEST: &str = "newest";
const PLACE: &str = "place";

/// Selects from the newest mails of each of these threads, of those that the actor may see: `id`, `thread` and `received_at`.
pub(super) fn newest(cx: &Cx, ids: &[MailThreadId], count: i32) -> SelectStatement {
    let column = |column: mail_message::Column| Expr::col((mail_message::Entity, column));
    let mut window = WindowStatement::partition_by((mail_message::Entity, mail_message::Column::Thread));
    window
        .order_by((mail_message::Entity, mail_message::Column::ReceivedAt), Order::Desc)
        .order_by((mail_message::Entity, mail_message::Column::Id), Order::Desc);
    let mut placed = Query::select();
    placed
        .columns(
            [mail_message::Column::Id, mail_message::Column::Thread, mail_message::Column::ReceivedAt]
                .map(|column| (mail_message::Entity, column)),
        )
        .expr_window_as(Func::cust(Alias::new("ROW_NUMBER")), window, Alias::new(PLACE))
        .from(mail_message::Entity)
        .cond_where(visible(cx))
        .and_where(column(mail_message::Column::Thread).is_in(ids.iter().copied()));
    let mut query = Query::select();
    query
        .from_subquery(placed, Alias::new(NEWEST))
        .and_where(Expr::col((Alias::new(NEWEST), Alias::new(PLACE))).lte(count));
    query
}

/// How many mails there are in threads. Threads without any are left out.
pub async fn counts(cx: &Cx, db: &Db, ids: &[MailThreadId]) -> Result<HashMap<MailThreadId, Counts>, Fault> {
    #[derive(FromQueryResult)]
    struct Row {
        thread: MailThreadId,
        messages: i64,
        unread: i64,
    }
    let column = |column: mail_message::Column| Expr::col((mail_message::Entity, column));
    let unread = Expr::case(column(mail_message::Column::Seen).eq(true), 0).finally(1);
    let mut query = Query::select();
    query
        .column((mail_message::Entity, mail_message::Column::Thread))
        .expr_as(column(mail_message::Column::Id).count(), "messages")
        .expr_as(Expr::expr(unread).sum(), "unread")
        .from(mail_message::Entity)
        .cond_where(visible(cx))
        .and_where(column(mail_message::Column::Thread).is_in(ids.iter().copied()))
        .group_by_col((mail_message::Entity, mail_message::Column::Thread));
    let rows = Row::find_by_statement(db.backend().build(&query)).all(db.reader()).await?;
    let count = |count: i64| u32::try_from(count).unwrap_or_default();
    let counts = |row: &Row| Counts { messages: count(row.messages), unread: count(row.unread) };
    Ok(rows.iter().map(|row| (row.thread, counts(row))).collect())
}

/// Who wrote the mails of threads and to whom, each once, in the order in which they first appear. Of long threads the newest fifty
/// mails count; at most fifty participants.
pub async fn participants(
    cx: &Cx,
    db: &Db,
    ids: &[MailThreadId],
) -> Result<HashMap<MailThreadId, Vec<Participant>>, Fault> {
    let rows = participant_rows(cx, db, ids).await?;
    let wanted: Vec<AddressId> = rows.iter().map(|row| row.address).collect::<HashSet<_>>().into_iter().collect();
    let addresses = contacts::addresses_by_ids(cx, db, &wanted).await?;
    let mut found: HashMap<MailThreadId, Vec<(AddressId, Participant)>> = HashMap::new();
    for row in rows {
        let Some(address) = addresses.get(&row.address) else { continue };
        let participants = found.entry(row.thread).or_default();
        let Row { role, name, .. } = row;
        if let Some((_, there)) = participants.iter_mut().find(|(id, _)| *id == row.address) {
            // The first mail that tells a name tells it.
            there.name = there.name.take().or(name);
        } else if participants.len() < PARTICIPANTS {
            let (address, contact) = (address.address.clone(), address.contact);
            participants.push((row.address, Participant { role, name, address, contact }));
        }
    }
    let alone = |participants: Vec<(AddressId, Participant)>| participants.into_iter().map(|(_, it)| it).collect();
    Ok(found.into_iter().map(|(thread, participants)| (thread, alone(participants))).collect())
}

#[derive(FromQueryResult)]
struct Row {
    thread: MailThreadId,
    address: AddressId,
    role: ParticipantRole,
    name: Option<String>,
}

async fn participant_rows(cx: &Cx, db: &Db, ids: &[MailThreadId]) -> Result<Vec<Row>, Fault> {
    use mail_participant::Column as Its;
    let column = |column: Its| Expr::col((mail_participant::Entity, column));
    let on_mail = Condition::all()
        .add(column(Its::Workspace).eq(cx.workspace))
        .add(column(Its::Message).equals((Alias::new(NEWEST), mail_message::Column::Id)));
    let roles = [ParticipantRole::From, ParticipantRole::To, ParticipantRole::Cc];
    let mut query = newest(cx, ids, MAILS);
    query
        .column((Alias::new(NEWEST), mail_message::Column::Thread))
        .columns([Its::Address, Its::Role, Its::Name].map(|column| (mail_participant::Entity, column)))
        .inner_join(mail_participant::Entity, on_mail)
        .and_where(column(Its::Position).lt(i32::try_from(PARTICIPANTS).unwrap_or(i32::MAX)))
        .and_where(column(Its::Role).is_in(roles))
        .order_by((Alias::new(NEWEST), mail_message::Column::ReceivedAt), Order::Asc)
        .order_by((Alias::new(NEWEST), mail_message::Column::Id), Order::Asc)
        .order_by((mail_participant::Entity, Its::Position), Order::Asc);
    Ok(Row::find_by_statement(db.backend().build(&query)).all(db.reader()).await?)
}
