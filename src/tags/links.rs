//! Which contact carries which tag. Called by `contacts` within its transactions, with the contacts' rows locked.

use std::collections::BTreeMap;

use entity::{ContactId, TagId, contact_tag};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};

use super::{Error, Tag, Wanted, hold, store};
use crate::db::{Fault, Tx};

/// Rows of one INSERT: 5 values each.
const ROWS_PER_INSERT: usize = 1000;

/// A contact and what it is ordered by.
#[derive(Clone, Debug)]
pub struct Tagging {
    /// The contact.
    pub contact: ContactId,
    /// Its name as it is ordered.
    pub sort: String,
}

/// A link that a statement made or removed.
#[derive(FromQueryResult)]
struct Link {
    contact: ContactId,
    tag: TagId,
}

/// Puts tags on contacts. Returns the links that were not there before. The tags must be held.
pub async fn link(tx: &Tx, contacts: &[Tagging], tags: &[TagId]) -> Result<Vec<(ContactId, TagId)>, Fault> {
    let now = tx.cx().now();
    let rows: Vec<_> = contacts
        .iter()
        .flat_map(|tagging| {
            tags.iter().map(move |tag| contact_tag::ActiveModel {
                workspace: Set(tx.workspace()),
                contact: Set(tagging.contact),
                tag: Set(*tag),
                contact_sort: Set(tagging.sort.clone()),
                tagged_at: Set(now),
            })
        })
        .collect();
    let mut made = Vec::new();
    for batch in rows.chunks(ROWS_PER_INSERT) {
        let unique = OnConflict::columns([
            contact_tag::Column::Workspace,
            contact_tag::Column::Contact,
            contact_tag::Column::Tag,
        ])
        .do_nothing()
        .to_owned();
        let mut insert = contact_tag::Entity::insert_many(batch.to_vec()).on_conflict(unique);
        let query = sea_orm::QueryTrait::query(&mut insert);
        query.returning(Query::returning().columns([contact_tag::Column::Contact, contact_tag::Column::Tag]));
        let statement = tx.conn().get_database_backend().build(query);
        made.extend(Link::find_by_statement(statement).all(tx.conn()).await?);
    }
    Ok(pairs(made))
}

/// Takes tags off contacts. Returns the links that were there. The tags must be held.
pub async fn unlink(tx: &Tx, contacts: &[ContactId], tags: &[TagId]) -> Result<Vec<(ContactId, TagId)>, Fault> {
    if contacts.is_empty() || tags.is_empty() {
        return Ok(Vec::new());
    }
    remove(tx, contacts, Some(tags)).await
}

/// Takes all tags off contacts that go. Returns the links that were there; those of deleted tags were gone already.
pub async fn unlink_all(tx: &mut Tx, contacts: &[ContactId]) -> Result<Vec<(ContactId, TagId)>, Error> {
    let held = hold(tx, &Wanted { carried_by: contacts, ..Wanted::default() }).await?;
    let mut removed = remove(tx, contacts, None).await?;
    removed.retain(|(_, tag)| held.tag(*tag).is_some());
    Ok(removed)
}

async fn remove(tx: &Tx, contacts: &[ContactId], tags: Option<&[TagId]>) -> Result<Vec<(ContactId, TagId)>, Fault> {
    let mut delete = Query::delete();
    delete
        .from_table(contact_tag::Entity)
        .and_where(Expr::col(contact_tag::Column::Workspace).eq(tx.workspace()))
        .and_where(Expr::col(contact_tag::Column::Contact).is_in(contacts.iter().copied()))
        .returning(Query::returning().columns([contact_tag::Column::Contact, contact_tag::Column::Tag]));
    if let Some(tags) = tags {
        delete.and_where(Expr::col(contact_tag::Column::Tag).is_in(tags.iter().copied()));
    }
    let statement = tx.conn().get_database_backend().build(&delete);
    Ok(pairs(Link::find_by_statement(statement).all(tx.conn()).await?))
}

/// Brings the tags' counts up to date with links made (+1) and removed (-1). Returns those tags as they are then.
///
/// # Errors
/// `Overtaken` when a tag that was put on a contact has been deleted meanwhile.
pub async fn count_change(
    tx: &Tx,
    made: &[(ContactId, TagId)],
    removed: &[(ContactId, TagId)],
) -> Result<Vec<Tag>, Error> {
    // In the order of ids, by everyone: transactions that count the same tags do not wait for each other in a circle.
    let mut by_tag: BTreeMap<TagId, i64> = BTreeMap::new();
    for (_, tag) in made {
        *by_tag.entry(*tag).or_default() += 1;
    }
    for (_, tag) in removed {
        *by_tag.entry(*tag).or_default() -= 1;
    }
    let mut counted = Vec::with_capacity(by_tag.len());
    for (tag, by) in by_tag {
        match store::add_to_count(tx.conn(), tx.workspace(), tag, by).await? {
            Some(row) => counted.push(Tag::from(row)),
            None if by > 0 => return Err(Error::Overtaken),
            None => {}
        }
    }
    Ok(counted)
}

/// Keeps the order of a renamed contact in its tags' lists.
pub async fn rename_contact(tx: &Tx, tagging: &Tagging) -> Result<(), Fault> {
    contact_tag::Entity::update_many()
        .col_expr(contact_tag::Column::ContactSort, Expr::value(tagging.sort.as_str()))
        .filter(contact_tag::Column::Workspace.eq(tx.workspace()))
        .filter(contact_tag::Column::Contact.eq(tagging.contact))
        .exec(tx.conn())
        .await?;
    Ok(())
}

fn pairs(links: Vec<Link>) -> Vec<(ContactId, TagId)> {
    links.into_iter().map(|link| (link.contact, link.tag)).collect()
}

/// Puts `into` in the place of `from` on every contact; both must be held. Returns how many contacts did not carry `into` before.
/// Links of those that did stay behind, to be removed when `from` is deleted.
///
/// The links are changed and not made anew: their contacts are not touched, so nobody who edits one of them is waited for.
pub(super) async fn replace(tx: &Tx, from: TagId, into: TagId) -> Result<i64, Fault> {
    let replace = Statement::from_sql_and_values(
        tx.conn().get_database_backend(),
        "UPDATE contact_tag SET tag = $3 WHERE workspace = $1 AND tag = $2 AND NOT EXISTS (\
         SELECT 1 FROM contact_tag other \
         WHERE other.workspace = $1 AND other.contact = contact_tag.contact AND other.tag = $3)",
        [tx.workspace().into(), from.into(), into.into()],
    );
    let replaced = tx.conn().execute_raw(replace).await?.rows_affected();
    Ok(i64::try_from(replaced).unwrap_or(i64::MAX))
}
