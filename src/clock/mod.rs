//! Time and new ids, given rather than taken.
//!
//! Owns the only calls of the system clock. Everything else asks a `Clock` (usually through `Cx`), so that tests can move time.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use entity::Timestamp;
use tokio::sync::watch;
use uuid::{ContextV7, Uuid};

/// A source of time and of ids that sort by it.
#[derive(Clone)]
pub struct Clock {
    source: Source,
    order: Arc<ContextV7Lock>,
}

type ContextV7Lock = std::sync::Mutex<ContextV7>;

#[derive(Clone)]
enum Source {
    System,
    Set(Arc<watch::Sender<i64>>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self { source: Source::System, order: Arc::default() }
    }

    /// A clock that stands still until it is advanced: for tests. Starts at the given microseconds since 1970.
    #[must_use]
    pub fn standing(at: Timestamp) -> Self {
        Self { source: Source::Set(Arc::new(watch::Sender::new(at.0))), order: Arc::default() }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.source {
            Source::System => {
                #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
                let now = chrono::Utc::now();
                Timestamp(now.timestamp_micros())
            }
            Source::Set(now) => Timestamp(*now.borrow()),
        }
    }

    /// Moves a standing clock forward and wakes who sleeps until then. The system's clock is not moved.
    pub fn advance(&self, by: Duration) {
        if let Source::Set(now) = &self.source {
            now.send_modify(|now| *now = Timestamp(*now).plus(by).0);
        }
    }

    /// Returns when this clock has gone `duration` further.
    pub fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + use<> {
        self.sleep_until(self.now().plus(duration))
    }

    /// Returns when this clock shows `instant`; at once if it already does.
    pub fn sleep_until(&self, instant: Timestamp) -> impl Future<Output = ()> + Send + use<> {
        let left = u64::try_from(instant.0.saturating_sub(self.now().0)).unwrap_or(0);
        let source = self.source.clone();
        async move {
            match source {
                Source::System => tokio::time::sleep(Duration::from_micros(left)).await,
                Source::Set(now) => {
                    // The sender lives in this future, so the wait cannot fail.
                    let _ = now.subscribe().wait_for(|now| *now >= instant.0).await;
                }
            }
        }
    }

    /// A new UUID version 7 (RFC 9562): ids made later on this node sort behind.
    #[must_use]
    pub fn new_id<T: From<Uuid>>(&self) -> T {
        let micros = u64::try_from(self.now().0).unwrap_or(0);
        let nanos = u32::try_from(micros % 1_000_000 * 1_000).unwrap_or(0);
        let order = self.order.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        T::from(Uuid::new_v7(uuid::Timestamp::from_unix(&*order, micros / 1_000_000, nanos)))
    }
}
