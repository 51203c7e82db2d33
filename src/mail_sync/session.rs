//! One session with a mail server: from signing in until something fails.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use super::error::SyncError;
use super::imap::ImapError;
use super::link::Link;
use super::patience::Patience;
use super::supervisor::Deps;
use super::tally::Tally;
use super::{folders, watch as inbox_watch, work};
use crate::access::Cx;
use crate::mail_accounts::{self, Folder, Lease, Login, Report, Role};
use crate::messages;

/// Messages of one request.
const GROUP: u32 = 100;

/// What lasts longer than a session.
pub(super) struct Memory {
    groups: Mutex<Patience>,
    windows: Mutex<Patience>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { groups: Mutex::new(Patience::new(GROUP)), windows: Mutex::new(Patience::new(u32::MAX)) }
    }
}

/// What a session works with.
pub(super) struct Session<'a> {
    pub(super) deps: Deps,
    pub(super) cx: Cx,
    pub(super) lease: Lease,
    pub(super) login: Login,
    pub(super) tally: Tally,
    memory: &'a Memory,
    /// Changes when the owner wants to see news now.
    nudges: watch::Receiver<u64>,
    /// Something left the inbox: it may be in another folder now.
    pub(super) elsewhere: Notify,
    /// Whether the inbox is up to date and watched.
    pub(super) inbox_ready: watch::Sender<bool>,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        deps: Deps,
        lease: Lease,
        login: Login,
        memory: &'a Memory,
        nudges: watch::Receiver<u64>,
    ) -> Self {
        let cx = lease.cx(&deps.clock);
        Self {
            deps,
            cx,
            lease,
            login,
            tally: Tally::default(),
            memory,
            nudges,
            elsewhere: Notify::new(),
            inbox_ready: watch::Sender::new(false),
        }
    }

    /// Syncs until something fails.
    pub(super) async fn run(&self) -> SyncError {
        match self.begin().await {
            Ok((link, inbox, folders)) => {
                let watching = inbox_watch::run(self, link, inbox);
                let working = work::run(self, folders);
                match tokio::try_join!(watching, working) {
                    Err(error) => error,
                    Ok((never, _)) => match never {},
                }
            }
            Err(error) => error,
        }
    }

    /// Signs in, takes over the folders, and says what is to be done.
    async fn begin(&self) -> Result<(Link, Folder, Vec<Folder>), SyncError> {
        let mut link = Link::open(self).await?;
        let (folders, _) = self.list_folders(&mut link).await?;
        let ids: Vec<_> = folders.iter().map(|folder| (folder.id, folder.generation)).collect();
        let counts = messages::counts_of_folders(&self.cx, &self.deps.db, &ids).await.map_err(messages::Error::from)?;
        let holes = messages::holes_of(&self.cx, &self.deps.db, &ids).await?;
        for folder in &folders {
            let stored = counts.get(&folder.id).map_or(0, |counts| counts.messages);
            let skipped = holes.iter().filter(|hole| hole.folder == folder.id).count();
            self.tally.counted(folder.id, stored, u32::try_from(skipped).unwrap_or(u32::MAX));
            self.tally.exists(folder.id, folder.exists_seen);
        }
        let inbox = folders.iter().find(|folder| folder.role == Some(Role::Inbox) && folder.gone_since.is_none());
        let inbox = inbox.cloned().ok_or(ImapError::Missing("INBOX"))?;
        if folders.iter().any(|folder| folder.is_behind()) {
            self.tell(Report::Backfilling).await?;
        }
        Ok((link, inbox, folders))
    }

    /// Takes over the server's list of folders. Also the ids of those that were missing before already.
    pub(super) async fn list_folders(
        &self,
        link: &mut Link,
    ) -> Result<(Vec<Folder>, Vec<entity::MailFolderId>), SyncError> {
        let known = mail_accounts::folders_of_accounts(&self.cx, &self.deps.db, &[self.lease.account]).await;
        let known = known.map_err(messages::Error::from)?;
        let missing = known.into_iter().filter(|folder| folder.gone_since.is_some()).map(|folder| folder.id);
        let missing = missing.collect();
        let found = folders::found(link.conn.list_folders().await?);
        if !found.iter().any(|folder| folder.role == Some(Role::Inbox)) {
            // Every account has one: a list without it proves nothing about the others either.
            return Err(ImapError::Missing("INBOX").into());
        }
        let folders = mail_accounts::update_folders(&self.cx, &self.deps.db, &self.lease, found).await?;
        Ok((folders, missing))
    }

    pub(super) async fn tell(&self, report: Report) -> Result<(), SyncError> {
        Ok(mail_accounts::report(&self.cx, &self.deps.db, &self.lease, report).await?)
    }

    /// Tells how far it is, at most once a second but for the end.
    pub(super) async fn tell_progress(&self, end: bool) -> Result<(), SyncError> {
        if let Some(progress) = self.tally.due(end) {
            mail_accounts::report_progress(&self.cx, &self.deps.db, &self.lease, progress).await?;
        }
        Ok(())
    }

    /// Returns when the owner wants to see news now. Each caller hears of each wish once.
    pub(super) fn nudges(&self) -> watch::Receiver<u64> {
        let mut nudges = self.nudges.clone();
        nudges.mark_unchanged();
        nudges
    }

    /// Sizes of requests for messages.
    pub(super) fn groups(&self) -> MutexGuard<'_, Patience> {
        self.memory.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sizes of requests for lists.
    pub(super) fn windows(&self) -> MutexGuard<'_, Patience> {
        self.memory.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for the next nudge; for ever when nobody is left who could give one.
pub(super) async fn nudged(nudges: &mut watch::Receiver<u64>) {
    if nudges.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
