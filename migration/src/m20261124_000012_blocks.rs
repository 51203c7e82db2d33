//! Blocked addresses, and what is to be known of mail for making contacts of who writes.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// `blocked_address.owner` is null for what is blocked in the whole workspace. `pattern_key` is `local@domain`, or `@domain` for a domain
/// with those below it; the domain is in its ASCII form. A row goes only when stored mail no longer follows it, so that whatever ends the
/// process, somebody finds what is left to do.
///
/// `mail_message.blocked` repeats what the list says of a mail. `bulk` is why no contact is made of who wrote it.
/// `mail_account.contact_creation_since`: only mail from then on makes contacts.
const UP: &str = r"
CREATE TABLE blocked_address (
    workspace UUID NOT NULL REFERENCES workspace (id),
    id UUID NOT NULL,
    owner UUID,
    pattern TEXT NOT NULL,
    pattern_key KEY NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id),
    FOREIGN KEY (workspace, owner) REFERENCES workspace_user (workspace, id)
);
CREATE UNIQUE INDEX blocked_address_of_workspace ON blocked_address (workspace, pattern_key) WHERE owner IS NULL;
CREATE UNIQUE INDEX blocked_address_of_user ON blocked_address (workspace, owner, pattern_key) WHERE owner IS NOT NULL;
CREATE INDEX blocked_address_unsettled ON blocked_address (state) WHERE state <> 'APPLIED';
ALTER TABLE mail_message ADD COLUMN blocked BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE mail_message ADD COLUMN bulk TEXT;
CREATE INDEX mail_message_blocked ON mail_message (workspace, account, id) WHERE blocked;
ALTER TABLE mail_account ADD COLUMN contact_creation TEXT NOT NULL DEFAULT 'NEVER';
ALTER TABLE mail_account ADD COLUMN contact_creation_since BIGINT
";

const DOWN: &str = r"
ALTER TABLE mail_account DROP COLUMN contact_creation_since;
ALTER TABLE mail_account DROP COLUMN contact_creation;
DROP INDEX mail_message_blocked;
ALTER TABLE mail_message DROP COLUMN bulk;
ALTER TABLE mail_message DROP COLUMN blocked;
DROP TABLE blocked_address
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
