//! What is wrong with a row of an imported file.

use sea_orm::entity::prelude::*;

use crate::{ContactImportId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_import_problem")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub import: ContactImportId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    pub row_number: i64,
    pub column_name: Option<String>,
    pub message: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
