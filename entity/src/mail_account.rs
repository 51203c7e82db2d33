//! A connected mailbox.

use sea_orm::entity::prelude::*;

use crate::{MailAccountId, Timestamp, UserId, WorkspaceId};

/// Whose servers they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Provider {
    /// Google.
    #[sea_orm(string_value = "GMAIL")]
    Gmail,
    /// Microsoft.
    #[sea_orm(string_value = "OFFICE365")]
    Office365,
    /// Any other IMAP server.
    #[sea_orm(string_value = "IMAP")]
    Imap,
}

/// How one signs in there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Authentication {
    /// With the password of the mailbox.
    #[sea_orm(string_value = "PASSWORD")]
    Password,
    /// With a password made for this use.
    #[sea_orm(string_value = "APP_PASSWORD")]
    AppPassword,
    /// With consent given in the browser.
    #[sea_orm(string_value = "OAUTH2")]
    OAuth2,
}

/// How a connection is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Security {
    /// TLS from the first byte.
    #[sea_orm(string_value = "TLS")]
    Tls,
    /// TLS by a command.
    #[sea_orm(string_value = "STARTTLS")]
    StartTls,
    /// Not at all.
    #[sea_orm(string_value = "PLAINTEXT")]
    Plaintext,
}

/// What the sync of it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// First contact with the server.
    #[sea_orm(string_value = "CONNECTING")]
    Connecting,
    /// Reading the history; new mail already arrives.
    #[sea_orm(string_value = "BACKFILLING")]
    Backfilling,
    /// Everything is stored and the server tells us about news.
    #[sea_orm(string_value = "LIVE")]
    Live,
    /// A passing fault; there is a next try.
    #[sea_orm(string_value = "RETRYING")]
    Retrying,
    /// Stopped until the user does something.
    #[sea_orm(string_value = "NEEDS_ATTENTION")]
    NeedsAttention,
    /// Stopped by the user.
    #[sea_orm(string_value = "PAUSED")]
    Paused,
}

/// Why it is not live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum ProblemCode {
    /// The server refuses name or password.
    #[sea_orm(string_value = "MAIL_AUTHENTICATION_FAILED")]
    AuthenticationFailed,
    /// The server wants a password made for this use.
    #[sea_orm(string_value = "APP_PASSWORD_REQUIRED")]
    AppPasswordRequired,
    /// No connection.
    #[sea_orm(string_value = "MAIL_SERVER_UNREACHABLE")]
    Unreachable,
    /// The server answers, but does not do what is needed.
    #[sea_orm(string_value = "MAIL_SERVER_REFUSED")]
    Refused,
    /// The provider lets no more be read today.
    #[sea_orm(string_value = "RATE_LIMITED")]
    RateLimited,
}

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
    pub provider: Provider,
    pub authentication: Authentication,
    pub username: String,
    pub secret: Option<Vec<u8>>,
    pub secret_version: i64,
    pub imap_host: String,
    pub imap_port: i32,
    pub imap_security: Security,
    pub smtp_host: Option<String>,
    pub smtp_port: Option<i32>,
    pub smtp_security: Option<Security>,
    pub state: State,
    pub problem_code: Option<ProblemCode>,
    pub problem_message: Option<String>,
    pub problem_since: Option<Timestamp>,
    pub failures: i32,
    pub last_success_at: Option<Timestamp>,
    pub next_attempt_at: Option<Timestamp>,
    pub progress_stored: i64,
    pub progress_total: i64,
    pub progress_skipped: i64,
    pub read_day: i64,
    pub read_bytes: i64,
    pub lease_owner: Option<Uuid>,
    pub lease_epoch: i64,
    pub lease_until: Option<Timestamp>,
    pub disconnected_at: Option<Timestamp>,
    pub removing: bool,
    pub version: i64,
    pub created_at: Timestamp,
    pub history_days: Option<i32>,
    pub folders_chosen: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
