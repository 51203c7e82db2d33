//! The sync of one mailbox: sessions one after another, with waits between them, as long as the lease is held.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;

use super::backoff;
use super::diagnosis::{self, Diagnosis};
use super::error::SyncError;
use super::session::{Bells, Memory, Session};
use super::supervisor::Deps;
use crate::mail_accounts::{self, Lease, ProblemCode, Report};

/// A refused password is believed when it is refused again so much later: servers refuse good ones when they are busy.
const BELIEVED: Duration = Duration::from_secs(10 * 60);

/// An account that waits for its owner is looked at again once a day: servers forget and forgive.
const DAILY: Duration = Duration::from_secs(24 * 60 * 60);

/// Sessions that may begin anew at once before it counts as a failure.
const RESTARTS: u32 = 5;

/// A session that lasted so long was a good one: restarts before it do not count.
const GOOD: Duration = Duration::from_secs(5 * 60);

/// Runs until the lease is lost.
pub(super) async fn run(deps: &Deps, lease: Lease, bells: &Bells) {
    let memory = Memory::default();
    let mut restarts = 0;
    // Whoever synced it before may have told more than is true now.
    match mail_accounts::report(&lease.cx(&deps.clock), &deps.db, &lease, Report::Connecting).await {
        Err(mail_accounts::Error::Fenced) => return,
        Err(error) => tracing::warn!(account = %lease.account, %error, "The state of a mailbox could not be stored"),
        Ok(()) => {}
    }
    loop {
        let error = match mail_accounts::login(&deps.db, &deps.secrets, &lease).await {
            Ok(login) => {
                let failures = login.failures;
                let refused_since = login.refused_since;
                let began = tokio::time::Instant::now();
                let session = Session::new(deps, lease.clone(), login, bells, &memory);
                // A bug in reading one mailbox must not end the others.
                let ended = AssertUnwindSafe(session.run().boxed()).catch_unwind().await;
                if began.elapsed() >= GOOD {
                    restarts = 0;
                }
                match ended.unwrap_or(Err(SyncError::Panicked)) {
                    Ok(()) => continue,
                    Err(error) if error.begins_anew() && restarts < RESTARTS => {
                        tracing::info!(account = %lease.account, %error, "The sync of a mailbox begins anew");
                        restarts += 1;
                        continue;
                    }
                    Err(error) => Failure { error, failures, refused_since },
                }
            }
            Err(error) => Failure { error: error.into(), failures: 0, refused_since: None },
        };
        if error.error.is_fenced() {
            return;
        }
        restarts = 0;
        if wait(deps, &lease, bells, &error).await.is_err() {
            return;
        }
    }
}

struct Failure {
    error: SyncError,
    failures: u32,
    refused_since: Option<entity::Timestamp>,
}

/// Tells why the mailbox is not live, and waits for the next attempt. An error when nothing can be told any more.
async fn wait(deps: &Deps, lease: &Lease, bells: &Bells, failure: &Failure) -> Result<(), mail_accounts::Error> {
    let Diagnosis { code, message, wait, for_owner } = diagnosis::of_session(&failure.error);
    let now = deps.clock.now();
    let believed = failure.refused_since.is_some_and(|since| since <= now.minus(BELIEVED));
    let for_owner = for_owner || (code == ProblemCode::AuthenticationFailed && believed);
    let pause = if for_owner { DAILY } else { wait.unwrap_or_default().max(backoff::wait(failure.failures)) };
    let next_attempt_at = now.plus(pause);
    tracing::info!(
        account = %lease.account,
        error = %failure.error,
        seconds = pause.as_secs(),
        "The sync of a mailbox failed and is tried again"
    );
    let report = if for_owner {
        Report::NeedsAttention { code, message, next_attempt_at }
    } else {
        Report::Retrying { code, message, next_attempt_at }
    };
    let cx = lease.cx(&deps.clock);
    bells.forget();
    loop {
        match mail_accounts::report(&cx, &deps.db, lease, report.clone()).await {
            Ok(()) => break,
            Err(error @ mail_accounts::Error::Fenced) => return Err(error),
            Err(error) => {
                tracing::warn!(account = %lease.account, %error, "The state of a mailbox could not be stored");
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        }
    }
    tokio::select! {
        () = deps.clock.sleep_until(next_attempt_at) => {}
        () = bells.retry() => {}
    }
    Ok(())
}
