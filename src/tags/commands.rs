//! Making and deleting tags.

use entity::{TagGroupId, TagId, tag};

use super::{Error, Tag, TagName, group_store, groups, name_store, store};
use crate::access::{Cx, Right};
use crate::changes::{Action, Kind, NewChange};
use crate::db::{Db, Tx};
use crate::history::{Deed, NewEntry, Subject};
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
    let id = make(&mut tx, &new.name, (color, new.group)).await?;
    let row = store::by_ids(tx.conn(), cx.workspace, &[id]).await?.pop().ok_or(Error::Overtaken)?;
    tx.commit().await?;
    Ok(row.into())
}

/// Removes a tag from every contact, at once and as one change, however many carry it.
pub async fn delete(cx: &Cx, db: &Db, id: TagId) -> Result<(), Error> {
    cx.require(Right::ManageTags)?;
    let mut tx = db.begin(cx).await?;
    let found = store::hold(tx.conn(), cx.workspace, &[id]).await?.pop();
    let row = found.ok_or(Error::NotFound)?;
    store::delete_names(tx.conn(), cx.workspace, id).await?;
    store::mark_deleted(tx.conn(), cx.workspace, &[id], cx.now()).await?;
    tx.note(NewEntry::of(Subject::Tag(id), Deed::Deleted { name: row.name }));
    tx.record(NewChange::in_workspace(Kind::Tag, Action::Removed, id).version(row.version + 1));
    Ok(tx.commit().await?)
}

/// Makes a tag, unless one has the name already, or an alias of it: whose the name is then. Waits for a transaction that is just making
/// it, so no tag may be held yet.
pub(super) async fn make(
    tx: &mut Tx,
    name: &TagName,
    look: (Option<String>, Option<TagGroupId>),
) -> Result<TagId, Error> {
    let id: TagId = tx.cx().new_id();
    if !name_store::take(tx.conn(), tx.workspace(), name, id).await? {
        return name_store::owner(tx.conn(), tx.workspace(), name).await?.ok_or(Error::Overtaken);
    }
    let row = tag::Model {
        workspace: tx.workspace(),
        id,
        name: name.as_str().to_owned(),
        name_sort: text::plain(name.as_str()),
        color: look.0,
        group_id: look.1,
        contact_count: 0,
        version: 1,
        created_at: tx.cx().now(),
        deleted_at: None,
    };
    store::insert(tx.conn(), row).await?;
    name_store::add_words(tx.conn(), tx.workspace(), name, id).await?;
    tx.note(NewEntry::of(Subject::Tag(id), Deed::Created { name: name.as_str().to_owned() }));
    tx.record(NewChange::in_workspace(Kind::Tag, Action::Created, id).version(1));
    Ok(id)
}
