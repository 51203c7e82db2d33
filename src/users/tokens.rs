//! Tokens that were looked up a moment ago.
//!
//! Owns how long what was read of a session may be believed. A change of this node is heeded at once, by a count that its commit
//! raises; one of another node within `FRESH`.

use std::time::Duration;

use quick_cache::sync::Cache;
use tokio::time::Instant;

use super::{Session, session};
use crate::clock::Clock;
use crate::db::{Db, Fault};

/// How long a session is believed to run with the same rights, unless this node knows better. Sockets are closed within 2 s of their
/// session's end; a request shall not be served longer.
const FRESH: Duration = Duration::from_secs(1);

/// Tokens kept.
const TOKENS: usize = 10_000;

/// What is known of tokens, by their hash.
pub(super) struct Tokens(Cache<Vec<u8>, Known>);

#[derive(Clone)]
struct Known {
    session: Session,
    since: Instant,
    /// The count of changes before the session was read.
    people: u64,
}

impl Tokens {
    pub(super) fn new() -> Self {
        Self(Cache::new(TOKENS))
    }

    /// The running session that a token belongs to.
    pub(super) async fn authenticate(&self, db: &Db, clock: &Clock, token: &str) -> Result<Option<Session>, Fault> {
        let (hash, people, since) = (session::token_hash(token), db.wake().people(), Instant::now());
        if let Some(known) = self.0.get(&hash)
            && known.people == people
            && known.since.elapsed() < FRESH
            && known.session.expires_at > clock.now()
        {
            return Ok(Some(known.session));
        }
        let found = session::authenticate(db, clock, &hash).await?;
        match &found {
            Some(session) => self.0.insert(hash, Known { session: session.clone(), since, people }),
            None => drop(self.0.remove(&hash)),
        }
        Ok(found)
    }
}
