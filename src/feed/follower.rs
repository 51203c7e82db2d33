//! One who follows a workspace's log, at their own pace.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::watch;

use super::{Feed, FeedError, Stream};
use crate::changes::log::Head;
use crate::changes::{Change, Cursor, log};

/// Changes that a follower outside the ring reads at once.
const PAGE: u64 = 500;

/// A cursor of one's own in a workspace's log.
pub struct Follower {
    feed: Feed,
    stream: Arc<Stream>,
    newest: watch::Receiver<i64>,
    head: Head,
    /// Number of the last change that was handed out.
    handed: i64,
    /// Read from the log, to be handed out before the ring is asked again.
    page: VecDeque<Arc<Change>>,
    position: Arc<Position>,
}

/// The number up to which a follower owes nothing more.
#[derive(Debug)]
pub struct Position(AtomicI64);

/// The positions of all followers of one socket.
#[derive(Clone, Default, Debug)]
pub struct Positions(Arc<Mutex<Vec<Joined>>>);

type Joined = (Weak<Position>, Head);

impl Positions {
    /// The newest cursor up to which nothing is owed to any of them; none without followers.
    #[must_use]
    pub fn settled(&self) -> Option<Cursor> {
        let mut followers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        followers.retain(|(position, _)| position.strong_count() > 0);
        followers
            .iter()
            .filter_map(|(position, head)| Some(head.at(position.upgrade()?.0.load(Ordering::Acquire))))
            .min_by_key(|cursor| cursor.seq)
    }
}

impl Follower {
    pub(super) fn new(feed: Feed, stream: Arc<Stream>, head: Head, position: i64) -> Self {
        let newest = stream.newest.subscribe();
        Self {
            feed,
            stream,
            newest,
            head,
            handed: position,
            page: VecDeque::new(),
            position: Arc::new(Position(AtomicI64::new(position))),
        }
    }

    /// Counts this follower among those of its socket.
    pub fn join(&self, positions: &Positions) {
        let entry = (Arc::downgrade(&self.position), self.head);
        positions.0.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    /// The cursor of a change of this log.
    #[must_use]
    pub fn cursor(&self, change: &Change) -> Cursor {
        self.head.at(change.seq)
    }

    /// The next change in order; waits for it. Asking for the next says that the last one needs nothing more.
    ///
    /// # Errors
    /// `Expired` when retention overtook this follower.
    pub async fn next(&mut self) -> Result<Arc<Change>, FeedError> {
        self.position.0.store(self.handed, Ordering::Release);
        loop {
            // Marked as seen before reading, so that what comes during the read wakes us again.
            let newest = *self.newest.borrow_and_update();
            if let Some(change) = self.read(newest).await? {
                self.handed = change.seq;
                return Ok(change);
            }
            if self.newest.changed().await.is_err() {
                // The sender lives in `self.stream`.
                std::future::pending::<()>().await;
            }
        }
    }

    async fn read(&mut self, newest: i64) -> Result<Option<Arc<Change>>, FeedError> {
        if let Some(change) = self.page.pop_front() {
            return Ok(Some(change));
        }
        if self.handed >= newest {
            return Ok(None);
        }
        let from_ring = self.stream.ring().next(self.handed);
        if from_ring.is_some() {
            return Ok(from_ring);
        }
        let inner = &self.feed.inner;
        let _permit = inner.catch_up.acquire().await;
        let page = log::read(inner.db.reader(), self.stream.workspace, self.handed, PAGE)
            .await
            .map_err(crate::db::Fault::from)?;
        self.feed.check_dense(self.stream.workspace, self.handed, page.first()).await?;
        // Not beyond what the observer has seen: rights that changed there would be judged too late.
        self.page = page.into_iter().filter(|change| change.seq <= newest).map(Arc::new).collect();
        Ok(self.page.pop_front())
    }
}
