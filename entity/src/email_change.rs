//! An address that somebody wants to sign in with.

use sea_orm::entity::prelude::*;

use crate::{PersonId, Timestamp, UserId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "email_change")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub person: PersonId,
    pub workspace: WorkspaceId,
    pub user_id: UserId,
    pub email: String,
    pub token_hash: Vec<u8>,
    pub expires_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
