//! How often a user may try something, on this node.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use entity::{Timestamp, UserId};

use super::TooMany;

/// Counting starts anew this long after the first.
const WINDOW: Duration = Duration::from_secs(60);

/// Users counted at once, before those are forgotten whose window is over.
const USERS: usize = 10_000;

/// Counts tries of users, in windows of a minute.
pub struct Tries {
    limit: u32,
    users: Mutex<HashMap<UserId, (Timestamp, u32)>>,
}

impl Tries {
    /// At most so many in a minute.
    #[must_use]
    pub fn of(limit: u32) -> Self {
        Self { limit, users: Mutex::default() }
    }

    /// Counts a try.
    ///
    /// # Errors
    /// When it is one too many; it is not counted.
    pub fn count(&self, user: UserId, now: Timestamp) -> Result<(), TooMany> {
        self.look(user, now, 1)
    }

    /// Whether one more may be tried.
    ///
    /// # Errors
    /// When it would be one too many.
    pub fn check(&self, user: UserId, now: Timestamp) -> Result<(), TooMany> {
        self.look(user, now, 0)
    }

    fn look(&self, user: UserId, now: Timestamp, more: u32) -> Result<(), TooMany> {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if users.len() >= USERS {
            users.retain(|_, (ends_at, _)| *ends_at > now);
        }
        let (ends_at, tries) = users.entry(user).or_insert((now.plus(WINDOW), 0));
        if *ends_at <= now {
            (*ends_at, *tries) = (now.plus(WINDOW), 0);
        }
        if *tries >= self.limit {
            return Err(TooMany { retry_at: *ends_at });
        }
        *tries += more;
        Ok(())
    }
}
