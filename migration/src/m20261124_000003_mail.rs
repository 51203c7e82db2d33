//! Connected mailboxes and their mail.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// `mail_account.lease_epoch` fences every write of a sync: a task whose epoch is old changes nothing.
/// `secret` is encrypted. `state` and `problem_code` are the API's words. A disconnected account keeps its row for the mail that is
/// kept, or until what is `removing` is gone; lists leave it out.
///
/// `mail_folder`: for the current `generation` (one more with each change of UIDVALIDITY) every UID from `low_uid` to `high_uid` is
/// in `mail_location`, or proven absent, or in `mail_hole`; `uid_validity` is null before anything is known. UIDs above `arrival_uid`
/// came after the folder was first opened. `mod_seq`: all changes of flags up to it are stored. While `rebuilding`, locations of
/// older generations are kept until the new pass is complete.
///
/// `mail_message.identity` tells distinct mails of an account apart. `seen`, `flagged`, `answered` and `locations` repeat what its
/// locations say; `gone_at` is when the last of them went, and only some time later is it `hidden`, so that a move is no deletion.
/// `mail_participant.received_at` repeats the message's: a contact's mail, newest first, is one index scan for each address.
const UP: &str = r"
CREATE TABLE mail_account (
    workspace UUID NOT NULL,
    id UUID NOT NULL,
    owner UUID NOT NULL,
    email TEXT NOT NULL,
    email_key KEY NOT NULL,
    provider TEXT NOT NULL,
    authentication TEXT NOT NULL,
    username TEXT NOT NULL,
    secret BYTEA,
    secret_version BIGINT NOT NULL,
    imap_host TEXT NOT NULL,
    imap_port INTEGER NOT NULL,
    imap_security TEXT NOT NULL,
    smtp_host TEXT,
    smtp_port INTEGER,
    smtp_security TEXT,
    state TEXT NOT NULL,
    problem_code TEXT,
    problem_message TEXT,
    problem_since BIGINT,
    failures INTEGER NOT NULL,
    last_success_at BIGINT,
    next_attempt_at BIGINT,
    progress_stored BIGINT NOT NULL,
    progress_total BIGINT NOT NULL,
    progress_skipped BIGINT NOT NULL,
    lease_owner UUID,
    lease_epoch BIGINT NOT NULL,
    lease_until BIGINT,
    disconnected_at BIGINT,
    removing BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id),
    FOREIGN KEY (workspace, owner) REFERENCES workspace_user (workspace, id)
);
CREATE UNIQUE INDEX mail_account_email ON mail_account (workspace, owner, email_key);
CREATE INDEX mail_account_lease ON mail_account (lease_until);
CREATE TABLE mail_folder (
    workspace UUID NOT NULL,
    id UUID NOT NULL,
    account UUID NOT NULL,
    name_raw KEY NOT NULL,
    name TEXT NOT NULL,
    role TEXT,
    synced BOOLEAN NOT NULL,
    generation BIGINT NOT NULL,
    uid_validity BIGINT,
    high_uid BIGINT NOT NULL,
    low_uid BIGINT NOT NULL,
    arrival_uid BIGINT NOT NULL,
    backfill_done BOOLEAN NOT NULL,
    mod_seq BIGINT,
    exists_seen BIGINT NOT NULL,
    flags_swept_at BIGINT,
    uid_validity_changes INTEGER NOT NULL,
    uid_validity_changed_at BIGINT,
    rebuilding BOOLEAN NOT NULL,
    gone_since BIGINT,
    PRIMARY KEY (workspace, id),
    FOREIGN KEY (workspace, account) REFERENCES mail_account (workspace, id)
);
CREATE UNIQUE INDEX mail_folder_name ON mail_folder (workspace, account, name_raw);
CREATE TABLE mail_message (
    workspace UUID NOT NULL,
    id UUID NOT NULL,
    account UUID NOT NULL,
    identity BYTEA NOT NULL,
    message_id TEXT,
    in_reply_to TEXT,
    reference_ids TEXT NOT NULL,
    provider_thread TEXT,
    subject TEXT NOT NULL,
    snippet TEXT NOT NULL,
    sent_at BIGINT,
    received_at BIGINT NOT NULL,
    size BIGINT NOT NULL,
    partial BOOLEAN NOT NULL,
    has_attachment BOOLEAN NOT NULL,
    private BOOLEAN NOT NULL,
    seen BOOLEAN NOT NULL,
    flagged BOOLEAN NOT NULL,
    answered BOOLEAN NOT NULL,
    locations INTEGER NOT NULL,
    gone_at BIGINT,
    hidden BOOLEAN NOT NULL,
    pack TEXT NOT NULL,
    pack_offset BIGINT NOT NULL,
    pack_length BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id),
    FOREIGN KEY (workspace, account) REFERENCES mail_account (workspace, id)
);
CREATE UNIQUE INDEX mail_message_identity ON mail_message (workspace, account, identity);
CREATE INDEX mail_message_newest ON mail_message (workspace, account, received_at, id);
CREATE INDEX mail_message_gone ON mail_message (gone_at) WHERE gone_at IS NOT NULL AND NOT hidden;
CREATE TABLE mail_location (
    workspace UUID NOT NULL,
    folder UUID NOT NULL,
    generation BIGINT NOT NULL,
    uid BIGINT NOT NULL,
    message UUID NOT NULL,
    flags TEXT NOT NULL,
    seen BOOLEAN NOT NULL,
    flagged BOOLEAN NOT NULL,
    answered BOOLEAN NOT NULL,
    mod_seq BIGINT,
    PRIMARY KEY (workspace, folder, generation, uid),
    FOREIGN KEY (workspace, folder) REFERENCES mail_folder (workspace, id),
    FOREIGN KEY (workspace, message) REFERENCES mail_message (workspace, id)
);
CREATE INDEX mail_location_of_message ON mail_location (workspace, message);
CREATE TABLE mail_hole (
    workspace UUID NOT NULL,
    folder UUID NOT NULL,
    generation BIGINT NOT NULL,
    uid BIGINT NOT NULL,
    reason TEXT NOT NULL,
    tries INTEGER NOT NULL,
    next_at BIGINT NOT NULL,
    arrived BOOLEAN NOT NULL,
    PRIMARY KEY (workspace, folder, generation, uid),
    FOREIGN KEY (workspace, folder) REFERENCES mail_folder (workspace, id)
);
CREATE TABLE mail_participant (
    workspace UUID NOT NULL,
    message UUID NOT NULL,
    position INTEGER NOT NULL,
    role TEXT NOT NULL,
    address UUID NOT NULL,
    name TEXT,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, message, position),
    FOREIGN KEY (workspace, message) REFERENCES mail_message (workspace, id),
    FOREIGN KEY (workspace, address) REFERENCES address (workspace, id)
);
CREATE INDEX mail_participant_newest ON mail_participant (workspace, address, received_at, message);
CREATE TABLE mail_attachment (
    workspace UUID NOT NULL,
    id UUID NOT NULL,
    message UUID NOT NULL,
    part INTEGER NOT NULL,
    filename TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    content_id TEXT,
    inline BOOLEAN NOT NULL,
    PRIMARY KEY (workspace, id),
    FOREIGN KEY (workspace, message) REFERENCES mail_message (workspace, id)
);
CREATE INDEX mail_attachment_of_message ON mail_attachment (workspace, message)
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::drop_tables(
            manager,
            &[
                "mail_attachment",
                "mail_participant",
                "mail_hole",
                "mail_location",
                "mail_message",
                "mail_folder",
                "mail_account",
            ],
        )
        .await
    }
}
