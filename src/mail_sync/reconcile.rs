//! Taking over what changed at places that are known: flags, and messages that went.
//!
//! Only a listing that the server ended with OK counts, and only within the range that was asked: silence proves nothing.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use super::error::SyncError;
use super::imap::UidSet;
use super::link::{Link, Opened};
use super::session::Session;
use crate::mail_accounts::Folder;
use crate::messages::{self, Flags, Sweep};

/// Newest messages whose flags are compared at each look.
const NEWEST: u32 = 200;

/// UIDs of one listing.
const WINDOW: u32 = 2_000;

/// The whole folder is compared at least this often.
const WHOLE: Duration = Duration::from_secs(24 * 60 * 60);

/// Compares the newest messages of an open folder; all of them when the numbers do not agree, or the last time is a day ago.
pub(super) async fn run(session: &Session<'_>, link: &mut Link, opened: &Opened) -> Result<(), SyncError> {
    let Session { cx, deps, .. } = session;
    let folder = session.folder(opened.folder.id).await?;
    if folder.low_uid > folder.high_uid {
        return Ok(());
    }
    let deep = messages::uid_at_depth(cx, &deps.db, folder.id, folder.generation, NEWEST).await?;
    let from = deep.unwrap_or(folder.low_uid).max(folder.low_uid);
    range(session, link, &folder, from..=folder.high_uid, Sweep::default()).await?;
    let (stored, skipped) = session.tally.of(folder.id);
    let surplus = folder.backfill_done && stored.saturating_add(skipped) != opened.exists;
    let now = deps.clock.now();
    let due = folder.backfill_done && folder.flags_swept_at.is_none_or(|at| at < now.minus(WHOLE));
    if surplus || due {
        whole(session, link, &folder, from).await?;
    }
    Ok(())
}

/// Compares the rest of a folder, from below `from` down.
async fn whole(session: &Session<'_>, link: &mut Link, folder: &Folder, from: u32) -> Result<(), SyncError> {
    let mut above = from;
    while above > folder.low_uid {
        let start = above.saturating_sub(WINDOW).max(folder.low_uid);
        let last = start == folder.low_uid;
        let swept_at = last.then(|| session.deps.clock.now());
        range(session, link, folder, start..=above - 1, Sweep { swept_at, ..Sweep::default() }).await?;
        above = start;
    }
    if from <= folder.low_uid {
        let swept_at = Some(session.deps.clock.now());
        let Session { cx, deps, lease, .. } = session;
        let nothing = Sweep { swept_at, ..Sweep::default() };
        messages::sweep(cx, &deps.db, lease, folder.id, folder.generation, nothing).await?;
    }
    Ok(())
}

/// Compares one range of UIDs.
async fn range(
    session: &Session<'_>,
    link: &mut Link,
    folder: &Folder,
    uids: RangeInclusive<u32>,
    mut found: Sweep,
) -> Result<(), SyncError> {
    let Session { cx, deps, lease, .. } = session;
    let known = messages::located(cx, &deps.db, folder.id, folder.generation, uids.clone()).await?;
    let mut there: HashMap<u32, (Flags, Option<u64>)> = HashMap::new();
    let take = |item: super::imap::FetchItem| {
        if let Some(uid) = item.uid {
            there.insert(uid, (Flags::parse(item.flags.unwrap_or_default()), item.modseq));
        }
    };
    link.conn.fetch_flags(&UidSet::range(uids.clone()), None, take).await?;
    let mut removed: Vec<u32> = known.iter().copied().filter(|uid| !there.contains_key(uid)).collect();
    if !removed.is_empty() {
        // Servers leave out messages that exist now and then: only what is missing twice is gone.
        let mut again = HashSet::new();
        let missing: UidSet = removed.iter().copied().collect();
        link.conn.fetch_flags(&missing, None, |item| again.extend(item.uid)).await?;
        removed.retain(|uid| !again.contains(uid));
    }
    session.tally.removed(folder.id, u32::try_from(removed.len()).unwrap_or(u32::MAX));
    let known: HashSet<u32> = known.into_iter().collect();
    found.flags = there
        .into_iter()
        .filter(|(uid, _)| known.contains(uid))
        .map(|(uid, (flags, mod_seq))| (uid, flags, mod_seq))
        .collect();
    found.removed = removed;
    if !known.is_empty() || found.swept_at.is_some() {
        messages::sweep(cx, &deps.db, lease, folder.id, folder.generation, found).await?;
    }
    Ok(())
}
