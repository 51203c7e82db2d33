//! What a folder has on its server, beside what is stored of it: the figures of the last check.

use entity::mail_account_event::Kind as EventKind;
use entity::{MailFolderId, Timestamp, mail_folder};

use super::{Error, Lease, events, scope, store};
use crate::access::Cx;
use crate::changes::{Action, Kind, NewChange};
use crate::db::Db;

/// The messages of a folder, counted on its server and compared one by one with what is stored.
/// `on_server` = `stored` + `skipped` + `pending`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// On the server, without `excluded`.
    pub on_server: u32,
    /// Stored here.
    pub stored: u32,
    /// Could not be stored; they are tried again.
    pub skipped: u32,
    /// Neither: still to be read.
    pub pending: u32,
    /// Older than the owner wants them to be read.
    pub excluded: u32,
}

impl Coverage {
    /// Of a folder's row; none when the life of its UIDs was not checked yet.
    pub(super) fn of(row: &mail_folder::Model) -> Option<(Self, Timestamp)> {
        let count = |count: i64| u32::try_from(count.max(0)).unwrap_or(u32::MAX);
        let checked_at = row.coverage_checked_at.filter(|_| row.coverage_generation == Some(row.generation))?;
        let coverage = Self {
            on_server: count(row.coverage_on_server),
            stored: count(row.coverage_stored),
            skipped: count(row.coverage_skipped),
            pending: count(row.coverage_pending),
            excluded: count(row.coverage_excluded),
        };
        Some((coverage, checked_at))
    }
}

/// Keeps the figures of a check. Those of before are told once; what was skipped or is complete now is an event of the account.
pub async fn report_coverage(
    cx: &Cx,
    db: &Db,
    lease: &Lease,
    (folder, generation): (MailFolderId, i64),
    found: Coverage,
) -> Result<(), Error> {
    let mut tx = db.begin(cx).await?;
    let account = lease.hold(&tx).await?;
    let Some(mut row) = store::folder(tx.conn(), cx.workspace, folder).await? else { return Ok(()) };
    if row.generation != generation {
        // Of a life that has ended: the next check counts.
        return Ok(());
    }
    let before = Coverage::of(&row).map(|(coverage, _)| coverage);
    row.coverage_generation = Some(generation);
    row.coverage_on_server = i64::from(found.on_server);
    row.coverage_stored = i64::from(found.stored);
    row.coverage_skipped = i64::from(found.skipped);
    row.coverage_pending = i64::from(found.pending);
    row.coverage_excluded = i64::from(found.excluded);
    row.coverage_checked_at = Some(cx.now());
    row.coverage_due = false;
    store::save_coverage(tx.conn(), &row).await?;
    if let Some((kind, message)) = event(&row.name, before, found) {
        events::note(&tx, lease.account, kind, message).await?;
    }
    if before != Some(found) {
        let change =
            NewChange::in_scope(scope(lease.account, lease.owner), Kind::MailAccount, Action::Updated, lease.account);
        tx.record(change.version(account.version));
    }
    Ok(tx.commit().await?)
}

fn event(folder: &str, before: Option<Coverage>, found: Coverage) -> Option<(EventKind, String)> {
    let skipped_before = before.map_or(0, |before| before.skipped);
    let skipped = events::mails(found.skipped);
    if before.is_none() && found.skipped > 0 {
        let message =
            format!("The history of {folder} is here, but for {skipped} that could not be read; it is tried again.");
        Some((EventKind::MailSkipped, message))
    } else if before.is_none() {
        (found.on_server > 0).then(|| {
            let message = format!("The history of {folder} is complete: {}.", events::mails(found.stored));
            (EventKind::HistoryCompleted, message)
        })
    } else if found.skipped > skipped_before {
        let message = format!("In {folder}, {skipped} could not be read; it is tried again.");
        Some((EventKind::MailSkipped, message))
    } else if found.skipped < skipped_before {
        let message = match found.skipped {
            0 => format!("Nothing is skipped in {folder} any more."),
            _ => format!("In {folder}, {skipped} is left that could not be read."),
        };
        Some((EventKind::MailRecovered, message))
    } else {
        None
    }
}
