//! The index by which mail is found by its words.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// `mail_message.search_place` is where the message stands in the index: the second it was received, then chance, so that the index
/// gives the newest first. Null until it is indexed.
///
/// `mail_search` holds words in the form in which they are looked for, never the text. SQLite's keeps only the index itself, and
/// neither counts nor positions; what is deleted leaves it as it is merged. It gathers 8 MiB in memory, so that a batch of mail is
/// written at once, and merges eight parts at a time: half the work of four. `mail_search_word` gives its words in their order.
const SQLITE: &str = r"
ALTER TABLE mail_message ADD COLUMN search_place BIGINT;
CREATE UNIQUE INDEX mail_message_search ON mail_message (search_place);
CREATE VIRTUAL TABLE mail_search USING fts5(words, content='', contentless_delete=1, detail=none, tokenize='ascii');
INSERT INTO mail_search (mail_search, rank) VALUES ('hashsize', 8388608);
INSERT INTO mail_search (mail_search, rank) VALUES ('automerge', 8);
CREATE VIRTUAL TABLE mail_search_word USING fts5vocab(mail_search, instance)
";

/// Here the place is unique in a mailbox only: the index of it serves those who go through one mailbox, newest first, too. What is
/// added to the words waits in a list, up to a gigabyte of it: bringing it in takes a millisecond a mail, so that whoever adds does not
/// do it, but `index_backlog`, every few seconds.
const POSTGRES: &str = r"
ALTER TABLE mail_message ADD COLUMN search_place BIGINT;
CREATE UNIQUE INDEX mail_message_search ON mail_message (workspace, account, search_place);
CREATE TABLE mail_search (
    workspace UUID NOT NULL,
    account UUID NOT NULL,
    place BIGINT NOT NULL,
    words TSVECTOR NOT NULL,
    PRIMARY KEY (workspace, account, place)
);
CREATE INDEX mail_search_words ON mail_search USING gin (words) WITH (gin_pending_list_limit = 1048576)
";

const BOTH: &str = "CREATE INDEX mail_message_unindexed ON mail_message (received_at) WHERE search_place IS NULL";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let own = match manager.get_database_backend() {
            DbBackend::Postgres => POSTGRES,
            _ => SQLITE,
        };
        ddl::run(manager, own).await?;
        ddl::run(manager, BOTH).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::drop_tables(manager, &["mail_search_word", "mail_search"]).await?;
        for sql in [
            "DROP INDEX mail_message_unindexed",
            "DROP INDEX mail_message_search",
            "ALTER TABLE mail_message DROP COLUMN search_place",
        ] {
            manager.get_connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }
}
