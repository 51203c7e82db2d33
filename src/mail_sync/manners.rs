//! Manners towards mail servers, and turns among mailboxes.
//!
//! Owns how many sign in to one host at once and how fast, how many connections to it do what is not urgent, and how many mailboxes
//! of this node read history at once. Those who wait are served in the order in which they came.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Who sign in to one host at once.
const SIGN_INS: usize = 10;

/// Least time between two who sign in by the same place: 20 a second to one host.
const SIGN_IN: Duration = Duration::from_millis(500);

/// Connections to one host beside those that wait for news.
const WORKERS: usize = 100;

/// Mailboxes of this node whose history is read at once. It is the processor and the disk that bound them, not the servers.
const READERS: usize = 8;

/// All of them.
pub(super) struct Manners {
    hosts: Mutex<HashMap<String, Arc<Host>>>,
    readers: Arc<Semaphore>,
}

/// Places at one host.
pub(super) struct Host {
    sign_ins: Arc<Semaphore>,
    workers: Arc<Semaphore>,
}

/// A place, given back when it is dropped.
pub(super) type Place = Option<OwnedSemaphorePermit>;

impl Default for Manners {
    fn default() -> Self {
        Self { hosts: Mutex::default(), readers: Arc::new(Semaphore::new(READERS)) }
    }
}

impl Manners {
    /// The places at a host, the same for all who ask for it.
    pub(super) fn of(&self, host: &str) -> Arc<Host> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        // Only those that somebody is at need to be remembered.
        hosts.retain(|_, host| Arc::strong_count(host) > 1);
        Arc::clone(hosts.entry(host.to_ascii_lowercase()).or_insert_with(|| Arc::new(Host::new(SIGN_INS, WORKERS))))
    }

    /// A turn among the mailboxes that read history.
    pub(super) fn turn(&self) -> Turn {
        Turn { queue: Arc::clone(&self.readers), waiting: None, held: None }
    }
}

impl Host {
    fn new(sign_ins: usize, workers: usize) -> Self {
        Self { sign_ins: Arc::new(Semaphore::new(sign_ins)), workers: Arc::new(Semaphore::new(workers)) }
    }

    /// Does what a sign-in takes when it is its turn.
    pub(super) async fn sign_in<T>(&self, signing_in: impl Future<Output = T>) -> T {
        let place = Arc::clone(&self.sign_ins).acquire_owned().await;
        let free_at = tokio::time::Instant::now() + SIGN_IN;
        let done = signing_in.await;
        tokio::spawn(async move {
            tokio::time::sleep_until(free_at).await;
            drop(place);
        });
        done
    }

    /// A place for a connection that does what is not urgent.
    pub(super) async fn worker(&self) -> Place {
        Arc::clone(&self.workers).acquire_owned().await.ok()
    }

    /// Whether others may be waiting for such a place.
    pub(super) fn is_crowded(&self) -> bool {
        self.workers.available_permits() == 0
    }
}

/// A mailbox's turn to read history. Its place in the queue is kept while it does other things.
pub(super) struct Turn {
    queue: Arc<Semaphore>,
    waiting: Option<BoxFuture<'static, Place>>,
    held: Place,
}

impl Turn {
    /// Returns when it has come.
    pub(super) async fn ready(&mut self) {
        if self.held.is_none() {
            let queue = &self.queue;
            let waiting = self.waiting.get_or_insert_with(|| Arc::clone(queue).acquire_owned().map(Result::ok).boxed());
            self.held = waiting.await;
            self.waiting = None;
        }
    }

    /// The turn if it has come; else it is waited for from here on.
    pub(super) fn take(&mut self) -> Place {
        let _still_waiting = self.ready().now_or_never();
        self.held.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ten_sign_in_to_a_host_at_once_and_none_in_a_hurry() {
        let manners = Manners::default();
        let host = manners.of("imap.test");
        let at_once: Vec<_> = (0..SIGN_INS).map(|_| Box::pin(host.sign_in(std::future::pending::<()>()))).collect();
        assert!(futures_util::future::join_all(at_once).now_or_never().is_none());
        let host = manners.of("imap.other");
        for _ in 0..SIGN_INS {
            assert!(host.sign_in(async {}).now_or_never().is_some());
        }
        // All are done, and the next waits all the same.
        assert!(host.sign_in(async {}).now_or_never().is_none());
        assert!(manners.of("imap.third").sign_in(async {}).now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_host_is_known_by_its_name_as_long_as_somebody_is_there() {
        let manners = Manners::default();
        let host = manners.of("IMAP.test");
        assert!(Arc::ptr_eq(&host, &manners.of("imap.TEST")));
        assert!(!Arc::ptr_eq(&host, &manners.of("imap.other")));
        let mut places = Vec::new();
        for _ in 0..WORKERS {
            assert!(!host.is_crowded());
            places.push(host.worker().await);
        }
        assert!(host.is_crowded());
        assert!(host.worker().now_or_never().is_none());
        drop(places);
        assert!(!host.is_crowded());
        drop(host);
        manners.of("imap.other");
        assert_eq!(manners.hosts.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn turns_come_in_the_order_of_asking() {
        let manners = Manners::default();
        let held: Vec<Place> = std::iter::repeat_with(|| manners.turn().take()).take(READERS).collect();
        assert!(held.iter().all(Option::is_some));
        let (mut first, mut second) = (manners.turn(), manners.turn());
        assert!(first.take().is_none());
        assert!(second.take().is_none());
        let mut held = held.into_iter();
        drop(held.next());
        // It is the first one's, however often the other asks.
        assert!(second.take().is_none());
        let turn = first.take();
        assert!(turn.is_some());
        assert!(first.take().is_none());
        drop(turn);
        second.ready().await;
        assert!(second.take().is_some());
    }
}
