//! A run of an import.

use sea_orm::entity::prelude::*;

use crate::{ContactImportId, Timestamp, UserId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_import")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ContactImportId,
    pub owner: UserId,
    pub node: Uuid,
    pub state: State,
    pub dry_run: bool,
    pub row_count: i64,
    pub created: i64,
    pub updated: i64,
    pub skipped: i64,
    pub failed: i64,
    pub problem_count: i64,
    pub version: i64,
    pub created_at: Timestamp,
    pub touched_at: Timestamp,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// It is at work.
    #[sea_orm(string_value = "RUNNING")]
    Running,
    /// The whole file was read.
    #[sea_orm(string_value = "DONE")]
    Done,
    /// It came to an end before the file did.
    #[sea_orm(string_value = "FAILED")]
    Failed,
    /// Somebody stopped it.
    #[sea_orm(string_value = "CANCELED")]
    Canceled,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
