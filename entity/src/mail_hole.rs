//! A mail that could not be stored, why, and when it is tried again.

use sea_orm::entity::prelude::*;

use crate::{MailFolderId, SkippedMessageId, Timestamp, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_hole")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub folder: MailFolderId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub generation: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub uid: i64,
    pub reason: String,
    pub tries: i32,
    pub next_at: Timestamp,
    pub arrived: bool,
    pub id: SkippedMessageId,
    pub subject: Option<String>,
    pub sender: Option<String>,
    pub sent_at: Option<Timestamp>,
    pub headers_asked: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
