//! Invitations: how colleagues come to a workspace.
//!
//! Owns the table `invitation`, its tokens, and the mail that carries them. The user that an invitation is for is made with it, and is
//! `users`'. Start reading at `commands`, then `accept`.

mod accept;
mod commands;
mod error;
mod letter;
mod queries;
mod store;
mod sweep;

use std::time::Duration;

use entity::{InvitationId, Timestamp, UserId};

pub use accept::{Acceptance, Accepted, accept};
pub use commands::{NewInvitation, Sent, invite, resend, revoke};
pub use entity::invitation::Status;
pub use error::Error;
pub use queries::{by_ids, count, list};
pub use sweep::run_sweep;

use crate::changes::{Action, Kind, NewChange, Scope};
use crate::post::Delivery;

/// How long an invitation can be accepted.
pub const LASTS: Duration = Duration::from_secs(72 * 60 * 60);

/// An invitation to a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Of whom it is for.
    pub name: String,
    /// Where it goes, as typed.
    pub email: String,
    /// What became of it.
    pub status: Status,
    /// Who sent it last.
    pub invited_by: UserId,
    /// When it was first made.
    pub created_at: Timestamp,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
    /// How its mail is doing.
    pub delivery: Delivery,
}

/// What changed of an invitation, for those who may invite.
fn told(action: Action, id: InvitationId) -> NewChange {
    NewChange::in_scope(Scope::Inviters, Kind::Invitation, action, id)
}
