//! One distinct mail of an account.

use sea_orm::entity::prelude::*;

use crate::{MailAccountId, MailMessageId, MailThreadId, Timestamp, WorkspaceId};

/// Why it is not one person's letter to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Bulk {
    /// It came through a list, or one can unsubscribe from it.
    #[sea_orm(string_value = "LIST")]
    List,
    /// A machine sent it, or it went to a crowd.
    #[sea_orm(string_value = "AUTOMATIC")]
    Automatic,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MailMessageId,
    pub account: MailAccountId,
    pub identity: Vec<u8>,
    pub message_id: Option<String>,
    pub in_reply_to: Option<String>,
    pub reference_ids: String,
    pub provider_thread: Option<String>,
    pub thread: Option<MailThreadId>,
    pub subject: String,
    pub snippet: String,
    pub sent_at: Option<Timestamp>,
    pub received_at: Timestamp,
    pub size: i64,
    pub partial: bool,
    pub has_attachment: bool,
    pub private: bool,
    pub seen: bool,
    pub flagged: bool,
    pub answered: bool,
    pub locations: i32,
    pub gone_at: Option<Timestamp>,
    pub hidden: bool,
    pub blocked: bool,
    pub bulk: Option<Bulk>,
    pub pack: String,
    pub pack_offset: i64,
    pub pack_length: i64,
    pub hash: Vec<u8>,
    pub version: i64,
    pub created_at: Timestamp,
    pub search_place: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
