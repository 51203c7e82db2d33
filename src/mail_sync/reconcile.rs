//! Finding out what changed at places that are known: flags, and messages that went.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use super::error::SyncError;
use super::imap::{FetchItem, News, UidSet, Untagged};
use super::link::{Link, Opened};
use super::reader;
use super::session::Session;
use crate::mail_accounts::Folder;
use crate::messages::{self, Flags, Sweep};

/// Known messages of one request.
const WINDOW: usize = 1_000;

/// Messages at the top that are looked at where the server cannot say what changed.
const TOP: u32 = 200;

/// How often all flags are compared one by one there.
const WHOLE: Duration = Duration::from_hours(24);

/// So many messages at once are asked about twice before they count as gone.
const MANY: usize = 20;

/// Places that a position may be off: other changes can lie between.
const SLACK: u32 = 20;

/// Brings flags and places of an opened folder up to date.
pub(super) async fn folder(session: &Session<'_>, link: &mut Link, opened: &mut Opened) -> Result<(), SyncError> {
    let folder = &mut opened.folder;
    match (opened.mod_seq, folder.mod_seq) {
        (Some(now), Some(then)) if now > then => changed_since(session, link, folder, then, now).await?,
        (Some(_), Some(_)) => {}
        _ => {
            let due = session.cx.now().minus(WHOLE);
            let whole = folder.flags_swept_at.is_none_or(|at| at < due) && folder.backfill_done;
            if whole {
                let (low, high) = (folder.low_uid, folder.high_uid);
                sweep(session, link, folder, low..=high).await?;
                note_whole(session, folder, opened.mod_seq).await?;
            } else if let Some(first) = at_depth(session, folder, TOP).await? {
                let high = folder.high_uid;
                sweep(session, link, folder, first..=high).await?;
            }
        }
    }
    let folder = &opened.folder;
    let (stored, skipped) = session.tally.of(folder.id);
    if folder.backfill_done && stored.saturating_add(skipped) != opened.exists {
        sweep(session, link, folder, 1..=folder.high_uid).await?;
    }
    Ok(())
}

/// Takes over what the server told without being asked. `exists` is the number of messages before it; the one after is returned.
pub(super) async fn news(
    session: &Session<'_>,
    link: &mut Link,
    folder: &mut Folder,
    mut exists: u32,
    news: News,
) -> Result<u32, SyncError> {
    let mut sweep_depth = None;
    let mut expunged = 0_usize;
    let mut known = Sweep::default();
    let mut newest_mod_seq = None;
    let deepest = |depth: u32, so_far: Option<u32>| Some(so_far.map_or(depth, |d| d.max(depth)));
    for event in news.events {
        match event {
            Untagged::Exists(count) => exists = count,
            Untagged::Expunge(seq) => {
                sweep_depth = deepest(exists.saturating_sub(seq), sweep_depth);
                exists = exists.saturating_sub(1);
                expunged += 1;
            }
            Untagged::Vanished { uids, .. } => {
                for range in uids {
                    let known_uids = known_in(session, folder, range).await?;
                    exists = exists.saturating_sub(u32::try_from(known_uids.len()).unwrap_or(u32::MAX));
                    known.removed.extend(known_uids);
                }
            }
            Untagged::Fetch(item) => {
                newest_mod_seq = newest_mod_seq.max(item.modseq);
                let depth = exists.saturating_sub(item.seq);
                match flags_of(*item) {
                    Some(flags) => known.flags.push(flags),
                    None => sweep_depth = deepest(depth, sweep_depth),
                }
            }
            _ => {}
        }
    }
    if !known.flags.is_empty() || !known.removed.is_empty() {
        apply(session, folder, known).await?;
    }
    if let (Some(then), Some(now)) = (folder.mod_seq, newest_mod_seq)
        && now > then
    {
        changed_since(session, link, folder, then, now).await?;
        if expunged == 0 && !news.overflowed {
            sweep_depth = None;
        }
    }
    if news.overflowed {
        sweep_depth = Some(u32::MAX);
    }
    if let Some(depth) = sweep_depth {
        let slack = SLACK + u32::try_from(expunged).unwrap_or(u32::MAX - SLACK);
        let first = at_depth(session, folder, depth.saturating_add(slack)).await?.unwrap_or(folder.low_uid);
        let high = folder.high_uid;
        let removed = sweep(session, link, folder, first..=high).await?;
        if removed < expunged && first > folder.low_uid {
            sweep(session, link, folder, folder.low_uid..=first - 1).await?;
        }
    }
    session.tally.exists(folder.id, exists);
    Ok(exists)
}

/// The flags that changed after a modification sequence.
async fn changed_since(
    session: &Session<'_>,
    link: &mut Link,
    folder: &mut Folder,
    then: u64,
    now: u64,
) -> Result<(), SyncError> {
    let mut found = Sweep::default();
    let uids = UidSet::range(folder.low_uid..=folder.high_uid);
    let asking = link.conn.fetch_flags(&uids, Some(then), |item| found.flags.extend(flags_of(item)));
    asking.await?;
    found.mod_seq = Some(now);
    apply(session, folder, found).await?;
    folder.mod_seq = Some(now);
    Ok(())
}

/// Compares a range one by one, and reads what the server lists there and is not known. Returns how many went.
pub(super) async fn sweep(
    session: &Session<'_>,
    link: &mut Link,
    folder: &Folder,
    range: RangeInclusive<u32>,
) -> Result<usize, SyncError> {
    let mut known = known_in(session, folder, range.clone()).await?;
    known.sort_unstable();
    let holes = messages::holes_of(&session.cx, &session.deps.db, &[(folder.id, folder.generation)]).await?;
    let holes: HashSet<u32> = holes.into_iter().map(|hole| hole.uid).collect();
    let (mut removed, mut missing) = (0, Vec::new());
    let mut first = *range.start();
    let mut chunks = known.chunks(WINDOW).peekable();
    loop {
        let chunk = chunks.next().unwrap_or_default();
        let last = chunks.peek().and_then(|next| next.first()).map_or(*range.end(), |next| next - 1);
        if first > last {
            break;
        }
        let mut listed: HashMap<u32, (Flags, Option<u64>)> = HashMap::new();
        let listing = link.conn.fetch_flags(&UidSet::range(first..=last), None, |item| {
            listed.extend(flags_of(item).map(|(uid, flags, mod_seq)| (uid, (flags, mod_seq))));
        });
        listing.await?;
        let mut gone: Vec<u32> = chunk.iter().copied().filter(|uid| !listed.contains_key(uid)).collect();
        if gone.len() > MANY {
            let again: UidSet = gone.iter().copied().collect();
            for set in again.chunks(1_000) {
                link.conn
                    .fetch_flags(&set, None, |item| {
                        listed.extend(flags_of(item).map(|(uid, flags, mod_seq)| (uid, (flags, mod_seq))));
                    })
                    .await?;
            }
            gone.retain(|uid| !listed.contains_key(uid));
        }
        let known: HashSet<u32> = chunk.iter().copied().collect();
        missing.extend(listed.keys().copied().filter(|uid| !known.contains(uid) && !holes.contains(uid)));
        let flags = listed.into_iter().filter(|(uid, _)| known.contains(uid));
        let flags = flags.map(|(uid, (flags, mod_seq))| (uid, flags, mod_seq)).collect();
        removed += gone.len();
        apply(session, folder, Sweep { flags, removed: gone, ..Sweep::default() }).await?;
        if last == *range.end() {
            break;
        }
        first = last + 1;
    }
    if !missing.is_empty() {
        missing.sort_unstable();
        reader::read_uids(session, link, folder, &missing).await?;
    }
    Ok(removed)
}

async fn apply(session: &Session<'_>, folder: &Folder, found: Sweep) -> Result<(), SyncError> {
    let removed = u32::try_from(found.removed.len()).unwrap_or(u32::MAX);
    let nothing = found.flags.is_empty() && removed == 0 && found.mod_seq.is_none() && found.swept_at.is_none();
    if nothing {
        return Ok(());
    }
    let Session { cx, deps, lease, .. } = session;
    messages::sweep(cx, &deps.db, lease, folder.id, folder.generation, found).await?;
    session.tally.removed(folder.id, removed);
    Ok(())
}

async fn note_whole(session: &Session<'_>, folder: &mut Folder, mod_seq: Option<u64>) -> Result<(), SyncError> {
    let swept_at = Some(session.cx.now());
    apply(session, folder, Sweep { mod_seq, swept_at, ..Sweep::default() }).await?;
    folder.mod_seq = mod_seq;
    folder.flags_swept_at = swept_at;
    Ok(())
}

async fn known_in(
    session: &Session<'_>,
    folder: &Folder,
    range: RangeInclusive<u32>,
) -> Result<Vec<u32>, SyncError> {
    Ok(messages::located(&session.cx, &session.deps.db, folder.id, folder.generation, range).await?)
}

async fn at_depth(session: &Session<'_>, folder: &Folder, depth: u32) -> Result<Option<u32>, SyncError> {
    Ok(messages::uid_at_depth(&session.cx, &session.deps.db, folder.id, folder.generation, depth).await?)
}

fn flags_of(item: FetchItem) -> Option<(u32, Flags, Option<u64>)> {
    Some((item.uid?, Flags::parse(item.flags?), item.modseq))
}
