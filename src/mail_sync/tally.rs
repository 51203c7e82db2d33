//! How far a mailbox is read, told about once a second.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use entity::MailFolderId;

use crate::mail_accounts::Progress;

/// Between two reports.
const EVERY: Duration = Duration::from_secs(1);

/// Counts of a session: rebuilt from rows when it begins, then kept along.
#[derive(Debug, Default)]
pub(super) struct Tally {
    inner: Mutex<Inner>,
}

impl Inner {
    fn accounted(&self, folder: MailFolderId) -> u32 {
        let count = |counts: &HashMap<MailFolderId, u32>| counts.get(&folder).copied().unwrap_or_default();
        count(&self.stored).saturating_add(count(&self.skipped)).saturating_add(count(&self.excluded))
    }

    /// Messages of a folder that are to be read. What it holds may be known later than what is stored of it.
    fn total(&self, folder: MailFolderId) -> u32 {
        let count = |counts: &HashMap<MailFolderId, u32>| counts.get(&folder).copied().unwrap_or_default();
        let (exists, accounted) = (count(&self.exists), self.accounted(folder));
        // A check counts, and not what the server tells.
        let exists = if self.checked.get(&folder) == Some(&(exists, accounted)) { accounted } else { exists };
        exists.saturating_sub(count(&self.excluded)).max(count(&self.stored))
    }
}

#[derive(Debug, Default)]
struct Inner {
    stored: HashMap<MailFolderId, u32>,
    skipped: HashMap<MailFolderId, u32>,
    exists: HashMap<MailFolderId, u32>,
    /// Folders that were compared whole and whose numbers still do not agree: messages on the server, and accounted for.
    odd: HashMap<MailFolderId, (u32, u32)>,
    /// Messages that are older than their owner wants them to be read.
    excluded: HashMap<MailFolderId, u32>,
    /// What a folder's last check left: messages that the server tells of, and accounted for. They may differ when it counts wrong.
    checked: HashMap<MailFolderId, (u32, u32)>,
    /// Checks in a row that left something over.
    strikes: u32,
    /// Folders of which was told that they do not open.
    refused: HashSet<MailFolderId>,
    told: Option<Instant>,
}

impl Tally {
    pub(super) fn exists(&self, folder: MailFolderId, messages: u32) {
        self.with(|inner| inner.exists.insert(folder, messages));
    }

    pub(super) fn counted(&self, folder: MailFolderId, stored: u32, skipped: u32) {
        self.with(|inner| {
            inner.stored.insert(folder, stored);
            inner.skipped.insert(folder, skipped);
        });
    }

    /// Messages of a folder that are stored, skipped, or left out.
    pub(super) fn accounted(&self, folder: MailFolderId) -> u32 {
        self.with(|inner| inner.accounted(folder))
    }

    /// How many messages of a folder are left out.
    pub(super) fn excluded(&self, folder: MailFolderId, messages: u32) {
        self.with(|inner| inner.excluded.insert(folder, messages));
    }

    /// So many more are left out.
    pub(super) fn exclude(&self, folder: MailFolderId, more: u32) {
        self.with(|inner| *inner.excluded.entry(folder).or_default() += more);
    }

    /// A folder was checked.
    pub(super) fn checked(&self, folder: MailFolderId) {
        self.with(|inner| {
            let exists = inner.exists.get(&folder).copied().unwrap_or_default();
            inner.checked.insert(folder, (exists, inner.accounted(folder)));
        });
    }

    /// Whether the server tells of another number of messages than is accounted for, and no check has found that it counts wrong.
    pub(super) fn contradicts(&self, folder: MailFolderId) -> bool {
        self.with(|inner| {
            let accounted = inner.accounted(folder);
            let exists = inner.exists.get(&folder).copied();
            exists.is_some_and(|exists| exists != accounted && inner.checked.get(&folder) != Some(&(exists, accounted)))
        })
    }

    /// A check left something over; how many did in a row.
    pub(super) fn strike(&self) -> u32 {
        self.with(|inner| {
            inner.strikes += 1;
            inner.strikes
        })
    }

    /// Nothing was left over.
    pub(super) fn forgive(&self) {
        self.with(|inner| inner.strikes = 0);
    }

    /// A folder does not open; whether that is news.
    pub(super) fn refuse(&self, folder: MailFolderId) -> bool {
        self.with(|inner| inner.refused.insert(folder))
    }

    /// Whether a folder is to be compared whole: its numbers do not agree, and not because nothing can be done about it.
    pub(super) fn disagrees(&self, folder: MailFolderId, exists: u32) -> bool {
        let accounted = self.accounted(folder);
        accounted != exists && self.with(|inner| inner.odd.get(&folder) != Some(&(exists, accounted)))
    }

    /// A folder was compared whole.
    pub(super) fn compared(&self, folder: MailFolderId, exists: u32) {
        let accounted = self.accounted(folder);
        self.with(|inner| inner.odd.insert(folder, (exists, accounted)));
    }

    pub(super) fn stored(&self, folder: MailFolderId, more: u32) {
        self.with(|inner| *inner.stored.entry(folder).or_default() += more);
    }

    pub(super) fn skipped(&self, folder: MailFolderId, more: u32) {
        self.with(|inner| *inner.skipped.entry(folder).or_default() += more);
    }

    pub(super) fn removed(&self, folder: MailFolderId, less: u32) {
        self.with(|inner| {
            let stored = inner.stored.entry(folder).or_default();
            *stored = stored.saturating_sub(less);
        });
    }

    pub(super) fn forget(&self, folder: MailFolderId) {
        self.with(|inner| {
            for counts in [&mut inner.stored, &mut inner.skipped, &mut inner.exists, &mut inner.excluded] {
                counts.remove(&folder);
            }
        });
    }

    /// The sums; none when they were told less than a second ago and it is not the end.
    pub(super) fn due(&self, end: bool) -> Option<Progress> {
        self.with(|inner| {
            if !end && inner.told.is_some_and(|told| told.elapsed() < EVERY) {
                return None;
            }
            inner.told = Some(Instant::now());
            let sum =
                |counts: &HashMap<MailFolderId, u32>| counts.values().fold(0_u32, |sum, n| sum.saturating_add(*n));
            let (stored, skipped) = (sum(&inner.stored), sum(&inner.skipped));
            let folders: HashSet<MailFolderId> = inner.stored.keys().chain(inner.exists.keys()).copied().collect();
            let total = folders.into_iter().map(|folder| inner.total(folder)).fold(0_u32, u32::saturating_add);
            Some(Progress { stored, total, skipped })
        })
    }

    fn with<T>(&self, f: impl FnOnce(&mut Inner) -> T) -> T {
        f(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
