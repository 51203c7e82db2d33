//! Making one tag of several.

use entity::TagId;

use super::{Error, Tag, links, name_store, names, store};
use crate::access::{Cx, Right};
use crate::changes::{Action, Body, Kind, NewChange};
use crate::db::Db;
use crate::history::{self, Deed, NewEntry, Subject};

/// Most tags that go in one merge.
const MOST_MERGED: usize = 200;

/// Makes `from` part of `into`, at once however many contacts carry them: who carried one of them carries `into`, and their names find
/// it. A contact that had several counts once. Their history is read with that of `into`.
///
/// # Errors
/// `MergedNotFound` and `MergedWithItself` with the place in `from`; `NotFound` for `into`; `NothingToMerge`, `TooManyToMerge`.
pub async fn merge(cx: &Cx, db: &Db, from: &[TagId], into: TagId) -> Result<Tag, Error> {
    cx.require(Right::ManageTags)?;
    if from.is_empty() {
        return Err(Error::NothingToMerge);
    }
    if from.len() > MOST_MERGED {
        return Err(Error::TooManyToMerge);
    }
    let mut tx = db.begin(cx).await?;
    let ids: Vec<TagId> = from.iter().copied().chain([into]).collect();
    let mut rows = store::hold(tx.conn(), cx.workspace, &ids).await?;
    let at = rows.iter().position(|row| row.id == into).ok_or(Error::NotFound)?;
    let mut row = rows.swap_remove(at);
    if let Some(place) = from.iter().position(|id| *id == into) {
        return Err(Error::MergedWithItself(place));
    }
    if let Some(place) = from.iter().position(|id| !rows.iter().any(|row| row.id == *id)) {
        return Err(Error::MergedNotFound(place));
    }
    // In the order in which they were named, each once.
    let mut gone: Vec<TagId> = Vec::with_capacity(rows.len());
    for id in from {
        if !gone.contains(id) {
            gone.push(*id);
        }
    }
    for tag in &gone {
        row.contact_count += links::replace(&tx, *tag, into).await?;
    }
    name_store::move_to(tx.conn(), cx.workspace, &gone, into).await?;
    names::require_few_aliases(&tx, into).await?;
    store::mark_deleted(tx.conn(), cx.workspace, &gone, cx.now()).await?;
    row.version += 1;
    store::save(tx.conn(), row.clone()).await?;
    history::store::merge(tx.conn(), cx.workspace, &gone, into).await?;
    let mut names = Vec::with_capacity(gone.len());
    for merged in gone.iter().filter_map(|id| rows.iter().find(|row| row.id == *id)) {
        names.push(merged.name.clone());
        let body = Body { merged_into: Some(into), ..Body::default() };
        let change = NewChange::in_workspace(Kind::Tag, Action::Removed, merged.id);
        tx.record(change.version(merged.version + 1).body(body));
    }
    tx.note(NewEntry::of(Subject::Tag(into), Deed::Merged { names }));
    let body = Body { merged_from: gone, ..Body::default() };
    tx.record(NewChange::in_workspace(Kind::Tag, Action::Updated, into).version(row.version).body(body));
    tx.commit().await?;
    Ok(row.into())
}
