//! How much mail is indexed while a mailbox is read: all of a small one, the newest of a large one. The rest is indexed behind it.

use std::sync::{Mutex, PoisonError};

use entity::Timestamp;

/// Messages at once.
const MOST: i64 = 2_000;

/// Messages a second: a small part of what is read then.
const A_SECOND: i64 = 200;

/// What may be indexed now, of all mailboxes of a node.
pub(super) struct Allowance(Mutex<(i64, Timestamp)>);

impl Allowance {
    /// All of it.
    pub(super) fn new(now: Timestamp) -> Self {
        Self(Mutex::new((MOST, now)))
    }

    /// Whether so many messages may be indexed with their storing.
    pub(super) fn take(&self, messages: usize, now: Timestamp) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, since) = *state;
        let seconds = now.0.saturating_sub(since.0).max(0) / 1_000_000;
        let left = left.saturating_add(seconds.saturating_mul(A_SECOND)).min(MOST);
        let since = Timestamp(since.0.saturating_add(seconds.saturating_mul(1_000_000)));
        let messages = i64::try_from(messages).unwrap_or(i64::MAX);
        let granted = messages <= left;
        *state = (if granted { left - messages } else { left }, since);
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_used_up_and_comes_back() {
        let second = |n: i64| Timestamp(n * 1_000_000);
        let allowance = Allowance::new(second(0));
        assert!(allowance.take(1_990, second(0)));
        assert!(!allowance.take(50, second(0)));
        assert!(allowance.take(10, Timestamp(999_999)));
        assert!(!allowance.take(1, Timestamp(999_999)));
        assert!(allowance.take(200, second(1)));
        assert!(!allowance.take(1, second(1)));
        assert!(allowance.take(2_000, second(1_000)));
        assert!(!allowance.take(1, second(1_000)));
    }
}
