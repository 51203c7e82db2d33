//! The recent changes of one workspace, decoded once and shared by all who follow it.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::changes::Change;

/// Most changes kept. A follower further behind reads the log.
const CAPACITY: usize = 4096;

/// Consecutive changes up to the newest that the tailer has read.
pub(super) struct Ring {
    changes: VecDeque<Arc<Change>>,
    newest: i64,
}

impl Ring {
    /// Empty, behind the change with this number.
    pub(super) fn behind(newest: i64) -> Self {
        Self { changes: VecDeque::new(), newest }
    }

    /// Number of the newest change, kept or not.
    pub(super) fn newest(&self) -> i64 {
        self.newest
    }

    /// Adds the next change.
    pub(super) fn push(&mut self, change: Arc<Change>) {
        // After a gap (retention came between) nothing before it may be handed out as consecutive.
        if change.seq != self.newest + 1 {
            self.changes.clear();
        }
        self.newest = change.seq;
        if self.changes.len() == CAPACITY {
            self.changes.pop_front();
        }
        self.changes.push_back(change);
    }

    /// The change behind number `after`; none when it is no longer (or not yet) kept.
    pub(super) fn next(&self, after: i64) -> Option<Arc<Change>> {
        let first = self.changes.front()?.seq;
        let index = usize::try_from(after + 1 - first).ok()?;
        self.changes.get(index).map(Arc::clone)
    }
}
