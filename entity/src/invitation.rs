//! An invitation to a workspace.

use sea_orm::entity::prelude::*;

use crate::{InvitationId, LetterId, Timestamp, UserId, WorkspaceId};

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Status {
    /// Not answered yet.
    #[sea_orm(string_value = "PENDING")]
    Pending,
    /// Its user is here.
    #[sea_orm(string_value = "ACCEPTED")]
    Accepted,
    /// Its time is over; it can be renewed.
    #[sea_orm(string_value = "EXPIRED")]
    Expired,
    /// Taken back.
    #[sea_orm(string_value = "REVOKED")]
    Revoked,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InvitationId,
    pub user_id: Option<UserId>,
    pub name: String,
    pub email: String,
    pub email_key: String,
    pub status: Status,
    pub token_hash: Option<Vec<u8>>,
    pub invited_by: UserId,
    pub letter: LetterId,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
