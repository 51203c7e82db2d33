//! Counting a folder on its server and comparing it, UID by UID, with what is stored, apart from all that the sync believes.
//!
//! What the server lists and nobody knows is read, or remembered as skipped; what it no longer lists, asked twice, is gone. The
//! enumeration is the truth, and not the number of messages that the server tells, which may be wrong. An account is live only when
//! every folder that is read was checked and nothing was left over. Start reading at `check_all`.

use std::ops::RangeInclusive;
use std::sync::atomic::Ordering;
use std::time::Duration;

use entity::MailFolderId;
use roaring::RoaringBitmap;

use super::error::SyncError;
use super::history::Limit;
use super::imap::{ImapError, UidSet};
use super::link::Link;
use super::reader;
use super::session::Session;
use super::window::Width;
use crate::mail_accounts::{self, Coverage, CursorMove, Folder, Report};
use crate::messages::{self, Batch, Sweep};

/// A folder is checked at least this often.
const DAILY: Duration = Duration::from_secs(24 * 60 * 60);

/// After mail came or went, a folder is checked again when its last check is older than this, and than `FOR_EACH` of its messages.
const FRESH: Duration = Duration::from_secs(60);
const FOR_EACH: Duration = Duration::from_millis(100);

/// Characters of UIDs in one command.
const UIDS: usize = 1_000;

/// Messages of one transaction.
const BATCH: usize = 500;

/// A folder that loses more than so many at once, and more than half, is not believed while its server tells of more than it lists.
const MANY: u64 = 100;

/// Checks in a row that may leave something over before it is told as a problem.
const STRIKES: u32 = 3;

/// Checks the folders that are due, or all that somebody asked for. What was read for it is stored when this returns.
pub(super) async fn check_all(
    session: &Session<'_>,
    link: &mut Link,
    folders: &[Folder],
    watched: MailFolderId,
) -> Result<(), SyncError> {
    let asked = session.check.load(Ordering::Relaxed);
    let (mut left_over, mut unread) = (None, false);
    for folder in folders.iter().filter(|folder| folder.gone_since.is_none() && !folder.is_behind()) {
        if !asked && !is_due(session, folder) {
            continue;
        }
        let opened = match link.examine(session, folder.clone(), folder.id != watched).await {
            Ok(opened) => opened,
            // Told by the look for its news.
            Err(SyncError::Imap(ImapError::No { .. })) => continue,
            Err(error) => return Err(error),
        };
        if opened.folder.is_behind() {
            continue;
        }
        // Its news is read on another connection, which rings when it is there.
        unread |= opened.folder.id == watched
            && opened.uid_next.is_some_and(|next| next > opened.folder.high_uid.saturating_add(1));
        let found = check(session, link, &opened.folder, opened.exists).await?;
        if found.pending > 0 {
            left_over = Some(folder.name.clone());
        }
    }
    if asked && !unread {
        session.check.store(false, Ordering::Relaxed);
    }
    match left_over {
        Some(folder) if session.tally.strike() >= STRIKES => Err(SyncError::Unexplained(folder)),
        Some(_) => Ok(()),
        None => {
            session.tally.forgive();
            Ok(())
        }
    }
}

/// Whether a folder is to be checked: nothing is known, much time has passed, or the numbers do not agree.
fn is_due(session: &Session<'_>, folder: &Folder) -> bool {
    let Some((coverage, checked_at)) = folder.coverage else { return true };
    let now = session.deps.clock.now();
    let accounted = session.tally.accounted(folder.id);
    let fresh = FRESH.max(FOR_EACH.saturating_mul(accounted)).min(DAILY);
    let changed = accounted != coverage.on_server.saturating_add(coverage.excluded);
    folder.coverage_due
        || coverage.pending > 0
        || checked_at <= now.minus(DAILY)
        || session.tally.contradicts(folder.id)
        || changed && checked_at <= now.minus(fresh)
}

/// Checks an open folder, up to the UID to which it is read.
async fn check(session: &Session<'_>, link: &mut Link, folder: &Folder, exists: u32) -> Result<Coverage, SyncError> {
    let limit = Limit::of(session, folder).await?;
    let mut counting =
        Counting { session, link, folder, limit, found: Coverage::default(), gone: RoaringBitmap::new() };
    let mut width = Width::of_uids(exists);
    let mut left = 1..=folder.high_uid;
    while !left.is_empty() {
        let last = left.start().saturating_add(width.get() - 1).min(*left.end());
        let window = *left.start()..=last;
        let listed = counting.window(window).await?;
        width.listed(usize::try_from(listed).unwrap_or(usize::MAX));
        let Some(next) = last.checked_add(1) else { break };
        left = next..=*left.end();
    }
    let Counting { found, gone, .. } = counting;
    let known = u64::from(found.stored).saturating_add(gone.len());
    if gone.len() > MANY && gone.len() > known / 2 && exists > found.on_server.saturating_add(found.excluded) {
        return Err(SyncError::Unexplained(folder.name.clone()));
    }
    forget(session, folder, &gone).await?;
    session.recount(folder).await?;
    session.tally.excluded(folder.id, found.excluded);
    session.tally.checked(folder.id);
    let Session { cx, deps, lease, .. } = session;
    mail_accounts::report_coverage(cx, &deps.db, lease, (folder.id, folder.generation), found).await?;
    Ok(found)
}

struct Counting<'a> {
    session: &'a Session<'a>,
    link: &'a mut Link,
    folder: &'a Folder,
    limit: Limit,
    found: Coverage,
    /// Known here, and not listed when asked for twice.
    gone: RoaringBitmap,
}

impl Counting<'_> {
    /// Counts a range of UIDs; how many the server lists.
    async fn window(&mut self, window: RangeInclusive<u32>) -> Result<u64, SyncError> {
        let mut listed = RoaringBitmap::new();
        self.link.conn.fetch_uids(&UidSet::range(window.clone()), |item| listed.extend(item.uid)).await?;
        let (mut stored, mut skipped) = self.known(window.clone()).await?;
        let silent = &(&stored | &skipped) - &listed;
        for set in uid_sets(&silent) {
            // Servers leave out messages that exist now and then: only what is missing twice is gone.
            self.link.conn.fetch_uids(&set, |item| listed.extend(item.uid)).await?;
        }
        self.gone |= &silent - &listed;
        let mut unknown = &(&listed - &stored) - &skipped;
        let left_out = self.limit.left_out(self.link, &unknown).await?;
        unknown -= &left_out;
        if !unknown.is_empty() {
            let Session { cx, deps, lease, .. } = self.session;
            mail_accounts::report(cx, &deps.db, lease, Report::Backfilling).await?;
            let uids: Vec<u32> = unknown.iter().collect();
            listed -= take_in(self.session, self.link, self.folder, &uids).await?;
            (stored, skipped) = self.known(window).await?;
        }
        let count = |uids: RoaringBitmap| u32::try_from(uids.len()).unwrap_or(u32::MAX);
        let wanted = &listed - &left_out;
        let (stored, skipped) = (&wanted & &stored, &(&wanted & &skipped) - &stored);
        self.found.pending += count(&(&wanted - &stored) - &skipped);
        self.found.stored += count(stored);
        self.found.skipped += count(skipped);
        self.found.on_server += count(wanted);
        self.found.excluded += count(left_out);
        Ok(listed.len())
    }

    /// Stored and skipped UIDs of a range.
    async fn known(&self, window: RangeInclusive<u32>) -> Result<(RoaringBitmap, RoaringBitmap), SyncError> {
        let Session { cx, deps, .. } = self.session;
        let (id, generation) = (self.folder.id, self.folder.generation);
        let stored = messages::located(cx, &deps.db, id, generation, window.clone()).await?;
        let skipped = messages::hole_uids(cx, &deps.db, (id, generation), window).await?;
        Ok((stored.into_iter().collect(), skipped.into_iter().collect()))
    }
}

/// Reads messages that the server lists and nobody knows; what it still lists then and does not send is remembered as skipped, and
/// what lies before the history that is wanted is left alone. Those that the server has no longer.
pub(super) async fn take_in(
    session: &Session<'_>,
    link: &mut Link,
    folder: &Folder,
    uids: &[u32],
) -> Result<RoaringBitmap, SyncError> {
    let Session { cx, deps, .. } = session;
    let mut left: RoaringBitmap = uids.iter().copied().collect();
    left -= Limit::of(session, folder).await?.left_out(link, &left).await?;
    let wanted: Vec<u32> = left.iter().collect();
    reader::read_uids(session, link, folder, &wanted).await?;
    let (Some(first), Some(last)) = (left.min(), left.max()) else { return Ok(left) };
    let life = (folder.id, folder.generation);
    left -= messages::located(cx, &deps.db, life.0, life.1, first..=last).await?.into_iter().collect::<RoaringBitmap>();
    left -= messages::hole_uids(cx, &deps.db, life, first..=last).await?.into_iter().collect::<RoaringBitmap>();
    let mut listed = RoaringBitmap::new();
    for set in uid_sets(&left) {
        link.conn.fetch_uids(&set, |item| listed.extend(item.uid)).await?;
    }
    for uid in &listed & &left {
        // Listed a moment ago and not sent: it is asked for again later.
        reader::still_a_hole(session, folder, uid).await?;
        session.tally.skipped(folder.id, 1);
    }
    Ok(left - listed)
}

/// Removes places and holes of messages that the server no longer has.
async fn forget(session: &Session<'_>, folder: &Folder, gone: &RoaringBitmap) -> Result<(), SyncError> {
    let Session { cx, deps, lease, .. } = session;
    let gone: Vec<u32> = gone.iter().collect();
    for some in gone.chunks(BATCH) {
        let removed = Sweep { removed: some.to_vec(), ..Sweep::default() };
        messages::sweep(cx, &deps.db, lease, folder.id, folder.generation, removed).await?;
        let filled = Batch {
            folder: folder.id,
            generation: folder.generation,
            mails: Vec::new(),
            holes: Vec::new(),
            filled: some.to_vec(),
            cursor: CursorMove::default(),
        };
        messages::store_batch(cx, &deps.db, lease, &filled).await?;
    }
    if !gone.is_empty() {
        // What left may be in another folder now.
        session.look.notify_one();
    }
    Ok(())
}

/// UIDs as commands take them, each short.
pub(super) fn uid_sets(uids: &RoaringBitmap) -> Vec<UidSet> {
    uids.iter().collect::<UidSet>().chunks(UIDS)
}
