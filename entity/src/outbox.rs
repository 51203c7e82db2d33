//! A letter that Tagwire sends, or sent.

use sea_orm::entity::prelude::*;

use crate::{LetterId, Timestamp, WorkspaceId};

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// To be sent.
    #[sea_orm(string_value = "QUEUED")]
    Queued,
    /// The mail server took it.
    #[sea_orm(string_value = "SENT")]
    Sent,
    /// It will not be sent.
    #[sea_orm(string_value = "FAILED")]
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LetterId,
    pub sealed: Option<Vec<u8>>,
    pub state: State,
    pub attempts: i32,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
    pub next_attempt_at: Timestamp,
    pub expires_at: Timestamp,
    pub sent_at: Option<Timestamp>,
    pub tells_kind: Option<String>,
    pub tells_subject: Option<Uuid>,
    pub tells_scope: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
