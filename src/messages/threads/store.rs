//! What threads are kept in.

use std::collections::HashMap;

use entity::{MailAccountId, MailMessageId, MailThreadId, Timestamp, mail_message, mail_thread_key};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{CaseStatement, Condition, ExprTrait, OnConflict, Order, Query, SelectStatement};
use sea_orm::{DbErr, FromQueryResult, QuerySelect};

use super::joining::{Known, Open};
use super::ties::{IdHash, Key, SubjectHash};
use crate::db::{Fault, Tx};
use crate::messages::rows;

/// Keys of one look-up.
const KEYS: usize = 1024;

/// Ids of which mail under any subject is looked up at once.
const ENDS: usize = 64;

/// Mails of threads that move which are told.
const TOLD: u64 = 500;

/// Keys removed in one transaction.
const ERASED: u64 = 5_000;

/// What is stored about these keys.
pub(super) async fn known(tx: &Tx, account: MailAccountId, keys: &[Key]) -> Result<Vec<Known>, Fault> {
    let mut known = Vec::with_capacity(keys.len());
    for some in keys.chunks(KEYS) {
        // Few sizes, so that few statements are prepared: what is missing to the next is the last key again.
        let again = some.last().into_iter().cycle().take(some.len().next_power_of_two() - some.len());
        let values = some.iter().chain(again).map(|key| key.as_bytes().to_vec());
        let mut query = select(tx, account);
        query.and_where(column(mail_thread_key::Column::Key).is_in(values));
        known.extend(read(tx, &query).await?);
    }
    Ok(known)
}

/// What is stored about these ids under any subject.
pub(super) async fn known_ends(tx: &Tx, account: MailAccountId, open: &Open) -> Result<Vec<Known>, Fault> {
    let owned = open.owned.iter().map(|id| (*id, mail_thread_key::Column::Answered));
    let answered = open.answered.iter().map(|id| (*id, mail_thread_key::Column::Owned));
    let ends: Vec<(IdHash, mail_thread_key::Column)> = owned.chain(answered).collect();
    let mut known = Vec::new();
    for some in ends.chunks(ENDS) {
        let mut any = Condition::any();
        for (id, flag) in some {
            let (first, last) = (id.under(SubjectHash::NONE), id.under(SubjectHash::LAST));
            let within =
                column(mail_thread_key::Column::Key).between(first.as_bytes().to_vec(), last.as_bytes().to_vec());
            any = any.add(within.and(column(*flag).eq(true)));
        }
        let mut query = select(tx, account);
        query.cond_where(any);
        known.extend(read(tx, &query).await?);
    }
    Ok(known)
}

fn column(column: mail_thread_key::Column) -> sea_orm::sea_query::SimpleExpr {
    Expr::col((mail_thread_key::Entity, column))
}

fn select(tx: &Tx, account: MailAccountId) -> SelectStatement {
    use mail_thread_key::Column as Its;
    let message = |column: mail_message::Column| Expr::col((mail_message::Entity, column));
    let of_message = Condition::all()
        .add(message(mail_message::Column::Workspace).equals((mail_thread_key::Entity, Its::Workspace)))
        .add(message(mail_message::Column::Id).equals((mail_thread_key::Entity, Its::Message)));
    let mut query = Query::select();
    query
        .columns([Its::Key, Its::Message, Its::Owned, Its::Answered].map(|column| (mail_thread_key::Entity, column)))
        .column((mail_message::Entity, mail_message::Column::Thread))
        .from(mail_thread_key::Entity)
        .inner_join(mail_message::Entity, of_message)
        .and_where(column(Its::Workspace).eq(tx.workspace()))
        .and_where(column(Its::Account).eq(account))
        .and_where(message(mail_message::Column::Thread).is_not_null());
    query
}

async fn read(tx: &Tx, query: &SelectStatement) -> Result<Vec<Known>, Fault> {
    #[derive(FromQueryResult)]
    struct Row {
        key: Vec<u8>,
        message: MailMessageId,
        owned: bool,
        answered: bool,
        thread: MailThreadId,
    }
    let conn = tx.conn();
    let rows = Row::find_by_statement(conn.get_database_backend().build(query)).all(conn).await?;
    let known = |row: Row| {
        let Row { key, message, owned, answered, thread } = row;
        let key =
            Key::from_bytes(&key).ok_or_else(|| DbErr::Type("a key of a thread has another length".to_owned()))?;
        Ok(Known { key, message, thread, owned, answered })
    };
    Ok(rows.into_iter().map(known).collect::<Result<_, DbErr>>()?)
}

/// Stores keys, in place of those that are there.
pub(super) async fn write_keys(
    tx: &Tx,
    account: MailAccountId,
    keys: Vec<(Key, MailMessageId, bool, bool)>,
) -> Result<(), Fault> {
    use mail_thread_key::Column as Its;
    let row = |(key, message, owned, answered): (Key, MailMessageId, bool, bool)| mail_thread_key::Model {
        workspace: tx.workspace(),
        account,
        key: key.as_bytes().to_vec(),
        message,
        owned,
        answered,
    };
    let keys = keys.into_iter().map(row).collect();
    let replaced = OnConflict::columns([Its::Workspace, Its::Account, Its::Key])
        .update_columns([Its::Message, Its::Owned, Its::Answered])
        .to_owned();
    rows::write::<mail_thread_key::ActiveModel>(tx.conn(), keys, &replaced).await?;
    Ok(())
}

/// Mails of threads.
pub(super) async fn sizes(tx: &Tx, threads: &[MailThreadId]) -> Result<HashMap<MailThreadId, i64>, Fault> {
    let mut sizes = HashMap::with_capacity(threads.len());
    for some in threads.chunks(rows::IDS_PER_STATEMENT) {
        let counted: Vec<(MailThreadId, i64)> = mail_message::Entity::find()
            .select_only()
            .column(mail_message::Column::Thread)
            .column_as(mail_message::Column::Id.count(), "count")
            .filter(mail_message::Column::Workspace.eq(tx.workspace()))
            .filter(mail_message::Column::Thread.is_in(some.iter().copied()))
            .group_by(mail_message::Column::Thread)
            .into_tuple()
            .all(tx.conn())
            .await?;
        sizes.extend(counted);
    }
    Ok(sizes)
}

/// A mail whose thread becomes part of another.
#[derive(FromQueryResult)]
pub(super) struct Moving {
    pub(super) id: MailMessageId,
    pub(super) private: bool,
    /// Before it moves.
    pub(super) version: i64,
    received_at: Timestamp,
}

/// The newest mails of all these threads together that are neither hidden nor blocked.
pub(super) async fn newest_of(tx: &Tx, threads: &[MailThreadId]) -> Result<Vec<Moving>, Fault> {
    use mail_message::Column as Its;
    let mut newest = Vec::new();
    for some in threads.chunks(rows::IDS_PER_STATEMENT) {
        let mut query = Query::select();
        query
            .columns([Its::Id, Its::Private, Its::Version, Its::ReceivedAt])
            .from(mail_message::Entity)
            .and_where(Expr::col(mail_message::Column::Workspace).eq(tx.workspace()))
            .and_where(Expr::col(mail_message::Column::Thread).is_in(some.iter().copied()))
            .and_where(Expr::col(mail_message::Column::Hidden).eq(false))
            .and_where(Expr::col(mail_message::Column::Blocked).eq(false))
            .order_by(mail_message::Column::ReceivedAt, Order::Desc)
            .order_by(mail_message::Column::Id, Order::Desc)
            .limit(TOLD);
        let statement = tx.conn().get_database_backend().build(&query);
        newest.extend(Moving::find_by_statement(statement).all(tx.conn()).await?);
    }
    newest.sort_unstable_by_key(|row| std::cmp::Reverse((row.received_at, row.id)));
    newest.truncate(usize::try_from(TOLD).unwrap_or(usize::MAX));
    Ok(newest)
}

/// Moves the mails of threads into others.
pub(super) async fn move_threads(tx: &Tx, moves: &[(MailThreadId, MailThreadId)]) -> Result<(), Fault> {
    for some in moves.chunks(rows::IDS_PER_STATEMENT) {
        let thread = || Expr::col(mail_message::Column::Thread);
        let mut into = CaseStatement::new();
        for (from, to) in some {
            into = into.case(thread().eq(*from), *to);
        }
        mail_message::Entity::update_many()
            .col_expr(mail_message::Column::Thread, into.finally(thread()).into())
            .col_expr(mail_message::Column::Version, Expr::col(mail_message::Column::Version).add(1))
            .filter(mail_message::Column::Workspace.eq(tx.workspace()))
            .filter(mail_message::Column::Thread.is_in(some.iter().map(|(from, _)| *from)))
            .exec(tx.conn())
            .await?;
    }
    Ok(())
}

/// Says which threads stored mails belong to that had none.
pub(super) async fn set_threads(tx: &Tx, mails: &[mail_message::Model]) -> Result<(), Fault> {
    for some in mails.chunks(rows::IDS_PER_STATEMENT) {
        let mut thread = CaseStatement::new();
        for mail in some {
            thread = thread.case(Expr::col(mail_message::Column::Id).eq(mail.id), Expr::value(mail.thread));
        }
        mail_message::Entity::update_many()
            .col_expr(mail_message::Column::Thread, thread.into())
            .filter(mail_message::Column::Workspace.eq(tx.workspace()))
            .filter(mail_message::Column::Id.is_in(some.iter().map(|mail| mail.id)))
            .exec(tx.conn())
            .await?;
    }
    Ok(())
}

/// Removes some keys of a mailbox. False when none is left.
pub async fn erase_keys(tx: &Tx, account: MailAccountId) -> Result<bool, Fault> {
    let mut some = Query::select();
    some.column(mail_thread_key::Column::Key)
        .from(mail_thread_key::Entity)
        .and_where(Expr::col(mail_thread_key::Column::Workspace).eq(tx.workspace()))
        .and_where(Expr::col(mail_thread_key::Column::Account).eq(account))
        .limit(ERASED);
    let erased = mail_thread_key::Entity::delete_many()
        .filter(mail_thread_key::Column::Workspace.eq(tx.workspace()))
        .filter(mail_thread_key::Column::Account.eq(account))
        .filter(mail_thread_key::Column::Key.in_subquery(some))
        .exec(tx.conn())
        .await?;
    Ok(erased.rows_affected > 0)
}
