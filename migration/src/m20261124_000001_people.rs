//! Workspaces, their change log, and the people who sign in.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Times are microseconds since 1970 in UTC. `rights` is a bit set. `email_key` is the normalized address.
/// `change_head.seq` is the newest number given out, `floor` the newest that retention has taken, `epoch` changes with a restore.
const UP: &str = r"
CREATE TABLE workspace (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    granted_edition TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE TABLE change_head (
    workspace UUID NOT NULL PRIMARY KEY REFERENCES workspace (id),
    seq BIGINT NOT NULL,
    floor BIGINT NOT NULL,
    epoch UUID NOT NULL
);
CREATE TABLE change_log (
    workspace UUID NOT NULL REFERENCES workspace (id),
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    action TEXT NOT NULL,
    subject UUID NOT NULL,
    version BIGINT NOT NULL,
    scope_before TEXT,
    scope_after TEXT,
    actor UUID,
    body TEXT NOT NULL,
    PRIMARY KEY (workspace, seq)
);
CREATE INDEX change_log_at ON change_log (workspace, at);
CREATE TABLE person (
    id UUID NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    email_key KEY NOT NULL,
    password_hash TEXT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX person_email ON person (email_key);
CREATE TABLE workspace_user (
    workspace UUID NOT NULL REFERENCES workspace (id),
    id UUID NOT NULL,
    person UUID NOT NULL REFERENCES person (id),
    name TEXT NOT NULL,
    name_sort KEY NOT NULL,
    email TEXT NOT NULL,
    email_key KEY NOT NULL,
    status TEXT NOT NULL,
    rights BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX workspace_user_person ON workspace_user (workspace, person);
CREATE UNIQUE INDEX workspace_user_email ON workspace_user (workspace, email_key);
CREATE INDEX workspace_user_of_person ON workspace_user (person);
CREATE INDEX workspace_user_by_name ON workspace_user (workspace, name_sort, id);
CREATE TABLE session (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    id UUID NOT NULL,
    workspace UUID NOT NULL,
    user_id UUID NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    user_agent TEXT,
    FOREIGN KEY (workspace, user_id) REFERENCES workspace_user (workspace, id)
);
CREATE UNIQUE INDEX session_id ON session (workspace, id);
CREATE INDEX session_of_user ON session (workspace, user_id);
CREATE INDEX session_end ON session (expires_at);
CREATE TABLE sign_in_attempt (
    subject KEY NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    window_ends_at BIGINT NOT NULL
);
CREATE INDEX sign_in_attempt_end ON sign_in_attempt (window_ends_at)
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::drop_tables(
            manager,
            &["sign_in_attempt", "session", "workspace_user", "person", "change_log", "change_head", "workspace"],
        )
        .await
    }
}
