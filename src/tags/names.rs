//! Changing a tag itself: its name, with the earlier one kept as an alias, its color and its group.

use entity::{TagGroupId, TagId, tag};

use super::{Error, Tag, TagName, group_store, groups, name_store, store};
use crate::access::{Cx, Right};
use crate::changes::{Action, Kind, NewChange};
use crate::db::{Db, Tx};
use crate::history::{Deed, NewEntry, Subject};
use crate::text;

/// Most aliases of a tag.
pub(super) const MOST_ALIASES: usize = 1000;

/// What changes of a tag, as given. `None` stays as it is; `Some(None)` clears.
#[derive(Clone, Debug)]
pub struct TagEdit {
    /// Which tag.
    pub id: TagId,
    /// Its name; the one it has becomes an alias.
    pub name: Option<String>,
    /// Its own color, `#RRGGBB`.
    pub color: Option<Option<String>>,
    /// Its group.
    pub group: Option<Option<TagGroupId>>,
}

/// Changes a tag. What is given as it already is changes nothing.
///
/// # Errors
/// `NameTaken` when another tag has the name, or an alias of it; `LicenseRequired` when the group changes in a workspace of edition FREE.
pub async fn update(cx: &Cx, db: &Db, edit: TagEdit) -> Result<Tag, Error> {
    cx.require(Right::ManageTags)?;
    let name = edit.name.as_deref().map(TagName::parse).transpose()?;
    let color = edit.color.map(|color| color.as_deref().map(groups::color).transpose()).transpose()?;
    let mut tx = db.begin(cx).await?;
    // The name and the group before the tag, as by everyone.
    if let Some(name) = &name {
        take(&tx, name, edit.id).await?;
    }
    let group_is_there = match edit.group {
        Some(Some(group)) => group_store::hold(tx.conn(), cx.workspace, group).await?,
        _ => true,
    };
    let found = store::hold(tx.conn(), cx.workspace, &[edit.id]).await?.pop();
    let before = found.ok_or(Error::NotFound)?;
    let mut row = before.clone();
    if let Some(group) = edit.group.filter(|group| *group != before.group_id) {
        groups::require_edition(&tx).await?;
        if !group_is_there {
            return Err(Error::GroupNotFound);
        }
        row.group_id = group;
    }
    row.color = color.unwrap_or(row.color);
    if let Some(name) = name.filter(|name| name.as_str() != before.name) {
        rename(&tx, &mut row, &name).await?;
    }
    if row == before {
        return Ok(row.into());
    }
    row.version += 1;
    store::save(tx.conn(), row.clone()).await?;
    note(&mut tx, &before, &row).await?;
    tx.record(NewChange::in_workspace(Kind::Tag, Action::Updated, row.id).version(row.version));
    tx.commit().await?;
    Ok(row.into())
}

/// Tells the history what changed of a tag.
async fn note(tx: &mut Tx, before: &tag::Model, row: &tag::Model) -> Result<(), Error> {
    if row.name != before.name {
        let deed = Deed::Renamed { from: before.name.clone(), to: row.name.clone() };
        tx.note(NewEntry::of(Subject::Tag(row.id), deed));
    }
    if row.color != before.color {
        let deed = Deed::Recolored { from: before.color.clone(), to: row.color.clone() };
        tx.note(NewEntry::of(Subject::Tag(row.id), deed));
    }
    if row.group_id != before.group_id {
        let ids: Vec<TagGroupId> = before.group_id.into_iter().chain(row.group_id).collect();
        let groups = group_store::by_ids(tx.conn(), row.workspace, &ids).await?;
        let name = |id| groups.iter().find(|group| Some(group.id) == id).map(|group| group.name.clone());
        let deed = Deed::Regrouped { from: name(before.group_id), to: name(row.group_id) };
        tx.note(NewEntry::of(Subject::Tag(row.id), deed));
    }
    Ok(())
}

/// Takes a name for a tag, unless it is one of the tag's own already.
async fn take(tx: &Tx, name: &TagName, tag: TagId) -> Result<(), Error> {
    if name_store::take(tx.conn(), tx.workspace(), name, tag).await? {
        return Ok(());
    }
    match name_store::owner(tx.conn(), tx.workspace(), name).await? {
        // An alias, or its name typed otherwise.
        Some(owner) if owner == tag => Ok(()),
        Some(other) => Err(Error::NameTaken(other)),
        None => Err(Error::Overtaken),
    }
}

async fn rename(tx: &Tx, row: &mut tag::Model, name: &TagName) -> Result<(), Error> {
    if !name_store::make_own(tx.conn(), row.workspace, name, row.id).await? {
        return Err(Error::Overtaken);
    }
    name_store::add_words(tx.conn(), row.workspace, name, row.id).await?;
    require_few_aliases(tx, row.id).await?;
    name.as_str().clone_into(&mut row.name);
    row.name_sort = text::plain(name.as_str());
    Ok(())
}

/// Refuses what would give a tag more aliases than anybody can look through.
pub(super) async fn require_few_aliases(tx: &Tx, tag: TagId) -> Result<(), Error> {
    let names = name_store::of(tx.conn(), tx.workspace(), &[tag]).await?.len();
    if names <= MOST_ALIASES + 1 { Ok(()) } else { Err(Error::TooManyAliases) }
}

/// Forgets an alias: it no longer finds the tag, and is free for another.
///
/// # Errors
/// `AliasNotFound` when it is none of this tag's aliases; a tag's own name is none.
pub async fn remove_alias(cx: &Cx, db: &Db, tag: TagId, alias: &str) -> Result<Tag, Error> {
    cx.require(Right::ManageTags)?;
    let mut tx = db.begin(cx).await?;
    let found = store::hold(tx.conn(), cx.workspace, &[tag]).await?.pop();
    let mut row = found.ok_or(Error::NotFound)?;
    let alias = TagName::parse(alias).map_err(|_| Error::AliasNotFound)?;
    if !name_store::delete_alias(tx.conn(), cx.workspace, &alias, tag).await? {
        return Err(Error::AliasNotFound);
    }
    row.version += 1;
    store::save(tx.conn(), row.clone()).await?;
    tx.note(NewEntry::of(Subject::Tag(row.id), Deed::AliasRemoved { name: alias.as_str().to_owned() }));
    tx.record(NewChange::in_workspace(Kind::Tag, Action::Updated, row.id).version(row.version));
    tx.commit().await?;
    Ok(row.into())
}
