//! Forgetting old changes.

use std::time::Duration;

use entity::WorkspaceId;

use crate::changes::log;
use crate::clock::Clock;
use crate::db::{Db, Fault};

/// How often the logs are trimmed.
const INTERVAL: Duration = Duration::from_secs(10 * 60);

/// How long changes are kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Changes older than this go.
    pub age: Duration,
    /// Changes more than this behind the newest of their workspace go.
    pub count: i64,
}

impl Retention {
    /// Trims the logs of `workspaces()` now and then, until dropped.
    pub async fn run<F>(self, db: &Db, clock: &Clock, workspaces: impl Fn() -> F)
    where
        F: Future<Output = Result<Vec<WorkspaceId>, Fault>>,
    {
        loop {
            match workspaces().await {
                Ok(workspaces) => {
                    for workspace in workspaces {
                        if let Err(error) = self.trim(db, clock, workspace).await {
                            tracing::warn!(%workspace, %error, "Could not trim the change log");
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "Could not list the workspaces to trim their change logs"),
            }
            clock.sleep(INTERVAL).await;
        }
    }

    /// Trims one workspace's log.
    pub async fn trim(self, db: &Db, clock: &Clock, workspace: WorkspaceId) -> Result<u64, Fault> {
        Ok(log::trim(db.writer(), workspace, clock.now().minus(self.age), self.count).await?)
    }
}
