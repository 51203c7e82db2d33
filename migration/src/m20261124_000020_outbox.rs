//! Letters that Tagwire itself sends.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// `sealed` is the letter under the key file, until it is sent or given up. `attempts` counts what was begun, and is who sends it: an end
/// of an earlier attempt changes nothing. `next_attempt_at` is also when somebody else may try while an attempt is under way. `tells_…`
/// is the object whose followers hear of each step.
const UP: &str = r"
CREATE TABLE outbox (
    workspace UUID NOT NULL REFERENCES workspace (id),
    id UUID NOT NULL,
    sealed BYTEA,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    sent_at BIGINT,
    tells_kind TEXT,
    tells_subject UUID,
    tells_scope TEXT,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX outbox_due ON outbox (next_attempt_at) WHERE state = 'QUEUED'
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::drop_tables(manager, &["outbox"]).await
    }
}
