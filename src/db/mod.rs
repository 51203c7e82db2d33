//! The database: one writer and many readers on SQLite, a pool on PostgreSQL.
//!
//! Owns connections and transactions (`Tx`), and the rule that a transaction's changes are numbered as it commits. What is in the
//! tables is each feature's own. Start reading at `Db::begin`.

mod fault;
mod open;
mod statistics;
mod tx;
mod wake;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sea_orm::{DatabaseConnection, DbBackend, SqliteTransactionMode, TransactionOptions, TransactionTrait};

pub use fault::{Fault, Unique};
pub use statistics::keep_statistics;
pub use tx::Tx;
pub use wake::Wake;

use crate::access::Cx;

/// The database of this node.
#[derive(Clone)]
pub struct Db {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    statements: Arc<AtomicU64>,
    wake: Wake,
}

impl Db {
    /// Connects to `sqlite://PATH` or `postgres://…`. A missing SQLite file is made.
    pub async fn open(url: &str, connections: u32) -> Result<Self, Fault> {
        let statements = Arc::new(AtomicU64::new(0));
        let (mut writer, mut reader) = open::open(url, connections).await?;
        for pool in [&mut writer, &mut reader] {
            let count = Arc::clone(&statements);
            pool.set_metric_callback(move |_| {
                count.fetch_add(1, Ordering::Relaxed);
            });
        }
        Ok(Self { reader, writer, statements, wake: Wake::default() })
    }

    /// Brings the schema up to date.
    pub async fn migrate(&self) -> Result<(), Fault> {
        use migration::{Migrator, MigratorTrait};
        Ok(Migrator::up(&self.writer, None).await?)
    }

    /// Where reads go. They see committed state only.
    #[must_use]
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// Where single statements go that write outside any workspace's log: sessions' use, attempts to sign in, retention, leases.
    #[must_use]
    pub fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Begins the transaction of one command. Dropped without commit it is rolled back.
    pub async fn begin(&self, cx: &Cx) -> Result<Tx, Fault> {
        let options = TransactionOptions {
            // A deferred transaction that begins to write later fails at once when another has written meanwhile.
            sqlite_transaction_mode: (self.backend() == DbBackend::Sqlite).then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let inner = self.writer.begin_with_options(options).await?;
        Ok(Tx::new(inner, cx.clone(), self.wake.clone()))
    }

    /// Which database it is.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// Whether it is a file of this node's own, which no other node writes to.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.backend() == DbBackend::Sqlite
    }

    /// What commits of this node wake.
    #[must_use]
    pub fn wake(&self) -> &Wake {
        &self.wake
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Fault> {
        Ok(self.reader.ping().await?)
    }

    /// Statements run so far.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Closes all connections, after what runs on them has ended.
    pub async fn close(&self) {
        for pool in [&self.reader, &self.writer] {
            if let Err(error) = pool.close_by_ref().await {
                tracing::warn!(%error, "The database did not close cleanly");
            }
        }
    }
}
