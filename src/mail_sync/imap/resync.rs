//! Quick resynchronization (QRESYNC, RFC 7162). Owns: whether a server can, and what it told.
//! Does not own: the command (`examine`), what follows from a change.
//! Start reading at [`Known`].

use std::fmt;
use std::ops::RangeInclusive;

use super::answer::{FetchItem, Untagged};
use super::conn::ImapConn;
use super::error::ImapError;
use super::uid_set::UidSet;

/// Changes of one answer that are kept; where there are more, they are asked for in another way.
const MAX_CHANGES: usize = 100_000;

/// What is known of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The identity of its UIDs.
    pub uid_validity: u32,
    /// All changes up to this modification sequence are known.
    pub mod_seq: u64,
    /// All messages of this range are known. Written with both ends: servers have been seen to take `*` for the highest message that
    /// is left, and to tell nothing of those above it.
    pub uids: RangeInclusive<u32>,
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (self.uids.start(), self.uids.end());
        write!(f, "QRESYNC ({} {} {first}:{last})", self.uid_validity, self.mod_seq)
    }
}

/// What has changed since a folder was known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Messages that went, as ranges that may hold more than was known.
    pub vanished: UidSet,
    /// Messages with other flags, with UID and flags each.
    pub flags: Vec<FetchItem>,
    ranges: Vec<RangeInclusive<u32>>,
    too_much: bool,
}

impl Changes {
    pub(super) fn vanished(&mut self, mut uids: Vec<RangeInclusive<u32>>) {
        self.too_much |= self.ranges.len() + uids.len() > MAX_CHANGES;
        if !self.too_much {
            self.ranges.append(&mut uids);
        }
    }

    pub(super) fn flags(&mut self, mut item: FetchItem) {
        if item.uid.is_none() || item.flags.is_none() {
            return;
        }
        item.body = None;
        self.too_much |= self.flags.len() >= MAX_CHANGES;
        if !self.too_much {
            self.flags.push(item);
        }
    }

    pub(super) fn is_too_much(&self) -> bool {
        self.too_much
    }
}

/// Whether a server resynchronizes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Resync {
    #[default]
    Impossible,
    /// It took the command but did not confirm it, as some do: it is believed once it has told a change.
    Perhaps,
    Sure,
}

impl Resync {
    pub(super) fn is_possible(self) -> bool {
        self != Self::Impossible
    }

    pub(super) fn is_sure(self) -> bool {
        self == Self::Sure
    }

    pub(super) fn is_refused(&mut self) {
        *self = Self::Impossible;
    }

    /// What an answer told, if that proves anything: silence of a server that may not have understood does not.
    pub(super) fn believe(&mut self, mut told: Changes) -> Option<Changes> {
        if !told.ranges.is_empty() || !told.flags.is_empty() {
            *self = Self::Sure;
        }
        told.vanished = std::mem::take(&mut told.ranges).into_iter().collect();
        self.is_sure().then_some(told)
    }
}

impl ImapConn {
    /// Asks a server that can to tell of changes when a folder is opened. To be called before any is.
    pub(super) async fn enable_resync(&mut self) -> Result<(), ImapError> {
        if !self.has("QRESYNC") {
            return Ok(());
        }
        let mut confirmed = false;
        let done = self.exec("ENABLE QRESYNC", self.timeouts.command, |untagged| match untagged {
            // The parser gives ENABLED as a list of capabilities.
            Untagged::Capability(list) => {
                confirmed |= list.iter().any(|name| name == "QRESYNC") && !list.iter().any(|name| name == "IMAP4REV1");
                None
            }
            other => Some(other),
        });
        self.resync = match done.await {
            Ok(_) if confirmed => Resync::Sure,
            Ok(_) => Resync::Perhaps,
            Err(error) if error.keeps_connection() => Resync::Impossible,
            Err(error) => return Err(error),
        };
        Ok(())
    }
}
