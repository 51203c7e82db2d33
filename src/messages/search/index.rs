//! The rows of the index: written with the messages, in one transaction, and removed with them.

use entity::{MailAccountId, MailMessageId, Timestamp, mail_message};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, ExprTrait, Query};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};

use super::SearchWords;
use crate::db::{Db, Tx};
use crate::messages::Error;

/// The table, whose form depends on the database.
pub(super) const TABLE: &str = "mail_search";

/// Its column of places, in PostgreSQL.
pub(super) const PLACE: &str = "place";

/// Bits of a place that tell apart what was received in one second.
const CHANCE: u32 = 31;

/// Rows of one statement: few sizes, so that few statements are prepared and each is used again.
const SIZES: [usize; 3] = [32, 8, 1];

/// Where a message stands in the index: by the second it was received, and there by chance. Two share a place once in two thousand
/// million; the later of them is then not stored, which is found at once, and stored under another id.
pub(in crate::messages) fn place(received_at: Timestamp, id: MailMessageId) -> i64 {
    let chance = id.0.as_u128() & ((1 << CHANCE) - 1);
    first_place(received_at) | i64::try_from(chance).unwrap_or_default()
}

/// The first place of a second.
pub(super) fn first_place(at: Timestamp) -> i64 {
    at.0.div_euclid(1_000_000).clamp(0, i64::from(u32::MAX)) << CHANCE
}

/// What the words of a mailbox begin with in the index, so that nobody's search goes through the words of others. Two mailboxes share
/// it once in a million, which costs time only.
pub(super) fn own_mark(account: MailAccountId) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut rest = account.0.as_u128();
    let mut next = || {
        let digit = usize::try_from(rest % 36).ok().and_then(|digit| DIGITS.get(digit));
        rest /= 36;
        digit.copied().map_or('0', char::from)
    };
    [(); 4].map(|()| next()).iter().collect()
}

/// Adds messages of a mailbox, whose rows have their places.
pub(in crate::messages) async fn insert(
    tx: &Tx,
    account: MailAccountId,
    mut words: Vec<(i64, &SearchWords)>,
) -> Result<(), Error> {
    // FTS5 gathers what is added in rising order, and writes it at once.
    words.sort_unstable_by_key(|(place, _)| *place);
    let mark = own_mark(account);
    let backend = tx.conn().get_database_backend();
    let mut rest = words.as_slice();
    for size in SIZES {
        while let Some((some, behind)) = rest.split_at_checked(size) {
            let mut values: Vec<Value> = Vec::new();
            if backend != DbBackend::Sqlite {
                values.extend([tx.workspace().into(), account.into()]);
            }
            for (place, words) in some {
                values.push((*place).into());
                values.push(words.marked(&mark).into());
            }
            let sql = statement(backend, size);
            tx.conn().execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
            rest = behind;
        }
    }
    Ok(())
}

/// Brings what was added into PostgreSQL's index. Until then it is found too, by going through all that was added.
pub(super) async fn bring_in(db: &Db) -> Result<(), DbErr> {
    if db.backend() == DbBackend::Postgres {
        db.writer().execute_unprepared("SELECT gin_clean_pending_list('mail_search_words')").await?;
    }
    Ok(())
}

fn statement(backend: DbBackend, rows: usize) -> String {
    if backend == DbBackend::Sqlite {
        let row = |n: usize| format!("(${}, ${})", 2 * n + 1, 2 * n + 2);
        let rows: Vec<_> = (0..rows).map(row).collect();
        return format!("INSERT INTO mail_search (rowid, words) VALUES {}", rows.join(", "));
    }
    let row = |n: usize| format!("($1, $2, ${}, array_to_tsvector(string_to_array(${}, ' ')))", 2 * n + 3, 2 * n + 4);
    let rows: Vec<_> = (0..rows).map(row).collect();
    format!("INSERT INTO mail_search (workspace, account, place, words) VALUES {}", rows.join(", "))
}

/// Removes messages, before their rows go.
pub(in crate::messages) async fn forget(
    tx: &Tx,
    account: MailAccountId,
    messages: &[MailMessageId],
) -> Result<(), Error> {
    let column = |column: mail_message::Column| Expr::col((mail_message::Entity, column));
    let mut places = Query::select();
    places
        .column((mail_message::Entity, mail_message::Column::SearchPlace))
        .from(mail_message::Entity)
        .and_where(column(mail_message::Column::Workspace).eq(tx.workspace()))
        .and_where(column(mail_message::Column::Id).is_in(messages.iter().copied()))
        .and_where(column(mail_message::Column::SearchPlace).is_not_null());
    let mut delete = Query::delete();
    delete.from_table(Alias::new(TABLE));
    if tx.conn().get_database_backend() == DbBackend::Sqlite {
        delete.and_where(Expr::col(Alias::new("rowid")).in_subquery(places));
    } else {
        delete
            .and_where(Expr::col(Alias::new("workspace")).eq(tx.workspace()))
            .and_where(Expr::col(Alias::new("account")).eq(account))
            .and_where(Expr::col(Alias::new(PLACE)).in_subquery(places));
    }
    tx.conn().execute(&delete).await?;
    Ok(())
}
