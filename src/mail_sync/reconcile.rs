//! Taking over what changed at places that are known: flags, messages that went, and messages that a listing left out before.
//!
//! Only a listing that the server ended with OK counts, and only within the range that was asked: silence proves nothing.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use super::coverage;
use super::error::SyncError;
use super::imap::{FetchItem, UidSet};
use super::link::{Link, Opened};
use super::session::Session;
use crate::mail_accounts::Folder;
use crate::messages::{self, Flags, Sweep};

/// Newest messages that are compared at each look where the server cannot say what changed.
const NEWEST: u32 = 200;

/// Known messages of one listing.
const WINDOW: usize = 1_000;

/// The whole folder is compared at least this often where the server cannot say what changed.
const WHOLE: Duration = Duration::from_secs(24 * 60 * 60);

/// Characters of UIDs in one command.
const UIDS: usize = 1_000;

/// Takes over what changed in an open folder. Where the server keeps modification sequences (RFC 7162) it says which flags did;
/// elsewhere the newest messages are compared, and once a day all. When the numbers do not agree, messages are compared from the
/// newest down until they do.
pub(super) async fn run(session: &Session<'_>, link: &mut Link, opened: &Opened) -> Result<(), SyncError> {
    let Session { cx, deps, .. } = session;
    let folder = session.folder(opened.folder.id).await?;
    if folder.low_uid > folder.high_uid {
        return Ok(());
    }
    let told = match (opened.mod_seq, folder.mod_seq) {
        (Some(now), Some(then)) if now > then => {
            changed_since(session, link, &folder, then, now).await?;
            true
        }
        (now, then) => now.is_some() && then.is_some(),
    };
    let now = deps.clock.now();
    let due = !told && folder.backfill_done && folder.flags_swept_at.is_none_or(|at| at < now.minus(WHOLE));
    if due {
        compare(session, link, &folder, folder.low_uid, None).await?;
        let swept = Sweep { swept_at: Some(now), mod_seq: opened.mod_seq, ..Sweep::default() };
        apply(session, &folder, swept).await?;
        session.tally.compared(folder.id, opened.exists);
    } else if !told || !folder.backfill_done {
        let deep = messages::uid_at_depth(cx, &deps.db, folder.id, folder.generation, NEWEST).await?;
        let lowest = deep.unwrap_or(folder.low_uid).max(folder.low_uid);
        compare(session, link, &folder, lowest, None).await?;
    }
    if folder.backfill_done && session.tally.disagrees(folder.id, opened.exists) {
        compare(session, link, &folder, folder.low_uid, Some(opened.exists)).await?;
        session.tally.compared(folder.id, opened.exists);
    }
    Ok(())
}

/// Takes over the flags that changed after a modification sequence.
async fn changed_since(
    session: &Session<'_>,
    link: &mut Link,
    folder: &Folder,
    then: u64,
    now: u64,
) -> Result<(), SyncError> {
    // History that is being read was listed with flags of before: until it is all there, the same changes are asked for again.
    let mod_seq = folder.backfill_done.then_some(now);
    let mut found = Sweep { mod_seq, ..Sweep::default() };
    let uids = UidSet::range(folder.low_uid..=folder.high_uid);
    link.conn.fetch_flags(&uids, Some(then), |item| found.flags.extend(flags_of(item))).await?;
    apply(session, folder, found).await
}

/// Compares known messages from the newest down to `lowest`, or until the folder has as many as `exists`. What the server lists and
/// is not known is read.
async fn compare(
    session: &Session<'_>,
    link: &mut Link,
    folder: &Folder,
    lowest: u32,
    exists: Option<u32>,
) -> Result<(), SyncError> {
    let Session { cx, deps, .. } = session;
    let life = [(folder.id, folder.generation)];
    let holes: HashSet<u32> = messages::holes_of(cx, &deps.db, &life).await?.into_iter().map(|hole| hole.uid).collect();
    let all = lowest..=folder.high_uid;
    let mut known = messages::located(cx, &deps.db, folder.id, folder.generation, all).await?;
    known.sort_unstable();
    let mut last = folder.high_uid;
    let mut chunks = known.rchunks(WINDOW).peekable();
    loop {
        let chunk = chunks.next().unwrap_or_default();
        // Down to where the next one begins, so that no UID between is passed over.
        let first = chunks.peek().and_then(|below| below.last()).map_or(lowest, |uid| uid + 1);
        let missing = range(session, link, folder, first..=last, chunk).await?;
        let missing: Vec<u32> = missing.into_iter().filter(|uid| !holes.contains(uid)).collect();
        if !missing.is_empty() {
            coverage::take_in(session, link, folder, &missing).await?;
        }
        if first <= lowest || exists.is_some_and(|exists| !session.tally.disagrees(folder.id, exists)) {
            return Ok(());
        }
        last = first - 1;
    }
}

/// Compares one range of UIDs with what is known there. The UIDs that are listed and not known.
async fn range(
    session: &Session<'_>,
    link: &mut Link,
    folder: &Folder,
    uids: RangeInclusive<u32>,
    known: &[u32],
) -> Result<Vec<u32>, SyncError> {
    let mut there: HashMap<u32, (Flags, Option<u64>)> = HashMap::new();
    let take = |item| there.extend(flags_of(item).map(|(uid, flags, mod_seq)| (uid, (flags, mod_seq))));
    link.conn.fetch_flags(&UidSet::range(uids), None, take).await?;
    let mut removed: Vec<u32> = known.iter().copied().filter(|uid| !there.contains_key(uid)).collect();
    if !removed.is_empty() {
        // Servers leave out messages that exist now and then: only what is missing twice is gone.
        let mut again = HashSet::new();
        for missing in removed.iter().copied().collect::<UidSet>().chunks(UIDS) {
            link.conn.fetch_flags(&missing, None, |item| again.extend(item.uid)).await?;
        }
        removed.retain(|uid| !again.contains(uid));
    }
    let known: HashSet<u32> = known.iter().copied().collect();
    let missing = there.keys().copied().filter(|uid| !known.contains(uid)).collect();
    let flags = there.into_iter().filter(|(uid, _)| known.contains(uid));
    let flags = flags.map(|(uid, (flags, mod_seq))| (uid, flags, mod_seq)).collect();
    apply(session, folder, Sweep { flags, removed, ..Sweep::default() }).await?;
    Ok(missing)
}

async fn apply(session: &Session<'_>, folder: &Folder, found: Sweep) -> Result<(), SyncError> {
    let removed = u32::try_from(found.removed.len()).unwrap_or(u32::MAX);
    if found.flags.is_empty() && removed == 0 && found.mod_seq.is_none() && found.swept_at.is_none() {
        return Ok(());
    }
    let Session { cx, deps, lease, .. } = session;
    let _counting = session.counting.lock().await;
    messages::sweep(cx, &deps.db, lease, folder.id, folder.generation, found).await?;
    session.tally.removed(folder.id, removed);
    if removed > 0 {
        // What left may be in another folder now.
        session.look.notify_one();
    }
    Ok(())
}

fn flags_of(item: FetchItem) -> Option<(u32, Flags, Option<u64>)> {
    Some((item.uid?, Flags::parse(item.flags?), item.modseq))
}
