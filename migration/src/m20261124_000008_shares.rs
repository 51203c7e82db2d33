//! What users let colleagues see, and who read what was marked private all the same.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// `resource` is INBOX, CALENDAR or `KANBAN_BOARD`: all mailboxes, calendars or boards of the owner. `level` says how much of them.
/// `private_reading` is a record: `viewer` first read the text of `message`, which is another's, while it was marked private.
const UP: &str = r"
CREATE TABLE share (
    workspace UUID NOT NULL,
    id UUID NOT NULL,
    owner UUID NOT NULL,
    grantee UUID NOT NULL,
    resource TEXT NOT NULL,
    level TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id),
    FOREIGN KEY (workspace, owner) REFERENCES workspace_user (workspace, id),
    FOREIGN KEY (workspace, grantee) REFERENCES workspace_user (workspace, id)
);
CREATE UNIQUE INDEX share_once ON share (workspace, owner, grantee, resource);
CREATE INDEX share_of_grantee ON share (workspace, grantee, resource);
CREATE TABLE private_reading (
    workspace UUID NOT NULL,
    message UUID NOT NULL,
    viewer UUID NOT NULL,
    first_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, message, viewer),
    FOREIGN KEY (workspace, message) REFERENCES mail_message (workspace, id),
    FOREIGN KEY (workspace, viewer) REFERENCES workspace_user (workspace, id)
)
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::drop_tables(manager, &["private_reading", "share"]).await
    }
}
