//! Which workspaces got new changes on this node. A hint only: the log says what they are.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use entity::WorkspaceId;
use tokio::sync::Notify;

/// Workspaces with commits since they were last taken. Many commits merge into one entry.
#[derive(Clone, Default)]
pub struct Wake {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    workspaces: Mutex<HashSet<WorkspaceId>>,
    notify: Notify,
    people: AtomicU64,
}

impl Wake {
    /// Notes a commit.
    pub fn committed(&self, workspace: WorkspaceId) {
        self.inner.workspaces.lock().unwrap_or_else(PoisonError::into_inner).insert(workspace);
        self.inner.notify.notify_one();
    }

    /// Notes a commit of who may sign in and do what.
    pub fn people_changed(&self) {
        self.inner.people.fetch_add(1, Ordering::SeqCst);
    }

    /// Grows with every commit of this node that changes who may sign in and do what.
    #[must_use]
    pub fn people(&self) -> u64 {
        self.inner.people.load(Ordering::SeqCst)
    }

    /// Waits for commits and takes the workspaces they were in.
    pub async fn wait(&self) -> HashSet<WorkspaceId> {
        loop {
            let taken = std::mem::take(&mut *self.inner.workspaces.lock().unwrap_or_else(PoisonError::into_inner));
            if !taken.is_empty() {
                return taken;
            }
            self.inner.notify.notified().await;
        }
    }
}
