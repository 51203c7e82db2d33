//! Mails that belong together.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// `mail_message.thread` is null only for mail from before there were threads, until the next start.
///
/// `mail_thread_key.key`: the hash of a message id (16 bytes), then that of a subject (8 bytes, zeros for an empty one). All mails with
/// this id and this subject are in one thread: that of `message`, one of them. `owned`: it is the Message-ID of one of them; `answered`:
/// one of them answers it. Nothing but the mailbox's end removes a key; one whose message is gone counts as none.
const UP: &str = r"
ALTER TABLE mail_message ADD COLUMN thread UUID;
CREATE INDEX mail_message_thread ON mail_message (workspace, thread, received_at, id);
CREATE INDEX mail_message_threadless ON mail_message (workspace, account, id) WHERE thread IS NULL;
CREATE INDEX mail_message_unread ON mail_message (workspace, account, received_at, id) WHERE NOT seen;
CREATE TABLE mail_thread_key (
    workspace UUID NOT NULL,
    account UUID NOT NULL,
    key BYTEA NOT NULL,
    message UUID NOT NULL,
    owned BOOLEAN NOT NULL,
    answered BOOLEAN NOT NULL,
    PRIMARY KEY (workspace, account, key),
    FOREIGN KEY (workspace, account) REFERENCES mail_account (workspace, id)
)
";

const DOWN: &str = r"
DROP TABLE mail_thread_key;
DROP INDEX mail_message_unread;
DROP INDEX mail_message_threadless;
DROP INDEX mail_message_thread;
ALTER TABLE mail_message DROP COLUMN thread
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
