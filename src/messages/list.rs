//! Lists of messages, newest first.

use std::collections::HashMap;

use entity::{ContactId, MailAccountId, MailFolderId, Timestamp, mail_location, mail_message, mail_participant};
use sea_orm::FromQueryResult;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Condition, ExprTrait, Order, Query, SelectStatement};

use super::queries::{self, Owned, visible_account_ids};
use super::search::{Search, Way};
use super::visible::visible;
use super::{Error, Message, SearchText};
use crate::access::{Cx, Level};
use crate::contacts;
use crate::db::{Db, Fault};
use crate::mail_accounts::{self, Role};
use crate::paging::{Page, PageError, Place, Rows, Sort};

/// Which messages; all conditions hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// In one of these mailboxes.
    pub account_ids: Option<Vec<MailAccountId>>,
    /// In a folder with this role.
    pub folder_role: Option<Role>,
    /// In this folder.
    pub folder_id: Option<MailFolderId>,
    /// With an address of this contact.
    pub contact_id: Option<ContactId>,
    /// With an address of a contact that matches.
    pub contacts: Option<contacts::Filter>,
    /// Each word begins a word of its subject, of who is on it, or of its text.
    pub text: Option<SearchText>,
    /// Not read, or read.
    pub unseen: Option<bool>,
    /// With attachments, or without.
    pub has_attachment: Option<bool>,
    /// Received then or later.
    pub since: Option<Timestamp>,
    /// Received before.
    pub until: Option<Timestamp>,
}

/// A filter of which is known what it names and where it looks.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    pub(super) filter: MessageFilter,
    addresses: Option<SelectStatement>,
    search: Option<Search>,
}

/// Looks up what a filter names.
pub(super) async fn resolve(cx: &Cx, db: &Db, filter: &MessageFilter) -> Result<Resolved, Error> {
    let mut filter = filter.clone();
    let addresses = match filter.contacts.take() {
        Some(contacts) => Some(contacts::addresses_of_matching(cx, db, contacts).await?),
        None => None,
    };
    let search = match &filter.text {
        Some(text) => {
            let mut accounts = visible_account_ids(cx, db).await?;
            if let Some(asked) = &filter.account_ids {
                accounts.retain(|account| asked.contains(account));
            }
            Search::new(db, accounts, text).await?
        }
        None => None,
    };
    Ok(Resolved { filter, addresses, search })
}

/// A page of the messages that match and that the actor may see, newest first.
pub async fn list(
    cx: &Cx,
    db: &Db,
    filter: &MessageFilter,
    page: &Page,
) -> Result<Result<Rows<Message>, PageError>, Error> {
    let filter = resolve(cx, db, filter).await?;
    if let Some(search) = &filter.search {
        return found(cx, db, &filter, search, page).await;
    }
    let mut query = queries::select(cx, Level::Metadata);
    narrow(&mut query, cx, &filter);
    // With one mailbox, the index gives the order and the page stops early.
    if let [account] = *visible_account_ids(cx, db).await?.as_slice() {
        query.and_where(message(mail_message::Column::Account).eq(account));
    }
    let (sort, id) = (message(mail_message::Column::ReceivedAt), message(mail_message::Column::Id));
    if let Err(error) = page.apply(&mut query, &sort, &id, true, true) {
        return Ok(Err(error));
    }
    let rows = Owned::find_by_statement(db.backend().build(&query)).all(db.reader()).await?;
    let rows = page.rows(rows, |Owned { row, .. }| Place(Sort::Number(row.received_at.0), row.id.0));
    Ok(Ok(rows.map(Message::from)))
}

/// The same with a text to look for, in the order of its index.
async fn found(
    cx: &Cx,
    db: &Db,
    filter: &Resolved,
    search: &Search,
    page: &Page,
) -> Result<Result<Rows<Message>, PageError>, Error> {
    let mut rows: Vec<Owned> = Vec::new();
    for way in search.ways(cx, db, &filter.filter, page).await? {
        let place = search.place(way);
        let mut query = queries::columns();
        search.select_from(&mut query, cx, way);
        query.and_where(search.in_time(&filter.filter));
        narrow(&mut query, cx, filter);
        if let Err(error) = page.apply_unique(&mut query, &place, true) {
            return Ok(Err(error));
        }
        // What an earlier way found is found again by the last.
        rows = Owned::find_by_statement(db.backend().build(&query)).all(db.reader()).await?;
        if rows.len() as u64 > page.limit() {
            break;
        }
    }
    let rows = page.rows(rows, |Owned { row, .. }| Place(Sort::Number(row.search_place.unwrap_or_default()), row.id.0));
    Ok(Ok(rows.map(Message::from)))
}

/// When the last message came that the actor may see and that has an address of the contact; far before any for contacts without.
#[must_use]
pub fn last_message_at(cx: &Cx) -> contacts::Measure {
    let participant = |column: mail_participant::Column| Expr::col((mail_participant::Entity, column));
    contacts::last_of_addresses(cx, |address| {
        let mut newest = Query::select();
        newest
            .column((mail_participant::Entity, mail_participant::Column::ReceivedAt))
            .from(mail_participant::Entity)
            .inner_join(
                mail_message::Entity,
                Condition::all()
                    .add(
                        message(mail_message::Column::Workspace)
                            .equals((mail_participant::Entity, mail_participant::Column::Workspace)),
                    )
                    .add(
                        message(mail_message::Column::Id)
                            .equals((mail_participant::Entity, mail_participant::Column::Message)),
                    ),
            )
            .and_where(participant(mail_participant::Column::Workspace).eq(cx.workspace))
            .and_where(participant(mail_participant::Column::Address).eq(address))
            .cond_where(visible(cx))
            .order_by((mail_participant::Entity, mail_participant::Column::ReceivedAt), Order::Desc)
            .limit(1);
        newest
    })
}

/// When the last message came that the actor may see, of several contacts; those without any are left out.
pub async fn last_message_times(
    cx: &Cx,
    db: &Db,
    contacts: &[ContactId],
) -> Result<HashMap<ContactId, Timestamp>, Fault> {
    let measured = contacts::measured(cx, db, contacts, last_message_at(cx)).await?;
    Ok(measured.into_iter().filter(|(_, at)| *at > i64::MIN).map(|(contact, at)| (contact, Timestamp(at))).collect())
}

/// Selects from the messages that match and that the actor may see, to be run once.
pub(super) fn matching(cx: &Cx, filter: &Resolved) -> SelectStatement {
    let mut query = Query::select();
    restrict(&mut query, cx, filter);
    query
}

/// The same, to be asked of a few messages at a time: for `EXISTS (…)`.
pub(super) fn matching_some(cx: &Cx, filter: &Resolved) -> SelectStatement {
    let mut query = Query::select();
    match &filter.search {
        Some(search) => search.select_some(&mut query, cx),
        None => drop(query.from(mail_message::Entity).cond_where(visible(cx))),
    }
    narrow(&mut query, cx, filter);
    query
}

/// How many messages match.
pub async fn count(cx: &Cx, db: &Db, filter: &MessageFilter) -> Result<u64, Error> {
    #[derive(FromQueryResult)]
    struct Counted {
        count: i64,
    }
    let filter = resolve(cx, db, filter).await?;
    let mut query = matching(cx, &filter);
    query.expr_as(message(mail_message::Column::Id).count(), "count");
    let counted = Counted::find_by_statement(db.backend().build(&query)).one(db.reader()).await?;
    Ok(counted.and_then(|counted| u64::try_from(counted.count).ok()).unwrap_or(0))
}

fn message(column: mail_message::Column) -> sea_orm::sea_query::SimpleExpr {
    Expr::col((mail_message::Entity, column))
}

fn restrict(query: &mut SelectStatement, cx: &Cx, filter: &Resolved) {
    match &filter.search {
        Some(search) => search.select_from(query, cx, Way::Any),
        None => drop(query.from(mail_message::Entity).cond_where(visible(cx))),
    }
    narrow(query, cx, filter);
}

/// All conditions but the text.
fn narrow(query: &mut SelectStatement, cx: &Cx, Resolved { filter, addresses, .. }: &Resolved) {
    if let Some(accounts) = &filter.account_ids {
        query.and_where(message(mail_message::Column::Account).is_in(accounts.iter().copied()));
    }
    if let Some(folder) = filter.folder_id {
        query.and_where(located(Expr::col((mail_location::Entity, mail_location::Column::Folder)).eq(folder)));
    }
    if let Some(role) = filter.folder_role {
        let folders = mail_accounts::visible_folders(cx, role);
        let folder = Expr::col((mail_location::Entity, mail_location::Column::Folder));
        query.and_where(located(folder.in_subquery(folders)));
    }
    let one = filter.contact_id.map(|contact| contacts::addresses_of(cx, contact));
    for addresses in one.into_iter().chain(addresses.clone()) {
        let mut with = Query::select();
        with.column(mail_participant::Column::Message)
            .from(mail_participant::Entity)
            .and_where(Expr::col(mail_participant::Column::Workspace).eq(cx.workspace))
            .and_where(Expr::col(mail_participant::Column::Address).in_subquery(addresses));
        query.and_where(message(mail_message::Column::Id).in_subquery(with));
    }
    if let Some(unseen) = filter.unseen {
        // As the index of unread mail says it.
        let seen = message(mail_message::Column::Seen);
        query.and_where(if unseen { seen.not() } else { seen.eq(true) });
    }
    if let Some(has_attachment) = filter.has_attachment {
        query.and_where(message(mail_message::Column::HasAttachment).eq(has_attachment));
    }
    if let Some(since) = filter.since {
        query.and_where(message(mail_message::Column::ReceivedAt).gte(since));
    }
    if let Some(until) = filter.until {
        query.and_where(message(mail_message::Column::ReceivedAt).lt(until));
    }
}

/// Whether the message has a place of which this holds.
fn located(place: sea_orm::sea_query::SimpleExpr) -> sea_orm::sea_query::SimpleExpr {
    let column = |column: mail_location::Column| Expr::col((mail_location::Entity, column));
    let mut places = Query::select();
    places.expr(Expr::value(1)).from(mail_location::Entity).cond_where(
        Condition::all()
            .add(
                column(mail_location::Column::Workspace)
                    .equals((mail_message::Entity, mail_message::Column::Workspace)),
            )
            .add(column(mail_location::Column::Message).equals((mail_message::Entity, mail_message::Column::Id)))
            .add(place),
    );
    Expr::exists(places)
}
