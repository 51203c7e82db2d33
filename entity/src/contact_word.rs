//! A word by which a contact is found.

use sea_orm::entity::prelude::*;

use crate::{ContactId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_word")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub word: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub contact: ContactId,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
