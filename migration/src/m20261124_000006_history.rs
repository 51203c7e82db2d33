//! Who did what to contacts and tags, kept for good.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// `kind` says what `subject` is: CONTACT or TAG. `actor` is null where no user did it. `deed` is JSON: what was done, with names as they
/// were then. `tag` is the one that a contact got or lost. Subjects, tags and actors may be gone, so nothing refers to them.
const UP: &str = r"
CREATE TABLE history_entry (
    workspace UUID NOT NULL REFERENCES workspace (id),
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    subject UUID NOT NULL,
    at BIGINT NOT NULL,
    actor UUID,
    tag UUID,
    deed TEXT NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX history_entry_newest ON history_entry (workspace, subject, at, id)
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::drop_tables(manager, &["history_entry"]).await
    }
}
