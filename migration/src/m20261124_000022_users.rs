//! When users leave, and addresses that are to be confirmed.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// `last_working_day` is a date such as 2026-11-24; when it is over in UTC the user is disabled. `email_change` holds the address that a
/// person wants to sign in with, until who reads its mail confirms it; its token is stored as SHA-256. `workspace` and `user_id` are
/// where they asked.
const UP: &str = r"
ALTER TABLE workspace_user ADD COLUMN last_working_day KEY;
CREATE INDEX workspace_user_leaving ON workspace_user (last_working_day) WHERE last_working_day IS NOT NULL;
CREATE TABLE email_change (
    person UUID NOT NULL PRIMARY KEY REFERENCES person (id),
    workspace UUID NOT NULL,
    user_id UUID NOT NULL,
    email TEXT NOT NULL,
    token_hash BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    FOREIGN KEY (workspace, user_id) REFERENCES workspace_user (workspace, id)
);
CREATE UNIQUE INDEX email_change_token ON email_change (token_hash)
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::drop_tables(manager, &["email_change"]).await?;
        let conn = manager.get_connection();
        conn.execute_unprepared("DROP INDEX workspace_user_leaving").await?;
        conn.execute_unprepared("ALTER TABLE workspace_user DROP COLUMN last_working_day").await?;
        Ok(())
    }
}
