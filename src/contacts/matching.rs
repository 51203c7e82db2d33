//! The addresses of contacts that match, for what hangs on addresses.

use entity::{address, contact};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};

use super::{Error, Filter, filter};
use crate::access::Cx;
use crate::db::Db;

/// The ids of the addresses of the contacts that match, for `column IN (…)`. What the filter names is looked up now.
pub async fn addresses_of_matching(cx: &Cx, db: &Db, filter: Filter) -> Result<SelectStatement, Error> {
    let filter = filter::resolve(cx, db, filter).await?;
    let ours = |column: address::Column| Expr::col((address::Entity, column));
    let mut contacts = Query::select();
    contacts
        .column((contact::Entity, contact::Column::Id))
        .from(contact::Entity)
        .and_where(Expr::col((contact::Entity, contact::Column::Workspace)).eq(cx.workspace))
        .and_where(filter.condition(cx, None));
    let mut addresses = Query::select();
    addresses
        .column((address::Entity, address::Column::Id))
        .from(address::Entity)
        .and_where(ours(address::Column::Workspace).eq(cx.workspace));
    if filter.is_everything() {
        addresses.and_where(ours(address::Column::Contact).is_not_null());
    } else {
        addresses.and_where(ours(address::Column::Contact).in_subquery(contacts));
    }
    Ok(addresses)
}
