//! Making and deleting tags.

use std::collections::HashMap;

use entity::{TagGroupId, TagId, tag};

use super::store::{self, Keep};
use super::{Error, Tag, TagName, group_store, groups, name_store};
use crate::access::{Cx, Right};
use crate::changes::{Action, Kind, NewChange};
use crate::db::{Db, Tx};
use crate::text;

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

/// Makes a tag ahead. A name or alias that exists already gives that tag, unchanged.
pub async fn create(cx: &Cx, db: &Db, new: NewTag) -> Result<Tag, Error> {
    cx.require(Right::ManageTags)?;
    let color = new.color.as_deref().map(groups::color).transpose()?;
    let mut tx = db.begin(cx).await?;
    if let Some(group) = new.group {
        groups::require_edition(&tx).await?;
        if !group_store::hold(tx.conn(), cx.workspace, group).await? {
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
    let found = store::by_ids(tx.conn(), cx.workspace, &[id], Keep::Alone).await?.pop();
    let row = found.ok_or(Error::NotFound)?;
    store::delete_names(tx.conn(), cx.workspace, id).await?;
    store::mark_deleted(tx.conn(), cx.workspace, &[id], cx.now()).await?;
    tx.record(NewChange::in_workspace(Kind::Tag, Action::Removed, id).version(row.version + 1));
    Ok(tx.commit().await?)
}

/// The tags with these names or aliases, in their order, made where they are not there yet. The same tag twice is one. They are held.
pub async fn find_or_create(tx: &mut Tx, names: &[TagName]) -> Result<Vec<Tag>, Error> {
    let keys: Vec<&str> = names.iter().map(TagName::key).collect();
    let found = name_store::by_keys(tx.conn(), tx.workspace(), &keys, Keep::There).await?;
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

/// Those of the names that are tags or aliases of tags, each tag once. They are held.
pub async fn by_name(tx: &Tx, names: &[TagName]) -> Result<Vec<Tag>, Error> {
    let keys: Vec<&str> = names.iter().map(TagName::key).collect();
    let mut found = name_store::by_keys(tx.conn(), tx.workspace(), &keys, Keep::There).await?;
    if !keys.iter().all(|key| found.contains_key(*key)) {
        // A merge that was waited for may have moved a name to another tag.
        found = name_store::by_keys(tx.conn(), tx.workspace(), &keys, Keep::There).await?;
    }
    let mut tags: Vec<Tag> = found.into_values().map(Tag::from).collect();
    tags.sort_unstable_by_key(|tag| tag.id);
    tags.dedup_by_key(|tag| tag.id);
    Ok(tags)
}

/// Those of the ids whose tags are there. They are held.
pub async fn present(tx: &Tx, ids: &[TagId]) -> Result<Vec<Tag>, Error> {
    let rows = store::by_ids(tx.conn(), tx.workspace(), ids, Keep::There).await?;
    Ok(rows.into_iter().map(Tag::from).collect())
}

async fn make(tx: &mut Tx, name: &TagName, look: (Option<&str>, Option<TagGroupId>)) -> Result<Tag, Error> {
    let id: TagId = tx.cx().new_id();
    if !name_store::take(tx.conn(), tx.workspace(), name, id).await? {
        let found = name_store::by_keys(tx.conn(), tx.workspace(), &[name.key()], Keep::There).await?;
        return found.into_values().next().map(Tag::from).ok_or(Error::Overtaken);
    }
    let row = tag::Model {
        workspace: tx.workspace(),
        id,
        name: name.as_str().to_owned(),
        name_sort: text::plain(name.as_str()),
        color: look.0.map(str::to_owned),
        group_id: look.1,
        contact_count: 0,
        version: 1,
        created_at: tx.cx().now(),
        deleted_at: None,
    };
    store::insert(tx.conn(), row.clone()).await?;
    name_store::add_words(tx.conn(), tx.workspace(), name, id).await?;
    tx.record(NewChange::in_workspace(Kind::Tag, Action::Created, id).version(1));
    Ok(row.into())
}
