//! An address or domain whose mail is hidden.

use sea_orm::entity::prelude::*;

use crate::{BlockedAddressId, Timestamp, UserId, WorkspaceId};

/// How far stored mail follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// In force; stored mail is still being hidden.
    #[sea_orm(string_value = "APPLYING")]
    Applying,
    /// In force, and all stored mail follows it.
    #[sea_orm(string_value = "APPLIED")]
    Applied,
    /// No longer in force; stored mail is still being shown again.
    #[sea_orm(string_value = "REMOVING")]
    Removing,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "blocked_address")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BlockedAddressId,
    pub owner: Option<UserId>,
    pub pattern: String,
    pub pattern_key: String,
    pub state: State,
    pub created_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
