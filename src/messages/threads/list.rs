//! Threads as an inbox: in the order of their newest mail, the newest first.
//!
//! What matches, and what is the newest, are of the mails that the actor may see. A filter that few mails match is answered from those;
//! otherwise the mails are gone through from the newest on, which are the newest of their threads, until the page is full.

use std::collections::HashSet;

use entity::{MailAccountId, MailMessageId, MailThreadId, Timestamp, mail_message};
use sea_orm::FromQueryResult;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, Asterisk, ExprTrait, Func, Order, Query, SelectStatement, UnionType};

use super::Thread;
use super::summary::{newest, of_newest};
use crate::access::Cx;
use crate::db::{Db, Fault};
use crate::messages::list::{Resolved, matching, matching_some, resolve};
use crate::messages::queries::visible_account_ids;
use crate::messages::{Error, MessageFilter, visible};
use crate::paging::{Page, PageError, Place, Rows, Sort};

/// Mails that are few.
const FEW: u64 = 1_000;

/// Mailboxes each of which gives a page of its own, in the order of its index. SQLite takes 500 parts of a union.
const MAILBOXES: usize = 50;

/// The newest mail of a thread.
#[derive(Clone, Debug, FromQueryResult)]
struct Head {
    id: MailMessageId,
    received_at: Timestamp,
}

/// A page of the threads with a mail that matches and that the actor may see.
pub async fn list(
    cx: &Cx,
    db: &Db,
    filter: &MessageFilter,
    page: &Page,
) -> Result<Result<Rows<Thread>, PageError>, Error> {
    let mut accounts = visible_account_ids(cx, db).await?;
    if let Some(wanted) = &filter.account_ids {
        accounts.retain(|account| wanted.contains(account));
    }
    let all = MessageFilter { account_ids: None, ..filter.clone() } == MessageFilter::default();
    let filter = &resolve(cx, db, filter).await?;
    let query = match (if all { None } else { few(cx, db, filter).await? }, accounts.as_slice()) {
        (_, []) => few_heads(cx, &[], page),
        (Some(threads), _) => few_heads(cx, &threads, page),
        (None, accounts) => heads(cx, (!all).then_some(filter), accounts, page),
    };
    let query = match query {
        Ok(query) => query,
        Err(error) => return Ok(Err(error)),
    };
    let found = Head::find_by_statement(db.backend().build(&query)).all(db.reader()).await?;
    let heads = page.rows(found, |head| Place(Sort::Number(head.received_at.0), head.id.0));
    let ids: Vec<MailMessageId> = heads.rows.iter().map(|(head, _)| head.id).collect();
    let threads = of_newest(cx, db, &ids).await?;
    // One that is gone since its head was read is left out, as if it had never been there.
    let rows = heads.rows.into_iter().filter_map(|(head, place)| {
        let thread = threads.iter().find(|thread| thread.newest.id == head.id)?;
        Some((thread.clone(), place))
    });
    Ok(Ok(Rows { rows: rows.collect(), has_next: heads.has_next, has_previous: heads.has_previous }))
}

/// How many threads have a mail that matches and that the actor may see.
pub async fn count(cx: &Cx, db: &Db, filter: &MessageFilter) -> Result<u64, Error> {
    #[derive(FromQueryResult)]
    struct Counted {
        count: i64,
    }
    let mut query = matching(cx, &resolve(cx, db, filter).await?);
    query.expr_as(Func::count_distinct(Expr::col((mail_message::Entity, mail_message::Column::Thread))), "count");
    let counted = Counted::find_by_statement(db.backend().build(&query)).one(db.reader()).await?;
    Ok(counted.and_then(|counted| u64::try_from(counted.count).ok()).unwrap_or(0))
}

/// The threads of the mails that match, if those are few.
async fn few(cx: &Cx, db: &Db, filter: &Resolved) -> Result<Option<Vec<MailThreadId>>, Fault> {
    #[derive(FromQueryResult)]
    struct Row {
        thread: MailThreadId,
    }
    let thread = (mail_message::Entity, mail_message::Column::Thread);
    let mut query = matching(cx, filter);
    query.column(thread).and_where(Expr::col(thread).is_not_null()).limit(FEW + 1);
    let rows = Row::find_by_statement(db.backend().build(&query)).all(db.reader()).await?;
    let few = rows.len() as u64 <= FEW;
    let threads = || rows.iter().map(|row| row.thread).collect::<HashSet<_>>().into_iter().collect();
    Ok(few.then(threads))
}

fn few_heads(cx: &Cx, threads: &[MailThreadId], page: &Page) -> Result<SelectStatement, PageError> {
    let mut query = newest(cx, threads, 1);
    let columns = [mail_message::Column::Id, mail_message::Column::ReceivedAt];
    query.columns(columns);
    let [id, received_at] = columns.map(Expr::col);
    page.apply(&mut query, &received_at, &id, true, true)?;
    Ok(query)
}

fn heads(
    cx: &Cx,
    filter: Option<&Resolved>,
    accounts: &[MailAccountId],
    page: &Page,
) -> Result<SelectStatement, PageError> {
    if accounts.len() > MAILBOXES {
        return heads_of(cx, filter, None, page);
    }
    let mut union: Option<SelectStatement> = None;
    for account in accounts {
        let own = heads_of(cx, filter, Some(*account), page)?;
        if accounts.len() == 1 {
            return Ok(own);
        }
        // In brackets, as a union takes what is ordered and limited.
        let own = Query::select().column(Asterisk).from_subquery(own, Alias::new("own")).take();
        union = Some(match union {
            Some(mut union) => union.union(UnionType::All, own).take(),
            None => own,
        });
    }
    let mut query = Query::select();
    let columns = [mail_message::Column::Id, mail_message::Column::ReceivedAt];
    query.columns(columns).from_subquery(union.unwrap_or_default(), Alias::new("heads"));
    let [id, received_at] = columns.map(Expr::col);
    page.apply(&mut query, &received_at, &id, true, true)?;
    Ok(query)
}

/// The mails that are the newest of their threads. In the conditions of others `mail_message` is another mail of the thread.
fn heads_of(
    cx: &Cx,
    filter: Option<&Resolved>,
    account: Option<MailAccountId>,
    page: &Page,
) -> Result<SelectStatement, PageError> {
    use mail_message::Column as Its;
    let mail = |column: Its| Expr::col((mail_message::Entity, column));
    let head = |column: Its| Expr::col((Alias::new("head"), column));
    let mut mails = Query::select();
    mails
        .columns([Its::Workspace, Its::Id, Its::Thread, Its::ReceivedAt].map(|column| (mail_message::Entity, column)))
        .from(mail_message::Entity)
        .cond_where(visible(cx));
    if let Some(account) = account {
        mails.and_where(mail(Its::Account).eq(account));
    }
    let of_thread = |query: &mut SelectStatement| {
        query
            .and_where(mail(Its::Workspace).eq(head(Its::Workspace)))
            .and_where(mail(Its::Thread).eq(head(Its::Thread)));
    };
    let mut newest = Query::select();
    newest.column((mail_message::Entity, Its::Id)).from(mail_message::Entity).cond_where(visible(cx));
    of_thread(&mut newest);
    newest
        .order_by((mail_message::Entity, Its::ReceivedAt), Order::Desc)
        .order_by((mail_message::Entity, Its::Id), Order::Desc)
        .limit(1);
    let mut query = Query::select();
    query
        .columns([Its::Id, Its::ReceivedAt].map(|column| (Alias::new("head"), column)))
        .from_subquery(mails, Alias::new("head"))
        .and_where(head(Its::Id).eq(Expr::from(newest)));
    if let Some(filter) = filter {
        // The newest mail of a thread is not older than one that matches.
        if let Some(since) = filter.filter.since {
            query.and_where(head(Its::ReceivedAt).gte(since));
        }
        let mut matches = matching_some(cx, filter);
        matches.expr(Expr::value(1));
        of_thread(&mut matches);
        query.and_where(Expr::exists(matches));
    }
    page.apply(&mut query, &head(Its::ReceivedAt), &head(Its::Id), true, true)?;
    Ok(query)
}
