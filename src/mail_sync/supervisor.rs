//! Which mailboxes this node syncs: it leases them, runs one task for each, and lets them go.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use entity::MailAccountId;
use rand::random_range;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_rustls::rustls::ClientConfig;
use uuid::Uuid;

use super::allowance::Allowance;
use super::imap::{AllowedHosts, Timeouts, TlsSetupError, client_config};
use super::manners::Manners;
use super::session::Bells;
use super::{runner, trial};
use crate::access::Cx;
use crate::blobs::Blobs;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::{Db, Fault};
use crate::hosts::Dns;
use crate::mail_accounts::{self, Lease, Signals};
use crate::messages;
use crate::secrets::Secrets;

/// Between two renewals of the leases. Real time: leases are the database's, which no test's clock moves.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// How often a node that is not alone looks whether it still has its leases: what another node was told to stop is to stop soon.
const WATCH: Duration = Duration::from_secs(1);

/// Between two looks at mail that is to be removed, and at packs.
const UPKEEP: Duration = Duration::from_secs(10);

/// Between two searches for packs that no row names; the first comes sooner after a start.
const SEARCH: Duration = Duration::from_hours(6);
const FIRST_SEARCH: Duration = Duration::from_mins(10);

/// Kibibytes of mail that all mailboxes of this node may hold in memory at once.
const MEMORY: u32 = 48 << 10;

/// Mailboxes that begin at once; more wait a little, so that a restart is no storm on mail servers.
const SPREAD: Duration = Duration::from_millis(200);

/// What syncing works with.
#[derive(Clone)]
pub struct Deps {
    /// The database.
    pub db: Db,
    /// Time and new ids.
    pub clock: Clock,
    /// Opens stored passwords.
    pub secrets: Arc<Secrets>,
    /// Where mail is stored.
    pub blobs: Blobs,
    /// How commands tell the sync at once.
    pub signals: Signals,
    pub(super) allowed: AllowedHosts,
    pub(super) tls: Arc<ClientConfig>,
    pub(super) timeouts: Timeouts,
    pub(super) indexing: Arc<Allowance>,
    pub(super) manners: Arc<Manners>,
    memory: Arc<Semaphore>,
}

impl Deps {
    /// With the settings of a node.
    ///
    /// # Errors
    /// When the file of certificate authorities cannot be used.
    pub fn new(config: &Config, db: Db, clock: Clock, secrets: Secrets, blobs: Blobs) -> Result<Self, TlsSetupError> {
        Ok(Self {
            indexing: Arc::new(Allowance::new(clock.now())),
            db,
            clock,
            secrets: Arc::new(secrets),
            blobs,
            signals: Signals::default(),
            allowed: trial::allowed(&config.allowed_private_hosts).with_dns(Dns::new(config.discovery.dns)),
            tls: client_config(config.ca_file.as_deref())?,
            timeouts: trial::timeouts(),
            manners: Arc::default(),
            memory: Arc::new(Semaphore::new(MEMORY as usize)),
        })
    }

    /// Which hosts may be connected to.
    #[must_use]
    pub fn allowed_hosts(&self) -> &AllowedHosts {
        &self.allowed
    }

    /// Which certificates are trusted.
    #[must_use]
    pub fn tls(&self) -> &Arc<ClientConfig> {
        &self.tls
    }

    /// Room for bytes of mail, held until the result is dropped. More than there is at all counts as all of it.
    pub(super) async fn memory(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        let kibibytes = u32::try_from(bytes / 1024 + 1).unwrap_or(MEMORY).min(MEMORY);
        Arc::clone(&self.memory).acquire_many_owned(kibibytes).await.ok()
    }
}

/// Keeps mailboxes synced, as far as this node gets leases for them.
#[derive(Clone)]
pub struct Supervisor {
    deps: Arc<Deps>,
    node: Uuid,
    /// Rung when there may be mail to remove.
    erase: Arc<Notify>,
}

struct Running {
    lease: Lease,
    bells: Arc<Bells>,
    abort: tokio::task::AbortHandle,
}

impl Supervisor {
    /// Syncs nothing yet.
    #[must_use]
    pub fn new(deps: Deps) -> Self {
        let node = deps.clock.new_id();
        Self { deps: Arc::new(deps), node, erase: Arc::default() }
    }

    /// What it works with.
    #[must_use]
    pub fn deps(&self) -> &Deps {
        &self.deps
    }

    /// Syncs, and removes what was disconnected, until dropped. `alone`: no other node has leases, whatever the database says.
    pub async fn run(&self, alone: bool) {
        tokio::join!(self.sync(alone), self.keep_up());
    }

    async fn sync(&self, alone: bool) {
        let mut tasks: JoinSet<Lease> = JoinSet::new();
        let mut running: HashMap<MailAccountId, Running> = HashMap::new();
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut watch = tokio::time::interval(WATCH);
        watch.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut first = alone;
        loop {
            let told = tokio::select! {
                _ = heartbeat.tick() => Vec::new(),
                _ = watch.tick(), if !alone && !running.is_empty() => {
                    if let Ok(held) = mail_accounts::held(&self.deps.db, self.node).await {
                        keep(&mut running, &held);
                    }
                    continue;
                }
                told = self.deps.signals.wait() => told.into_iter().collect(),
                Some(ended) = tasks.join_next() => {
                    // Under a newer lease another task may be running by now.
                    if let Ok(lease) = ended && running.get(&lease.account).is_some_and(|task| task.lease == lease) {
                        running.remove(&lease.account);
                    }
                    continue;
                }
            };
            let renewed = async {
                self.renew(&mut running).await?;
                for account in told {
                    if let Some(task) = running.get(&account) {
                        task.bells.ring();
                    }
                }
                mail_accounts::claim(&self.deps.db, self.node, std::mem::take(&mut first)).await
            };
            match renewed.await {
                Ok(leases) => {
                    for (place, lease) in leases.into_iter().enumerate() {
                        let task = self.start(&mut tasks, lease, place);
                        running.insert(task.lease.account, task);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "Leases of mailboxes could not be renewed; trying again in seconds");
                }
            }
            self.erase.notify_one();
        }
    }

    /// Removes mail that is to go, and looks after packs.
    async fn keep_up(&self) {
        let Deps { db, blobs, clock, .. } = &*self.deps;
        let mut search_at = clock.now().plus(FIRST_SEARCH);
        loop {
            tokio::select! {
                () = self.erase.notified() => {}
                () = clock.sleep(UPKEEP) => {}
            }
            if let Err(error) = self.erase().await {
                tracing::warn!(%error, "Mail of a disconnected mailbox could not be removed; trying again in seconds");
            }
            if clock.now() >= search_at {
                search_at = clock.now().plus(SEARCH);
                if let Err(error) = messages::find_unnamed_packs(db, blobs, clock).await {
                    tracing::warn!(%error, "Packs that nobody names could not be looked for; trying again in hours");
                }
            }
            if let Err(error) = messages::look_after_packs(db, blobs, clock).await {
                tracing::warn!(%error, "Packs could not be looked after; trying again in seconds");
            }
        }
    }

    /// Gives all leases back. To be called when `run` has been dropped.
    pub async fn release(&self) -> Result<(), Fault> {
        for lease in mail_accounts::heartbeat(&self.deps.db, self.node).await? {
            mail_accounts::release(&self.deps.db, &lease).await?;
        }
        Ok(())
    }

    /// Renews the leases and ends the tasks of those that are lost.
    async fn renew(&self, running: &mut HashMap<MailAccountId, Running>) -> Result<(), Fault> {
        let held = mail_accounts::heartbeat(&self.deps.db, self.node).await?;
        keep(running, &held);
        Ok(())
    }

    fn start(&self, tasks: &mut JoinSet<Lease>, lease: Lease, place: usize) -> Running {
        let bells = Arc::new(Bells::default());
        let (deps, rung, held) = (Arc::clone(&self.deps), Arc::clone(&bells), lease.clone());
        let wait = SPREAD.saturating_mul(u32::try_from(place).unwrap_or(u32::MAX));
        let abort = tasks.spawn(async move {
            if !wait.is_zero() {
                tokio::time::sleep(random_range(Duration::ZERO..=wait)).await;
            }
            runner::run(&deps, held.clone(), &rung).await;
            held
        });
        Running { lease, bells, abort }
    }

    /// Removes mail of disconnected mailboxes whose owners wanted it gone.
    async fn erase(&self) -> Result<(), messages::Error> {
        let db = &self.deps.db;
        for (workspace, account) in mail_accounts::removing(db).await? {
            let cx = Cx::of_system(workspace, self.deps.clock.clone());
            let folders = mail_accounts::folder_ids(db, workspace, account).await?;
            while messages::erase_batch(&cx, db, account, &folders).await? {}
            mail_accounts::erase(db, workspace, account).await?;
        }
        Ok(())
    }
}

/// Ends the tasks of leases that are lost.
fn keep(running: &mut HashMap<MailAccountId, Running>, held: &[Lease]) {
    running.retain(|_, task| {
        let kept = held.contains(&task.lease);
        if !kept {
            task.abort.abort();
        }
        kept
    });
}
