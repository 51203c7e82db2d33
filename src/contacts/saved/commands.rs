//! Saving, changing and deleting filters, and their order.

use entity::{SavedFilterId, UserId, saved_filter};

use super::{Error, LONGEST_NAME, MOST, NewSavedFilter, SavedFilter, SavedFilterEdit, store};
use crate::access::Cx;
use crate::changes::{Action, Kind, NewChange, Scope};
use crate::contacts::language::{self, Mistake};
use crate::db::{Db, Tx};
use crate::{text, users};

/// Saves a filter, behind the last of one's own.
///
/// # Errors
/// `NameTaken` by another of one's own; `Query` for what is no query; `Name`, `TooMany`.
pub async fn create(cx: &Cx, db: &Db, new: NewSavedFilter) -> Result<SavedFilter, Error> {
    let (name, name_key) = named(&new.name)?;
    check(&new.query)?;
    let (mut tx, owner, filters) = begin_writing(cx, db).await?;
    refuse_taken(&filters, &name_key)?;
    if filters.len() >= MOST {
        return Err(Error::TooMany);
    }
    let row = saved_filter::Model {
        workspace: cx.workspace,
        id: cx.new_id(),
        owner,
        name,
        name_key,
        query: new.query,
        shared: new.shared,
        position: position(filters.len()),
    };
    store::insert(tx.conn(), row.clone()).await?;
    tx.record(NewChange::in_scope(scope(&row), Kind::SavedFilter, Action::Created, row.id));
    tx.commit().await?;
    Ok(row.into())
}

/// Changes one of one's own. Moved to another place, those between move by one; each that moves is a change.
///
/// # Errors
/// As `create`; `NotFound`; `NotYours`; `Position`.
pub async fn update(cx: &Cx, db: &Db, edit: SavedFilterEdit) -> Result<SavedFilter, Error> {
    let named = edit.name.as_deref().map(named).transpose()?;
    edit.query.as_deref().map(check).transpose()?;
    let place = edit.position.map(|place| usize::try_from(place).map_err(|_| Error::Position)).transpose()?;
    let (mut tx, _, mut filters) = begin_writing(cx, db).await?;
    let (at, before) = take(&tx, &mut filters, edit.id).await?;
    let mut row = before.clone();
    if let Some((name, name_key)) = named {
        refuse_taken(&filters, &name_key)?;
        (row.name, row.name_key) = (name, name_key);
    }
    row.query = edit.query.unwrap_or(row.query);
    row.shared = edit.shared.unwrap_or(row.shared);
    let place = place.unwrap_or(at).min(filters.len());
    row.position = position(place);
    save(&mut tx, &before, row.clone()).await?;
    filters.insert(place, row.clone());
    arrange(&mut tx, filters).await?;
    tx.commit().await?;
    Ok(row.into())
}

/// Deletes one of one's own.
///
/// # Errors
/// `NotFound`; `NotYours`.
pub async fn delete(cx: &Cx, db: &Db, id: SavedFilterId) -> Result<(), Error> {
    let (mut tx, _, mut filters) = begin_writing(cx, db).await?;
    let (_, row) = take(&tx, &mut filters, id).await?;
    store::delete(tx.conn(), cx.workspace, id).await?;
    tx.record(NewChange::in_scope(scope(&row), Kind::SavedFilter, Action::Removed, id));
    arrange(&mut tx, filters).await?;
    Ok(tx.commit().await?)
}

/// The actor and their filters in their order, which nobody else writes until the transaction ends.
async fn begin_writing(cx: &Cx, db: &Db) -> Result<(Tx, UserId, Vec<saved_filter::Model>), Error> {
    let owner = cx.user().ok_or(Error::NoOwner)?;
    let tx = db.begin(cx).await?;
    users::hold(&tx, owner).await?;
    let filters = store::of(tx.conn(), cx.workspace, owner).await?;
    Ok((tx, owner, filters))
}

/// Takes a filter out of its owner's, with its place.
async fn take(
    tx: &Tx,
    filters: &mut Vec<saved_filter::Model>,
    id: SavedFilterId,
) -> Result<(usize, saved_filter::Model), Error> {
    match filters.iter().position(|filter| filter.id == id) {
        Some(at) => Ok((at, filters.remove(at))),
        None if store::by_ids(tx.conn(), tx.cx(), [id]).await?.is_empty() => Err(Error::NotFound),
        None => Err(Error::NotYours),
    }
}

/// Gives each filter the place at which it stands.
async fn arrange(tx: &mut Tx, filters: Vec<saved_filter::Model>) -> Result<(), Error> {
    for (place, before) in filters.into_iter().enumerate() {
        let moved = saved_filter::Model { position: position(place), ..before.clone() };
        save(tx, &before, moved).await?;
    }
    Ok(())
}

async fn save(tx: &mut Tx, before: &saved_filter::Model, row: saved_filter::Model) -> Result<(), Error> {
    if row != *before {
        let changed = NewChange::in_scope(scope(&row), Kind::SavedFilter, Action::Updated, row.id);
        tx.record(NewChange { before: scope(before), ..changed });
        store::save(tx.conn(), row).await?;
    }
    Ok(())
}

fn scope(row: &saved_filter::Model) -> Scope {
    if row.shared { Scope::Workspace } else { Scope::User(row.owner) }
}

/// A name as typed, and the form by which two are the same.
fn named(name: &str) -> Result<(String, String), Error> {
    let name = name.trim();
    let key = text::key(name);
    let sound = !key.is_empty() && name.chars().count() <= LONGEST_NAME && text::is_one_line(name);
    if sound { Ok((name.to_owned(), key)) } else { Err(Error::Name) }
}

/// Refuses what is no query, and what PostgreSQL cannot keep.
fn check(query: &str) -> Result<(), Mistake> {
    language::parse(query)?;
    match query.chars().position(|c| c == '\0') {
        Some(position) => Err(Mistake { position, expected: "a character that can be kept" }),
        None => Ok(()),
    }
}

fn refuse_taken(filters: &[saved_filter::Model], key: &str) -> Result<(), Error> {
    match filters.iter().find(|filter| filter.name_key == key) {
        Some(other) => Err(Error::NameTaken(other.id)),
        None => Ok(()),
    }
}

fn position(place: usize) -> i32 {
    i32::try_from(place).unwrap_or(i32::MAX)
}
