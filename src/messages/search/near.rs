//! Where PostgreSQL looks first.
//!
//! Going through the newest mail finds a page of common words at once, and never ends for rare ones; the index of words finds rare
//! ones at once, and gathers all mail with common ones. The planner cannot know which words are rare together. So a bounded number of
//! messages is gone through first; when the page is not full then, its words are rare enough for the index.

use entity::mail_message;
use sea_orm::FromQueryResult;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SimpleExpr};

use super::index::first_place;
use super::query::{Search, Way};
use crate::access::Cx;
use crate::db::{Db, Fault};
use crate::messages::MessageFilter;
use crate::paging::{Page, Place, Sort};

/// Messages of a mailbox that are gone through: some milliseconds.
const MESSAGES: u64 = 1_000;

/// Mailboxes of which that is asked.
const MAILBOXES: usize = 10;

#[derive(FromQueryResult)]
struct Row {
    place: i64,
}

impl Search {
    /// Whether a message is of the time that is asked for: as far as places tell it, which is to the second.
    pub(in crate::messages) fn in_time(&self, filter: &MessageFilter) -> SimpleExpr {
        let (first, last) = bounds(filter);
        self.place(Way::Any).between(first, last)
    }

    /// The ways to a page, one after the other until it is full.
    pub(in crate::messages) async fn ways(
        &self,
        cx: &Cx,
        db: &Db,
        filter: &MessageFilter,
        page: &Page,
    ) -> Result<Vec<Way>, Fault> {
        if db.is_embedded() {
            return Ok(vec![Way::Any]);
        }
        if self.accounts.len() > MAILBOXES {
            return Ok(vec![Way::Far]);
        }
        let (mut first, mut last) = bounds(filter);
        match page.edge() {
            Some(Place(Sort::Number(place), _)) if page.is_backward() => {
                first = Ord::max(first, place.saturating_add(1));
            }
            Some(Place(Sort::Number(place), _)) => last = Ord::min(last, place.saturating_sub(1)),
            _ => {}
        }
        let whole = (first, last);
        for account in &self.accounts {
            let column = |column: mail_message::Column| Expr::col((mail_message::Entity, column));
            let order = if page.is_backward() { Order::Asc } else { Order::Desc };
            let mut query = Query::select();
            query
                .expr_as(column(mail_message::Column::SearchPlace), "place")
                .from(mail_message::Entity)
                .and_where(column(mail_message::Column::Workspace).eq(cx.workspace))
                .and_where(column(mail_message::Column::Account).eq(*account))
                .and_where(column(mail_message::Column::SearchPlace).between(whole.0, whole.1))
                .order_by_expr(column(mail_message::Column::SearchPlace), order)
                .offset(MESSAGES)
                .limit(1);
            // A mailbox that has fewer bounds nothing.
            let Some(Row { place }) = Row::find_by_statement(db.backend().build(&query)).one(db.reader()).await? else {
                continue;
            };
            if page.is_backward() { last = Ord::min(last, place) } else { first = Ord::max(first, place) }
        }
        let near = Way::Near(first, last);
        Ok(if (first, last) == whole { vec![near] } else { vec![near, Way::Far] })
    }
}

fn bounds(filter: &MessageFilter) -> (i64, i64) {
    let first = filter.since.map_or(0, first_place);
    let last = filter.until.map_or(i64::MAX, |until| first_place(until.plus(std::time::Duration::from_secs(1))));
    (first, last)
}
