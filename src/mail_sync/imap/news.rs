//! What the server says unasked. Owns: keeping it until somebody takes it, within bounds.
//! Does not own: what follows from it.
//! Start reading at [`News`].

use super::answer::Untagged;

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
