//! Reading contacts.

use std::collections::HashMap;

use entity::{ContactId, TagId, contact, contact_word};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement, SimpleExpr};
use sea_orm::{FromQueryResult, Iterable};

use super::filter::{self, Resolved};
use super::{Contact, ContactEmail, ContactPhone, Error, Filter, store};
use crate::access::Cx;
use crate::db::{Db, Fault};
use crate::paging::{Page, PageError, Place, Rows, Sort};
use crate::tags::{self, Tag};

/// A number that another feature knows of each contact, for ordering.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure(SimpleExpr);

impl Measure {
    /// By an expression over the id of the statement's contact. It is never null.
    #[must_use]
    pub fn new(of: impl FnOnce(SimpleExpr) -> SimpleExpr) -> Self {
        Self(of(Expr::col((contact::Entity, contact::Column::Id))))
    }
}

/// What contacts are ordered by.
#[derive(Clone, Debug, PartialEq)]
pub enum OrderField {
    /// Name.
    Name,
    /// Company; those without first.
    Company,
    /// When they were added.
    CreatedAt,
    /// When their own fields last changed.
    UpdatedAt,
    /// What another feature knows.
    Measure(Measure),
}

/// In which order.
#[derive(Clone, Debug, PartialEq)]
pub struct ContactOrder {
    /// What by.
    pub field: OrderField,
    /// Last first.
    pub descending: bool,
}

impl Default for ContactOrder {
    fn default() -> Self {
        Self { field: OrderField::Name, descending: false }
    }
}

/// A measure of several contacts.
pub async fn measured(
    cx: &Cx,
    db: &Db,
    ids: &[ContactId],
    Measure(measure): Measure,
) -> Result<HashMap<ContactId, i64>, Fault> {
    #[derive(FromQueryResult)]
    struct Row {
        id: ContactId,
        measure: i64,
    }
    let id = || Expr::col((contact::Entity, contact::Column::Id));
    let mut query = Query::select();
    query
        .expr_as(id(), "id")
        .expr_as(measure, "measure")
        .from(contact::Entity)
        .and_where(Expr::col((contact::Entity, contact::Column::Workspace)).eq(cx.workspace))
        .and_where(id().is_in(ids.iter().copied()));
    let rows = Row::find_by_statement(db.backend().build(&query)).all(db.reader()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.measure)).collect())
}

/// Contacts by id; those of other workspaces are as if they never existed.
pub async fn by_ids(cx: &Cx, db: &Db, ids: &[ContactId]) -> Result<Vec<Contact>, Fault> {
    let rows = contact::Entity::find()
        .filter(contact::Column::Workspace.eq(cx.workspace))
        .filter(contact::Column::Id.is_in(ids.iter().copied()))
        .all(db.reader())
        .await?;
    Ok(rows.into_iter().map(Contact::from).collect())
}

/// A page of the contacts that match.
pub async fn list(
    cx: &Cx,
    db: &Db,
    filter: Option<Filter>,
    order: &ContactOrder,
    page: &Page,
) -> Result<Result<Rows<Contact>, PageError>, Error> {
    let filter = resolved(cx, db, filter).await?;
    Ok(self::page(cx, db.reader(), filter.as_ref(), order, page).await?)
}

/// A page of the contacts that match, as a connection or transaction sees them.
pub(super) async fn page(
    cx: &Cx,
    conn: &impl ConnectionTrait,
    filter: Option<&Resolved>,
    order: &ContactOrder,
    page: &Page,
) -> Result<Result<Rows<Contact>, PageError>, Fault> {
    let mut query = Query::select();
    query.columns(contact::Column::iter().map(|column| (contact::Entity, column))).from(contact::Entity);
    let id = Expr::col((contact::Entity, contact::Column::Id));
    let column = |column: contact::Column| Expr::col((contact::Entity, column));
    let (sort, numeric) = match &order.field {
        OrderField::Name => (column(contact::Column::NameSort), false),
        OrderField::Company => (column(contact::Column::CompanySort), false),
        OrderField::CreatedAt => (column(contact::Column::CreatedAt), true),
        OrderField::UpdatedAt => (column(contact::Column::UpdatedAt), true),
        OrderField::Measure(Measure(measure)) => (measure.clone(), true),
    };
    let driver = filter.and_then(Resolved::driver).filter(|_| order.field == OrderField::Name);
    let (sort, id) = match driver {
        Some(tag) => tags::driven_by(&mut query, cx.workspace, tag, &id),
        None => (sort, id),
    };
    query.expr_as(sort.clone(), SORT);
    restrict(&mut query, cx, filter, driver);
    if let Err(error) = page.apply(&mut query, &sort, &id, order.descending, numeric) {
        return Ok(Err(error));
    }
    let mut rows = Vec::new();
    for row in conn.query_all_raw(conn.get_database_backend().build(&query)).await? {
        let sort = if numeric { Sort::Number(row.try_get("", SORT)?) } else { Sort::Text(row.try_get("", SORT)?) };
        rows.push((contact::Model::from_query_result(&row, "")?, sort));
    }
    let rows = page.rows(rows, |(contact, sort)| Place(sort.clone(), contact.id.0));
    Ok(Ok(rows.map(|(contact, _)| Contact::from(contact))))
}

/// The ids of all contacts that match, as a connection or transaction sees them, in their order.
pub(super) async fn ids(
    cx: &Cx,
    conn: &impl ConnectionTrait,
    filter: Option<&Resolved>,
) -> Result<Vec<ContactId>, Fault> {
    let id = || Expr::col((contact::Entity, contact::Column::Id));
    let mut query = Query::select();
    query.expr_as(id(), "id").from(contact::Entity).order_by_expr(id(), sea_orm::Order::Asc);
    restrict(&mut query, cx, filter, None);
    let rows = conn.query_all_raw(conn.get_database_backend().build(&query)).await?;
    Ok(rows.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>()?)
}

/// The words by which several contacts are found.
pub async fn words(cx: &Cx, db: &Db, contacts: &[ContactId]) -> Result<HashMap<ContactId, Vec<String>>, Fault> {
    let rows = contact_word::Entity::find()
        .filter(contact_word::Column::Workspace.eq(cx.workspace))
        .filter(contact_word::Column::Contact.is_in(contacts.iter().copied()))
        .all(db.reader())
        .await?;
    let mut by_contact: HashMap<ContactId, Vec<String>> = HashMap::new();
    for row in rows {
        by_contact.entry(row.contact).or_default().push(row.word);
    }
    Ok(by_contact)
}

/// The column of a list's statement that holds what it is ordered by.
const SORT: &str = "sort";

/// How many contacts match.
pub async fn count(cx: &Cx, db: &Db, filter: Option<Filter>) -> Result<u64, Error> {
    #[derive(FromQueryResult)]
    struct Counted {
        count: i64,
    }
    let filter = resolved(cx, db, filter).await?;
    let mut query = Query::select();
    query.expr_as(Expr::col((contact::Entity, contact::Column::Id)).count(), "count").from(contact::Entity);
    restrict(&mut query, cx, filter.as_ref(), None);
    let counted = Counted::find_by_statement(db.backend().build(&query)).one(db.reader()).await?;
    Ok(counted.and_then(|counted| u64::try_from(counted.count).ok()).unwrap_or(0))
}

/// The tags of the contacts that match, with how many of them carry each: most used first, then by name.
pub async fn facets(cx: &Cx, db: &Db, filter: Option<Filter>, limit: u64) -> Result<Vec<(Tag, i64)>, Error> {
    let filter = resolved(cx, db, filter).await?.filter(|filter| !filter.is_everything());
    let matching = filter.map(|filter| {
        let mut query = Query::select();
        query.column((contact::Entity, contact::Column::Id)).from(contact::Entity);
        let driver = filter.driver();
        if let Some(tag) = driver {
            tags::driven_by(&mut query, cx.workspace, tag, &Expr::col((contact::Entity, contact::Column::Id)));
        }
        restrict(&mut query, cx, Some(&filter), driver);
        query
    });
    Ok(tags::facets(cx, db, matching, limit).await?)
}

/// Ids of matching contacts behind `after`, by id.
pub(super) async fn matching_ids(
    cx: &Cx,
    db: &Db,
    filter: &Resolved,
    after: Option<ContactId>,
    limit: usize,
) -> Result<Vec<ContactId>, Fault> {
    #[derive(FromQueryResult)]
    struct Row {
        id: ContactId,
    }
    let id = || Expr::col((contact::Entity, contact::Column::Id));
    let mut query = Query::select();
    query.column((contact::Entity, contact::Column::Id)).from(contact::Entity);
    restrict(&mut query, cx, Some(filter), None);
    if let Some(after) = after {
        query.and_where(id().gt(after));
    }
    query.order_by_expr(id(), sea_orm::Order::Asc).limit(limit as u64);
    let rows = Row::find_by_statement(db.backend().build(&query)).all(db.reader()).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// The addresses of several contacts, each in its order.
pub async fn emails(cx: &Cx, db: &Db, contacts: &[ContactId]) -> Result<HashMap<ContactId, Vec<ContactEmail>>, Fault> {
    let mut by_contact: HashMap<ContactId, Vec<ContactEmail>> = HashMap::new();
    for row in store::emails(db.reader(), cx.workspace, contacts).await? {
        if let Some(contact) = row.contact {
            let email = ContactEmail { address: row.address, label: row.label };
            by_contact.entry(contact).or_default().push(email);
        }
    }
    Ok(by_contact)
}

/// The phone numbers of several contacts, each in its order.
pub async fn phones(cx: &Cx, db: &Db, contacts: &[ContactId]) -> Result<HashMap<ContactId, Vec<ContactPhone>>, Fault> {
    let mut by_contact: HashMap<ContactId, Vec<ContactPhone>> = HashMap::new();
    for row in store::phones(db.reader(), cx.workspace, contacts).await? {
        by_contact.entry(row.contact).or_default().push(ContactPhone { number: row.number, label: row.label });
    }
    Ok(by_contact)
}

async fn resolved(cx: &Cx, db: &Db, filter: Option<Filter>) -> Result<Option<Resolved>, Error> {
    match filter {
        Some(filter) => filter::resolve(cx, db, filter).await.map(Some),
        None => Ok(None),
    }
}

fn restrict(query: &mut SelectStatement, cx: &Cx, filter: Option<&Resolved>, driver: Option<TagId>) {
    query.and_where(Expr::col((contact::Entity, contact::Column::Workspace)).eq(cx.workspace));
    if let Some(filter) = filter {
        query.and_where(filter.condition(cx, driver));
    }
}
