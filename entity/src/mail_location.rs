//! One place of a message: (folder, UIDVALIDITY generation, UID).

use sea_orm::entity::prelude::*;

use crate::{MailFolderId, MailMessageId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_location")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub folder: MailFolderId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub generation: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub uid: i64,
    pub message: MailMessageId,
    pub flags: String,
    pub seen: bool,
    pub flagged: bool,
    pub answered: bool,
    pub mod_seq: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
