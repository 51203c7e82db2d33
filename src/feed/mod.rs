//! Following the change log live: in commit order, without a gap.
//!
//! Owns one tailer for this node, a ring of recent changes per followed workspace, and the followers' positions. A wake-up only says
//! "look again"; what is delivered always comes from the log. Start reading at `Follower::next`, then `tailer`.

mod follower;
mod retention;
mod ring;
mod tailer;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use entity::WorkspaceId;
use tokio::sync::{Semaphore, watch};

pub use follower::{Follower, Position, Positions};
pub use retention::Retention;

use crate::access::Cx;
use crate::changes::log::Head;
use crate::changes::{Change, Cursor, CursorError, log};
use crate::db::{Db, Fault};
use ring::Ring;

/// Reads of the log by followers that fell out of the ring, at once on this node.
const CATCH_UP_READS: usize = 8;

/// Following failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FeedError {
    /// The cursor cannot be followed (any more).
    #[error(transparent)]
    Cursor(#[from] CursorError),
    /// The database failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Sees every change of followed workspaces before any follower does, in order: for what must act at its place in the stream, such
/// as rights that were withdrawn.
pub trait Observer: Send + Sync {
    /// Called with consecutive changes of one workspace; followers get them when this returns.
    fn observe<'a>(
        &'a self,
        workspace: WorkspaceId,
        changes: &'a [Arc<Change>],
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
}

/// The log of this node's workspaces, live.
#[derive(Clone)]
pub struct Feed {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    streams: Mutex<HashMap<WorkspaceId, Weak<Stream>>>,
    observer: OnceLock<Box<dyn Observer>>,
    catch_up: Semaphore,
}

/// One workspace that is followed on this node. Lives as long as somebody holds it.
pub struct Stream {
    workspace: WorkspaceId,
    ring: Mutex<Ring>,
    /// Number of the newest change that followers may read.
    newest: watch::Sender<i64>,
}

impl Feed {
    /// Follows nothing yet. `run` must be going for anything to arrive.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self {
            inner: Arc::new(Inner {
                db,
                streams: Mutex::default(),
                observer: OnceLock::new(),
                catch_up: Semaphore::new(CATCH_UP_READS),
            }),
        }
    }

    /// Says who sees changes first. Once, before `run`.
    pub fn set_observer(&self, observer: Box<dyn Observer>) {
        if self.inner.observer.set(observer).is_err() {
            tracing::error!("The feed already has an observer");
        }
    }

    /// Tails the logs until dropped.
    pub async fn run(&self) {
        tailer::run(&self.inner).await;
    }

    /// The head of a workspace's log now.
    pub async fn head(&self, workspace: WorkspaceId) -> Result<Head, Fault> {
        log::head(self.inner.db.reader(), workspace)
            .await?
            .ok_or_else(|| sea_orm::DbErr::RecordNotFound("the head of the workspace's change log".to_owned()).into())
    }

    /// A page of what happened behind a cursor, at most `limit` changes, and whether there are more.
    pub async fn page(&self, cx: &Cx, after: Cursor, limit: u64) -> Result<(Head, Vec<Change>, bool), FeedError> {
        let head = self.head(cx.workspace).await?;
        let after = head.check(after)?;
        let mut changes =
            log::read(self.inner.db.reader(), cx.workspace, after, limit + 1).await.map_err(Fault::from)?;
        self.check_dense(cx.workspace, after, changes.first()).await?;
        let more = changes.len() as u64 > limit;
        changes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok((head, changes, more))
    }

    /// Follows a workspace's log behind `after`, or from now on.
    pub async fn follow(&self, cx: &Cx, after: Option<Cursor>) -> Result<Follower, FeedError> {
        let stream = self.stream(cx.workspace).await?;
        // Read behind the stream: whatever is newer than this head reaches the ring.
        let head = self.head(cx.workspace).await?;
        let position = after.map_or(Ok(head.seq), |cursor| head.check(cursor))?;
        Ok(Follower::new(self.clone(), stream, head, position))
    }

    /// Keeps a workspace followed on this node while the result is held, so that `Observer` sees its changes.
    pub async fn stream(&self, workspace: WorkspaceId) -> Result<Arc<Stream>, Fault> {
        if let Some(stream) = self.live(workspace) {
            return Ok(stream);
        }
        let head = self.head(workspace).await?;
        let mut streams = self.streams();
        if let Some(stream) = streams.get(&workspace).and_then(Weak::upgrade) {
            return Ok(stream);
        }
        let stream = Arc::new(Stream {
            workspace,
            ring: Mutex::new(Ring::behind(head.seq)),
            newest: watch::Sender::new(head.seq),
        });
        streams.insert(workspace, Arc::downgrade(&stream));
        Ok(stream)
    }

    fn live(&self, workspace: WorkspaceId) -> Option<Arc<Stream>> {
        self.streams().get(&workspace).and_then(Weak::upgrade)
    }

    fn streams(&self) -> std::sync::MutexGuard<'_, HashMap<WorkspaceId, Weak<Stream>>> {
        self.inner.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The log is dense: a change that does not follow the last one means that retention came in between.
    async fn check_dense(&self, workspace: WorkspaceId, after: i64, next: Option<&Change>) -> Result<(), FeedError> {
        match next {
            Some(change) if change.seq != after + 1 => Err(CursorError::Expired.into()),
            None if self.head(workspace).await?.floor > after => Err(CursorError::Expired.into()),
            _ => Ok(()),
        }
    }
}

impl Stream {
    fn ring(&self) -> std::sync::MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
