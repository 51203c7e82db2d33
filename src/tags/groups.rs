//! Tag groups.

use std::collections::HashMap;

use entity::{TagGroupId, tag_group};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

use super::{Error, LONGEST_NAME, TagGroup, store};
use crate::access::{Cx, Right};
use crate::changes::{Action, Kind, NewChange};
use crate::db::{Db, Fault, Tx, Unique};
use crate::text;
use crate::users::{self, Plan};

const NAME: Unique = Unique { index: "tag_group_name", columns: "tag_group.workspace, tag_group.name_key" };

/// A new group.
#[derive(Debug)]
pub struct NewTagGroup {
    /// Its name.
    pub name: String,
    /// `#RRGGBB`.
    pub color: String,
    /// Its place, from 0; else behind the last.
    pub position: Option<i32>,
}

/// Makes a group of tags.
///
/// # Errors
/// `LicenseRequired` in a workspace of edition FREE; `GroupNameTaken`; and for a name, color or position that cannot be used.
pub async fn create_group(cx: &Cx, db: &Db, new: NewTagGroup) -> Result<TagGroup, Error> {
    cx.require(Right::ManageTags)?;
    let name = new.name.trim();
    let key = text::key(name);
    if key.is_empty() || name.chars().count() > LONGEST_NAME || !text::is_one_line(name) {
        return Err(Error::GroupName);
    }
    let color = color(&new.color)?;
    if new.position.is_some_and(|position| position < 0) {
        return Err(Error::Position);
    }
    let mut tx = db.begin(cx).await?;
    require_edition(&tx).await?;
    let position = match new.position {
        Some(position) => position,
        None => store::next_group_position(tx.conn(), cx.workspace).await?,
    };
    let row = tag_group::Model {
        workspace: cx.workspace,
        id: cx.new_id(),
        name: name.to_owned(),
        name_key: key.clone(),
        color,
        position,
    };
    let inserted = tag_group::ActiveModel {
        workspace: Set(row.workspace),
        id: Set(row.id),
        name: Set(row.name.clone()),
        name_key: Set(row.name_key.clone()),
        color: Set(row.color.clone()),
        position: Set(row.position),
    };
    if let Err(error) = tag_group::Entity::insert(inserted).exec_without_returning(tx.conn()).await {
        let fault = Fault::from(error);
        if !fault.breaks(NAME) {
            return Err(fault.into());
        }
        tx.rollback().await?;
        let other = store::group_by_key(db.reader(), cx.workspace, &key).await?.ok_or(Error::Overtaken)?;
        return Err(Error::GroupNameTaken(other.id));
    }
    tx.record(NewChange::in_workspace(Kind::TagGroup, Action::Created, row.id));
    tx.commit().await?;
    Ok(row.into())
}

/// All groups in their order.
pub async fn groups(cx: &Cx, db: &Db) -> Result<Vec<TagGroup>, Fault> {
    Ok(store::groups(db.reader(), cx.workspace).await?.into_iter().map(TagGroup::from).collect())
}

/// Groups by id.
pub async fn groups_by_ids(cx: &Cx, db: &Db, ids: &[TagGroupId]) -> Result<Vec<TagGroup>, Fault> {
    Ok(store::groups_by_ids(db.reader(), cx.workspace, ids).await?.into_iter().map(TagGroup::from).collect())
}

/// Groups by folded name.
pub async fn groups_by_names(cx: &Cx, db: &Db, keys: &[&str]) -> Result<HashMap<String, TagGroupId>, Fault> {
    let rows = store::groups_by_keys(db.reader(), cx.workspace, keys).await?;
    Ok(rows.into_iter().map(|row| (row.name_key, row.id)).collect())
}

/// Refuses to write groups in a workspace whose edition has none.
pub(super) async fn require_edition(tx: &Tx) -> Result<(), Error> {
    if users::edition(tx).await? >= Plan::Pro { Ok(()) } else { Err(Error::LicenseRequired) }
}

/// `#RRGGBB` in capitals.
pub(super) fn color(text: &str) -> Result<String, Error> {
    let digits = text.strip_prefix('#').ok_or(Error::Color)?;
    let sound = digits.len() == 6 && digits.chars().all(|c| c.is_ascii_hexdigit());
    if sound { Ok(text.to_ascii_uppercase()) } else { Err(Error::Color) }
}
