//! What the server says unasked. Owns: keeping it until somebody takes it, within bounds.
//! Does not own: what follows from it.
//! Start reading at [`News`].

use super::answer::Untagged;
use super::uid_set::UidSet;

/// Most events kept; past it the folder must be read again anyway.
const MAX_EVENTS: usize = 10_000;

/// Changes of the open folder that were seen during any command, in the order of their arrival.
#[derive(Debug, Default)]
pub struct News {
    /// `Exists`, `Expunge`, `Vanished` and `Fetch`, nothing else.
    pub events: Vec<Untagged>,
    /// More arrived than is kept: compare the whole folder.
    pub overflowed: bool,
}

impl News {
    /// Whether nothing has changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && !self.overflowed
    }

    /// Takes out the messages that went (RFC 7162); the rest stays.
    pub fn take_vanished(&mut self) -> UidSet {
        let mut vanished = Vec::new();
        self.events.retain_mut(|event| match event {
            Untagged::Vanished { uids, .. } => {
                vanished.append(uids);
                false
            }
            _ => true,
        });
        vanished.into_iter().collect()
    }

    /// Keeps what is a change of the folder; says whether it was one. A body that nobody waits for is dropped.
    pub(super) fn note(&mut self, mut untagged: Untagged) -> bool {
        match &mut untagged {
            Untagged::Exists(_) | Untagged::Expunge(_) | Untagged::Vanished { .. } => {}
            Untagged::Fetch(item) => (item.body, item.headers) = (None, None),
            _ => return false,
        }
        if self.events.len() < MAX_EVENTS {
            self.events.push(untagged);
        } else {
            self.overflowed = true;
        }
        true
    }
}
