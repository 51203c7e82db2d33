//! What goes wrong in the database.

use sea_orm::{DbErr, RuntimeErr, sqlx};

/// The database failed us. Its text is for the log, never for a client.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the database failed: {0}")]
pub struct Fault(std::sync::Arc<DbErr>);

/// A unique rule of the schema: PostgreSQL names the index in its error, SQLite the columns.
#[derive(Clone, Copy, Debug)]
pub struct Unique {
    /// Name of the index.
    pub index: &'static str,
    /// `table.column, …` in the order of the index.
    pub columns: &'static str,
}

impl From<DbErr> for Fault {
    fn from(error: DbErr) -> Self {
        Self(std::sync::Arc::new(error))
    }
}

impl Fault {
    /// Whether this unique rule was broken.
    #[must_use]
    pub fn breaks(&self, rule: Unique) -> bool {
        self.sqlx().is_some_and(|error| match error.as_database_error() {
            Some(error) if error.is_unique_violation() => {
                error.constraint() == Some(rule.index) || error.message().ends_with(rule.columns)
            }
            _ => false,
        })
    }

    /// Whether the same transaction may well succeed when tried again: it lost a race for locks.
    /// PostgreSQL: 40001 serialization failure, 40P01 deadlock, 55P03 lock timeout. SQLite: 5 busy, 517 busy snapshot.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.sqlx()
            .and_then(sqlx::Error::as_database_error)
            .and_then(|error| error.code().map(String::from))
            .is_some_and(|code| matches!(code.as_str(), "40001" | "40P01" | "55P03" | "5" | "517"))
    }

    fn sqlx(&self) -> Option<&sqlx::Error> {
        match &*self.0 {
            DbErr::Exec(RuntimeErr::SqlxError(error))
            | DbErr::Query(RuntimeErr::SqlxError(error))
            | DbErr::Conn(RuntimeErr::SqlxError(error)) => Some(error),
            _ => None,
        }
    }
}
