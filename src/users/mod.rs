//! The people of a workspace: accounts, sign-in, sessions, rights, and what they share with each other.
//!
//! Owns the tables `workspace`, `person`, `workspace_user`, `session`, `share`, `email_change`, `sign_in_attempt`. What a right lets one do is decided where it
//! is asked for. Start reading at `commands`, then `sign_in`.

mod attempts;
mod commands;
mod email_change;
mod error;
mod leaving;
mod list;
mod live;
mod newcomers;
mod password;
mod profile;
mod queries;
mod session;
pub mod shares;
mod sign_in;
mod store;
mod tokens;

use entity::{Timestamp, UserId, WorkspaceId};

pub use commands::{
    NewUser, NewWorkspace, WorkspaceChange, create_user, create_workspace, name, set_rights, update_workspace,
};
pub use email_change::{NewEmail, confirm_email_change, request_email_change};
pub use entity::workspace::{Language, Plan};
pub use entity::workspace_user::Status;
pub use error::Error;
pub use leaving::{Afterwards, Leaving, disable, enable, run_departures};
pub use list::{Order, Wanted, count, list};
pub use live::{LiveSession, LiveSessions};
pub use newcomers::{Proof, invite, join, prove, rename_invited, withdraw};
pub use password::{Password, PasswordError};
pub use profile::{UserChange, update_user};
pub use queries::{
    addresses_among, admins, by_address, by_ids, edition, hold, hold_edition, hold_workspace, workspace, workspaces,
};
pub use session::{Session, begin_session, new_token, running_session, sign_out, token_hash};
pub use sign_in::{SignIn, SignedIn, sign_in};

use crate::access::Rights;

/// A user of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their address, as typed.
    pub email: String,
    /// Whether they can sign in.
    pub status: Status,
    /// What they may do.
    pub rights: Rights,
    /// Since when they are there.
    pub created_at: Timestamp,
    /// When it is over, they are disabled.
    pub last_working_day: Option<chrono::NaiveDate>,
}

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name.
    pub name: String,
    /// What it may use.
    pub edition: Plan,
    /// When it was made.
    pub created_at: Timestamp,
    /// In which language Tagwire writes to its people.
    pub language: Language,
}

impl From<entity::workspace_user::Model> for User {
    fn from(row: entity::workspace_user::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            email: row.email,
            status: row.status,
            rights: Rights::from_bits(row.rights),
            created_at: row.created_at,
            last_working_day: row.last_working_day.and_then(|day| day.parse().ok()),
        }
    }
}

impl From<entity::workspace::Model> for Workspace {
    fn from(row: entity::workspace::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            edition: row.granted_edition,
            created_at: row.created_at,
            language: row.language,
        }
    }
}
