//! Address rows: each belongs to at most one contact, and mail points to them.

use std::collections::{HashMap, HashSet};

use entity::{AddressId, ContactId, WorkspaceId, address};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Condition, ExprTrait, Func, LikeExpr, OnConflict, Query, SelectStatement, SimpleExpr};
use sea_orm::{DbBackend, QueryOrder, QuerySelect};

use super::draft::Email;
use super::{Error, Measure};
use crate::access::Cx;
use crate::db::{Db, Fault, Tx};

/// Keys of one statement.
const KEYS_PER_STATEMENT: usize = 1000;

/// The rows of addresses (as written, key), made where they are not there yet. By key.
///
/// Rows are made in the order of keys, by everyone, so that two transactions that see the same new addresses do not wait for each
/// other in a circle.
pub async fn intern_addresses(tx: &Tx, addresses: &[(String, String)]) -> Result<HashMap<String, AddressId>, Fault> {
    let mut wanted: Vec<&(String, String)> = addresses.iter().collect();
    wanted.sort_unstable_by(|a, b| a.1.cmp(&b.1));
    wanted.dedup_by(|a, b| a.1 == b.1);
    let mut ids = find(tx, wanted.iter().map(|(_, key)| key.as_str())).await?;
    let missing: Vec<&(String, String)> = wanted.into_iter().filter(|(_, key)| !ids.contains_key(key)).collect();
    for batch in missing.chunks(KEYS_PER_STATEMENT) {
        let rows = batch.iter().map(|(typed, key)| address::ActiveModel {
            workspace: Set(tx.workspace()),
            id: Set(tx.cx().new_id()),
            address: Set(typed.clone()),
            address_key: Set(key.clone()),
            contact: Set(None),
            label: Set(None),
            position: Set(0),
        });
        let unique =
            OnConflict::columns([address::Column::Workspace, address::Column::AddressKey]).do_nothing().to_owned();
        address::Entity::insert_many(rows).on_conflict(unique).exec_without_returning(tx.conn()).await?;
    }
    if !missing.is_empty() {
        ids.extend(find(tx, missing.iter().map(|(_, key)| key.as_str())).await?);
    }
    Ok(ids)
}

async fn find<'a>(tx: &Tx, keys: impl Iterator<Item = &'a str>) -> Result<HashMap<String, AddressId>, Fault> {
    let keys: Vec<&str> = keys.collect();
    let mut ids = HashMap::with_capacity(keys.len());
    for batch in keys.chunks(KEYS_PER_STATEMENT) {
        let rows = address::Entity::find()
            .filter(address::Column::Workspace.eq(tx.workspace()))
            .filter(address::Column::AddressKey.is_in(batch.iter().copied()))
            .all(tx.conn())
            .await?;
        ids.extend(rows.into_iter().map(|row| (row.address_key, row.id)));
    }
    Ok(ids)
}

/// Whose these addresses are, by key; those that belong to nobody are left out.
pub(super) async fn owners(tx: &Tx, keys: &[&str]) -> Result<HashMap<String, ContactId>, Fault> {
    let mut owners = HashMap::with_capacity(keys.len());
    for batch in keys.chunks(KEYS_PER_STATEMENT) {
        let rows = address::Entity::find()
            .filter(address::Column::Workspace.eq(tx.workspace()))
            .filter(address::Column::AddressKey.is_in(batch.iter().copied()))
            .all(tx.conn())
            .await?;
        owners.extend(rows.into_iter().filter_map(|row| Some((row.address_key, row.contact?))));
    }
    Ok(owners)
}

/// An address and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// As first seen, or as typed for the contact.
    pub address: String,
    /// The contact it belongs to.
    pub contact: Option<ContactId>,
}

/// Addresses by id.
pub async fn addresses_by_ids(cx: &Cx, db: &Db, ids: &[AddressId]) -> Result<HashMap<AddressId, Address>, Fault> {
    let mut addresses = HashMap::with_capacity(ids.len());
    for batch in ids.chunks(KEYS_PER_STATEMENT) {
        let rows = address::Entity::find()
            .filter(address::Column::Workspace.eq(cx.workspace))
            .filter(address::Column::Id.is_in(batch.iter().copied()))
            .all(db.reader())
            .await?;
        addresses.extend(rows.into_iter().map(|row| (row.id, Address { address: row.address, contact: row.contact })));
    }
    Ok(addresses)
}

/// The ids of a contact's addresses, for `column IN (…)`.
#[must_use]
pub fn addresses_of(cx: &Cx, contact: ContactId) -> SelectStatement {
    let mut query = Query::select();
    query
        .column(address::Column::Id)
        .from(address::Entity)
        .and_where(Expr::col(address::Column::Workspace).eq(cx.workspace))
        .and_where(Expr::col(address::Column::Contact).eq(contact));
    query
}

/// Orders contacts by the greatest of what a statement gives for each of their addresses; contacts without any come before all others.
#[must_use]
pub fn last_of_addresses(cx: &Cx, of: impl FnOnce(SimpleExpr) -> SelectStatement) -> Measure {
    let column = |column: address::Column| Expr::col((address::Entity, column));
    let number = Expr::from(of(column(address::Column::Id)));
    Measure::new(|contact| {
        let mut greatest = Query::select();
        greatest
            .expr(Func::max(number))
            .from(address::Entity)
            .and_where(column(address::Column::Workspace).eq(cx.workspace))
            .and_where(column(address::Column::Contact).eq(contact));
        Func::coalesce([Expr::from(greatest), Expr::value(i64::MIN)]).into()
    })
}

/// The ids of addresses that are one of `whole` or end in one of `endings`, all as addresses are compared, for `column IN (…)`.
#[must_use]
pub fn addresses_like(workspace: WorkspaceId, whole: &[String], endings: &[String]) -> SelectStatement {
    let key = || Expr::col(address::Column::AddressKey);
    let mut any = Condition::any();
    if !whole.is_empty() {
        any = any.add(key().is_in(whole.iter().map(String::as_str)));
    }
    for ending in endings {
        let ending = ending.replace('!', "!!").replace('%', "!%").replace('_', "!_");
        any = any.add(key().like(LikeExpr::new(format!("%{ending}")).escape('!')));
    }
    let mut query = Query::select();
    query
        .column(address::Column::Id)
        .from(address::Entity)
        .and_where(Expr::col(address::Column::Workspace).eq(workspace))
        .cond_where(any);
    query
}

/// The forms by which addresses are compared, by id, as a connection or transaction sees them.
pub async fn address_keys(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    ids: &[AddressId],
) -> Result<HashMap<AddressId, String>, Fault> {
    let mut keys = HashMap::with_capacity(ids.len());
    for batch in ids.chunks(KEYS_PER_STATEMENT) {
        let rows: Vec<(AddressId, String)> = address::Entity::find()
            .select_only()
            .columns([address::Column::Id, address::Column::AddressKey])
            .filter(address::Column::Workspace.eq(workspace))
            .filter(address::Column::Id.is_in(batch.iter().copied()))
            .into_tuple()
            .all(conn)
            .await?;
        keys.extend(rows);
    }
    Ok(keys)
}

/// The contact that has an address, given as addresses are compared.
pub async fn owner_of_address(cx: &Cx, db: &Db, key: &str) -> Result<Option<ContactId>, Fault> {
    let row = address::Entity::find()
        .filter(address::Column::Workspace.eq(cx.workspace))
        .filter(address::Column::AddressKey.eq(key))
        .one(db.reader())
        .await?;
    Ok(row.and_then(|row| row.contact))
}

/// Of these addresses, the keys of those that belong to nobody; who claims them meanwhile waits until the transaction ends.
pub(super) async fn hold_free(tx: &Tx, keys: &[&str]) -> Result<HashSet<String>, Fault> {
    let mut free = HashSet::with_capacity(keys.len());
    for batch in keys.chunks(KEYS_PER_STATEMENT) {
        let mut query = address::Entity::find()
            .filter(address::Column::Workspace.eq(tx.workspace()))
            .filter(address::Column::AddressKey.is_in(batch.iter().copied()))
            .order_by_asc(address::Column::AddressKey);
        if tx.conn().get_database_backend() == DbBackend::Postgres {
            query = query.lock_exclusive();
        }
        let rows = query.all(tx.conn()).await?;
        free.extend(rows.into_iter().filter(|row| row.contact.is_none()).map(|row| row.address_key));
    }
    Ok(free)
}

/// Gives a contact exactly these addresses.
///
/// # Errors
/// `EmailTaken` when one belongs to another contact.
pub(super) async fn set(tx: &Tx, contact: ContactId, emails: &[Email]) -> Result<(), Error> {
    let keys = emails.iter().map(|email| email.address.key());
    address::Entity::update_many()
        .col_expr(address::Column::Contact, Expr::value(Option::<Uuid>::None))
        .col_expr(address::Column::Label, Expr::value(Option::<String>::None))
        .filter(address::Column::Workspace.eq(tx.workspace()))
        .filter(address::Column::Contact.eq(contact))
        .filter(address::Column::AddressKey.is_not_in(keys))
        .exec(tx.conn())
        .await?;
    let wanted: Vec<_> =
        emails.iter().map(|email| (email.address.as_str().to_owned(), email.address.key().to_owned())).collect();
    let ids = intern_addresses(tx, &wanted).await?;
    claim(tx, contact, emails, &ids).await
}

/// Gives a contact addresses whose rows are there.
///
/// # Errors
/// `EmailTaken` when one belongs to another contact.
pub(super) async fn claim(
    tx: &Tx,
    contact: ContactId,
    emails: &[Email],
    ids: &HashMap<String, AddressId>,
) -> Result<(), Error> {
    // In the order of keys, by everyone.
    let mut entries: Vec<(usize, &Email)> = emails.iter().enumerate().collect();
    entries.sort_unstable_by_key(|(_, email)| email.address.key());
    for (entry, email) in entries {
        let Some(id) = ids.get(email.address.key()) else { continue };
        let claimed = address::Entity::update_many()
            .set(address::ActiveModel {
                address: Set(email.address.as_str().to_owned()),
                contact: Set(Some(contact)),
                label: Set(email.label.clone()),
                position: Set(i32::try_from(entry).unwrap_or(i32::MAX)),
                ..Default::default()
            })
            .filter(address::Column::Workspace.eq(tx.workspace()))
            .filter(address::Column::Id.eq(*id))
            .filter(address::Column::Contact.is_null().or(address::Column::Contact.eq(contact)))
            .exec(tx.conn())
            .await?;
        if claimed.rows_affected == 0 {
            let row = address::Entity::find_by_id((tx.workspace(), *id)).one(tx.conn()).await?;
            let contact = row.and_then(|row| row.contact).ok_or(Error::Tags(crate::tags::Error::Overtaken))?;
            return Err(Error::EmailTaken { entry, address: email.address.to_string(), contact });
        }
    }
    Ok(())
}
