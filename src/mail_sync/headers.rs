//! The headers of mail that was skipped, so that its owner knows what it is.

use super::error::SyncError;
use super::imap::ImapError;
use super::link::Link;
use super::session::Session;
use crate::mail_accounts::Folder;
use crate::messages;

/// Messages of one round.
const AT_ONCE: u64 = 20;

/// Asks for the headers of newly skipped mail, once each: an answer that cannot be read ends the connection, and never again.
pub(super) async fn read(session: &Session<'_>, link: &mut Link, folders: &[Folder]) -> Result<(), SyncError> {
    let Session { cx, deps, lease, .. } = session;
    let lives: Vec<_> = folders.iter().map(|folder| (folder.id, folder.generation)).collect();
    let headless = messages::take_headless(cx, &deps.db, lease, &lives, AT_ONCE).await?;
    for folder in folders {
        let uids: Vec<u32> = headless.iter().filter(|(id, ..)| *id == folder.id).map(|(.., uid)| *uid).collect();
        if uids.is_empty() {
            continue;
        }
        let opened = match link.examine(session, folder.clone(), false).await {
            Ok(opened) => opened,
            Err(SyncError::Imap(ImapError::No { .. })) => continue,
            Err(error) => return Err(error),
        };
        for uid in uids {
            let mut headers = None;
            match link.conn.fetch_headers(uid, |item| headers = item.headers).await {
                Ok(_) | Err(ImapError::No { .. } | ImapError::Bad { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            if let Some(headers) = headers {
                let place = (folder.id, opened.folder.generation, uid);
                messages::note_headers(cx, &deps.db, lease, place, &headers).await?;
            }
        }
    }
    Ok(())
}
