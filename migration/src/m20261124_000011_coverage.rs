//! What folders have on their servers, what was skipped, what happened to a mailbox, and which packs are to be looked after.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// `mail_account.history_days`: mail that was older when its folder was first opened is not read; null reads everything.
/// `folders_chosen`: the owner said which folders are read, so others that are found later are not.
///
/// `mail_folder.coverage_…`: the figures of the last check, of the life `coverage_generation` of its UIDs. `coverage_on_server` is
/// without `coverage_excluded`, the mail that is older than `history_days` wants. `coverage_due`: something was decided since, so
/// that it is to be checked before the account is live.
///
/// `mail_hole.headers_asked`: the server was asked once for the headers alone; `subject`, `sender` and `sent_at` are what it gave.
///
/// `mail_account_event.number` counts an account's events; the last 200 are kept.
///
/// `mail_pack_upkeep` is no workspace's: a pack may hold mail of several. A pack that is `erased` has lost messages and is written
/// anew without them; any other was found without a row that names it. It is looked at from `due_at` on.
const UP: &str = r"
ALTER TABLE mail_account ADD COLUMN history_days INTEGER;
ALTER TABLE mail_account ADD COLUMN folders_chosen BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE mail_folder ADD COLUMN coverage_generation BIGINT;
ALTER TABLE mail_folder ADD COLUMN coverage_on_server BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mail_folder ADD COLUMN coverage_stored BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mail_folder ADD COLUMN coverage_skipped BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mail_folder ADD COLUMN coverage_pending BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mail_folder ADD COLUMN coverage_excluded BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mail_folder ADD COLUMN coverage_checked_at BIGINT;
ALTER TABLE mail_folder ADD COLUMN coverage_due BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE mail_hole ADD COLUMN id UUID;
ALTER TABLE mail_hole ADD COLUMN subject TEXT;
ALTER TABLE mail_hole ADD COLUMN sender TEXT;
ALTER TABLE mail_hole ADD COLUMN sent_at BIGINT;
ALTER TABLE mail_hole ADD COLUMN headers_asked BOOLEAN NOT NULL DEFAULT FALSE;
CREATE UNIQUE INDEX mail_hole_id ON mail_hole (workspace, id);
CREATE INDEX mail_message_pack ON mail_message (pack);
CREATE TABLE mail_account_event (
    workspace UUID NOT NULL,
    id UUID NOT NULL,
    account UUID NOT NULL,
    number BIGINT NOT NULL,
    kind TEXT NOT NULL,
    message TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id),
    FOREIGN KEY (workspace, account) REFERENCES mail_account (workspace, id)
);
CREATE UNIQUE INDEX mail_account_event_number ON mail_account_event (workspace, account, number);
CREATE TABLE mail_pack_upkeep (
    pack TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    erased BOOLEAN NOT NULL,
    PRIMARY KEY (pack)
)
";

const DOWN: &str = r"
DROP INDEX mail_message_pack;
DROP INDEX mail_hole_id;
ALTER TABLE mail_hole DROP COLUMN headers_asked;
ALTER TABLE mail_hole DROP COLUMN sent_at;
ALTER TABLE mail_hole DROP COLUMN sender;
ALTER TABLE mail_hole DROP COLUMN subject;
ALTER TABLE mail_hole DROP COLUMN id;
ALTER TABLE mail_folder DROP COLUMN coverage_due;
ALTER TABLE mail_folder DROP COLUMN coverage_checked_at;
ALTER TABLE mail_folder DROP COLUMN coverage_excluded;
ALTER TABLE mail_folder DROP COLUMN coverage_pending;
ALTER TABLE mail_folder DROP COLUMN coverage_skipped;
ALTER TABLE mail_folder DROP COLUMN coverage_stored;
ALTER TABLE mail_folder DROP COLUMN coverage_on_server;
ALTER TABLE mail_folder DROP COLUMN coverage_generation;
ALTER TABLE mail_account DROP COLUMN folders_chosen;
ALTER TABLE mail_account DROP COLUMN history_days
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await?;
        let random = match manager.get_database_backend() {
            DbBackend::Postgres => "gen_random_uuid()",
            _ => "randomblob(16)",
        };
        let name = format!("UPDATE mail_hole SET id = {random}");
        manager.get_connection().execute_unprepared(&name).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::drop_tables(manager, &["mail_pack_upkeep", "mail_account_event"]).await?;
        ddl::run(manager, DOWN).await
    }
}
