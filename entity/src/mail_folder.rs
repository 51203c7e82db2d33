//! A folder of a mailbox, and how far it is synced.

use sea_orm::entity::prelude::*;

use crate::{MailAccountId, MailFolderId, Timestamp, WorkspaceId};

/// What a folder is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Role {
    /// Where mail arrives.
    #[sea_orm(string_value = "INBOX")]
    Inbox,
    /// Sent mail.
    #[sea_orm(string_value = "SENT")]
    Sent,
    /// Unfinished mail.
    #[sea_orm(string_value = "DRAFTS")]
    Drafts,
    /// The archive.
    #[sea_orm(string_value = "ARCHIVE")]
    Archive,
    /// Spam.
    #[sea_orm(string_value = "JUNK")]
    Junk,
    /// Deleted mail.
    #[sea_orm(string_value = "TRASH")]
    Trash,
    /// All mail of the account.
    #[sea_orm(string_value = "ALL")]
    All,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_folder")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MailFolderId,
    pub account: MailAccountId,
    pub name_raw: String,
    pub name: String,
    pub role: Option<Role>,
    pub synced: bool,
    pub generation: i64,
    pub uid_validity: Option<i64>,
    pub high_uid: i64,
    pub low_uid: i64,
    pub arrival_uid: i64,
    pub backfill_done: bool,
    pub mod_seq: Option<i64>,
    pub exists_seen: i64,
    pub flags_swept_at: Option<Timestamp>,
    pub uid_validity_changes: i32,
    pub uid_validity_changed_at: Option<Timestamp>,
    pub rebuilding: bool,
    pub gone_since: Option<Timestamp>,
    pub coverage_generation: Option<i64>,
    pub coverage_on_server: i64,
    pub coverage_stored: i64,
    pub coverage_skipped: i64,
    pub coverage_pending: i64,
    pub coverage_excluded: i64,
    pub coverage_checked_at: Option<Timestamp>,
    pub coverage_due: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
