//! Something that was done to a contact or a tag.

use sea_orm::entity::prelude::*;

use crate::{HistoryEntryId, TagId, Timestamp, UserId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "history_entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: HistoryEntryId,
    pub kind: String,
    pub subject: Uuid,
    pub at: Timestamp,
    pub actor: Option<UserId>,
    pub tag: Option<TagId>,
    pub deed: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
