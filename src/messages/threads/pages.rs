//! The mails of threads, page by page.

use std::collections::HashMap;

use entity::{MailMessageId, MailThreadId, Timestamp, mail_message};
use sea_orm::FromQueryResult;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, Asterisk, ExprTrait, Query, SelectStatement, UnionType};

use crate::access::Cx;
use crate::db::{Db, Fault};
use crate::messages::{self, Message, visible};
use crate::paging::{Page, PageError, Place, Rows, Sort};

/// Pages read in one statement: SQLite takes 500 parts of a union.
const PAGES: usize = 200;

/// A row of a union of pages.
#[derive(Clone, FromQueryResult)]
struct Row {
    number: i32,
    id: MailMessageId,
    received_at: Timestamp,
}

/// A page of the mails of each thread, newest first, in the order in which they are asked: as many statements for one as for all.
pub async fn messages(
    cx: &Cx,
    db: &Db,
    asked: &[(MailThreadId, Page)],
) -> Result<Vec<Result<Rows<Message>, PageError>>, Fault> {
    let mut pages = Vec::with_capacity(asked.len());
    for asked in asked.chunks(PAGES) {
        let (mut union, mut refused): (Option<SelectStatement>, Vec<Option<PageError>>) = (None, Vec::new());
        for (number, (thread, page)) in (0..).zip(asked) {
            let select = select(cx, number, *thread, page);
            refused.push(select.as_ref().err().cloned());
            union = match (union, select) {
                (Some(mut union), Ok(select)) => Some(union.union(UnionType::All, select).take()),
                (None, Ok(select)) => Some(select),
                (union, Err(_)) => union,
            };
        }
        let mut places: Vec<Vec<Row>> = vec![Vec::new(); asked.len()];
        if let Some(union) = union {
            for row in Row::find_by_statement(db.backend().build(&union)).all(db.reader()).await? {
                if let Some(page) = usize::try_from(row.number).ok().and_then(|number| places.get_mut(number)) {
                    page.push(row);
                }
            }
        }
        let ids: Vec<MailMessageId> = places.iter().flatten().map(|row| row.id).collect();
        let found = if ids.is_empty() { Vec::new() } else { messages::by_ids(cx, db, &ids).await? };
        let found: HashMap<MailMessageId, Message> = found.into_iter().map(|mail| (mail.id, mail)).collect();
        for (((_, page), mut rows), refused) in asked.iter().zip(places).zip(refused) {
            // A union has no order.
            rows.sort_unstable_by_key(|row| std::cmp::Reverse((row.received_at, row.id)));
            if page.is_backward() {
                rows.reverse();
            }
            let mails = rows.iter().filter_map(|row| found.get(&row.id).cloned()).collect();
            let place = |mail: &Message| Place(Sort::Number(mail.received_at.0), mail.id.0);
            pages.push(refused.map_or_else(|| Ok(page.rows(mails, place)), Err));
        }
    }
    Ok(pages)
}

/// The statement of one page, in brackets, as a union takes it.
fn select(cx: &Cx, number: i32, thread: MailThreadId, page: &Page) -> Result<SelectStatement, PageError> {
    use mail_message::Column as Its;
    let column = |column: Its| Expr::col((mail_message::Entity, column));
    let mut query = Query::select();
    query
        .expr_as(Expr::value(number), Alias::new("number"))
        .columns([Its::Id, Its::ReceivedAt].map(|column| (mail_message::Entity, column)))
        .from(mail_message::Entity)
        .cond_where(visible(cx))
        .and_where(column(Its::Thread).eq(thread));
    page.apply(&mut query, &column(Its::ReceivedAt), &column(Its::Id), true, true)?;
    Ok(Query::select().column(Asterisk).from_subquery(query, Alias::new("page")).take())
}
