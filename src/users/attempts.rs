//! Failed attempts to sign in, counted per account and per address they come from.

use std::net::IpAddr;
use std::time::Duration;

use entity::{Timestamp, sign_in_attempt};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{FromQueryResult, Statement};

use super::Error;
use crate::db::Db;

/// Counting starts anew this long after the first failure.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// Failures in a window after which an account is not tried any more.
const PER_ACCOUNT: i64 = 10;

/// The same for an address; higher, since a whole office may share one.
const PER_ADDRESS: i64 = 100;

/// Counts an attempt before it is tried, so that many at once do not get past the limit.
pub(super) async fn begin(db: &Db, now: Timestamp, email_key: &str, peer: Option<IpAddr>) -> Result<(), Error> {
    for (subject, limit) in subjects(email_key, peer) {
        let (failures, retry_at) = count(db, now, &subject).await?;
        if failures > limit {
            return Err(Error::TooManyAttempts { retry_at });
        }
    }
    Ok(())
}

/// Takes a successful attempt back out of the count; the account's earlier failures are forgiven.
pub(super) async fn succeeded(db: &Db, email_key: &str, peer: Option<IpAddr>) -> Result<(), Error> {
    let mut subjects = subjects(email_key, peer).map(|(subject, _)| subject);
    if let Some(account) = subjects.next() {
        sign_in_attempt::Entity::delete_by_id(account).exec(db.writer()).await?;
    }
    if let Some(address) = subjects.next() {
        sign_in_attempt::Entity::update_many()
            .col_expr(sign_in_attempt::Column::Failures, Expr::col(sign_in_attempt::Column::Failures).sub(1))
            .filter(sign_in_attempt::Column::Subject.eq(address))
            .filter(sign_in_attempt::Column::Failures.gt(0))
            .exec(db.writer())
            .await?;
    }
    Ok(())
}

fn subjects(email_key: &str, peer: Option<IpAddr>) -> impl Iterator<Item = (String, i64)> {
    // Bounded: the key comes from outside.
    let account: String = email_key.chars().take(320).collect();
    let account = (format!("account {account}"), PER_ACCOUNT);
    std::iter::once(account).chain(peer.map(|peer| (format!("address {peer}"), PER_ADDRESS)))
}

async fn count(db: &Db, now: Timestamp, subject: &str) -> Result<(i64, Timestamp), Error> {
    #[derive(FromQueryResult)]
    struct Counted {
        failures: i64,
        window_ends_at: Timestamp,
    }
    sign_in_attempt::Entity::delete_many()
        .filter(sign_in_attempt::Column::WindowEndsAt.lte(now))
        .exec(db.writer())
        .await?;
    let counting = Statement::from_sql_and_values(
        db.backend(),
        "INSERT INTO sign_in_attempt (subject, failures, window_ends_at) VALUES ($1, 1, $2) \
         ON CONFLICT (subject) DO UPDATE SET failures = sign_in_attempt.failures + 1 \
         RETURNING failures, window_ends_at",
        [subject.into(), now.plus(WINDOW).into()],
    );
    let counted = Counted::find_by_statement(counting).one(db.writer()).await?;
    Ok(counted.map_or((0, now), |counted| (counted.failures, counted.window_ends_at)))
}
