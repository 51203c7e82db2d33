//! An e-mail address known to a workspace, and the contact it belongs to.

use sea_orm::entity::prelude::*;

use crate::{AddressId, ContactId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "address")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AddressId,
    pub address: String,
    pub address_key: String,
    pub contact: Option<ContactId>,
    pub label: Option<String>,
    pub position: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
