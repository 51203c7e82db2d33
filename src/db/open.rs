//! Connection settings of both databases.

use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr, sqlx};
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

/// How long a connection is waited for. On SQLite this bounds how long writers queue.
const ACQUIRE: Duration = Duration::from_secs(15);

/// How long SQLite waits for another process that writes.
const SQLITE_BUSY: Duration = Duration::from_secs(5);

/// Opens (writer, reader).
pub async fn open(url: &str, connections: u32) -> Result<(DatabaseConnection, DatabaseConnection), DbErr> {
    if url.starts_with("sqlite:") {
        // The writer first: it makes the file and switches it to WAL.
        let writer = Database::connect(sqlite(url, 1, false)).await?;
        let reader = Database::connect(sqlite(url, connections, true)).await?;
        Ok((writer, reader))
    } else {
        let pool = Database::connect(postgres(url, connections)).await?;
        Ok((pool.clone(), pool))
    }
}

fn common(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections).min_connections(1).acquire_timeout(ACQUIRE).sqlx_logging(false);
    options.test_before_acquire(false);
    options
}

/// WAL, so that readers and the writer do not wait for each other; synchronous FULL, so that what was acknowledged survives a power
/// cut; one writer, since SQLite has only one anyway and a queue in the pool is fair where its busy handler is not.
fn sqlite(url: &str, connections: u32, read_only: bool) -> ConnectOptions {
    let mut options = common(url, connections);
    options.map_sqlx_sqlite_opts(move |options| {
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(SQLITE_BUSY)
            .pragma("journal_size_limit", "67108864")
            .pragma("temp_store", "memory")
            .pragma("cache_size", "-16000")
            .statement_cache_capacity(500);
        if read_only { options.pragma("query_only", "on") } else { options }
    });
    options
}

/// Limits on the server's side: no statement, lock or idle transaction of ours holds others up for long. Compiling a statement of many
/// sub-selects takes a second, where running it takes 70 ms. Workers and costly random reads make the planner go through all contacts
/// in order for a page of few matches: 127 ms for two letters of a text among 100 000 contacts, 5 ms without.
fn postgres(url: &str, connections: u32) -> ConnectOptions {
    let mut options = common(url, connections);
    options.test_before_acquire(true);
    options.test_before_acquire_if_idle_for(Duration::from_secs(30));
    options.map_sqlx_postgres_opts(|options| {
        options.application_name("tagwire").statement_cache_capacity(500).options([
            ("statement_timeout", "30s"),
            ("lock_timeout", "10s"),
            ("idle_in_transaction_session_timeout", "30s"),
            ("jit", "off"),
            ("max_parallel_workers_per_gather", "0"),
            ("random_page_cost", "1.1"),
        ])
    });
    options
}
