//! Reading saved filters, as far as the actor sees them.

use std::collections::HashMap;

use entity::SavedFilterId;

use super::{SavedFilter, store};
use crate::access::Cx;
use crate::contacts::{Filter, language};
use crate::db::{Db, Fault};
use crate::text;

/// One's own in their order, then what others share by name.
pub async fn list(cx: &Cx, db: &Db) -> Result<Vec<SavedFilter>, Fault> {
    let rows = store::visible(cx).all(db.reader()).await?;
    let mut filters: Vec<_> = rows.into_iter().map(SavedFilter::from).collect();
    filters.sort_by_cached_key(|filter| {
        if cx.user() == Some(filter.owner) {
            (false, filter.position, String::new(), filter.id)
        } else {
            (true, 0, text::plain(&filter.name), filter.id)
        }
    });
    Ok(filters)
}

/// Saved filters by id; those of other workspaces, and of others who do not share them, are as if they never existed.
pub async fn by_ids(cx: &Cx, db: &Db, ids: &[SavedFilterId]) -> Result<Vec<SavedFilter>, Fault> {
    let rows = store::by_ids(db.reader(), cx, ids.iter().copied()).await?;
    Ok(rows.into_iter().map(SavedFilter::from).collect())
}

/// What saved filters stand for, of those that are there.
pub(in crate::contacts) async fn filters(
    cx: &Cx,
    db: &Db,
    ids: impl IntoIterator<Item = SavedFilterId>,
) -> Result<HashMap<SavedFilterId, Filter>, Fault> {
    let mut ids = ids.into_iter().peekable();
    if ids.peek().is_none() {
        return Ok(HashMap::new());
    }
    let rows = store::by_ids(db.reader(), cx, ids).await?;
    // A query was read before it was saved; one that a later version no longer reads is as if it were not there.
    let read = rows.into_iter().filter_map(|row| Some((row.id, language::parse(&row.query).ok()?)));
    Ok(read.map(|(id, expr)| (id, expr.map_or(Filter::And(Vec::new()), Filter::from))).collect())
}
