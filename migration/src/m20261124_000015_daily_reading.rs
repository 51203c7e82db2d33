//! How much of a mailbox was read in a day.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// `read_bytes` were read in the day `read_day`, counted from 1970 in UTC. Kept only where the provider limits it.
const UP: &str = r"
ALTER TABLE mail_account ADD COLUMN read_day BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mail_account ADD COLUMN read_bytes BIGINT NOT NULL DEFAULT 0
";

const DOWN: &str = r"
ALTER TABLE mail_account DROP COLUMN read_day;
ALTER TABLE mail_account DROP COLUMN read_bytes
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, DOWN).await
    }
}
