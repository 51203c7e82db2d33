//! An address on a message.

use sea_orm::entity::prelude::*;

use crate::{AddressId, MailMessageId, Timestamp, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_participant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub message: MailMessageId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub role: String,
    pub address: AddressId,
    pub name: Option<String>,
    pub received_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
