//! How much of a mailbox may be read in a day.

use entity::Timestamp;
use entity::mail_account::{self, Provider};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

use super::{Error, Lease};
use crate::access::Cx;
use crate::db::Db;

/// Gmail locks a mailbox for a day once its programs have read 2 500 MB over IMAP; this is for history, and leaves room for new mail
/// and for the other programs of its owner. (Google Workspace: "Gmail bandwidth limits".)
const GMAIL: u64 = 1_500_000_000;

/// Microseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// What was read of a mailbox in one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadBytes {
    day: i64,
    bytes: u64,
}

/// Bytes of history that may be read in a day; none where the provider sets no limit.
pub(super) fn daily(provider: Provider) -> Option<u64> {
    match provider {
        Provider::Gmail => Some(GMAIL),
        Provider::Office365 | Provider::Imap => None,
    }
}

impl ReadBytes {
    pub(super) fn of(row: &mail_account::Model) -> Self {
        Self { day: row.read_day, bytes: u64::try_from(row.read_bytes).unwrap_or_default() }
    }

    /// With more, read at an instant.
    #[must_use]
    pub fn plus(self, bytes: u64, at: Timestamp) -> Self {
        Self { day: at.0.div_euclid(DAY), bytes: self.on_day_of(at).saturating_add(bytes) }
    }

    /// Bytes read in the day of an instant, in UTC.
    #[must_use]
    pub fn on_day_of(self, at: Timestamp) -> u64 {
        if self.day == at.0.div_euclid(DAY) { self.bytes } else { 0 }
    }
}

/// When the next day begins, in UTC.
#[must_use]
pub fn next_day(at: Timestamp) -> Timestamp {
    Timestamp((at.0.div_euclid(DAY) + 1).saturating_mul(DAY))
}

/// Keeps what was read, so that it counts after a restart too. Not an event.
pub async fn note_read(cx: &Cx, db: &Db, lease: &Lease, read: ReadBytes) -> Result<(), Error> {
    let tx = db.begin(cx).await?;
    let row = lease.hold(&tx).await?;
    let change = mail_account::ActiveModel {
        workspace: Set(row.workspace),
        id: Set(row.id),
        read_day: Set(read.day),
        read_bytes: Set(i64::try_from(read.bytes).unwrap_or(i64::MAX)),
        ..Default::default()
    };
    mail_account::Entity::update(change).exec(tx.conn()).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_day_begins_with_nothing() {
        let noon = Timestamp(20_000 * DAY + DAY / 2);
        let read = ReadBytes::default().plus(10, noon).plus(5, noon);
        assert_eq!(read.on_day_of(noon), 15);
        assert_eq!(next_day(noon), Timestamp(20_001 * DAY));
        assert_eq!(read.on_day_of(next_day(noon)), 0);
        assert_eq!(read.plus(7, next_day(noon)).on_day_of(next_day(noon)), 7);
        assert_eq!(read.plus(u64::MAX, noon).on_day_of(noon), u64::MAX);
    }
}
