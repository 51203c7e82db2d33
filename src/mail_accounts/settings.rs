//! What an owner decides about a mailbox: which folders are read, and how far back.

use std::collections::HashSet;

use entity::mail_account::{self, State};
use entity::mail_account_event::Kind;
use entity::mail_folder::Role;
use entity::{MailAccountId, MailFolderId, mail_folder};
use sea_orm::ActiveValue::Set;

use super::commands::{let_go, own, save};
use super::{Error, MailAccount, Signals, events, store};
use crate::access::Cx;
use crate::db::Db;

/// Most days of history that can be asked for by their number: 100 years.
const MOST_DAYS: i32 = 36_500;

/// What is to be different; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The folders that are read. The inbox always is.
    pub folders: Option<Vec<MailFolderId>>,
    /// How many days back mail is read; none inside for everything.
    pub history_days: Option<Option<i32>>,
}

/// Chooses which folders are read, and how far back. What is stored stays: a folder that is left out is not read any more, and a
/// shorter history takes nothing away. What is wanted now and was not before is read.
///
/// # Errors
/// `HistoryDays` for a number of days outside 1 to 36 500, `FolderNotFound` for a folder that is not of this mailbox.
pub async fn update(
    cx: &Cx,
    db: &Db,
    signals: &Signals,
    id: MailAccountId,
    wanted: Settings,
) -> Result<MailAccount, Error> {
    if let Some(Some(days)) = wanted.history_days
        && !(1..=MOST_DAYS).contains(&days)
    {
        return Err(Error::HistoryDays);
    }
    let (tx, row) = own(cx, db, id).await?;
    let mut folders = store::folders(tx.conn(), cx.workspace, &[id]).await?;
    let mut told = Vec::new();
    let mut touched = HashSet::new();
    if let Some(chosen) = &wanted.folders {
        touched.extend(choose(&mut folders, chosen)?);
        let read = folders.iter().filter(|folder| folder.synced).count();
        told.push(format!("{read} of {} folders are read", folders.len()));
    }
    let days = wanted.history_days.unwrap_or(row.history_days);
    if days != row.history_days {
        touched.extend(reach(&mut folders, row.history_days, days));
        told.push(match days {
            Some(days) => format!("mail of the last {days} days is read"),
            None => "mail of all time is read".to_owned(),
        });
    }
    let chosen = row.folders_chosen || wanted.folders.is_some();
    if touched.is_empty() && days == row.history_days && chosen == row.folders_chosen {
        return Ok(row.into());
    }
    for folder in folders.iter_mut().filter(|folder| touched.contains(&folder.id)) {
        folder.coverage_due = true;
        store::save_folder(tx.conn(), folder).await?;
    }
    events::note(&tx, id, Kind::SettingsUpdated, format!("Its owner decided that {}.", told.join(" and "))).await?;
    let change = mail_account::ActiveModel {
        history_days: Set(days),
        folders_chosen: Set(chosen),
        // It is live again when what is wanted now is here.
        state: Set(if row.state == State::Live { State::Backfilling } else { row.state }),
        ..let_go(&row)
    };
    save(tx, signals, change).await
}

/// Marks the folders that are read; those for which it is different now.
fn choose(folders: &mut [mail_folder::Model], chosen: &[MailFolderId]) -> Result<Vec<MailFolderId>, Error> {
    let known: HashSet<MailFolderId> = folders.iter().map(|folder| folder.id).collect();
    if let Some(place) = chosen.iter().position(|id| !known.contains(id)) {
        return Err(Error::FolderNotFound(place));
    }
    let chosen: HashSet<&MailFolderId> = chosen.iter().collect();
    let mut touched = Vec::new();
    for folder in folders {
        let synced = folder.role == Some(Role::Inbox) || chosen.contains(&folder.id);
        if folder.synced != synced {
            folder.synced = synced;
            touched.push(folder.id);
        }
    }
    Ok(touched)
}

/// Sets how far back the folders are read: where more is wanted than before and some was left out, the history is gone over again.
/// The folders whose mail is to be counted anew.
fn reach(folders: &mut [mail_folder::Model], before: Option<i32>, now: Option<i32>) -> Vec<MailFolderId> {
    let wider = before.is_some_and(|before| now.is_none_or(|now| now > before));
    let mut touched = Vec::new();
    for folder in folders.iter_mut().filter(|folder| folder.uid_validity.is_some()) {
        let unknown = folder.coverage_generation != Some(folder.generation) || folder.coverage_due;
        if wider && (unknown || folder.coverage_excluded > 0) {
            // What is stored of it is passed over.
            folder.low_uid = folder.arrival_uid.min(folder.high_uid) + 1;
            folder.backfill_done = folder.low_uid <= 1;
        }
        touched.push(folder.id);
    }
    touched
}
