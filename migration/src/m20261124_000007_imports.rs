//! Runs of imports, and what is wrong with the rows of their files.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// `node` is the process that works on it, and `touched_at` when it last said so: what nobody works on any more is found by them.
/// A user has one import at a time. `contact_import_problem.number` counts the problems of an import in the order of its rows.
const UP: &str = r"
CREATE TABLE contact_import (
    workspace UUID NOT NULL,
    id UUID NOT NULL,
    owner UUID NOT NULL,
    node UUID NOT NULL,
    state TEXT NOT NULL,
    dry_run BOOLEAN NOT NULL,
    row_count BIGINT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    problem_count BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    touched_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id),
    FOREIGN KEY (workspace, owner) REFERENCES workspace_user (workspace, id)
);
CREATE UNIQUE INDEX contact_import_running ON contact_import (workspace, owner) WHERE state = 'RUNNING';
CREATE TABLE contact_import_problem (
    workspace UUID NOT NULL,
    import UUID NOT NULL,
    number BIGINT NOT NULL,
    row_number BIGINT NOT NULL,
    column_name TEXT,
    message TEXT NOT NULL,
    PRIMARY KEY (workspace, import, number),
    FOREIGN KEY (workspace, import) REFERENCES contact_import (workspace, id)
)
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::drop_tables(manager, &["contact_import_problem", "contact_import"]).await
    }
}
