//! A place in a workspace's change log, as clients keep it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::WorkspaceId;
use uuid::Uuid;

/// Format version, first byte of every cursor.
const VERSION: u8 = 1;

/// Behind the change with number `seq`, in this epoch of this workspace's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Whose log.
    pub workspace: WorkspaceId,
    /// Which life of the log: a restore from backup begins a new one.
    pub epoch: Uuid,
    /// The number of the last change that was seen.
    pub seq: i64,
}

/// A cursor that cannot be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// Not one that this workspace's log ever gave.
    #[error("This cursor was not given by this workspace.")]
    Invalid,
    /// Older than the log reaches back.
    #[error(
        "This cursor is older than the changes that are kept. Read afresh, and follow from the cursor you get then."
    )]
    Expired,
}

impl Cursor {
    /// Reads the text that a client kept.
    ///
    /// # Errors
    /// `Invalid` when it is not the text of a cursor.
    pub fn parse(text: &str) -> Result<Self, CursorError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError::Invalid)?;
        let parts = (|| {
            let (version, rest) = bytes.split_first()?;
            let (workspace, rest) = rest.split_first_chunk::<16>()?;
            let (epoch, seq) = rest.split_first_chunk::<16>()?;
            (*version == VERSION).then_some((workspace, epoch, i64::from_be_bytes(seq.try_into().ok()?)))
        })();
        let (workspace, epoch, seq) = parts.ok_or(CursorError::Invalid)?;
        Ok(Self { workspace: WorkspaceId(Uuid::from_bytes(*workspace)), epoch: Uuid::from_bytes(*epoch), seq })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut bytes = [VERSION; 41];
        let (workspace, rest) = bytes[1..].split_at_mut(16);
        let (epoch, seq) = rest.split_at_mut(16);
        workspace.copy_from_slice(self.workspace.0.as_bytes());
        epoch.copy_from_slice(self.epoch.as_bytes());
        seq.copy_from_slice(&self.seq.to_be_bytes());
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}
