//! Mail that could not be read or stored: remembered and tried again, so that nothing is missing silently.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use entity::{MailFolderId, Timestamp, mail_hole};
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, QueryOrder, QuerySelect};

use super::{Error, rows};
use crate::access::Cx;
use crate::db::{Db, Tx};

/// Waits between the first attempts.
const WAITS: [Duration; 3] = [Duration::from_mins(1), Duration::from_mins(10), Duration::from_hours(1)];

/// Wait between later ones.
const LAST_WAIT: Duration = Duration::from_hours(24);

/// Characters of a reason.
const REASON: usize = 500;

/// A message that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHole {
    /// UID in the folder.
    pub uid: u32,
    /// Why, in plain words.
    pub reason: String,
    /// Whether it is announced once it can be read.
    pub arrived: bool,
}

/// A message to be tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// The folder.
    pub folder: MailFolderId,
    /// The life of its UIDs.
    pub generation: i64,
    /// UID in the folder.
    pub uid: u32,
    /// Why it could not be read.
    pub reason: String,
    /// When it is tried again.
    pub next_at: Timestamp,
}

/// The holes of folders that are due.
pub async fn due_holes(cx: &Cx, db: &Db, folders: &[(MailFolderId, i64)], limit: u64) -> Result<Vec<Hole>, Error> {
    let due = mail_hole::Column::NextAt.lte(cx.now());
    find(cx, db, folders, due, limit).await
}

/// All holes of folders.
pub async fn holes_of(cx: &Cx, db: &Db, folders: &[(MailFolderId, i64)]) -> Result<Vec<Hole>, Error> {
    find(cx, db, folders, Expr::value(true), 100_000).await
}

/// The UIDs of holes in a range of a folder.
pub async fn hole_uids(
    cx: &Cx,
    db: &Db,
    (folder, generation): (MailFolderId, i64),
    uids: RangeInclusive<u32>,
) -> Result<Vec<u32>, Error> {
    let uids: Vec<i64> = mail_hole::Entity::find()
        .select_only()
        .column(mail_hole::Column::Uid)
        .filter(mail_hole::Column::Workspace.eq(cx.workspace))
        .filter(mail_hole::Column::Folder.eq(folder))
        .filter(mail_hole::Column::Generation.eq(generation))
        .filter(mail_hole::Column::Uid.between(i64::from(*uids.start()), i64::from(*uids.end())))
        .into_tuple()
        .all(db.reader())
        .await?;
    Ok(uids.into_iter().filter_map(|uid| u32::try_from(uid).ok()).collect())
}

async fn find(
    cx: &Cx,
    db: &Db,
    folders: &[(MailFolderId, i64)],
    which: sea_orm::sea_query::SimpleExpr,
    limit: u64,
) -> Result<Vec<Hole>, Error> {
    let found = mail_hole::Entity::find()
        .filter(mail_hole::Column::Workspace.eq(cx.workspace))
        .filter(mail_hole::Column::Folder.is_in(folders.iter().map(|(folder, _)| *folder)))
        .filter(which)
        .order_by_asc(mail_hole::Column::NextAt)
        .limit(limit)
        .all(db.reader())
        .await?;
    let found = found.into_iter().filter(|row| folders.contains(&(row.folder, row.generation)));
    Ok(found
        .map(|row| Hole {
            folder: row.folder,
            generation: row.generation,
            uid: u32::try_from(row.uid).unwrap_or_default(),
            reason: row.reason,
            next_at: row.next_at,
        })
        .collect())
}

/// Notes failures, and forgets holes that are `filled`.
pub(super) async fn record(
    tx: &Tx,
    folder: MailFolderId,
    generation: i64,
    new: &[NewHole],
    filled: &HashSet<u32>,
) -> Result<(), Error> {
    let uids = || new.iter().map(|hole| hole.uid).chain(filled.iter().copied());
    let (Some(first), Some(last)) = (uids().min(), uids().max()) else { return Ok(()) };
    let there = mail_hole::Entity::find()
        .filter(mail_hole::Column::Workspace.eq(tx.workspace()))
        .filter(mail_hole::Column::Folder.eq(folder))
        .filter(mail_hole::Column::Generation.eq(generation))
        .filter(mail_hole::Column::Uid.between(i64::from(first), i64::from(last)))
        .all(tx.conn())
        .await?;
    for row in &there {
        if filled.contains(&u32::try_from(row.uid).unwrap_or_default()) {
            mail_hole::Entity::delete(row.clone().into_active_model()).exec(tx.conn()).await?;
        }
    }
    let mut fresh = Vec::new();
    for hole in new.iter().filter(|hole| !filled.contains(&hole.uid)) {
        let earlier = there.iter().find(|row| row.uid == i64::from(hole.uid));
        let tries = earlier.map_or(1, |row| row.tries.saturating_add(1));
        let wait = usize::try_from(tries - 1).ok().and_then(|index| WAITS.get(index)).unwrap_or(&LAST_WAIT);
        let row = mail_hole::Model {
            workspace: tx.workspace(),
            folder,
            generation,
            uid: i64::from(hole.uid),
            reason: hole.reason.replace('\0', "").chars().take(REASON).collect(),
            tries,
            next_at: tx.cx().now().plus(*wait),
            arrived: hole.arrived || earlier.is_some_and(|row| row.arrived),
            id: earlier.map_or_else(|| tx.cx().new_id(), |row| row.id),
            subject: earlier.and_then(|row| row.subject.clone()),
            sender: earlier.and_then(|row| row.sender.clone()),
            sent_at: earlier.and_then(|row| row.sent_at),
            headers_asked: earlier.is_some_and(|row| row.headers_asked),
        };
        if earlier.is_some() {
            mail_hole::Entity::update(row.into_active_model().reset_all()).exec(tx.conn()).await?;
        } else {
            fresh.push(row);
        }
    }
    rows::insert::<mail_hole::ActiveModel>(tx.conn(), fresh).await?;
    Ok(())
}
