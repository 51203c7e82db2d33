//! Invitations, and the language in which a workspace writes.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// An invitation is open while it is PENDING or EXPIRED: then it has a user, who is INVITED, and there is one for an address. Its token
/// is stored as SHA-256, as long as it can be used. `workspace.language` is EN or NL.
const UP: &str = r"
ALTER TABLE workspace ADD COLUMN language TEXT NOT NULL DEFAULT 'EN';
CREATE TABLE invitation (
    workspace UUID NOT NULL,
    id UUID NOT NULL,
    user_id UUID,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key KEY NOT NULL,
    status TEXT NOT NULL,
    token_hash BYTEA,
    invited_by UUID NOT NULL,
    letter UUID NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id),
    FOREIGN KEY (workspace, user_id) REFERENCES workspace_user (workspace, id),
    FOREIGN KEY (workspace, invited_by) REFERENCES workspace_user (workspace, id),
    FOREIGN KEY (workspace, letter) REFERENCES outbox (workspace, id)
);
CREATE UNIQUE INDEX invitation_open ON invitation (workspace, email_key) WHERE status IN ('PENDING', 'EXPIRED');
CREATE UNIQUE INDEX invitation_token ON invitation (token_hash);
CREATE INDEX invitation_end ON invitation (expires_at) WHERE status = 'PENDING'
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::drop_tables(manager, &["invitation"]).await?;
        manager.get_connection().execute_unprepared("ALTER TABLE workspace DROP COLUMN language").await?;
        Ok(())
    }
}
