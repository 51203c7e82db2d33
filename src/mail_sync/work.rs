//! Everything but the inbox's news: the other folders, the history of all, what failed before.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use entity::MailFolderId;

use super::error::SyncError;
use super::folders::rank;
use super::imap::ImapError;
use super::link::Link;
use super::reader::{self, Span, Way};
use super::session::{Session, nudged};
use super::watch::{head, recover, reload};
use super::reconcile;
use crate::mail_accounts::{self, Folder, Report, Role};
use crate::messages;

/// Between two looks at the other folders, and where there are many.
const LOOK: Duration = Duration::from_mins(1);
const LOOK_AT_MANY: Duration = Duration::from_mins(5);
const MANY: usize = 20;

/// Longest time for one folder's history before the others are looked at.
const TURN: Duration = Duration::from_secs(10);

/// Sessions this long forget earlier failures.
const STABLE: Duration = Duration::from_mins(5);

/// Holes tried again at once.
const HOLES: u64 = 50;

/// Works until something fails.
pub(super) async fn run(session: &Session<'_>, folders: Vec<Folder>) -> Result<Infallible, SyncError> {
    let mut work = Work { session, link: Link::open(session).await?, folders, began: Instant::now(), list: false };
    let mut nudges = session.nudges();
    let mut ready = session.inbox_ready.subscribe();
    let mut look_at = Instant::now();
    loop {
        if Instant::now() >= look_at {
            work.look_at_all().await?;
            let every = if work.folders.len() > MANY { LOOK_AT_MANY } else { LOOK };
            look_at = Instant::now() + every;
        }
        if work.history().await? {
            if nudges.has_changed().unwrap_or(false) {
                nudges.mark_unchanged();
                look_at = Instant::now();
            }
            continue;
        }
        work.mend().await?;
        if *ready.borrow_and_update() {
            work.settled().await?;
        }
        tokio::select! {
            () = tokio::time::sleep_until(look_at.into()) => {}
            () = nudged(&mut nudges) => look_at = Instant::now(),
            () = session.elsewhere.notified() => look_at = Instant::now(),
            changed = ready.changed() => if changed.is_err() { std::future::pending::<()>().await },
        }
    }
}

struct Work<'a, 'b> {
    session: &'a Session<'b>,
    link: Link,
    folders: Vec<Folder>,
    began: Instant,
    /// Whether the list of folders is known to be old.
    list: bool,
}

impl Work<'_, '_> {
    /// Looks for news in all folders but the inbox. The first look goes by the list that the session began with.
    async fn look_at_all(&mut self) -> Result<(), SyncError> {
        if self.list {
            let (folders, missing) = self.session.list_folders(&mut self.link).await?;
            self.folders = folders;
            for folder in missing {
                self.drop_if_gone(folder).await?;
            }
        }
        self.list = true;
        for index in 0..self.folders.len() {
            let Some(folder) = self.folders.get(index).cloned() else { break };
            if folder.role != Some(Role::Inbox) && folder.synced && folder.gone_since.is_none() {
                let folder = self.look(folder).await?;
                self.put(folder);
            }
        }
        let Session { cx, deps, lease, .. } = self.session;
        while messages::hide_gone(cx, &deps.db, lease).await? > 0 {}
        Ok(())
    }

    /// Looks for news in one folder.
    async fn look(&mut self, folder: Folder) -> Result<Folder, SyncError> {
        let status = match self.link.conn.status(&folder.name_raw).await {
            Ok(status) => status,
            // A folder that cannot be asked about is that folder's trouble only.
            Err(ImapError::No { .. } | ImapError::Missing(_)) => return Ok(folder),
            Err(error) => return Err(error.into()),
        };
        let (stored, skipped) = self.session.tally.of(folder.id);
        let known = stored.saturating_add(skipped);
        let same_uids = folder.uid_validity.is_some() && status.uid_validity == folder.uid_validity;
        let nothing_new = status.uid_next.is_some_and(|next| next == folder.high_uid.saturating_add(1));
        let same_count = status.messages.is_some_and(|messages| !folder.backfill_done || messages == known);
        let same_flags = match (status.highest_modseq, folder.mod_seq) {
            (Some(now), Some(then)) => now <= then,
            _ => false,
        };
        if same_uids && nothing_new && same_count && same_flags {
            return Ok(folder);
        }
        let mut opened = match self.link.examine(self.session, folder.clone(), true).await {
            Ok(opened) => opened,
            Err(SyncError::Imap(ImapError::No { .. } | ImapError::Missing(_))) => return Ok(folder),
            Err(error) => return Err(error),
        };
        let (uid_next, exists) = (opened.uid_next, opened.exists);
        let mut caught_up = head(self.session, &mut self.link, &mut opened.folder, uid_next, exists).await;
        if caught_up.is_ok() {
            caught_up = reconcile::folder(self.session, &mut self.link, &mut opened).await;
        }
        let Session { cx, deps, lease, .. } = self.session;
        mail_accounts::note_exists(cx, &deps.db, lease, opened.folder.id, exists).await?;
        match caught_up {
            Ok(()) => Ok(opened.folder),
            Err(error) => recover(self.session, &mut self.link, opened.folder, error).await,
        }
    }

    /// Reads history for a while. False when there is none left.
    async fn history(&mut self) -> Result<bool, SyncError> {
        let next = self.folders.iter().filter(|folder| folder.is_behind()).min_by_key(|folder| rank(folder.role));
        let Some(mut folder) = next.cloned() else { return Ok(false) };
        if folder.role == Some(Role::Inbox) {
            // Its life begins with the watch; until then there is nothing to read down from.
            reload(self.session, &mut folder).await?;
            if folder.uid_validity.is_none() {
                let mut ready = self.session.inbox_ready.subscribe();
                let ready = ready.wait_for(|ready| *ready).await;
                ready.map_err(|_| SyncError::Restart("nobody watches the inbox"))?;
                reload(self.session, &mut folder).await?;
            }
        }
        let may_begin = folder.role != Some(Role::Inbox);
        let opened = match self.link.examine(self.session, folder.clone(), may_begin).await {
            Ok(opened) => opened,
            Err(SyncError::Imap(ImapError::No { .. } | ImapError::Missing(_))) => {
                // Looked at again with the next list.
                folder.gone_since = Some(self.session.cx.now());
                self.put(folder);
                return Ok(true);
            }
            Err(error) => return Err(error),
        };
        let mut folder = opened.folder;
        if folder.low_uid > 1 {
            let span = Span { uids: 1..=folder.low_uid - 1, way: Way::Down, exists: opened.exists, time: TURN };
            let read = reader::read(self.session, &mut self.link, &folder, span).await;
            reload(self.session, &mut folder).await?;
            if let Err(error) = read {
                folder = recover(self.session, &mut self.link, folder, error).await?;
            }
        }
        if folder.backfill_done {
            folder = self.complete(folder).await?;
        }
        self.put(folder);
        Ok(true)
    }

    /// What is done once a folder's history is read: older lives end, and what the server has is compared with what is stored.
    async fn complete(&mut self, mut folder: Folder) -> Result<Folder, SyncError> {
        let Session { cx, deps, lease, .. } = self.session;
        if folder.rebuilding {
            while !messages::end_generation(cx, &deps.db, lease, folder.id, folder.generation).await? {}
            reload(self.session, &mut folder).await?;
        }
        if folder.role != Some(Role::Inbox) {
            let mut opened = self.link.examine(self.session, folder, true).await?;
            if let Err(error) = reconcile::folder(self.session, &mut self.link, &mut opened).await {
                return recover(self.session, &mut self.link, opened.folder, error).await;
            }
            folder = opened.folder;
        }
        Ok(folder)
    }

    /// Tries again what could not be read before.
    async fn mend(&mut self) -> Result<(), SyncError> {
        let Session { cx, deps, .. } = self.session;
        let lives: Vec<_> = self.folders.iter().map(|folder| (folder.id, folder.generation)).collect();
        let due = messages::due_holes(cx, &deps.db, &lives, HOLES).await?;
        for folder in self.folders.clone() {
            let uids: Vec<u32> = due.iter().filter(|hole| hole.folder == folder.id).map(|hole| hole.uid).collect();
            if uids.is_empty() || folder.gone_since.is_some() {
                continue;
            }
            let opened = match self.link.examine(self.session, folder.clone(), false).await {
                Ok(opened) => opened,
                Err(SyncError::Imap(ImapError::No { .. })) => continue,
                Err(error) => return Err(error),
            };
            for uid in uids {
                // One by one: whatever made one fail must not reach the others.
                if let Err(error) = reader::read_uids(self.session, &mut self.link, &opened.folder, &[uid]).await {
                    if !error.is_unreadable() {
                        return Err(error);
                    }
                    reader::still_a_hole(self.session, &opened.folder, uid).await?;
                    self.link.replace(self.session).await?;
                    self.link.examine(self.session, opened.folder.clone(), false).await?;
                }
            }
            self.recount(&opened.folder).await?;
        }
        Ok(())
    }

    async fn recount(&self, folder: &Folder) -> Result<(), SyncError> {
        let Session { cx, deps, tally, .. } = self.session;
        let life = [(folder.id, folder.generation)];
        let counts = messages::counts_of_folders(cx, &deps.db, &life).await.map_err(messages::Error::from)?;
        let holes = messages::holes_of(cx, &deps.db, &life).await?.len();
        let stored = counts.get(&folder.id).map_or(0, |counts| counts.messages);
        tally.counted(folder.id, stored, u32::try_from(holes).unwrap_or(u32::MAX));
        Ok(())
    }

    /// All is read and the inbox is watched.
    async fn settled(&mut self) -> Result<(), SyncError> {
        self.session.tell_progress(true).await?;
        self.session.tell(Report::Live).await?;
        let Session { cx, deps, lease, .. } = self.session;
        mail_accounts::note_success(cx, &deps.db, lease, self.began.elapsed() >= STABLE).await?;
        Ok(())
    }

    /// Removes a folder that two lists in a row left out and that cannot be opened.
    async fn drop_if_gone(&mut self, id: MailFolderId) -> Result<(), SyncError> {
        let Some(folder) = self.folders.iter().find(|folder| folder.id == id && folder.gone_since.is_some()) else {
            return Ok(());
        };
        match self.link.conn.examine(&folder.name_raw).await {
            Err(ImapError::No { .. }) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let Session { cx, deps, lease, .. } = self.session;
        while !messages::drop_folder(cx, &deps.db, lease, id).await? {}
        self.folders.retain(|folder| folder.id != id);
        self.session.tally.forget(id);
        Ok(())
    }

    fn put(&mut self, folder: Folder) {
        if let Some(place) = self.folders.iter_mut().find(|known| known.id == folder.id) {
            *place = folder;
        }
    }
}
