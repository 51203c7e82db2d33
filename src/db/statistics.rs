//! What PostgreSQL's planner knows of the tables.
//!
//! Its own upkeep looks once a minute. Within that, a first mailbox puts two hundred thousand rows into tables that are thought to be
//! empty, and plans for empty tables compare every row with every other: counting a folder of 6 000 mails took eight seconds.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement};

use super::{Db, Fault};
use crate::clock::Clock;

const INTERVAL: Duration = Duration::from_secs(2);

/// Tables that have grown by half since they were last looked through. The numbers come from the server's own counting. Looking
/// through words of mails takes long, and tells little.
const GROWN: &str = "SELECT quote_ident(relname) AS name FROM pg_stat_user_tables WHERE schemaname = current_schema() \
    AND relname <> 'mail_search' AND n_live_tup > 500 AND n_mod_since_analyze > n_live_tup / 3";

/// Keeps it true of tables that grow fast, until dropped.
pub async fn keep_statistics(db: &Db, clock: &Clock) {
    if db.backend() != DbBackend::Postgres {
        return;
    }
    loop {
        clock.sleep(INTERVAL).await;
        if let Err(error) = refresh(db).await {
            tracing::warn!(%error, "The statistics of tables could not be renewed");
        }
    }
}

async fn refresh(db: &Db) -> Result<(), Fault> {
    #[derive(FromQueryResult)]
    struct Table {
        name: String,
    }
    let conn = db.writer();
    let grown = Statement::from_string(DbBackend::Postgres, GROWN);
    for Table { name } in Table::find_by_statement(grown).all(conn).await? {
        // Another node may be at it.
        conn.execute_unprepared(&format!("ANALYZE (SKIP_LOCKED) {name}")).await?;
    }
    Ok(())
}
