//! Who syncs a mailbox: one node for a time, told apart from those before by an epoch.
//!
//! Times are the database's, so that nodes need not agree on theirs. A lease lasts 45 s and is renewed every 10 s.

use entity::{MailAccountId, UserId, WorkspaceId, mail_account};
use sea_orm::entity::prelude::*;
use sea_orm::{DbBackend, FromQueryResult, QuerySelect, Statement};
use uuid::Uuid;

use super::Error;
use crate::access::Cx;
use crate::clock::Clock;
use crate::db::{Db, Fault, Tx};

/// Microseconds a lease lasts without renewal.
const LASTS: i64 = 45_000_000;

/// Mailboxes taken in one statement.
const AT_ONCE: i64 = 50;

/// The right to sync a mailbox. It may have been lost: every write asks by `hold`.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Lease {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The mailbox.
    pub account: MailAccountId,
    /// Whose it is.
    pub owner: UserId,
    /// Which lease of this mailbox it is.
    pub epoch: i64,
}

impl Lease {
    /// What the sync under this lease does, does it as.
    #[must_use]
    pub fn cx(&self, clock: &Clock) -> Cx {
        Cx::of_mail_account(self.workspace, self.account, self.owner, clock.clone())
    }

    /// Makes sure that the lease is held until this transaction ends. It also makes the mailbox's transactions follow each other.
    ///
    /// # Errors
    /// `Fenced` when it is lost.
    pub async fn hold(&self, tx: &Tx) -> Result<mail_account::Model, Error> {
        let mut query = mail_account::Entity::find_by_id((self.workspace, self.account))
            .filter(mail_account::Column::LeaseEpoch.eq(self.epoch));
        if tx.conn().get_database_backend() == DbBackend::Postgres {
            query = query.lock_exclusive();
        }
        query.one(tx.conn()).await?.ok_or(Error::Fenced)
    }
}

/// Takes mailboxes that nobody syncs. `all`: whoever had them is known to be gone.
pub async fn claim(db: &Db, node: Uuid, all: bool) -> Result<Vec<Lease>, Fault> {
    let now = now(db.backend());
    let (free, lock) = match (all, db.backend()) {
        (true, _) => ("TRUE".to_owned(), ""),
        (false, DbBackend::Postgres) => {
            (format!("(lease_until IS NULL OR lease_until < {now})"), "FOR UPDATE SKIP LOCKED")
        }
        (false, _) => (format!("(lease_until IS NULL OR lease_until < {now})"), ""),
    };
    let sql = format!(
        "UPDATE mail_account SET lease_owner = $1, lease_epoch = lease_epoch + 1, lease_until = {now} + $2 \
         WHERE (workspace, id) IN (SELECT workspace, id FROM mail_account \
           WHERE disconnected_at IS NULL AND state <> 'PAUSED' AND {free} \
           AND (state <> 'NEEDS_ATTENTION' OR next_attempt_at <= {now}) ORDER BY id LIMIT $3 {lock}) \
         RETURNING workspace, id AS account, owner, lease_epoch AS epoch"
    );
    let values = [node.into(), LASTS.into(), if all { i64::MAX } else { AT_ONCE }.into()];
    let statement = Statement::from_sql_and_values(db.backend(), sql, values);
    Ok(Lease::find_by_statement(statement).all(db.writer()).await?)
}

/// Renews the leases of a node; those it still has.
pub async fn heartbeat(db: &Db, node: Uuid) -> Result<Vec<Lease>, Fault> {
    let sql = format!(
        "UPDATE mail_account SET lease_until = {} + $2 WHERE lease_owner = $1 \
         RETURNING workspace, id AS account, owner, lease_epoch AS epoch",
        now(db.backend())
    );
    let statement = Statement::from_sql_and_values(db.backend(), sql, [node.into(), LASTS.into()]);
    Ok(Lease::find_by_statement(statement).all(db.writer()).await?)
}

/// The leases that a node still has, without renewing them.
pub async fn held(db: &Db, node: Uuid) -> Result<Vec<Lease>, Fault> {
    let sql = "SELECT workspace, id AS account, owner, lease_epoch AS epoch FROM mail_account WHERE lease_owner = $1";
    let statement = Statement::from_sql_and_values(db.backend(), sql, [node.into()]);
    Ok(Lease::find_by_statement(statement).all(db.reader()).await?)
}

/// Gives a lease back, so that the next node need not wait for its end.
pub async fn release(db: &Db, lease: &Lease) -> Result<(), Fault> {
    mail_account::Entity::update_many()
        .col_expr(mail_account::Column::LeaseOwner, Expr::value(Option::<Uuid>::None))
        .col_expr(mail_account::Column::LeaseUntil, Expr::value(Option::<i64>::None))
        .col_expr(mail_account::Column::LeaseEpoch, Expr::value(lease.epoch + 1))
        .filter(mail_account::Column::Workspace.eq(lease.workspace))
        .filter(mail_account::Column::Id.eq(lease.account))
        .filter(mail_account::Column::LeaseEpoch.eq(lease.epoch))
        .exec(db.writer())
        .await?;
    Ok(())
}

/// The database's clock in microseconds since 1970.
fn now(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT",
        _ => "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
    }
}
