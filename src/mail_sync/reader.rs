//! Reading a range of UIDs of an open folder into storage: new mail upward, history downward.
//!
//! Lists a window, reads what is not stored yet in groups, and hands each group on to be parsed and stored while the next is read. A
//! cursor moves with the group that fills the way to it, so that at any time everything up to it is accounted for.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::error::SyncError;
use super::history::Limit;
use super::imap::{ImapError, Part, UidSet};
use super::link::Link;
use super::prepare::{self, Body, Meta, Read, ReadMail};
use super::session::Session;
use super::storing::{Preparing, store};
use super::window::Width;
use crate::mail_accounts::{CursorMove, Folder};
use crate::messages::{self, Batch, NewHole, Stored};

/// Bytes of one group.
const GROUP_BYTES: u64 = 4 << 20;

/// Groups that wait to be stored, beside the one that is being read and the one that is being stored.
const AHEAD: usize = 2;

/// A message larger than this is stored by its beginning only.
const LARGEST: u32 = 25 << 20;

/// Bytes of such a beginning.
const BEGINNING: u32 = 1 << 20;

/// No UIDs: the end of a walk.
#[expect(clippy::reversed_empty_ranges, reason = "it is meant to be empty")]
const NONE: RangeInclusive<u32> = 1..=0;

/// Ways to go over UIDs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From the high cursor up; `bounded` by the next UID that the server told, or on to the highest.
    Up {
        /// Whether no message can get a UID of the range any more.
        bounded: bool,
    },
    /// From the low cursor down.
    Down,
    /// Without moving a cursor.
    Across,
}

/// What is to be read.
#[derive(Clone, Debug)]
pub(super) struct Span {
    /// The UIDs.
    pub(super) uids: RangeInclusive<u32>,
    /// How they are gone over.
    pub(super) way: Way,
    /// Messages in the folder.
    pub(super) exists: u32,
    /// When to stop for other work.
    pub(super) time: Duration,
}

/// Reads a span. What was read is stored when this returns, also after an error. True when the span was gone over to its end.
pub(super) async fn read(
    session: &Session<'_>,
    link: &mut Link,
    folder: &Folder,
    span: Span,
) -> Result<(bool, Stored), SyncError> {
    let (send, receive) = mpsc::channel(AHEAD);
    let mut fetcher = Fetcher { session, link, folder, way: span.way, send };
    let fetching = async move { fetcher.span(span).await };
    let (fetched, stored) = tokio::join!(fetching, store(session, receive));
    let stored = stored?;
    Ok((fetched?, stored))
}

/// Reads single messages, such as holes that are due. True as of `read`.
pub(super) async fn read_uids(
    session: &Session<'_>,
    link: &mut Link,
    folder: &Folder,
    uids: &[u32],
) -> Result<Stored, SyncError> {
    let (send, receive) = mpsc::channel(AHEAD);
    let mut fetcher = Fetcher { session, link, folder, way: Way::Across, send };
    let fetching = async move {
        for set in uids.iter().copied().collect::<UidSet>().chunks(1_000) {
            let wanted: Vec<u32> = uids.iter().copied().filter(|uid| set.contains(*uid)).collect();
            let metas = fetcher.list(&set).await?;
            let listed: HashSet<u32> = metas.iter().map(|meta| meta.uid).collect();
            let mut gone = Read::of(fetcher.folder);
            gone.filled = wanted.into_iter().filter(|uid| !listed.contains(uid)).collect();
            fetcher.hand_on(gone).await;
            fetcher.messages(metas, None).await?;
        }
        Ok::<(), SyncError>(())
    };
    let (fetched, stored) = tokio::join!(fetching, store(session, receive));
    let stored = stored?;
    fetched?;
    Ok(stored)
}

/// Notes that a hole could not be filled once more.
pub(super) async fn still_a_hole(session: &Session<'_>, folder: &Folder, uid: u32) -> Result<(), SyncError> {
    let reason = "the server's answer with it cannot be read".to_owned();
    let batch = Batch {
        folder: folder.id,
        generation: folder.generation,
        mails: Vec::new(),
        holes: vec![NewHole { uid, reason, arrived: false }],
        filled: Vec::new(),
        cursor: CursorMove::default(),
    };
    messages::store_batch(&session.cx, &session.deps.db, &session.lease, &batch).await?;
    Ok(())
}

struct Fetcher<'a> {
    session: &'a Session<'a>,
    link: &'a mut Link,
    folder: &'a Folder,
    way: Way,
    send: mpsc::Sender<Preparing>,
}

impl Fetcher<'_> {
    async fn span(&mut self, span: Span) -> Result<bool, SyncError> {
        let end = Instant::now() + span.time;
        let mut left = span.uids;
        let limit = Limit::of(self.session, self.folder).await?;
        let mut width = Width::new(span.exists);
        while !left.is_empty() {
            if Instant::now() >= end || self.send.is_closed() {
                return Ok(false);
            }
            let narrow = self.session.windows().narrows(self.folder.id);
            let most = self.session.windows().limit(self.folder.id);
            let most = match self.way {
                // All that is above is new: one request, however many UIDs there could be.
                Way::Up { bounded: false } if !narrow => u32::MAX,
                Way::Up { bounded: false } => most,
                _ => most.min(width.get()),
            };
            let window = self.take(&mut left, most);
            let first = if self.way == Way::Down { *window.end() } else { *window.start() };
            if self.session.windows().gives_up(self.folder.id, first) {
                self.session.windows().went_well(self.folder.id);
                self.skip(first, "the server's answer about it cannot be read").await;
                continue;
            }
            let listed = self.list(&UidSet::range(window.clone())).await;
            let mut metas = match listed {
                Ok(metas) => metas,
                Err(error) => {
                    let asked = (window.end() - window.start()).saturating_add(1);
                    self.session.windows().failed(self.folder.id, first, asked);
                    return Err(error);
                }
            };
            self.session.windows().went_well(self.folder.id);
            width.listed(metas.len());
            let edge = self.edge(&window, &metas);
            let Session { cx, deps, .. } = self.session;
            let there = messages::located(cx, &deps.db, self.folder.id, self.folder.generation, window).await?;
            let there: HashSet<u32> = there.into_iter().collect();
            metas.retain(|meta| !there.contains(&meta.uid));
            let listed = metas.len();
            metas.retain(|meta| !limit.leaves_out(meta.uid, meta.received_at));
            let left_out = u32::try_from(listed - metas.len()).unwrap_or(u32::MAX);
            self.session.tally.exclude(self.folder.id, left_out);
            self.messages(metas, Some(edge)).await?;
        }
        Ok(true)
    }

    /// The next window, taken from the range.
    fn take(&self, left: &mut RangeInclusive<u32>, most: u32) -> RangeInclusive<u32> {
        let (low, high) = (*left.start(), *left.end());
        if self.way == Way::Down {
            let start = high.saturating_sub(most - 1).max(low);
            *left = if start == low { NONE } else { low..=start - 1 };
            start..=high
        } else {
            let end = low.saturating_add(most - 1).min(high);
            *left = if end == high { NONE } else { end + 1..=high };
            low..=end
        }
    }

    /// Where the cursor stands when all of a window is accounted for.
    fn edge(&self, window: &RangeInclusive<u32>, metas: &[Meta]) -> CursorMove {
        match self.way {
            Way::Up { bounded: true } => CursorMove { high: Some(*window.end()), ..CursorMove::default() },
            Way::Up { bounded: false } => {
                CursorMove { high: metas.iter().map(|meta| meta.uid).max(), ..CursorMove::default() }
            }
            Way::Down => CursorMove { low: Some(*window.start()), done: *window.start() <= 1, ..CursorMove::default() },
            Way::Across => CursorMove::default(),
        }
    }

    fn at(&self, uid: u32) -> CursorMove {
        match self.way {
            Way::Up { .. } => CursorMove { high: Some(uid), ..CursorMove::default() },
            Way::Down => CursorMove { low: Some(uid), done: uid <= 1, ..CursorMove::default() },
            Way::Across => CursorMove::default(),
        }
    }

    async fn list(&mut self, uids: &UidSet) -> Result<Vec<Meta>, SyncError> {
        let mut metas = Vec::new();
        let (folder, connected_at) = (self.folder, self.session.login.connected_at);
        let listing = self.link.conn.fetch_metadata(uids, |item| metas.extend(Meta::new(item, folder, connected_at)));
        listing.await?;
        Ok(metas)
    }

    /// Reads the messages of a window in the order of the way. `edge`: the cursor behind the last of them.
    async fn messages(&mut self, mut metas: Vec<Meta>, edge: Option<CursorMove>) -> Result<(), SyncError> {
        let Session { cx, deps, lease, .. } = self.session;
        metas.sort_unstable_by_key(|meta| meta.uid);
        if self.way == Way::Down {
            metas.reverse();
        }
        let identities: Vec<_> = metas.iter().filter_map(|meta| meta.identity.clone()).collect();
        let known = messages::known(cx, &deps.db, lease, &identities).await?;
        let mut metas = metas.into_iter().peekable();
        let rest = edge.filter(|_| metas.peek().is_none());
        while metas.peek().is_some() {
            let limit = self.session.groups().limit(self.folder.id) as usize;
            let mut group = Vec::new();
            let mut bytes = 0;
            while let Some(meta) = metas.next_if(|meta| {
                let fits = meta.size <= LARGEST && bytes + u64::from(meta.size) <= GROUP_BYTES;
                group.is_empty() || group.len() < limit && fits
            }) {
                let large = meta.size > LARGEST;
                let stored = meta.identity.as_ref().and_then(|identity| known.get(identity)).copied();
                if stored.is_none() {
                    bytes += u64::from(meta.size);
                }
                group.push((meta, stored));
                if large {
                    break;
                }
            }
            let mut read = self.group(group).await?;
            if let Some(edge) = edge.filter(|_| metas.peek().is_none()) {
                read.cursor = edge;
            }
            self.hand_on(read).await;
        }
        if let Some(edge) = rest {
            let mut read = Read::of(self.folder);
            read.cursor = edge;
            self.hand_on(read).await;
        }
        Ok(())
    }

    /// Reads one group. After an error, what came in order is handed on.
    async fn group(&mut self, group: Vec<(Meta, Option<entity::MailMessageId>)>) -> Result<Read, SyncError> {
        let mut read = Read::of(self.folder);
        let wanted: Vec<u32> = group.iter().filter(|(_, known)| known.is_none()).map(|(meta, _)| meta.uid).collect();
        let large = matches!(group.as_slice(), [(meta, None)] if meta.size > LARGEST);
        let part = if large { Part::Chunk { offset: 0, length: BEGINNING } } else { Part::Whole };
        let bytes: u64 = group.iter().filter(|(_, known)| known.is_none()).map(|(meta, _)| u64::from(meta.size)).sum();
        read.memory = self.session.deps.memory(if large { u64::from(BEGINNING) } else { bytes }).await;
        if let [uid] = wanted.as_slice()
            && self.session.groups().gives_up(self.folder.id, *uid)
        {
            self.session.groups().went_well(self.folder.id);
            let meta = group.into_iter().next();
            let arrived = meta.is_some_and(|(meta, _)| meta.arrived);
            let reason = "the server's answer with it cannot be read".to_owned();
            read.holes.push(NewHole { uid: *uid, reason, arrived });
            read.cursor = self.at(*uid);
            return Ok(read);
        }
        let mut bodies = HashMap::with_capacity(wanted.len());
        let mut result = self.fetch(&wanted, part, &mut bodies).await;
        let missing: Vec<u32> = wanted.iter().copied().filter(|uid| !bodies.contains_key(uid)).collect();
        let mut unsent = HashSet::new();
        if result.is_ok() && !missing.is_empty() {
            // Servers leave out messages that exist: asked once more, and what is still listed then is remembered.
            result = self.fetch(&missing, part, &mut bodies).await;
            let missing: UidSet = missing.into_iter().filter(|uid| !bodies.contains_key(uid)).collect();
            if result.is_ok() && !missing.is_empty() {
                let listing = self.link.conn.fetch_flags(&missing, None, |item| unsent.extend(item.uid)).await;
                result = listing.map(drop);
            }
        }
        let fetched = bodies.values().map(|body| body.len() as u64).sum();
        self.session.budget.spend(fetched, self.session.deps.clock.now());
        let asked = u32::try_from(wanted.len()).unwrap_or(u32::MAX);
        let complete = result.is_ok();
        let mut stopped_at = None;
        for (meta, known) in group {
            let uid = meta.uid;
            let body = match (known, bodies.remove(&uid)) {
                (Some(id), _) => Some(Body::Known(id)),
                (None, Some(bytes)) if large => Some(Body::Beginning(bytes)),
                (None, Some(bytes)) => Some(Body::Whole(bytes)),
                (None, None) => None,
            };
            match body {
                Some(body) => read.mails.push(ReadMail { meta, body }),
                None if unsent.contains(&uid) => {
                    let reason = "the server lists it but does not send it".to_owned();
                    read.holes.push(NewHole { uid, reason, arrived: meta.arrived });
                }
                None if complete => read.filled.push(uid),
                None => stopped_at = stopped_at.or(Some(uid)),
            }
            if stopped_at.is_none() {
                read.cursor = self.at(uid);
            }
        }
        match result {
            Ok(()) => {
                self.session.groups().went_well(self.folder.id);
                Ok(read)
            }
            Err(error) => {
                if let Some(uid) = stopped_at {
                    self.session.groups().failed(self.folder.id, uid, asked);
                }
                self.hand_on(read).await;
                Err(error.into())
            }
        }
    }

    async fn fetch(&mut self, uids: &[u32], part: Part, bodies: &mut HashMap<u32, Bytes>) -> Result<(), ImapError> {
        let set: UidSet = uids.iter().copied().collect();
        let take = |item: super::imap::FetchItem| {
            if let (Some(uid), Some(body)) = (item.uid, item.body) {
                bodies.insert(uid, body);
            }
        };
        self.link.conn.fetch_bodies(&set, part, take).await.map(drop)
    }

    /// Steps over a UID that nothing can be learned about.
    async fn skip(&self, uid: u32, reason: &str) {
        let mut read = Read::of(self.folder);
        let arrived = uid > self.folder.arrival_uid;
        read.holes.push(NewHole { uid, reason: reason.to_owned(), arrived });
        read.cursor = self.at(uid);
        self.hand_on(read).await;
    }

    /// Begins to parse it; stored it is in turn.
    async fn hand_on(&self, read: Read) {
        let deps = &self.session.deps;
        let now = deps.clock.now();
        let indexing = deps.indexing.take(read.mails.len(), now);
        let preparing = tokio::spawn(prepare::prepare(deps.blobs.clone(), read, indexing, now));
        // Whoever stores has failed when it takes no more; that error is the one that counts.
        let _taken = self.send.send(preparing).await;
    }
}
