//! What the sync tells of a mailbox.

use entity::mail_account::{self, ProblemCode, State};
use entity::{MailAccountId, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

use super::allowance::{ReadBytes, daily};
use super::connect::secret_context;
use super::{Error, EventKind, Lease, Progress, Server, events, scope, store};
use crate::access::Cx;
use crate::changes::{Action, Kind, NewChange};
use crate::db::Db;
use crate::secrets::{Secret, Secrets};

/// What the sync of a mailbox does now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// A new contact. A problem that was told stays told until it is over.
    Connecting,
    /// Reads the history; new mail arrives.
    Backfilling,
    /// Reads no more history before then, since the provider allows no more; new mail arrives.
    Paced {
        /// When it goes on.
        next_attempt_at: Timestamp,
    },
    /// All is stored, news is told.
    Live,
    /// Failed, and tries again.
    Retrying {
        /// For programs.
        code: ProblemCode,
        /// For people.
        message: String,
        /// When it tries again.
        next_attempt_at: Timestamp,
    },
    /// Failed, and waits for the owner. It looks again by itself from time to time.
    NeedsAttention {
        /// For programs.
        code: ProblemCode,
        /// For people.
        message: String,
        /// When it looks again.
        next_attempt_at: Timestamp,
    },
}

/// What one signs in to the mail server with.
#[derive(Clone, Debug)]
pub struct Login {
    /// The mailbox.
    pub account: MailAccountId,
    /// Where.
    pub imap: Server,
    /// As whom.
    pub username: String,
    /// With what.
    pub secret: Secret,
    /// When the mailbox was first connected: mail from then on is announced.
    pub connected_at: Timestamp,
    /// Failed attempts since it was last live.
    pub failures: u32,
    /// How many days back mail is read; none for everything.
    pub history_days: Option<i32>,
    /// Since when the server has refused the password, when that was the last problem.
    pub refused_since: Option<Timestamp>,
    /// Bytes of history that may be read in a day; none without a limit.
    pub daily_bytes: Option<u64>,
    /// What was read last.
    pub read: ReadBytes,
}

/// What is told while the day's history is read.
const PACED: &str = "The mail provider lets no more of this mailbox be read today. New mail arrives; the rest of the history follows tomorrow.";

/// How to sign in to the server of a mailbox.
///
/// # Errors
/// `Fenced` when the lease is lost, `Secret` when the password was sealed under another key.
pub async fn login(db: &Db, secrets: &Secrets, lease: &Lease) -> Result<Login, Error> {
    let row = store::by_id(db.reader(), lease.workspace, lease.account).await?;
    let row = row.filter(|row| row.lease_epoch == lease.epoch).ok_or(Error::Fenced)?;
    let sealed = row.secret.as_deref().ok_or(Error::Fenced)?;
    let refused = row.problem_code == Some(ProblemCode::AuthenticationFailed);
    Ok(Login {
        daily_bytes: daily(row.provider),
        read: ReadBytes::of(&row),
        account: row.id,
        imap: Server {
            host: row.imap_host,
            port: u16::try_from(row.imap_port).unwrap_or_default(),
            security: row.imap_security,
        },
        username: row.username,
        secret: secrets.open(&secret_context(lease.workspace, lease.account), sealed)?,
        connected_at: row.created_at,
        failures: u32::try_from(row.failures).unwrap_or_default(),
        history_days: row.history_days,
        refused_since: row.problem_since.filter(|_| refused),
    })
}

/// Tells the state of a mailbox. The same as before is told once; a problem that goes on keeps its beginning.
pub async fn report(cx: &Cx, db: &Db, lease: &Lease, report: Report) -> Result<(), Error> {
    let mut tx = db.begin(cx).await?;
    let row = lease.hold(&tx).await?;
    let (state, problem) = match report {
        Report::Connecting => (State::Connecting, None),
        Report::Backfilling => (State::Backfilling, None),
        Report::Paced { next_attempt_at } => {
            (State::Backfilling, Some((ProblemCode::RateLimited, PACED.to_owned(), next_attempt_at)))
        }
        Report::Live => (State::Live, None),
        Report::Retrying { code, message, next_attempt_at } => {
            (State::Retrying, Some((code, message, next_attempt_at)))
        }
        Report::NeedsAttention { code, message, next_attempt_at } => {
            (State::NeedsAttention, Some((code, message, next_attempt_at)))
        }
    };
    let paced = problem.as_ref().is_some_and(|(code, ..)| *code == ProblemCode::RateLimited);
    let code = problem.as_ref().map(|(code, ..)| *code);
    let unchanged = state == row.state && code == row.problem_code && (code.is_none() || paced);
    if unchanged || state == State::Connecting && !matches!(row.state, State::Backfilling | State::Live) {
        return Ok(());
    }
    let (code, message, next) = match problem {
        Some((code, message, next)) => (Some(code), Some(message), Some(next)),
        None => (None, None, None),
    };
    let since = match code {
        Some(code) if row.problem_code == Some(code) => row.problem_since,
        Some(_) => Some(cx.now()),
        None => None,
    };
    let failed = code.is_some() && !paced;
    if state == State::Live {
        let message = "All mail that is on the server is here, and new mail arrives at once.";
        events::note(&tx, row.id, EventKind::Live, message).await?;
    } else if let Some(problem) = message.as_ref()
        && (state != row.state || code != row.problem_code || Some(problem) != row.problem_message.as_ref())
    {
        // The same problem again is no news.
        let needs = state == State::NeedsAttention;
        let kind = if needs { EventKind::NeedsAttention } else { EventKind::Failed };
        events::note(&tx, row.id, kind, problem.as_str()).await?;
    }
    let change = mail_account::ActiveModel {
        workspace: Set(row.workspace),
        id: Set(row.id),
        state: Set(state),
        problem_code: Set(code),
        problem_message: Set(message),
        problem_since: Set(since),
        next_attempt_at: Set(next),
        failures: Set(if failed { row.failures.saturating_add(1) } else { row.failures }),
        last_success_at: Set(if state == State::Live { Some(cx.now()) } else { row.last_success_at }),
        version: Set(row.version + 1),
        ..Default::default()
    };
    mail_account::Entity::update(change).exec(tx.conn()).await?;
    let changed = NewChange::in_scope(scope(row.id, row.owner), Kind::MailAccount, Action::Updated, row.id);
    tx.record(changed.version(row.version + 1));
    Ok(tx.commit().await?)
}

/// Tells how far a mailbox is read. The same as before is not told.
pub async fn report_progress(cx: &Cx, db: &Db, lease: &Lease, progress: Progress) -> Result<(), Error> {
    let mut tx = db.begin(cx).await?;
    let row = lease.hold(&tx).await?;
    let [stored, total, skipped] = [progress.stored, progress.total, progress.skipped].map(i64::from);
    if (stored, total, skipped) == (row.progress_stored, row.progress_total, row.progress_skipped) {
        return Ok(());
    }
    let change = mail_account::ActiveModel {
        workspace: Set(row.workspace),
        id: Set(row.id),
        progress_stored: Set(stored),
        progress_total: Set(total),
        progress_skipped: Set(skipped),
        version: Set(row.version + 1),
        ..Default::default()
    };
    mail_account::Entity::update(change).exec(tx.conn()).await?;
    let changed = NewChange::in_scope(scope(row.id, row.owner), Kind::MailAccount, Action::Updated, row.id);
    tx.record(changed.version(row.version + 1));
    Ok(tx.commit().await?)
}

/// Notes that all was well just now, and forgets how often it was not when `stable`. Not an event: nothing has changed.
pub async fn note_success(cx: &Cx, db: &Db, lease: &Lease, stable: bool) -> Result<(), Error> {
    let tx = db.begin(cx).await?;
    let row = lease.hold(&tx).await?;
    let change = mail_account::ActiveModel {
        workspace: Set(row.workspace),
        id: Set(row.id),
        last_success_at: Set(Some(cx.now())),
        failures: Set(if stable { 0 } else { row.failures }),
        ..Default::default()
    };
    mail_account::Entity::update(change).exec(tx.conn()).await?;
    Ok(tx.commit().await?)
}
