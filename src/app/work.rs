//! Work that goes on when the request that asked for it has been answered.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Works at once on one node.
const AT_ONCE: usize = 4;

/// What is being worked on.
#[derive(Clone, Debug)]
pub struct Work {
    tasks: TaskTracker,
    room: Arc<Semaphore>,
    cut: CancellationToken,
}

impl Default for Work {
    fn default() -> Self {
        Self::new(AT_ONCE)
    }
}

impl Work {
    /// None yet, and at most so many at once.
    #[must_use]
    pub fn new(at_once: usize) -> Self {
        Self { tasks: TaskTracker::new(), room: Arc::new(Semaphore::new(at_once)), cut: CancellationToken::new() }
    }

    /// Waits for room, then begins. What is returned waits for the end, and may be dropped; none when the work was cut or panicked.
    pub async fn spawn<T, W>(&self, work: W) -> impl Future<Output = Option<T>> + use<T, W>
    where
        T: Send + 'static,
        W: Future<Output = T> + Send + 'static,
    {
        let room = Arc::clone(&self.room).acquire_owned().await;
        let cut = self.cut.clone();
        let task = self.tasks.spawn(async move {
            let _room = room;
            tokio::select! {
                done = work => Some(done),
                () = cut.cancelled() => None,
            }
        });
        async move { task.await.ok().flatten() }
    }

    /// Cuts what is not done. The last transaction of each is rolled back.
    pub async fn cut(&self) {
        self.tasks.close();
        self.cut.cancel();
        self.tasks.wait().await;
    }

    /// Waits until all is done, or cuts what is not done by then: its last transaction is rolled back.
    pub async fn end(&self, deadline: Instant) {
        self.tasks.close();
        if tokio::time::timeout_at(deadline, self.tasks.wait()).await.is_err() {
            tracing::warn!(left = self.tasks.len(), "Work behind requests did not end in time and is cut");
            self.cut.cancel();
            self.tasks.wait().await;
        }
    }
}
