//! Which mailboxes this node syncs. One task each, so that what goes wrong with one touches no other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use entity::MailAccountId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::rustls::ClientConfig;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::imap::{AllowedHosts, Timeouts};
use super::runner::{self, End};
use super::trial;
use crate::access::Cx;
use crate::blobs::Blobs;
use crate::clock::Clock;
use crate::db::{Db, Fault};
use crate::mail_accounts::{self, Lease, Signals};
use crate::messages;
use crate::secrets::Secrets;

/// How often leases are renewed and free mailboxes looked for.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Failed renewals after which the leases may be somebody else's soon.
const FAILED_RENEWALS: u32 = 2;

/// Bytes of mail in memory at once, of all mailboxes, in KiB.
const MEMORY: u32 = 48 << 10;

/// What a sync works with.
#[derive(Clone)]
pub struct Deps {
    /// Time and new ids.
    pub clock: Clock,
    /// The database.
    pub db: Db,
    /// Where the bytes of mail go.
    pub blobs: Blobs,
    /// Opens stored passwords.
    pub secrets: Arc<Secrets>,
    pub(super) tls: Arc<ClientConfig>,
    pub(super) allowed: Arc<AllowedHosts>,
    pub(super) timeouts: Timeouts,
    memory: Arc<Semaphore>,
}

impl Deps {
    /// `allowed_private_hosts` as the settings have it.
    #[must_use]
    pub fn new(
        clock: Clock,
        db: Db,
        blobs: Blobs,
        secrets: Arc<Secrets>,
        tls: Arc<ClientConfig>,
        allowed_private_hosts: &[String],
    ) -> Self {
        Self {
            clock,
            db,
            blobs,
            secrets,
            tls,
            allowed: Arc::new(trial::allowed(allowed_private_hosts)),
            timeouts: Timeouts::default(),
            memory: Arc::new(Semaphore::new(MEMORY as usize)),
        }
    }

    /// Waits for a share of the memory for bytes of mail. What is more than there is takes all of it.
    pub(super) async fn memory(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        let share = u32::try_from(bytes >> 10).unwrap_or(u32::MAX).clamp(1, MEMORY);
        Arc::clone(&self.memory).acquire_many_owned(share).await.ok()
    }
}

/// Syncs the mailboxes that this node has leases of.
#[derive(Clone)]
pub struct Supervisor {
    deps: Deps,
    signals: Signals,
    node: Uuid,
    stop: CancellationToken,
    running: Arc<Mutex<HashMap<MailAccountId, Running>>>,
}

struct Running {
    lease: Lease,
    stop: CancellationToken,
    nudge: watch::Sender<u64>,
}

impl Supervisor {
    /// Does nothing before `run`.
    #[must_use]
    pub fn new(deps: Deps, signals: Signals) -> Self {
        let node = deps.clock.new_id();
        Self { deps, signals, node, stop: CancellationToken::new(), running: Arc::default() }
    }

    /// What it works with.
    #[must_use]
    pub fn deps(&self) -> &Deps {
        &self.deps
    }

    /// Syncs until stopped or dropped.
    pub async fn run(&self) {
        let mut tasks = JoinSet::new();
        // SQLite has one server only: whoever had leases before is gone.
        let mut all = self.deps.db.is_embedded();
        let mut failed_renewals = 0;
        let mut ticks = tokio::time::interval(HEARTBEAT);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let mut told = Vec::new();
            tokio::select! {
                () = self.stop.cancelled() => break,
                _ = ticks.tick() => {}
                accounts = self.signals.wait() => told.extend(accounts),
                Some(ended) = tasks.join_next() => {
                    self.ended(ended).await;
                    continue;
                }
            }
            match self.renew(&told).await {
                Ok(()) => failed_renewals = 0,
                Err(error) => {
                    tracing::warn!(%error, "Leases could not be renewed");
                    failed_renewals += 1;
                    if failed_renewals >= FAILED_RENEWALS {
                        self.stop_all();
                    }
                    continue;
                }
            }
            match mail_accounts::claim(&self.deps.db, self.node, all).await {
                Ok(leases) => {
                    all = false;
                    for lease in leases {
                        self.start(&mut tasks, lease);
                    }
                }
                Err(error) => tracing::warn!(%error, "Mailboxes could not be claimed"),
            }
            if let Err(error) = self.remove_disconnected().await {
                tracing::warn!(%error, "The mail of a disconnected mailbox could not be removed");
            }
        }
        self.stop_all();
        while tasks.join_next().await.is_some() {}
        let leases: Vec<Lease> = self.with(|running| running.drain().map(|(_, running)| running.lease).collect());
        for lease in leases {
            self.release(&lease).await;
        }
    }

    /// Ends `run`, which gives its leases back before it returns.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    fn start(&self, tasks: &mut JoinSet<(Lease, Option<End>)>, lease: Lease) {
        let stop = self.stop.child_token();
        let nudge = watch::Sender::new(0);
        let running = Running { lease: lease.clone(), stop: stop.clone(), nudge };
        let sync = runner::run(self.deps.clone(), lease.clone(), running.nudge.subscribe());
        let before = self.with(|all| all.insert(lease.account, running));
        if let Some(before) = before {
            before.stop.cancel();
        }
        tasks.spawn(async move {
            let end = stop.run_until_cancelled(sync).await;
            (lease, end)
        });
    }

    async fn ended(&self, ended: Result<(Lease, Option<End>), tokio::task::JoinError>) {
        let Ok((lease, end)) = ended else { return };
        self.with(|running| {
            if running.get(&lease.account).is_some_and(|running| running.lease == lease) {
                running.remove(&lease.account);
            }
        });
        if end != Some(End::Fenced) {
            self.release(&lease).await;
        }
    }

    /// Renews the leases; stops what is no longer ours, and wakes what something was decided about.
    async fn renew(&self, told: &[MailAccountId]) -> Result<(), Fault> {
        let held = mail_accounts::heartbeat(&self.deps.db, self.node).await?;
        self.with(|running| {
            running.retain(|_, running| {
                let ours = held.contains(&running.lease);
                if !ours {
                    running.stop.cancel();
                }
                ours
            });
            for account in told {
                if let Some(running) = running.get(account) {
                    running.nudge.send_modify(|count| *count += 1);
                }
            }
        });
        Ok(())
    }

    fn stop_all(&self) {
        self.with(|running| {
            for running in running.values() {
                running.stop.cancel();
            }
        });
    }

    async fn release(&self, lease: &Lease) {
        if let Err(error) = mail_accounts::release(&self.deps.db, lease).await {
            tracing::warn!(account = %lease.account, %error, "A lease could not be given back; it ends by itself");
        }
    }

    /// Removes some of the mail that went with its mailbox.
    async fn remove_disconnected(&self) -> Result<(), messages::Error> {
        let Deps { db, clock, .. } = &self.deps;
        for (workspace, account) in mail_accounts::removing(db).await? {
            let cx = Cx::of_system(workspace, clock.clone());
            let folders = mail_accounts::folder_ids(db, workspace, account).await?;
            if messages::erase_batch(&cx, db, account, &folders).await? {
                // The rest in the next rounds, without delay.
                self.signals.tell(account);
            } else {
                mail_accounts::erase(db, workspace, account).await?;
            }
        }
        Ok(())
    }

    fn with<T>(&self, f: impl FnOnce(&mut HashMap<MailAccountId, Running>) -> T) -> T {
        f(&mut self.running.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
