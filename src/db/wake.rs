//! Which workspaces got new changes on this node. A hint only: the log says what they are.

use std::collections::HashSet;
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
}

impl Wake {
    /// Notes a commit.
    pub fn committed(&self, workspace: WorkspaceId) {
        self.inner.workspaces.lock().unwrap_or_else(PoisonError::into_inner).insert(workspace);
        self.inner.notify.notify_one();
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
