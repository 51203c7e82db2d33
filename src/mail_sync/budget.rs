//! How much history of a mailbox may still be read today.

use std::sync::{Mutex, PoisonError};

use entity::Timestamp;

use crate::mail_accounts::{Login, ReadBytes};

/// What was read of a mailbox, beside what may be.
pub(super) struct Budget {
    daily: Option<u64>,
    inner: Mutex<Inner>,
}

struct Inner {
    read: ReadBytes,
    kept: ReadBytes,
}

impl Budget {
    pub(super) fn of(login: &Login) -> Self {
        Self { daily: login.daily_bytes, inner: Mutex::new(Inner { read: login.read, kept: login.read }) }
    }

    /// Counts what was read, new mail too.
    pub(super) fn spend(&self, bytes: u64, at: Timestamp) {
        self.with(|inner| inner.read = inner.read.plus(bytes, at));
    }

    /// Whether no more history may be read in the day of an instant.
    pub(super) fn is_spent(&self, at: Timestamp) -> bool {
        self.daily.is_some_and(|daily| self.with(|inner| inner.read.on_day_of(at)) >= daily)
    }

    /// What is to be kept, if there is a limit and it is not kept yet.
    pub(super) fn unkept(&self) -> Option<ReadBytes> {
        self.daily?;
        self.with(|inner| {
            let new = inner.read != inner.kept;
            inner.kept = inner.read;
            new.then_some(inner.read)
        })
    }

    fn with<T>(&self, f: impl FnOnce(&mut Inner) -> T) -> T {
        f(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
