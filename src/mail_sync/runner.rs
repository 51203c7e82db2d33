//! One mailbox under one lease: session after session, with waits between, and its state always told.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::sync::watch;

use super::error::SyncError;
use super::session::{Memory, Session, nudged};
use super::supervisor::Deps;
use super::{backoff, diagnosis};
use crate::mail_accounts::{self, Lease, ProblemCode, Report};

/// New sessions that may begin at once within a minute.
const AT_ONCE: u32 = 5;

/// How long a server must refuse a password before its owner is asked: some say so when they are only busy.
const PATIENCE: Duration = Duration::from_mins(10);

/// When a mailbox that needs its owner is looked at again.
const DAILY: Duration = Duration::from_hours(24);

/// Why the sync of a mailbox ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The lease is lost.
    Fenced,
    /// Its owner has to do something first.
    NeedsOwner,
}

/// Syncs until the lease is lost or the owner is needed.
pub(super) async fn run(deps: Deps, lease: Lease, mut nudges: watch::Receiver<u64>) -> End {
    let memory = Memory::default();
    let mut quick: Vec<Instant> = Vec::new();
    loop {
        match attempt(&deps, &lease, &memory, nudges.clone()).await {
            error if error.is_fenced() => return End::Fenced,
            error @ SyncError::Restart(_) if may_at_once(&mut quick) => {
                tracing::info!(account = %lease.account, %error, "A new session");
            }
            error => match failed(&deps, &lease, &error).await {
                Ok(Next::At(instant)) => {
                    nudges.mark_unchanged();
                    tokio::select! {
                        () = deps.clock.sleep_until(instant) => {}
                        () = nudged(&mut nudges) => {}
                    }
                }
                Ok(Next::Owner) => return End::NeedsOwner,
                Err(error) if matches!(error, mail_accounts::Error::Fenced) => return End::Fenced,
                Err(error) => {
                    tracing::error!(account = %lease.account, %error, "The state of a mailbox could not be stored");
                    deps.clock.sleep(backoff::wait(3)).await;
                }
            },
        }
    }
}

async fn attempt(deps: &Deps, lease: &Lease, memory: &Memory, nudges: watch::Receiver<u64>) -> SyncError {
    let login = match mail_accounts::login(&deps.db, &deps.secrets, lease).await {
        Ok(login) => login,
        Err(error) => return error.into(),
    };
    let session = Session::new(deps.clone(), lease.clone(), login, memory, nudges);
    AssertUnwindSafe(session.run()).catch_unwind().await.unwrap_or(SyncError::Panicked)
}

enum Next {
    At(entity::Timestamp),
    Owner,
}

async fn failed(deps: &Deps, lease: &Lease, error: &SyncError) -> Result<Next, mail_accounts::Error> {
    let cx = lease.cx(&deps.clock);
    let login = mail_accounts::login(&deps.db, &deps.secrets, lease).await;
    if let Err(error @ mail_accounts::Error::Fenced) = login {
        return Err(error);
    }
    let (failures, refused_since) = login.map_or((3, None), |login| (login.failures, login.refused_since));
    let diagnosis = diagnosis::of_session(error);
    tracing::info!(account = %lease.account, %error, "A session with a mail server ended");
    let (code, message) = (diagnosis.code, diagnosis.message);
    let refused_long = code == ProblemCode::AuthenticationFailed
        && refused_since.is_some_and(|since| cx.now() >= since.plus(PATIENCE));
    if diagnosis.for_owner || refused_long {
        let next_attempt_at = cx.now().plus(DAILY);
        let report = Report::NeedsAttention { code, message, next_attempt_at };
        mail_accounts::report(&cx, &deps.db, lease, report).await?;
        return Ok(Next::Owner);
    }
    let wait = backoff::wait(failures).max(diagnosis.wait.unwrap_or_default());
    let next_attempt_at = cx.now().plus(wait);
    mail_accounts::report(&cx, &deps.db, lease, Report::Retrying { code, message, next_attempt_at }).await?;
    Ok(Next::At(next_attempt_at))
}

fn may_at_once(quick: &mut Vec<Instant>) -> bool {
    quick.retain(|at| at.elapsed() < Duration::from_mins(1));
    quick.push(Instant::now());
    quick.len() <= AT_ONCE as usize
}
