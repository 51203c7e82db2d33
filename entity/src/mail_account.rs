//! A connected mailbox.

use sea_orm::entity::prelude::*;

use crate::{MailAccountId, Timestamp, UserId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MailAccountId,
    pub owner: UserId,
    pub email: String,
    pub email_key: String,
    pub provider: String,
    pub authentication: String,
    pub username: String,
    pub secret: Option<Vec<u8>>,
    pub secret_version: i64,
    pub imap_host: String,
    pub imap_port: i32,
    pub imap_security: String,
    pub smtp_host: Option<String>,
    pub smtp_port: Option<i32>,
    pub smtp_security: Option<String>,
    pub state: String,
    pub problem_code: Option<String>,
    pub problem_message: Option<String>,
    pub problem_since: Option<Timestamp>,
    pub failures: i32,
    pub last_success_at: Option<Timestamp>,
    pub next_attempt_at: Option<Timestamp>,
    pub progress_stored: i64,
    pub progress_total: i64,
    pub progress_skipped: i64,
    pub lease_owner: Option<Uuid>,
    pub lease_epoch: i64,
    pub lease_until: Option<Timestamp>,
    pub version: i64,
    pub created_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
