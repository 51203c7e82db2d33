//! Filters that people keep under a name.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// `position` counts from 0 among an owner's filters, without holes; `query` is as typed.
const UP: &str = r"
CREATE TABLE saved_filter (
    workspace UUID NOT NULL,
    id UUID NOT NULL,
    owner UUID NOT NULL,
    name TEXT NOT NULL,
    name_key KEY NOT NULL,
    query TEXT NOT NULL,
    shared BOOLEAN NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (workspace, id),
    FOREIGN KEY (workspace, owner) REFERENCES workspace_user (workspace, id)
);
CREATE UNIQUE INDEX saved_filter_name ON saved_filter (workspace, owner, name_key);
CREATE INDEX saved_filter_shared ON saved_filter (workspace, shared)
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::drop_tables(manager, &["saved_filter"]).await
    }
}
