//! What ties mails of an account into a thread.

use sea_orm::entity::prelude::*;

use crate::{MailAccountId, MailMessageId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_thread_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub account: MailAccountId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: Vec<u8>,
    pub message: MailMessageId,
    pub owned: bool,
    pub answered: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
