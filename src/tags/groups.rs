//! Tag groups and their order.

use std::collections::HashMap;

use entity::{TagGroupId, tag_group};

use super::{Error, LONGEST_NAME, TagGroup, group_store};
use crate::access::{Cx, Right};
use crate::changes::{Action, Kind, NewChange};
use crate::db::{Db, Fault, Tx};
use crate::history::{Deed, NewEntry, Subject};
use crate::text;
use crate::users::{self, Plan};

/// A new group.
#[derive(Clone, Debug)]
pub struct NewTagGroup {
    /// Its name.
    pub name: String,
    /// `#RRGGBB`.
    pub color: String,
    /// Its place, from 0; else behind the last.
    pub position: Option<i32>,
}

/// What changes of a group, as given. `None` stays as it is.
#[derive(Clone, Debug)]
pub struct TagGroupEdit {
    /// Which group.
    pub id: TagGroupId,
    /// Its name.
    pub name: Option<String>,
    /// `#RRGGBB`.
    pub color: Option<String>,
    /// Its place, from 0.
    pub position: Option<i32>,
}

/// Makes a group of tags. Those from its place on move one back; each that moves is a change.
///
/// # Errors
/// `LicenseRequired` in a workspace of edition FREE; `GroupNameTaken`; and for a name, color or position that cannot be used.
pub async fn create_group(cx: &Cx, db: &Db, new: NewTagGroup) -> Result<TagGroup, Error> {
    cx.require(Right::ManageTags)?;
    let (name, name_key) = named(&new.name)?;
    let color = color(&new.color)?;
    let place = new.position.map(place).transpose()?;
    let mut tx = db.begin(cx).await?;
    let mut groups = begin_writing(&tx).await?;
    refuse_taken(&groups, &name_key)?;
    let place = place.unwrap_or(groups.len()).min(groups.len());
    let row =
        tag_group::Model { workspace: cx.workspace, id: cx.new_id(), name, name_key, color, position: position(place) };
    group_store::insert(tx.conn(), row.clone()).await?;
    tx.record(NewChange::in_workspace(Kind::TagGroup, Action::Created, row.id));
    groups.insert(place, row.clone());
    arrange(&mut tx, groups).await?;
    tx.commit().await?;
    Ok(row.into())
}

/// Changes a group. Moved to another place, those between move by one; each that moves is a change.
///
/// # Errors
/// As `create_group`, and `NoSuchGroup`.
pub async fn update_group(cx: &Cx, db: &Db, edit: TagGroupEdit) -> Result<TagGroup, Error> {
    cx.require(Right::ManageTags)?;
    let named = edit.name.as_deref().map(named).transpose()?;
    let color = edit.color.as_deref().map(color).transpose()?;
    let place = edit.position.map(place).transpose()?;
    let mut tx = db.begin(cx).await?;
    let mut groups = begin_writing(&tx).await?;
    let at = groups.iter().position(|group| group.id == edit.id).ok_or(Error::NoSuchGroup)?;
    let before = groups.remove(at);
    let mut row = before.clone();
    if let Some((name, name_key)) = named {
        refuse_taken(&groups, &name_key)?;
        (row.name, row.name_key) = (name, name_key);
    }
    row.color = color.unwrap_or(row.color);
    let place = place.unwrap_or(at).min(groups.len());
    row.position = position(place);
    if row != before {
        group_store::save(tx.conn(), row.clone()).await?;
        tx.record(NewChange::in_workspace(Kind::TagGroup, Action::Updated, row.id));
    }
    groups.insert(place, row.clone());
    arrange(&mut tx, groups).await?;
    tx.commit().await?;
    Ok(row.into())
}

/// Deletes a group. Its tags stay, without a group, and so without its color; that is told by the group's removal alone.
///
/// # Errors
/// `LicenseRequired` in a workspace of edition FREE; `NoSuchGroup`.
pub async fn delete_group(cx: &Cx, db: &Db, id: TagGroupId) -> Result<(), Error> {
    cx.require(Right::ManageTags)?;
    let mut tx = db.begin(cx).await?;
    let mut groups = begin_writing(&tx).await?;
    let at = groups.iter().position(|group| group.id == id).ok_or(Error::NoSuchGroup)?;
    let group = groups.remove(at);
    for tag in group_store::delete(tx.conn(), cx.workspace, id).await? {
        let deed = Deed::Regrouped { from: Some(group.name.clone()), to: None };
        tx.note(NewEntry::of(Subject::Tag(tag), deed));
    }
    tx.record(NewChange::in_workspace(Kind::TagGroup, Action::Removed, id));
    arrange(&mut tx, groups).await?;
    Ok(tx.commit().await?)
}

/// All groups in their order.
pub async fn groups(cx: &Cx, db: &Db) -> Result<Vec<TagGroup>, Fault> {
    Ok(group_store::all(db.reader(), cx.workspace).await?.into_iter().map(TagGroup::from).collect())
}

/// Groups by id.
pub async fn groups_by_ids(cx: &Cx, db: &Db, ids: &[TagGroupId]) -> Result<Vec<TagGroup>, Fault> {
    Ok(group_store::by_ids(db.reader(), cx.workspace, ids).await?.into_iter().map(TagGroup::from).collect())
}

/// Groups by folded name.
pub async fn groups_by_names(cx: &Cx, db: &Db, keys: &[&str]) -> Result<HashMap<String, TagGroupId>, Fault> {
    let rows = group_store::by_keys(db.reader(), cx.workspace, keys).await?;
    Ok(rows.into_iter().map(|row| (row.name_key, row.id)).collect())
}

/// Refuses to write groups in a workspace whose edition has none.
pub(super) async fn require_edition(tx: &Tx) -> Result<(), Error> {
    licensed(users::edition(tx).await?)
}

/// `#RRGGBB` in capitals.
pub(super) fn color(text: &str) -> Result<String, Error> {
    let digits = text.strip_prefix('#').ok_or(Error::Color)?;
    let sound = digits.len() == 6 && digits.chars().all(|c| c.is_ascii_hexdigit());
    if sound { Ok(text.to_ascii_uppercase()) } else { Err(Error::Color) }
}

/// The groups in their order, which nobody else writes until the transaction ends.
async fn begin_writing(tx: &Tx) -> Result<Vec<tag_group::Model>, Error> {
    licensed(users::hold_edition(tx).await?)?;
    Ok(group_store::all(tx.conn(), tx.workspace()).await?)
}

fn licensed(edition: Plan) -> Result<(), Error> {
    if edition >= Plan::Pro { Ok(()) } else { Err(Error::LicenseRequired) }
}

/// Gives each group the place at which it stands.
async fn arrange(tx: &mut Tx, groups: Vec<tag_group::Model>) -> Result<(), Error> {
    for (place, mut group) in groups.into_iter().enumerate() {
        if group.position != position(place) {
            group.position = position(place);
            let id = group.id;
            group_store::save(tx.conn(), group).await?;
            tx.record(NewChange::in_workspace(Kind::TagGroup, Action::Updated, id));
        }
    }
    Ok(())
}

/// A group's name as typed, and the form by which two are the same.
fn named(name: &str) -> Result<(String, String), Error> {
    let name = name.trim();
    let key = text::key(name);
    let sound = !key.is_empty() && name.chars().count() <= LONGEST_NAME && text::is_one_line(name);
    if sound { Ok((name.to_owned(), key)) } else { Err(Error::GroupName) }
}

fn refuse_taken(groups: &[tag_group::Model], key: &str) -> Result<(), Error> {
    match groups.iter().find(|group| group.name_key == key) {
        Some(other) => Err(Error::GroupNameTaken(other.id)),
        None => Ok(()),
    }
}

fn place(position: i32) -> Result<usize, Error> {
    usize::try_from(position).map_err(|_| Error::Position)
}

fn position(place: usize) -> i32 {
    i32::try_from(place).unwrap_or(i32::MAX)
}
