//! Contacts, their addresses and phones, and tags.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// `*_sort` is the text folded for ordering, `*_key` for comparing.
/// An address row is the one place that says whose it is; mail points to addresses, never to contacts.
/// A deleted tag keeps its row (without key) until its links are cleaned up behind; every read asks for `deleted_at IS NULL`.
/// `contact_tag.contact_sort` repeats the contact's `name_sort`, so that a page of a tag's contacts by name is one index scan.
/// `tag_key` holds the folded name from each word on: its prefixes are what a tag is found by.
const UP: &str = r"
CREATE TABLE contact (
    workspace UUID NOT NULL REFERENCES workspace (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    name_sort KEY NOT NULL,
    company TEXT,
    company_sort KEY NOT NULL,
    job_title TEXT,
    notes TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX contact_by_name ON contact (workspace, name_sort, id);
CREATE INDEX contact_by_company ON contact (workspace, company_sort, id);
CREATE INDEX contact_by_creation ON contact (workspace, created_at, id);
CREATE INDEX contact_by_update ON contact (workspace, updated_at, id);
CREATE TABLE address (
    workspace UUID NOT NULL REFERENCES workspace (id),
    id UUID NOT NULL,
    address TEXT NOT NULL,
    address_key KEY NOT NULL,
    contact UUID,
    label TEXT,
    position INTEGER NOT NULL,
    PRIMARY KEY (workspace, id),
    FOREIGN KEY (workspace, contact) REFERENCES contact (workspace, id)
);
CREATE UNIQUE INDEX address_by_key ON address (workspace, address_key);
CREATE INDEX address_of_contact ON address (workspace, contact);
CREATE TABLE contact_phone (
    workspace UUID NOT NULL,
    contact UUID NOT NULL,
    position INTEGER NOT NULL,
    number TEXT NOT NULL,
    label TEXT,
    PRIMARY KEY (workspace, contact, position),
    FOREIGN KEY (workspace, contact) REFERENCES contact (workspace, id)
);
CREATE TABLE contact_word (
    workspace UUID NOT NULL,
    word KEY NOT NULL,
    contact UUID NOT NULL,
    PRIMARY KEY (workspace, word, contact),
    FOREIGN KEY (workspace, contact) REFERENCES contact (workspace, id)
);
CREATE INDEX contact_word_of_contact ON contact_word (workspace, contact);
CREATE TABLE tag_group (
    workspace UUID NOT NULL REFERENCES workspace (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    name_key KEY NOT NULL,
    color TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX tag_group_name ON tag_group (workspace, name_key);
CREATE TABLE tag (
    workspace UUID NOT NULL REFERENCES workspace (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    name_key KEY,
    name_sort KEY NOT NULL,
    color TEXT,
    group_id UUID,
    contact_count BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    PRIMARY KEY (workspace, id),
    FOREIGN KEY (workspace, group_id) REFERENCES tag_group (workspace, id)
);
CREATE UNIQUE INDEX tag_name ON tag (workspace, name_key);
CREATE INDEX tag_by_name ON tag (workspace, name_sort, id);
CREATE INDEX tag_by_count ON tag (workspace, contact_count, id);
CREATE INDEX tag_of_group ON tag (workspace, group_id);
CREATE TABLE tag_key (
    workspace UUID NOT NULL,
    key KEY NOT NULL,
    tag UUID NOT NULL,
    PRIMARY KEY (workspace, key, tag),
    FOREIGN KEY (workspace, tag) REFERENCES tag (workspace, id)
);
CREATE INDEX tag_key_of_tag ON tag_key (workspace, tag);
CREATE TABLE contact_tag (
    workspace UUID NOT NULL,
    contact UUID NOT NULL,
    tag UUID NOT NULL,
    contact_sort KEY NOT NULL,
    tagged_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, contact, tag),
    FOREIGN KEY (workspace, contact) REFERENCES contact (workspace, id),
    FOREIGN KEY (workspace, tag) REFERENCES tag (workspace, id)
);
CREATE INDEX contact_tag_by_name ON contact_tag (workspace, tag, contact_sort, contact)
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::drop_tables(
            manager,
            &["contact_tag", "tag_key", "tag", "tag_group", "contact_word", "contact_phone", "address", "contact"],
        )
        .await
    }
}
