//! A person or company outside.

use sea_orm::entity::prelude::*;

use crate::{ContactId, Timestamp, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contact")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ContactId,
    pub name: String,
    pub name_sort: String,
    pub company: Option<String>,
    pub company_sort: String,
    pub job_title: Option<String>,
    pub notes: String,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
