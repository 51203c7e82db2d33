//! How far a mailbox is read, told about once a second.

use std::collections::HashMap;
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

#[derive(Debug, Default)]
struct Inner {
    stored: HashMap<MailFolderId, u32>,
    skipped: HashMap<MailFolderId, u32>,
    exists: HashMap<MailFolderId, u32>,
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

    /// Stored and skipped messages of a folder.
    pub(super) fn of(&self, folder: MailFolderId) -> (u32, u32) {
        self.with(|inner| {
            let count = |counts: &HashMap<MailFolderId, u32>| counts.get(&folder).copied().unwrap_or_default();
            (count(&inner.stored), count(&inner.skipped))
        })
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
            for counts in [&mut inner.stored, &mut inner.skipped, &mut inner.exists] {
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
            // What a folder holds may be known later than what is stored of it.
            let folders = inner
                .stored
                .iter()
                .map(|(folder, stored)| inner.exists.get(folder).copied().unwrap_or_default().max(*stored));
            let untouched = inner.exists.iter().filter(|(folder, _)| !inner.stored.contains_key(folder));
            let total = folders.chain(untouched.map(|(_, exists)| *exists)).fold(0_u32, u32::saturating_add);
            Some(Progress { stored, total, skipped })
        })
    }

    fn with<T>(&self, f: impl FnOnce(&mut Inner) -> T) -> T {
        f(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
