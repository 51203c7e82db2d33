//! Connected mailboxes: whose they are, how to sign in there, how their sync fares, and their folders with the cursors.
//!
//! Owns the tables `mail_account`, `mail_folder` and `mail_account_event`. Does not talk to servers (`mail_sync`), does not hold mail (`messages`).
//! Start reading at `commands`, then `lease`.

mod allowance;
mod commands;
mod connect;
mod contact_creation;
mod coverage;
mod error;
mod events;
mod folders;
mod judging;
mod lease;
mod leaving;
mod problem;
mod queries;
mod removal;
mod report;
mod resealing;
mod settings;
mod signals;
mod store;

use entity::{MailAccountId, MailFolderId, Timestamp, UserId};

pub use allowance::{ReadBytes, next_day, note_read};
pub use commands::{disconnect, pause, resume, sync_now, update_credentials};
pub use connect::{NewMailAccount, Server, connect};
pub use contact_creation::set_contact_creation;
pub use coverage::{Coverage, report_coverage};
pub use entity::mail_account::{Authentication, ContactCreation, ProblemCode, Provider, Security, State};
pub use entity::mail_account_event::Kind as EventKind;
pub use entity::mail_folder::Role;
pub use error::Error;
pub use events::{AccountEvent, event, event_count, events, note_refusal};
pub use folders::{
    CursorMove, FirstSight, FoundFolder, SeenFolder, end_rebuilding, forget_folder, move_cursor, note_exists,
    note_flags, open_generation, update_folders,
};
pub use judging::{
    Mailbox, accounts_of, addresses_among, folder_role, hold, hold_all, mailbox, mailbox_by_id, mailboxes_of,
};
pub use lease::{Lease, claim, heartbeat, held, release};
pub use leaving::StopWithOwner;
pub use problem::Problem;
pub use queries::{
    accounts_at, by_ids, folders_by_ids, folders_of_accounts, list, own_folders, owner_of, visible_accounts,
    visible_folders,
};
pub use removal::{erase, folder_ids, removing};
pub use report::{Login, Report, login, note_success, report, report_progress};
pub use resealing::reseal;
pub use settings::{Settings, update};
pub use signals::Signals;

use crate::access::{Actor, Cx};
use crate::changes::Scope;

/// A connected mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailAccount {
    /// Its id.
    pub id: MailAccountId,
    /// Whose it is.
    pub owner: UserId,
    /// Its address, as typed.
    pub email: String,
    /// Whose servers they are.
    pub provider: Provider,
    /// How one signs in there.
    pub authentication: Authentication,
    /// What the sync does; none once it is disconnected.
    pub state: Option<State>,
    /// Why it is not live.
    pub problem: Option<Problem>,
    /// When all was last known to be well.
    pub last_success_at: Option<Timestamp>,
    /// When it is tried again.
    pub next_attempt_at: Option<Timestamp>,
    /// How far the history is read; none before that has begun.
    pub progress: Option<Progress>,
    /// How many days back mail is read; none for everything.
    pub history_days: Option<i32>,
    /// Of whom contacts are made by themselves.
    pub contact_creation: ContactCreation,
}

/// How far a mailbox is read, in messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Stored here.
    pub stored: u32,
    /// On the server.
    pub total: u32,
    /// Could not be stored yet.
    pub skipped: u32,
}

/// A folder of a mailbox, and how far it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its id.
    pub id: MailFolderId,
    /// The mailbox.
    pub account: MailAccountId,
    /// The name as commands to the server take it.
    pub name_raw: String,
    /// The name for people.
    pub name: String,
    /// What it is for, if that is known.
    pub role: Option<Role>,
    /// Whether its mail is read.
    pub synced: bool,
    /// Life of its UIDs: one more with each change of UIDVALIDITY.
    pub generation: i64,
    /// The server's UIDVALIDITY; none before it was first opened.
    pub uid_validity: Option<u32>,
    /// Highest UID that is accounted for.
    pub high_uid: u32,
    /// Lowest UID that is accounted for; one above `high_uid` when none is.
    pub low_uid: u32,
    /// Higher UIDs came after it was first opened.
    pub arrival_uid: u32,
    /// Whether everything below `low_uid` is accounted for too.
    pub backfill_done: bool,
    /// All changes of flags up to this modification sequence are stored.
    pub mod_seq: Option<u64>,
    /// Messages the server told of last.
    pub exists_seen: u32,
    /// When the flags of the whole folder were last compared one by one.
    pub flags_swept_at: Option<Timestamp>,
    /// Changes of UIDVALIDITY, each within a day of the one before.
    pub uid_validity_changes: u32,
    /// When the last of them was.
    pub uid_validity_changed_at: Option<Timestamp>,
    /// Whether locations of older generations wait for the end of a new pass.
    pub rebuilding: bool,
    /// Since when the server no longer lists it.
    pub gone_since: Option<Timestamp>,
    /// What the last check of it found, and when; none before the first in this life of its UIDs.
    pub coverage: Option<(Coverage, Timestamp)>,
    /// Whether it is to be checked before its mailbox is live.
    pub coverage_due: bool,
}

impl MailAccount {
    /// Whether the actor sees all of it; with whom an inbox is shared sees whose it is, its address and its folders.
    #[must_use]
    pub fn is_own(&self, cx: &Cx) -> bool {
        matches!(cx.actor, Actor::System) || cx.user() == Some(self.owner)
    }
}

impl Folder {
    /// Whether some of its history is still to be read.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.synced && self.gone_since.is_none() && (!self.backfill_done || self.rebuilding)
    }

    /// Whether all that its server has of it is known to be stored, or skipped with a reason; so, too, when it is not read at all.
    #[must_use]
    pub fn is_covered(&self) -> bool {
        let explained = || self.coverage.is_some_and(|(coverage, _)| coverage.pending == 0);
        !self.synced || self.gone_since.is_some() || !self.coverage_due && explained()
    }

    /// Until when no further life of its UIDs begins: its server has changed UIDVALIDITY so often that reading all anew each time
    /// would never end. None when it has not.
    #[must_use]
    pub fn rests_until(&self) -> Option<Timestamp> {
        let changed_at = self.uid_validity_changed_at.filter(|_| self.uid_validity_changes >= LIVES);
        changed_at.map(|at| at.plus(REST))
    }
}

/// Changes of UIDVALIDITY after which a folder rests, and for how long.
const LIVES: u32 = 5;
const REST: std::time::Duration = std::time::Duration::from_hours(1);

/// Who sees what concerns a mailbox, its mail included as long as that is not marked private.
#[must_use]
pub fn scope(account: MailAccountId, owner: UserId) -> Scope {
    Scope::Mailbox(account, owner)
}

impl From<entity::mail_account::Model> for MailAccount {
    fn from(row: entity::mail_account::Model) -> Self {
        let connected = row.disconnected_at.is_none();
        let count = |count: i64| u32::try_from(count.max(0)).unwrap_or(u32::MAX);
        let problem = match (row.problem_code, row.problem_message, row.problem_since) {
            (Some(code), Some(message), Some(since)) => Some(Problem { code, message, since }),
            _ => None,
        };
        Self {
            id: row.id,
            owner: row.owner,
            email: row.email,
            provider: row.provider,
            authentication: row.authentication,
            state: connected.then_some(row.state),
            problem: problem.filter(|_| connected),
            last_success_at: row.last_success_at,
            next_attempt_at: row.next_attempt_at.filter(|_| connected),
            progress: (row.progress_total > 0 || row.last_success_at.is_some()).then(|| Progress {
                stored: count(row.progress_stored),
                total: count(row.progress_total),
                skipped: count(row.progress_skipped),
            }),
            history_days: row.history_days,
            contact_creation: row.contact_creation,
        }
    }
}

impl From<entity::mail_folder::Model> for Folder {
    fn from(row: entity::mail_folder::Model) -> Self {
        let uid = |uid: i64| u32::try_from(uid.max(0)).unwrap_or(u32::MAX);
        let coverage = Coverage::of(&row);
        Self {
            id: row.id,
            account: row.account,
            name_raw: row.name_raw,
            name: row.name,
            role: row.role,
            synced: row.synced,
            generation: row.generation,
            uid_validity: row.uid_validity.map(uid),
            high_uid: uid(row.high_uid),
            low_uid: uid(row.low_uid),
            arrival_uid: uid(row.arrival_uid),
            backfill_done: row.backfill_done,
            mod_seq: row.mod_seq.and_then(|mod_seq| u64::try_from(mod_seq).ok()),
            exists_seen: uid(row.exists_seen),
            flags_swept_at: row.flags_swept_at,
            uid_validity_changes: u32::try_from(row.uid_validity_changes).unwrap_or_default(),
            uid_validity_changed_at: row.uid_validity_changed_at,
            rebuilding: row.rebuilding,
            gone_since: row.gone_since,
            coverage,
            coverage_due: row.coverage_due,
        }
    }
}
