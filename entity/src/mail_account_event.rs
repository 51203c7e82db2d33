//! Something that happened to a mailbox, for its owner.

use sea_orm::entity::prelude::*;

use crate::{MailAccountEventId, MailAccountId, Timestamp, WorkspaceId};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Kind {
    /// It was connected, for the first time or again.
    #[sea_orm(string_value = "CONNECTED")]
    Connected,
    /// All its mail is here, and news is told.
    #[sea_orm(string_value = "LIVE")]
    Live,
    /// A passing fault.
    #[sea_orm(string_value = "FAILED")]
    Failed,
    /// A fault that only its owner can mend.
    #[sea_orm(string_value = "NEEDS_ATTENTION")]
    NeedsAttention,
    /// Its owner stopped the sync.
    #[sea_orm(string_value = "PAUSED")]
    Paused,
    /// Its owner let the sync go on.
    #[sea_orm(string_value = "RESUMED")]
    Resumed,
    /// Its owner gave a new password.
    #[sea_orm(string_value = "CREDENTIALS_UPDATED")]
    CredentialsUpdated,
    /// Its owner chose folders, or how far back mail is read.
    #[sea_orm(string_value = "SETTINGS_UPDATED")]
    SettingsUpdated,
    /// Folders were found.
    #[sea_orm(string_value = "FOLDER_FOUND")]
    FolderFound,
    /// A folder is no longer on the server.
    #[sea_orm(string_value = "FOLDER_GONE")]
    FolderGone,
    /// A folder does not open.
    #[sea_orm(string_value = "FOLDER_REFUSED")]
    FolderRefused,
    /// The server gave all mail of a folder new numbers.
    #[sea_orm(string_value = "UIDS_RENEWED")]
    UidsRenewed,
    /// The history of a folder is here.
    #[sea_orm(string_value = "HISTORY_COMPLETED")]
    HistoryCompleted,
    /// Mail could not be read, and is tried again.
    #[sea_orm(string_value = "MAIL_SKIPPED")]
    MailSkipped,
    /// Mail that could not be read before is here, or gone from the server.
    #[sea_orm(string_value = "MAIL_RECOVERED")]
    MailRecovered,
    /// Its owner ended the connection.
    #[sea_orm(string_value = "DISCONNECTED")]
    Disconnected,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_account_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MailAccountEventId,
    pub account: MailAccountId,
    pub number: i64,
    pub kind: Kind,
    pub message: String,
    pub occurred_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
