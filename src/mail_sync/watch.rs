//! The inbox: new mail as it comes, and what changes or goes there.

use std::convert::Infallible;
use std::time::Duration;

use super::error::SyncError;
use super::imap::{IdleOutcome, Untagged};
use super::link::{Link, Opened};
use super::reader::{self, Span, Way};
use super::reconcile;
use super::session::{Session, nudged};
use crate::mail_accounts::{self, Folder};

/// Longest wait for news: routers forget silent connections sooner than the 29 minutes of RFC 2177.
const IDLE: Duration = Duration::from_mins(9);

/// Between two looks where the server cannot tell.
const POLL: Duration = Duration::from_secs(30);

/// Longest time for new mail before other changes are looked at.
const HEAD: Duration = Duration::from_mins(5);

/// Watches the inbox until something fails.
pub(super) async fn run(session: &Session<'_>, mut link: Link, inbox: Folder) -> Result<Infallible, SyncError> {
    let mut nudges = session.nudges();
    let mut folder = inbox;
    loop {
        let mut opened = link.examine(session, folder, true).await?;
        let mut exists = opened.exists;
        if let Err(error) = catch_up(session, &mut link, &mut opened).await {
            folder = recover(session, &mut link, opened.folder, error).await?;
            continue;
        }
        folder = opened.folder;
        mail_accounts::note_exists(&session.cx, &session.deps.db, &session.lease, folder.id, exists).await?;
        session.inbox_ready.send_replace(true);
        // Until it is time to look from the ground up.
        loop {
            let news = link.conn.take_news();
            if news.is_empty() {
                let outcome = link.conn.idle(IDLE, nudged(&mut nudges)).await?;
                match outcome {
                    IdleOutcome::News => continue,
                    IdleOutcome::Elapsed | IdleOutcome::Interrupted => break,
                    IdleOutcome::Refused { .. } => {
                        tokio::select! {
                            () = tokio::time::sleep(POLL) => {}
                            () = nudged(&mut nudges) => {}
                        }
                        break;
                    }
                }
            }
            let came = news.events.iter().any(|event| matches!(event, Untagged::Exists(count) if *count > exists))
                || news.events.iter().any(|event| matches!(event, Untagged::Expunge(_)));
            let went = news
                .events
                .iter()
                .any(|event| matches!(event, Untagged::Expunge(_) | Untagged::Vanished { .. }));
            let handled = async {
                // What is new first: somebody waits for it.
                if came {
                    head(session, &mut link, &mut folder, None, exists).await?;
                }
                reconcile::news(session, &mut link, &mut folder, exists, news).await
            };
            match handled.await {
                Ok(now) => exists = now,
                Err(error) => {
                    folder = recover(session, &mut link, folder, error).await?;
                    break;
                }
            }
            if went {
                session.elsewhere.notify_one();
            }
            session.tell_progress(false).await?;
        }
    }
}

async fn catch_up(session: &Session<'_>, link: &mut Link, opened: &mut Opened) -> Result<(), SyncError> {
    head(session, link, &mut opened.folder, opened.uid_next, opened.exists).await?;
    reconcile::folder(session, link, opened).await
}

/// Reads mail that is newer than what is accounted for.
pub(super) async fn head(
    session: &Session<'_>,
    link: &mut Link,
    folder: &mut Folder,
    uid_next: Option<u32>,
    exists: u32,
) -> Result<(), SyncError> {
    let first = folder.high_uid.saturating_add(1);
    let last = uid_next.map_or(u32::MAX, |next| next.saturating_sub(1));
    if first <= last {
        let way = Way::Up { bounded: uid_next.is_some() };
        let span = Span { uids: first..=last, way, exists, time: HEAD };
        let read = reader::read(session, link, folder, span).await;
        reload(session, folder).await?;
        read?;
    }
    Ok(())
}

/// The cursors as they were stored.
pub(super) async fn reload(session: &Session<'_>, folder: &mut Folder) -> Result<(), SyncError> {
    let found = mail_accounts::folders_by_ids(&session.cx, &session.deps.db, &[folder.id]).await;
    let found = found.map_err(mail_accounts::Error::from)?.pop();
    *folder = found.ok_or(SyncError::Restart("the folder is gone"))?;
    Ok(())
}

/// Goes on after an answer that could not be read, on another connection; any other failure ends the session.
pub(super) async fn recover(
    session: &Session<'_>,
    link: &mut Link,
    mut folder: Folder,
    error: SyncError,
) -> Result<Folder, SyncError> {
    if !error.is_unreadable() {
        return Err(error);
    }
    tracing::info!(account = %session.lease.account, folder = %folder.id, %error, "Going on with another connection");
    link.replace(session).await?;
    reload(session, &mut folder).await?;
    Ok(folder)
}
