//! One text for both databases: PostgreSQL's types, with SQLite's names for them put in where they differ.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// Runs statements separated by `;`. Columns that are compared or sorted as text say `KEY`: bytewise order on both databases.
pub async fn run(manager: &SchemaManager<'_>, statements: &str) -> Result<(), DbErr> {
    let types: &[(&str, &str)] = match manager.get_database_backend() {
        DbBackend::Postgres => &[(" KEY", " TEXT COLLATE \"C\"")],
        _ => &[(" KEY", " TEXT"), (" UUID", " BLOB"), (" BYTEA", " BLOB")],
    };
    for statement in statements.split(';').map(str::trim).filter(|text| !text.is_empty()) {
        // "PRIMARY KEY" and "FOREIGN KEY" keep their word.
        let mut sql = statement.replace("PRIMARY KEY", "PRIMARY\u{0}").replace("FOREIGN KEY", "FOREIGN\u{0}");
        for (ours, theirs) in types {
            sql = sql.replace(ours, theirs);
        }
        sql = sql.replace('\u{0}', " KEY");
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Drops tables, the last named first to go.
pub async fn drop_tables(manager: &SchemaManager<'_>, tables: &[&str]) -> Result<(), DbErr> {
    for table in tables {
        manager.get_connection().execute_unprepared(&format!("DROP TABLE IF EXISTS {table}")).await?;
    }
    Ok(())
}
