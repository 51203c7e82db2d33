//! Making and deleting tags.

use std::collections::HashMap;

use entity::{TagGroupId, TagId};

use super::{Error, Tag, TagName, groups, store};
use crate::access::{Cx, Right};
use crate::changes::{Action, Kind, NewChange};
use crate::db::{Db, Tx};

/// A tag made ahead, without any contact.
#[derive(Debug)]
pub struct NewTag {
    /// Its name.
    pub name: TagName,
    /// Its own color, `#RRGGBB`.
    pub color: Option<String>,
    /// Its group.
    pub group: Option<TagGroupId>,
}

/// Makes a tag ahead. A name that exists already gives that tag, unchanged.
pub async fn create(cx: &Cx, db: &Db, new: NewTag) -> Result<Tag, Error> {
    cx.require(Right::ManageTags)?;
    let color = new.color.as_deref().map(groups::color).transpose()?;
    let mut tx = db.begin(cx).await?;
    if let Some(group) = new.group {
        groups::require_edition(&tx).await?;
        if store::groups_by_ids(tx.conn(), cx.workspace, &[group]).await?.is_empty() {
            return Err(Error::GroupNotFound);
        }
    }
    let tag = make(&mut tx, &new.name, (color.as_deref(), new.group)).await?;
    tx.commit().await?;
    Ok(tag)
}

/// Removes a tag from every contact, at once and as one change, however many carry it.
pub async fn delete(cx: &Cx, db: &Db, id: TagId) -> Result<(), Error> {
    cx.require(Right::ManageTags)?;
    let mut tx = db.begin(cx).await?;
    if !store::mark_deleted(tx.conn(), cx.workspace, id, cx.now()).await? {
        return Err(Error::NotFound);
    }
    tx.record(NewChange::in_workspace(Kind::Tag, Action::Removed, id));
    Ok(tx.commit().await?)
}

/// The tags with these names, in their order, made where they are not there yet. The same name twice gives one tag.
pub async fn find_or_create(tx: &mut Tx, names: &[TagName]) -> Result<Vec<Tag>, Error> {
    let keys: Vec<&str> = names.iter().map(TagName::key).collect();
    let found = store::by_keys(tx.conn(), tx.workspace(), &keys).await?;
    let mut by_key: HashMap<String, Tag> = found.into_iter().map(|(key, row)| (key, Tag::from(row))).collect();
    // Made in one order by everyone: two transactions that make the same two names do not wait for each other in a circle.
    let mut missing: Vec<&TagName> = names.iter().filter(|name| !by_key.contains_key(name.key())).collect();
    missing.sort_unstable_by_key(|name| name.key());
    missing.dedup_by_key(|name| name.key());
    for name in missing {
        by_key.insert(name.key().to_owned(), make(tx, name, (None, None)).await?);
    }
    let mut tags: Vec<Tag> = Vec::with_capacity(names.len());
    for tag in names.iter().filter_map(|name| by_key.get(name.key())) {
        if !tags.iter().any(|known| known.id == tag.id) {
            tags.push(tag.clone());
        }
    }
    Ok(tags)
}

/// Those of the names that are tags.
pub async fn by_name(tx: &Tx, names: &[TagName]) -> Result<Vec<Tag>, Error> {
    let keys: Vec<&str> = names.iter().map(TagName::key).collect();
    let found = store::by_keys(tx.conn(), tx.workspace(), &keys).await?;
    Ok(found.into_values().map(Tag::from).collect())
}

/// Those of the ids whose tags are there.
pub async fn present(tx: &Tx, ids: &[TagId]) -> Result<Vec<Tag>, Error> {
    Ok(store::by_ids(tx.conn(), tx.workspace(), ids).await?.into_iter().map(Tag::from).collect())
}

async fn make(tx: &mut Tx, name: &TagName, look: (Option<&str>, Option<TagGroupId>)) -> Result<Tag, Error> {
    let id: TagId = tx.cx().new_id();
    let made = store::insert(tx.conn(), tx.workspace(), id, name, look, tx.cx().now()).await?;
    if made {
        tx.record(NewChange::in_workspace(Kind::Tag, Action::Created, id).version(1));
    }
    let tag = store::by_keys(tx.conn(), tx.workspace(), &[name.key()]).await?.remove(name.key());
    tag.map(Tag::from).ok_or(Error::Overtaken)
}
