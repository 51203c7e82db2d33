//! Which mail is announced as new.

use std::time::Duration;

use entity::Timestamp;

use crate::mail_accounts::{Folder, Role};

/// How far a mail server's clock may be behind ours.
const SKEW: Duration = Duration::from_hours(24);

/// Whether a message arrived after its mailbox was first connected: the server received it since then, or it has a UID from since then
/// and a time that an ill-set clock explains. Old mail that is moved or imported is history. What the owner writes does not arrive.
pub(super) fn arrived(folder: &Folder, uid: u32, received_at: Option<Timestamp>, connected_at: Timestamp) -> bool {
    if matches!(folder.role, Some(Role::Sent | Role::Drafts)) {
        return false;
    }
    let new_uid = uid > folder.arrival_uid;
    received_at.map_or(new_uid, |at| at >= connected_at || new_uid && at >= connected_at.minus(SKEW))
}
