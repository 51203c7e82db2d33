//! How far back a folder is read, when its owner does not want all of it.
//!
//! History is what lay in a folder when it was first opened, told by UID: what came later is read whatever its date, so that mail
//! that is moved never gets lost. In the history each message is judged by its own date (INTERNALDATE), and every message is
//! listed: UIDs are not in the order of dates.

use std::time::Duration;

use entity::Timestamp;
use roaring::RoaringBitmap;

use super::coverage::uid_sets;
use super::error::SyncError;
use super::link::Link;
use super::session::Session;
use crate::mail_accounts::Folder;
use crate::messages;

/// Where the history that is read begins; none when all of it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    since: Option<Timestamp>,
    /// Higher UIDs are no history.
    last: u32,
}

impl Limit {
    /// Of a folder now. While its UIDs begin another life, all that was stored of it is wanted again.
    pub(super) async fn of(session: &Session<'_>, folder: &Folder) -> Result<Self, SyncError> {
        let last = folder.arrival_uid;
        let Some(days) = session.login.history_days else { return Ok(Self { since: None, last }) };
        let days = u64::try_from(days).unwrap_or_default();
        let mut since = session.deps.clock.now().minus(Duration::from_secs(days * 24 * 60 * 60));
        if folder.rebuilding {
            let oldest = messages::oldest_in(&session.cx, &session.deps.db, folder.id).await?;
            since = oldest.map_or(since, |oldest| oldest.min(since));
        }
        Ok(Self { since: Some(since), last })
    }

    /// Whether a message is left out. One without a date is not.
    pub(super) fn leaves_out(self, uid: u32, received_at: Option<Timestamp>) -> bool {
        uid <= self.last && matches!((self.since, received_at), (Some(since), Some(at)) if at < since)
    }

    /// Those of some messages that are left out.
    pub(super) async fn left_out(self, link: &mut Link, uids: &RoaringBitmap) -> Result<RoaringBitmap, SyncError> {
        let mut left_out = RoaringBitmap::new();
        let mut history = uids.clone();
        history.remove_range(self.last.saturating_add(1)..);
        if self.since.is_none() {
            return Ok(left_out);
        }
        for set in uid_sets(&history) {
            let take = |item: super::imap::FetchItem| {
                let received_at = item.internal_date.map(|date| Timestamp(date.timestamp_micros()));
                if let Some(uid) = item.uid.filter(|uid| self.leaves_out(*uid, received_at)) {
                    left_out.insert(uid);
                }
            };
            link.conn.fetch_dates(&set, take).await?;
        }
        Ok(left_out)
    }
}
