//! Several names for a tag: its own, and earlier ones that still find it.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// `tag_name` holds every name by which a tag that is there is found whole, as typed: one that is not an alias, and its aliases. Its
/// primary key is what makes names unique, so `tag.name_key`, which did before, goes. `tag_key` holds the word beginnings of all of them.
/// The foreign key is looked at when a transaction commits: a new tag takes its name first, then its row.
const UP: &str = r"
DROP INDEX tag_name;
CREATE TABLE tag_name (
    workspace UUID NOT NULL,
    key KEY NOT NULL,
    tag UUID NOT NULL,
    name TEXT NOT NULL,
    is_alias BOOLEAN NOT NULL,
    PRIMARY KEY (workspace, key),
    FOREIGN KEY (workspace, tag) REFERENCES tag (workspace, id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX tag_name_of_tag ON tag_name (workspace, tag);
INSERT INTO tag_name (workspace, key, tag, name, is_alias)
    SELECT workspace, name_key, id, name, FALSE FROM tag WHERE name_key IS NOT NULL;
ALTER TABLE tag DROP COLUMN name_key
";

const DOWN: &str = r"
ALTER TABLE tag ADD COLUMN name_key KEY;
UPDATE tag SET name_key = (
    SELECT key FROM tag_name WHERE tag_name.workspace = tag.workspace AND tag_name.tag = tag.id AND NOT is_alias
);
DROP TABLE tag_name;
CREATE UNIQUE INDEX tag_name ON tag (workspace, name_key)
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
