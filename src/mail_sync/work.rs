//! Everything but news of the inbox: the other folders, the history of all, mail that could not be read before.

use std::sync::atomic::Ordering;
use std::time::Duration;

use entity::MailFolderId;

use super::error::SyncError;
use super::folders::rank;
use super::imap::{FolderStatus, ImapError};
use super::link::Link;
use super::manners::{Place, Turn};
use super::reader::{self, Span, Way};
use super::session::Session;
use super::{coverage, headers, reconcile, watch};
use crate::mail_accounts::{self, Folder, Report};
use crate::messages;

/// Between two looks at the folders that are not watched.
const ROUND: Duration = Duration::from_secs(60);

/// Every so many rounds all folders are opened: figures can be old, as Dovecot's are when a folder changes twice within a second.
const OPENED: u32 = 10;

/// How long history is read before the other folders' news is looked for again.
const SLICE: Duration = Duration::from_secs(20);

/// Between two listings of the folders.
const LISTING: Duration = Duration::from_secs(5 * 60);

/// A folder that the server has not listed for so long, and does not open, is gone.
const GONE: Duration = Duration::from_secs(60 * 60);

/// Holes tried in one round.
const HOLES: u64 = 100;

/// What a round left to do.
enum Next {
    /// More history, at once.
    History,
    /// History, when it is the mailbox's turn.
    Turn,
    /// News, in a while.
    News,
}

/// Works until something fails. `watched` is the folder whose news comes another way.
pub(super) async fn run(session: &Session<'_>, watched: MailFolderId) -> Result<(), SyncError> {
    let mut turn = session.deps.manners.turn();
    let mut at_work: Option<(Place, Link)> = None;
    let mut listed_at = session.deps.clock.now();
    let mut rounds = 0_u32;
    let mut asked = true;
    loop {
        let (_place, link) = match &mut at_work {
            Some(at_work) => at_work,
            None => at_work.insert((session.host.worker().await, Link::open(session).await?)),
        };
        if listed_at < session.deps.clock.now().minus(LISTING) {
            session.list_folders(link).await?;
            listed_at = session.deps.clock.now();
        }
        let next = match round(session, link, watched, &mut turn, asked || rounds.is_multiple_of(OPENED)).await {
            Ok(next) => next,
            Err(error) if error.is_unreadable() => {
                link.replace(session).await?;
                continue;
            }
            Err(error) => return Err(error),
        };
        session.keep_budget().await?;
        if session.host.is_crowded() {
            at_work = None;
        }
        match next {
            Next::History => {}
            Next::Turn => tokio::select! {
                () = turn.ready() => asked = false,
                () = tokio::time::sleep(ROUND) => asked = false,
                () = session.look.notified() => asked = true,
            },
            Next::News => {
                rounds = rounds.saturating_add(1);
                // Five rounds without a failure: what failed before is over.
                mail_accounts::note_success(&session.cx, &session.deps.db, &session.lease, rounds >= 5).await?;
                messages::hide_gone(&session.cx, &session.deps.db, &session.lease).await?;
                tokio::select! {
                    () = tokio::time::sleep(ROUND) => asked = false,
                    () = session.look.notified() => asked = true,
                }
            }
        }
    }
}

/// Looks at every folder once, and reads some history if it is the mailbox's turn. `open`: by opening each, whatever its figures say.
async fn round(
    session: &Session<'_>,
    link: &mut Link,
    watched: MailFolderId,
    turn: &mut Turn,
    open: bool,
) -> Result<Next, SyncError> {
    let folders = folders(session).await?;
    let behind = |folders: &[Folder]| folders.iter().any(Folder::is_behind);
    let now = session.deps.clock.now();
    let spent = session.budget.is_spent(now);
    if behind(&folders) && spent {
        report(session, Report::Paced { next_attempt_at: mail_accounts::next_day(now) }).await?;
    } else if !folders.iter().all(Folder::is_covered) {
        report(session, Report::Backfilling).await?;
    }
    for folder in folders.iter().filter(|folder| folder.id != watched) {
        news(session, link, folder, open).await?;
    }
    let mut next = Next::News;
    if !spent {
        for folder in self::folders(session).await?.iter().filter(|folder| folder.is_behind()) {
            let Some(_turn) = turn.take() else {
                next = Next::Turn;
                break;
            };
            if !history(session, link, folder, watched).await? {
                next = Next::History;
                break;
            }
        }
    }
    holes(session, link).await?;
    if !matches!(next, Next::News) {
        return Ok(next);
    }
    coverage::check_all(session, link, &self::folders(session).await?, watched).await?;
    let left = self::folders(session).await?;
    if !behind(&left) && left.iter().all(Folder::is_covered) && session.watched.load(Ordering::Relaxed) {
        session.tell_progress(true).await?;
        report(session, Report::Live).await?;
    }
    Ok(next)
}

/// The folders that are read, those that people look at first before the others.
async fn folders(session: &Session<'_>) -> Result<Vec<Folder>, SyncError> {
    let Session { cx, deps, lease, .. } = session;
    let folders = mail_accounts::folders_of_accounts(cx, &deps.db, &[lease.account]).await;
    let mut folders = folders.map_err(mail_accounts::Error::from)?;
    folders.retain(|folder| folder.synced);
    folders.sort_by_key(|folder| (rank(folder.role), folder.name.clone()));
    Ok(folders)
}

async fn report(session: &Session<'_>, report: Report) -> Result<(), SyncError> {
    Ok(mail_accounts::report(&session.cx, &session.deps.db, &session.lease, report).await?)
}

/// What is new and what changed in a folder that is not watched.
async fn news(session: &Session<'_>, link: &mut Link, folder: &Folder, open: bool) -> Result<(), SyncError> {
    match link.conn.status(&folder.name_raw).await {
        Ok(status) if !open && is_known(session, folder, &status) => return Ok(()),
        Ok(_) | Err(ImapError::Missing(_)) => {}
        Err(error @ ImapError::No { .. }) => return refused(session, folder, &error).await,
        Err(error) => return Err(error.into()),
    }
    let opened = match link.examine(session, folder.clone(), true).await {
        Ok(opened) => opened,
        Err(SyncError::Imap(error @ ImapError::No { .. })) => return refused(session, folder, &error).await,
        Err(error) => return Err(error),
    };
    watch::look(session, link, &opened).await
}

/// Whether a folder's figures say that all of it is known: no new mail, as many messages, no changed flags. Where the server does not
/// tell all three, the folder is opened to find out.
fn is_known(session: &Session<'_>, folder: &Folder, status: &FolderStatus) -> bool {
    let accounted = session.tally.accounted(folder.id);
    folder.uid_validity.is_some()
        && status.uid_validity == folder.uid_validity
        && status.uid_next == Some(folder.high_uid.saturating_add(1))
        && status.messages.is_some_and(|messages| !folder.backfill_done || messages == accounted)
        && matches!((status.highest_modseq, folder.mod_seq), (Some(now), Some(then)) if now <= then)
}

/// A folder that does not open is no reason to leave the others; one that is no longer listed either is gone.
async fn refused(session: &Session<'_>, folder: &Folder, error: &ImapError) -> Result<(), SyncError> {
    let Session { cx, deps, lease, .. } = session;
    let now = deps.clock.now();
    if folder.gone_since.is_some_and(|since| since < now.minus(GONE)) {
        while !messages::drop_folder(cx, &deps.db, lease, folder.id).await? {}
        session.tally.forget(folder.id);
    } else {
        tracing::info!(account = %lease.account, folder = %folder.id, %error, "A folder does not open; trying again in a minute");
        if session.tally.refuse(folder.id) {
            mail_accounts::note_refusal(cx, &deps.db, lease, &folder.name, &error.to_string()).await?;
        }
    }
    Ok(())
}

/// Reads some history of a folder. True when all of it is read.
async fn history(
    session: &Session<'_>,
    link: &mut Link,
    folder: &Folder,
    watched: MailFolderId,
) -> Result<bool, SyncError> {
    let may_begin = folder.id != watched;
    let opened = match link.examine(session, folder.clone(), may_begin).await {
        Ok(opened) => opened,
        // Looked at, and told, by `news`.
        Err(SyncError::Imap(ImapError::No { .. })) => return Ok(true),
        Err(error) => return Err(error),
    };
    let folder = &opened.folder;
    if !folder.backfill_done {
        let uids = 1..=folder.low_uid.saturating_sub(1);
        let span = Span { uids, way: Way::Down, exists: opened.exists, time: SLICE };
        let (done, _) = reader::read(session, link, folder, span).await?;
        if !done {
            return Ok(false);
        }
    }
    if folder.rebuilding {
        let Session { cx, deps, lease, .. } = session;
        while !messages::end_generation(cx, &deps.db, lease, folder.id, folder.generation).await? {}
    }
    mail_accounts::note_exists(&session.cx, &session.deps.db, &session.lease, folder.id, opened.exists).await?;
    // Only now can its numbers be compared with the server's.
    if folder.id == watched {
        session.watched.store(false, Ordering::Relaxed);
        session.wake.notify_one();
    } else {
        reconcile::run(session, link, &opened).await?;
    }
    Ok(true)
}

/// Tries mail again that could not be read before.
async fn holes(session: &Session<'_>, link: &mut Link) -> Result<(), SyncError> {
    let Session { cx, deps, .. } = session;
    let folders = folders(session).await?;
    let lives: Vec<_> = folders.iter().map(|folder| (folder.id, folder.generation)).collect();
    let due = messages::due_holes(cx, &deps.db, &lives, HOLES).await?;
    for folder in &folders {
        let uids: Vec<u32> = due.iter().filter(|hole| hole.folder == folder.id).map(|hole| hole.uid).collect();
        if uids.is_empty() {
            continue;
        }
        let opened = link.examine(session, folder.clone(), false).await?;
        for uid in uids {
            // One by one: an answer that cannot be read must not cost the others their turn.
            match reader::read_uids(session, link, &opened.folder, &[uid]).await {
                Ok(_) => {}
                Err(error) if error.is_unreadable() => {
                    reader::still_a_hole(session, &opened.folder, uid).await?;
                    return Err(error);
                }
                Err(error) => return Err(error),
            }
        }
        session.recount(folder).await?;
    }
    headers::read(session, link, &folders).await
}
