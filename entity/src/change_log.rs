//! Committed changes of a workspace, in commit order.

use sea_orm::entity::prelude::*;

use crate::{Timestamp, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "change_log")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub at: Timestamp,
    pub kind: String,
    pub action: String,
    pub subject: Uuid,
    pub version: i64,
    pub scope_before: Option<String>,
    pub scope_after: Option<String>,
    pub actor: Option<Uuid>,
    pub body: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
