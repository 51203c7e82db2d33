//! The folders of a mailbox as its server lists them, and the cursors in them.

use std::collections::HashMap;

use entity::mail_folder::{self, Role};
use entity::{MailAccountId, MailFolderId, Timestamp};
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;

use super::{Error, EventKind, Folder, Lease, events, scope, store};
use crate::access::Cx;
use crate::changes::{Action, Kind, NewChange};
use crate::db::{Db, Tx};

/// A folder that the server lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFolder {
    /// The name as commands to the server take it.
    pub name_raw: String,
    /// The name for people.
    pub name: String,
    /// What it is for, if that is known.
    pub role: Option<Role>,
    /// Whether its mail is to be read.
    pub synced: bool,
}

/// A folder as it was opened for the first time in a life of its UIDs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstSight {
    /// What names this life.
    pub uid_validity: u32,
    /// The UID that the next message will have at least.
    pub uid_next: u32,
    /// Its highest modification sequence, if it keeps them.
    pub mod_seq: Option<u64>,
}

/// A folder that was opened before its mailbox was connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenFolder {
    /// As it was listed.
    pub folder: FoundFolder,
    /// As it was opened.
    pub first: FirstSight,
}

/// How a cursor moves; what stays is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CursorMove {
    /// Everything up to this UID is accounted for.
    pub high: Option<u32>,
    /// Everything down to this UID is accounted for.
    pub low: Option<u32>,
    /// The history has been read to its beginning.
    pub done: bool,
}

/// Takes over a listing. A folder that is missing from it is marked, not removed: servers have been seen to leave one out once.
pub async fn update_folders(cx: &Cx, db: &Db, lease: &Lease, found: Vec<FoundFolder>) -> Result<Vec<Folder>, Error> {
    let mut tx = db.begin(cx).await?;
    let account = lease.hold(&tx).await?;
    let known = store::folders(tx.conn(), cx.workspace, &[lease.account]).await?;
    let mut known: HashMap<String, mail_folder::Model> =
        known.into_iter().map(|row| (row.name_raw.clone(), row)).collect();
    let mut changed = false;
    let mut fresh = Vec::new();
    let mut folders = Vec::with_capacity(found.len());
    for folder in found {
        let Some(mut row) = known.remove(&folder.name_raw) else {
            let mut row = new_folder(cx, lease.account, folder);
            // Who chose folders chose none of those that come later.
            row.synced &= !account.folders_chosen || row.role == Some(Role::Inbox);
            fresh.push(row.name.clone());
            mail_folder::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx.conn()).await?;
            folders.push(row);
            changed = true;
            continue;
        };
        if row.name != folder.name || row.role != folder.role || row.gone_since.is_some() {
            row.name = folder.name;
            row.role = folder.role;
            row.gone_since = None;
            store::save_folder(tx.conn(), &row).await?;
            changed = true;
        }
        folders.push(row);
    }
    for mut row in known.into_values() {
        if row.gone_since.is_none() {
            row.gone_since = Some(cx.now());
            store::save_folder(tx.conn(), &row).await?;
        }
        folders.push(row);
    }
    if !fresh.is_empty() {
        let read = if account.folders_chosen { "; it is read when it is chosen" } else { "" };
        let message = format!("Found on the server: {}{read}.", names(&fresh));
        events::note(&tx, lease.account, EventKind::FolderFound, message).await?;
    }
    if changed {
        let change =
            NewChange::in_scope(scope(lease.account, lease.owner), Kind::MailAccount, Action::Updated, lease.account);
        tx.record(change.version(account.version));
    }
    tx.commit().await?;
    Ok(folders.into_iter().map(Folder::from).collect())
}

/// Some folders, in words.
fn names(names: &[String]) -> String {
    let shown = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(5);
    if more == 0 { shown } else { format!("{shown} and {more} more folders") }
}

/// Adds the folder that was opened when a mailbox was tried, in the transaction that connects it: what comes behind is new, however
/// soon.
pub(super) async fn add_seen(tx: &Tx, account: MailAccountId, seen: SeenFolder) -> Result<(), Error> {
    let mut row = new_folder(tx.cx(), account, seen.folder);
    begin_generation(&mut row, seen.first);
    mail_folder::Entity::insert(row.into_active_model()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

fn new_folder(cx: &Cx, account: MailAccountId, folder: FoundFolder) -> mail_folder::Model {
    mail_folder::Model {
        workspace: cx.workspace,
        id: cx.new_id(),
        account,
        name_raw: folder.name_raw,
        name: folder.name,
        role: folder.role,
        synced: folder.synced,
        generation: 0,
        uid_validity: None,
        high_uid: 0,
        low_uid: 1,
        arrival_uid: 0,
        backfill_done: false,
        mod_seq: None,
        exists_seen: 0,
        flags_swept_at: None,
        uid_validity_changes: 0,
        uid_validity_changed_at: None,
        rebuilding: false,
        gone_since: None,
        coverage_generation: None,
        coverage_on_server: 0,
        coverage_stored: 0,
        coverage_skipped: 0,
        coverage_pending: 0,
        coverage_excluded: 0,
        coverage_checked_at: None,
        coverage_due: true,
    }
}

/// Begins a life of a folder's UIDs: the first, or another after UIDVALIDITY has changed. Nothing is accounted for yet; what came
/// before `uid_next` is history, and flags are as of `mod_seq` or later. Locations of the life before stay until the new pass is
/// complete.
pub async fn open_generation(
    cx: &Cx,
    db: &Db,
    lease: &Lease,
    folder: MailFolderId,
    first: FirstSight,
) -> Result<Folder, Error> {
    let tx = db.begin(cx).await?;
    lease.hold(&tx).await?;
    let mut row = store::folder(tx.conn(), cx.workspace, folder).await?.ok_or(Error::NotFound)?;
    if row.uid_validity.is_some() {
        row.rebuilding = true;
        let recent = row.uid_validity_changed_at.is_some_and(|at| at > cx.now().minus(DAY));
        row.uid_validity_changes = if recent { row.uid_validity_changes.saturating_add(1) } else { 1 };
        row.uid_validity_changed_at = Some(cx.now());
        let message = format!("The mail server gave the mail in {} new numbers; it is compared anew.", row.name);
        events::note(&tx, lease.account, EventKind::UidsRenewed, message).await?;
    }
    begin_generation(&mut row, first);
    store::save_folder(tx.conn(), &row).await?;
    tx.commit().await?;
    Ok(row.into())
}

fn begin_generation(row: &mut mail_folder::Model, first: FirstSight) {
    let FirstSight { uid_validity, uid_next, mod_seq } = first;
    row.generation += 1;
    row.uid_validity = Some(i64::from(uid_validity));
    row.high_uid = i64::from(uid_next.saturating_sub(1));
    row.low_uid = row.high_uid + 1;
    row.arrival_uid = row.high_uid;
    row.backfill_done = row.low_uid <= 1;
    row.mod_seq = mod_seq.and_then(|mod_seq| i64::try_from(mod_seq).ok());
}

const DAY: std::time::Duration = std::time::Duration::from_hours(24);

/// Moves the cursor of a folder, in the transaction that stores what it moves over. A cursor of another life of its UIDs stays.
pub async fn move_cursor(tx: &Tx, folder: MailFolderId, generation: i64, moved: CursorMove) -> Result<(), Error> {
    let mut update = mail_folder::Entity::update_many();
    if let Some(high) = moved.high {
        update = update.col_expr(mail_folder::Column::HighUid, Expr::value(i64::from(high)));
    }
    if let Some(low) = moved.low {
        update = update.col_expr(mail_folder::Column::LowUid, Expr::value(i64::from(low)));
    }
    if moved.done {
        update = update.col_expr(mail_folder::Column::BackfillDone, Expr::value(true));
    }
    if moved == CursorMove::default() {
        return Ok(());
    }
    let moved = update
        .filter(mail_folder::Column::Workspace.eq(tx.workspace()))
        .filter(mail_folder::Column::Id.eq(folder))
        .filter(mail_folder::Column::Generation.eq(generation))
        .exec(tx.conn())
        .await?;
    if moved.rows_affected == 1 { Ok(()) } else { Err(Error::Fenced) }
}

/// Notes in the same transaction that all changes of flags up to a modification sequence, or as of an instant, are stored.
pub async fn note_flags(
    tx: &Tx,
    folder: MailFolderId,
    generation: i64,
    mod_seq: Option<u64>,
    swept_at: Option<Timestamp>,
) -> Result<(), Error> {
    let mut update = mail_folder::Entity::update_many();
    if let Some(mod_seq) = mod_seq {
        let mod_seq = i64::try_from(mod_seq).unwrap_or(i64::MAX);
        update = update.col_expr(mail_folder::Column::ModSeq, Expr::value(mod_seq));
    }
    if let Some(at) = swept_at {
        update = update.col_expr(mail_folder::Column::FlagsSweptAt, Expr::value(at));
    }
    if mod_seq.is_some() || swept_at.is_some() {
        update
            .filter(mail_folder::Column::Workspace.eq(tx.workspace()))
            .filter(mail_folder::Column::Id.eq(folder))
            .filter(mail_folder::Column::Generation.eq(generation))
            .exec(tx.conn())
            .await?;
    }
    Ok(())
}

/// Notes how many messages the server told of.
pub async fn note_exists(cx: &Cx, db: &Db, lease: &Lease, folder: MailFolderId, exists: u32) -> Result<(), Error> {
    let tx = db.begin(cx).await?;
    lease.hold(&tx).await?;
    mail_folder::Entity::update_many()
        .col_expr(mail_folder::Column::ExistsSeen, Expr::value(i64::from(exists)))
        .filter(mail_folder::Column::Workspace.eq(cx.workspace))
        .filter(mail_folder::Column::Id.eq(folder))
        .exec(tx.conn())
        .await?;
    Ok(tx.commit().await?)
}

/// Ends a pass after a change of UIDVALIDITY, in the transaction that removes the locations of older generations.
pub async fn end_rebuilding(tx: &Tx, folder: MailFolderId, generation: i64) -> Result<(), Error> {
    mail_folder::Entity::update_many()
        .col_expr(mail_folder::Column::Rebuilding, Expr::value(false))
        .filter(mail_folder::Column::Workspace.eq(tx.workspace()))
        .filter(mail_folder::Column::Id.eq(folder))
        .filter(mail_folder::Column::Generation.eq(generation))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Removes the row of a folder that is gone and has no locations left.
pub async fn forget_folder(tx: &mut Tx, lease: &Lease, folder: MailFolderId) -> Result<(), Error> {
    if let Some(row) = store::folder(tx.conn(), tx.workspace(), folder).await? {
        let message = format!("The folder {} is no longer on the server.", row.name);
        events::note(tx, lease.account, EventKind::FolderGone, message).await?;
    }
    mail_folder::Entity::delete_by_id((tx.workspace(), folder)).exec(tx.conn()).await?;
    let account = scope(lease.account, lease.owner);
    tx.record(NewChange::in_scope(account, Kind::MailAccount, Action::Updated, lease.account));
    Ok(())
}
