//! News of the inbox: waits for it with IDLE, and reads it at once.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::error::SyncError;
use super::imap::{IdleOutcome, Untagged};
use super::link::{Link, Opened};
use super::reader::{self, Span, Way};
use super::reconcile;
use super::session::Session;
use crate::mail_accounts::Folder;

/// How long one IDLE may last. RFC 2177 asks for a new one before 29 minutes; shorter, since NAT gateways forget silent connections.
/// Each end is also a look at the folder, for servers that fall silent.
const IDLE: Duration = Duration::from_secs(4 * 60);

/// Between two looks at a server without IDLE.
const POLL: Duration = Duration::from_secs(60);

/// Stays at the inbox until something fails. The folder is open on the connection.
pub(super) async fn run(session: &Session<'_>, mut link: Link, mut opened: Opened) -> Result<(), SyncError> {
    let id = opened.folder.id;
    loop {
        let done = async {
            look(session, &mut link, &opened).await?;
            // A check that somebody asked for waits until the news is read.
            if !session.watched.swap(true, Ordering::Relaxed) || session.check.load(Ordering::Relaxed) {
                session.look.notify_one();
            }
            wait(session, &mut link, &opened).await
        };
        match done.await {
            Ok(()) => {}
            Err(error) if error.is_unreadable() => link.replace(session).await?,
            Err(error) => return Err(error),
        }
        opened = link.examine(session, session.folder(id).await?, true).await?;
    }
}

/// Reads what is new in a folder that was just opened, and takes over what changed in it.
pub(super) async fn look(session: &Session<'_>, link: &mut Link, opened: &Opened) -> Result<(), SyncError> {
    let folder = &opened.folder;
    let next = opened.uid_next.unwrap_or(u32::MAX);
    if next > folder.high_uid.saturating_add(1) {
        let bounded = opened.uid_next.is_some();
        let last = if bounded { next - 1 } else { u32::MAX };
        read_up(session, link, folder, last, Way::Up { bounded }, opened.exists).await?;
    }
    reconcile::run(session, link, opened).await
}

async fn read_up(
    session: &Session<'_>,
    link: &mut Link,
    folder: &Folder,
    last: u32,
    way: Way,
    exists: u32,
) -> Result<(), SyncError> {
    let first = folder.high_uid.saturating_add(1);
    let span = Span { uids: first..=last, way, exists, time: Duration::MAX / 4 };
    reader::read(session, link, folder, span).await?;
    Ok(())
}

/// Waits for news and reads it, as long as there is only new mail. Returns when the folder is to be opened and looked at again.
async fn wait(session: &Session<'_>, link: &mut Link, opened: &Opened) -> Result<(), SyncError> {
    loop {
        let outcome = link.conn.idle(IDLE, session.wake.notified()).await?;
        match outcome {
            IdleOutcome::News => {}
            IdleOutcome::Elapsed | IdleOutcome::Interrupted => return Ok(()),
            IdleOutcome::Refused { .. } => {
                tokio::select! {
                    () = session.deps.clock.sleep(POLL) => {}
                    () = session.wake.notified() => {}
                }
                return Ok(());
            }
        }
        let news = link.conn.take_news();
        let only_new = !news.overflowed && news.events.iter().all(|event| matches!(event, Untagged::Exists(_)));
        let exists = news.events.iter().rev().find_map(|event| match event {
            Untagged::Exists(exists) => Some(*exists),
            _ => None,
        });
        if let Some(exists) = exists {
            session.tally.exists(opened.folder.id, exists);
            // As stored: the cursor has moved since the folder was opened.
            let folder = session.folder(opened.folder.id).await?;
            read_up(session, link, &folder, u32::MAX, Way::Up { bounded: false }, exists).await?;
            session.tell_progress(true).await?;
        }
        if !only_new {
            return Ok(());
        }
    }
}
