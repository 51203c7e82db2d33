//! That a contact carries a tag.

use sea_orm::entity::prelude::*;

use crate::{ContactId, TagId, Timestamp, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_tag")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub contact: ContactId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub tag: TagId,
    pub contact_sort: String,
    pub tagged_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
