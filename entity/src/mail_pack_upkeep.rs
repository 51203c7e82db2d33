//! A pack of raw mail that is to be looked after: written anew without what was erased, or removed.

use sea_orm::entity::prelude::*;

use crate::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_pack_upkeep")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub pack: String,
    pub due_at: Timestamp,
    pub erased: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
