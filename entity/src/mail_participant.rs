//! An address on a message.

use sea_orm::entity::prelude::*;

use crate::{AddressId, MailMessageId, Timestamp, WorkspaceId};

/// Where on the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Role {
    /// Author.
    #[sea_orm(string_value = "FROM")]
    From,
    /// Recipient.
    #[sea_orm(string_value = "TO")]
    To,
    /// Recipient of a copy.
    #[sea_orm(string_value = "CC")]
    Cc,
    /// Hidden recipient.
    #[sea_orm(string_value = "BCC")]
    Bcc,
    /// Where answers should go.
    #[sea_orm(string_value = "REPLY_TO")]
    ReplyTo,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_participant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub message: MailMessageId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub role: Role,
    pub address: AddressId,
    pub name: Option<String>,
    pub received_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
