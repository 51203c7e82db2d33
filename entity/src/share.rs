//! What a user lets a colleague see.

use sea_orm::entity::prelude::*;

use crate::{ShareId, Timestamp, UserId, WorkspaceId};

/// What is shared: all of its kind that the owner has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Resource {
    /// Mailboxes.
    #[sea_orm(string_value = "INBOX")]
    Inbox,
    /// Calendars.
    #[sea_orm(string_value = "CALENDAR")]
    Calendar,
    /// Kanban boards.
    #[sea_orm(string_value = "KANBAN_BOARD")]
    KanbanBoard,
}

/// How much of it is seen; a later one includes those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum ShareLevel {
    /// Who, to whom, when, where.
    #[sea_orm(string_value = "METADATA")]
    Metadata,
    /// The subject too.
    #[sea_orm(string_value = "SUBJECT")]
    Subject,
    /// All of it.
    #[sea_orm(string_value = "FULL")]
    Full,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "share")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ShareId,
    pub owner: UserId,
    pub grantee: UserId,
    pub resource: Resource,
    pub level: ShareLevel,
    pub created_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
