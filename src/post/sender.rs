//! Empties the outbox: takes letters that are due, sends them, and says how it went.
//!
//! A letter is taken for `TAKEN` by moving its next attempt that far, and counting one attempt more. Who writes down how the attempt
//! ended names its number, so that nobody writes over a later one. A node that ends between sending and writing leaves the letter to
//! be sent again: it arrives twice, with the same Message-ID, rather than never.

use std::time::Duration;

use entity::{Timestamp, outbox};
use futures_util::future::join_all;

use super::letter::Letter;
use super::server::{Refused, Server};
use super::{Post, PostError, State, context, store};
use crate::access::Cx;
use crate::changes::{Action, Kind, NewChange, Scope};
use crate::crash_point;
use crate::db::Fault;

/// How long a letter belongs to who took it: more than an attempt takes, and than nodes' clocks may differ.
const TAKEN: Duration = Duration::from_secs(10 * 60);

/// Letters of one node under way at once.
const AT_ONCE: u64 = 4;

/// How often is looked for letters that other nodes left.
const LOOK: Duration = Duration::from_secs(5);

/// From the first failure to the second attempt; four times as long each time after.
const FIRST_WAIT: Duration = Duration::from_secs(30);

/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

impl Post {
    /// Sends letters as they are due, until dropped. Returns at once where no mail server is set.
    pub async fn run(&self) {
        let Some(server) = &self.inner.server else { return };
        loop {
            // Taken before it is looked: what comes due meanwhile is not slept over.
            let next = self.inner.clock.now().plus(LOOK);
            if let Err(error) = self.send_due(server).await {
                tracing::warn!(%error, "The outbox could not be emptied; tried again soon");
            }
            tokio::select! {
                () = self.inner.wake.notified() => {}
                () = self.inner.clock.sleep_until(next) => {}
            }
        }
    }

    async fn send_due(&self, server: &Server) -> Result<(), Fault> {
        loop {
            let now = self.inner.clock.now();
            let taken = store::take(&self.inner.db, now, now.plus(TAKEN), AT_ONCE).await?;
            if taken.is_empty() {
                return Ok(());
            }
            for done in join_all(taken.into_iter().map(|row| self.attempt(server, row))).await {
                done?;
            }
        }
    }

    async fn attempt(&self, server: &Server, row: outbox::Model) -> Result<(), Fault> {
        let refused = match self.mail(server, &row) {
            Ok(mail) => server.send(mail).await.err(),
            Err(why) => Some(Refused::ForGood(why)),
        };
        crash_point::pass(|| "between sending a letter and writing it down".to_owned());
        let now = self.inner.clock.now();
        let next = now.plus(wait(row.attempts));
        let (state, next, why) = match refused {
            None => (State::Sent, now, None),
            Some(Refused::ForNow(why)) if next < row.expires_at => (State::Queued, next, Some(why)),
            Some(Refused::ForNow(why) | Refused::ForGood(why)) => (State::Failed, now, Some(why)),
        };
        if let Some(why) = &why {
            tracing::warn!(letter = %row.id, attempt = row.attempts, state = ?state, why, "A letter was not sent");
        }
        self.write_down(&row, state, next, why).await
    }

    fn mail(&self, server: &Server, row: &outbox::Model) -> Result<lettre::Message, String> {
        if row.expires_at <= self.inner.clock.now() {
            return Err("It could not be sent in time.".to_owned());
        }
        let unreadable = |error: &dyn std::fmt::Display| format!("The letter cannot be read any more: {error}.");
        let sealed = row.sealed.as_deref().unwrap_or_default();
        let secret = self.inner.secrets.open(&context(row.workspace, row.id), sealed);
        let letter = Letter::of_secret(&secret.map_err(|error| unreadable(&error))?);
        let letter = letter.ok_or_else(|| unreadable(&"it is damaged"))?;
        letter.mail(row, server.from()).map_err(|error: PostError| error.to_string())
    }

    async fn write_down(
        &self,
        row: &outbox::Model,
        state: State,
        next: Timestamp,
        why: Option<String>,
    ) -> Result<(), Fault> {
        let mut tx = self.inner.db.begin(&Cx::of_system(row.workspace, self.inner.clock.clone())).await?;
        if store::write_down(tx.conn(), row, state, next, why).await? {
            let kind = row.tells_kind.as_deref().and_then(Kind::parse);
            if let (Some(kind), Some(subject)) = (kind, row.tells_subject) {
                let scope = Scope::parse(row.tells_scope.as_deref());
                tx.record(NewChange::in_scope(scope, kind, Action::Updated, subject));
            }
        }
        tx.commit().await
    }
}

/// How long after an attempt the next one follows.
fn wait(attempts: i32) -> Duration {
    let before = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(8);
    FIRST_WAIT.saturating_mul(4_u32.saturating_pow(before)).min(LONGEST_WAIT)
}
