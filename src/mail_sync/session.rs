//! One signed-in stretch of a mailbox's sync: from connecting to the first failure.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entity::{MailFolderId, Timestamp};
use futures_util::FutureExt;
use tokio::sync::Notify;

use super::budget::Budget;
use super::error::SyncError;
use super::folders;
use super::imap::ImapError;
use super::link::Link;
use super::manners::Host;
use super::patience::Patience;
use super::supervisor::Deps;
use super::tally::Tally;
use super::{watch, work};
use crate::access::Cx;
use crate::mail_accounts::{self, Folder, Lease, Login};
use crate::messages;

/// What a session works with.
pub(super) struct Session<'a> {
    pub(super) cx: Cx,
    pub(super) deps: &'a Deps,
    pub(super) lease: Lease,
    pub(super) login: Login,
    pub(super) tally: Tally,
    /// Rung when the inbox is to be looked at now.
    pub(super) wake: &'a Notify,
    /// Rung when the other folders are.
    pub(super) look: &'a Notify,
    checks: &'a Checks,
    /// Held while something is stored and counted, and while all is counted anew: what is between would count twice.
    pub(super) counting: tokio::sync::Mutex<()>,
    /// Looks at the watched folder that were wanted, and the last of them that was had.
    wanted: AtomicU32,
    had: AtomicU32,
    /// Folders that are left alone, by name, and until when.
    resting: Mutex<HashMap<MailFolderId, (String, Timestamp)>>,
    /// How much may be read today.
    pub(super) budget: Budget,
    /// Places at its mail server.
    pub(super) host: Arc<Host>,
    memory: &'a Memory,
}

/// Rung when somebody asks to look for news now.
#[derive(Debug, Default)]
pub(super) struct Bells {
    inbox: Notify,
    others: Notify,
    retry: Notify,
    checks: Checks,
}

impl Bells {
    /// Rings all.
    pub(super) fn ring(&self) {
        self.checks.wanted.fetch_add(1, Ordering::SeqCst);
        // A session that ends of it finds its ring there, and forgets it.
        self.retry.notify_one();
        self.others.notify_one();
        self.inbox.notify_one();
    }

    /// Forgets rings of before: they were for a session that is over.
    pub(super) fn forget(&self) {
        let _earlier = self.retry.notified().now_or_never();
    }

    /// Rung while the account waits for its next attempt.
    pub(super) async fn retry(&self) {
        self.retry.notified().await;
    }
}

/// Checks of all folders that somebody asked for, and those of them that were had.
#[derive(Debug, Default)]
struct Checks {
    wanted: AtomicU32,
    had: AtomicU32,
}

/// What an account's sessions hand on to the next: how large requests may be.
pub(super) struct Memory {
    windows: Mutex<Patience>,
    groups: Mutex<Patience>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { windows: Mutex::new(Patience::new(1 << 20)), groups: Mutex::new(Patience::new(128)) }
    }
}

impl<'a> Session<'a> {
    pub(super) fn new(deps: &'a Deps, lease: Lease, login: Login, bells: &'a Bells, memory: &'a Memory) -> Self {
        let cx = lease.cx(&deps.clock);
        let (host, budget) = (deps.manners.of(&login.imap.host), Budget::of(&login));
        Self {
            cx,
            deps,
            lease,
            login,
            tally: Tally::default(),
            wake: &bells.inbox,
            look: &bells.others,
            checks: &bells.checks,
            counting: tokio::sync::Mutex::default(),
            wanted: AtomicU32::new(1),
            had: AtomicU32::new(0),
            resting: Mutex::default(),
            budget,
            host,
            memory,
        }
    }

    /// Works until something fails.
    pub(super) async fn run(&self) -> Result<(), SyncError> {
        let mut link = Link::open(self).await?;
        let folders = self.list_folders(&mut link).await?;
        self.count(&folders).await?;
        let read: Vec<Folder> = folders.into_iter().filter(|folder| folder.synced).collect();
        let watched = folders::watched(&read, |folder| folder.role);
        let watched = watched.cloned().ok_or(ImapError::Missing("an inbox"))?;
        let wanted = self.look_wanted();
        let opened = match link.examine(self, watched, true).await {
            Ok(opened) => opened,
            Err(SyncError::Unsteady) => return self.run_unwatched().await,
            Err(error) => return Err(error),
        };
        let watched = opened.folder.id;
        tokio::try_join!(watch::run(self, link, opened, wanted), work::run(self, Some(watched)))?;
        Ok(())
    }

    /// Reads the other folders while the one that would be watched rests.
    async fn run_unwatched(&self) -> Result<(), SyncError> {
        self.had_look(self.look_wanted());
        let until = self.resting().map_or_else(|| self.deps.clock.now(), |(_, until)| until);
        tokio::select! {
            ended = work::run(self, None) => ended,
            () = self.deps.clock.sleep_until(until) => Err(SyncError::Restart("a folder has rested")),
        }
    }

    /// Whether the watched folder was looked at since that was last wanted.
    pub(super) fn is_watched(&self) -> bool {
        self.had.load(Ordering::SeqCst) == self.look_wanted()
    }

    /// The look that is wanted now. To be asked before the folder is opened for it.
    pub(super) fn look_wanted(&self) -> u32 {
        self.wanted.load(Ordering::SeqCst)
    }

    /// A look that was wanted was had. Whether it is the first that is the last wanted.
    pub(super) fn had_look(&self, wanted: u32) -> bool {
        self.had.swap(wanted, Ordering::SeqCst) != wanted
    }

    /// Wants the watched folder to be opened and looked at anew: a look that has begun is none of it.
    pub(super) fn want_look(&self) {
        self.wanted.fetch_add(1, Ordering::SeqCst);
        self.wake.notify_one();
    }

    /// The check of all folders that is wanted now, if one is.
    pub(super) fn check_wanted(&self) -> Option<u32> {
        let wanted = self.checks.wanted.load(Ordering::SeqCst);
        (wanted != self.checks.had.load(Ordering::SeqCst)).then_some(wanted)
    }

    /// A check that was wanted was had. What was wanted meanwhile still is.
    pub(super) fn had_check(&self, wanted: u32) {
        self.checks.had.store(wanted, Ordering::SeqCst);
    }

    /// Leaves a folder alone for a while.
    pub(super) fn rest(&self, folder: &Folder, until: Timestamp) {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        if resting.insert(folder.id, (folder.name.clone(), until)).is_none() {
            tracing::warn!(account = %self.lease.account, folder = %folder.id, "A folder's numbers do not last; it rests");
        }
    }

    pub(super) fn is_steady(&self, folder: MailFolderId) {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner).remove(&folder);
    }

    pub(super) fn rests(&self, folder: MailFolderId) -> bool {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&folder)
    }

    /// The folder that rests longest, by name, and until when.
    pub(super) fn resting(&self) -> Option<(String, Timestamp)> {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.values().max_by_key(|(_, until)| *until).cloned()
    }

    /// Takes over which folders there are; those that are listed.
    pub(super) async fn list_folders(&self, link: &mut Link) -> Result<Vec<Folder>, SyncError> {
        let listed = link.conn.list_folders().await?;
        let found = folders::found(listed);
        if found.is_empty() {
            // Proves nothing, least of all that all folders are gone.
            return Err(ImapError::Missing("any folder").into());
        }
        Ok(mail_accounts::update_folders(&self.cx, &self.deps.db, &self.lease, found).await?)
    }

    /// A folder as it is stored now.
    pub(super) async fn folder(&self, id: MailFolderId) -> Result<Folder, SyncError> {
        let found = mail_accounts::folders_by_ids(&self.cx, &self.deps.db, &[id]).await;
        let found = found.map_err(mail_accounts::Error::from)?.pop();
        found.ok_or(SyncError::Restart("a folder is gone"))
    }

    async fn count(&self, folders: &[Folder]) -> Result<(), SyncError> {
        let lives: Vec<_> = folders.iter().map(|folder| (folder.id, folder.generation)).collect();
        let counts = messages::counts_of_folders(&self.cx, &self.deps.db, &lives).await;
        let counts = counts.map_err(messages::Error::from)?;
        let holes = messages::holes_of(&self.cx, &self.deps.db, &lives).await?;
        for folder in folders.iter().filter(|folder| folder.synced) {
            let stored = counts.get(&folder.id).copied().unwrap_or_default().messages;
            let skipped = holes.iter().filter(|hole| hole.folder == folder.id).count();
            self.tally.counted(folder.id, stored, u32::try_from(skipped).unwrap_or(u32::MAX));
            self.tally.exists(folder.id, folder.exists_seen);
            self.tally.excluded(folder.id, folder.coverage.map_or(0, |(coverage, _)| coverage.excluded));
        }
        Ok(())
    }

    /// Counts a folder anew from its rows.
    pub(super) async fn recount(&self, folder: &Folder) -> Result<(), SyncError> {
        let _counting = self.counting.lock().await;
        let life = [(folder.id, folder.generation)];
        let counts =
            messages::counts_of_folders(&self.cx, &self.deps.db, &life).await.map_err(messages::Error::from)?;
        let skipped = messages::holes_of(&self.cx, &self.deps.db, &life).await?.len();
        let stored = counts.get(&folder.id).copied().unwrap_or_default().messages;
        self.tally.counted(folder.id, stored, u32::try_from(skipped).unwrap_or(u32::MAX));
        Ok(())
    }

    /// Tells how far the mailbox is read, at most once a second unless it is the end.
    pub(super) async fn tell_progress(&self, end: bool) -> Result<(), SyncError> {
        if let Some(progress) = self.tally.due(end) {
            mail_accounts::report_progress(&self.cx, &self.deps.db, &self.lease, progress).await?;
        }
        Ok(())
    }

    /// Keeps what was read, where that is limited.
    pub(super) async fn keep_budget(&self) -> Result<(), SyncError> {
        if let Some(read) = self.budget.unkept() {
            mail_accounts::note_read(&self.cx, &self.deps.db, &self.lease, read).await?;
        }
        Ok(())
    }

    pub(super) fn windows(&self) -> MutexGuard<'_, Patience> {
        self.memory.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn groups(&self) -> MutexGuard<'_, Patience> {
        self.memory.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
