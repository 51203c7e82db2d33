//! What happened to a mailbox.

use async_graphql::{Enum, ID, Object};

use super::connection::connection;
use super::id;
use super::scalar::DateTime;
use crate::mail_accounts;

/// What happened to a mailbox.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "mail_accounts::EventKind")]
pub enum MailAccountEventKind {
    /// It was connected, for the first time or again.
    Connected,
    /// All its mail is here, and news is told.
    Live,
    /// A passing fault.
    Failed,
    /// A fault that only its owner can mend.
    NeedsAttention,
    /// Its owner stopped the sync.
    Paused,
    /// Its owner let the sync go on.
    Resumed,
    /// Its owner gave a new password.
    CredentialsUpdated,
    /// Its owner chose folders, or how far back mail is read.
    SettingsUpdated,
    /// Folders were found.
    FolderFound,
    /// A folder is no longer on the server.
    FolderGone,
    /// A folder does not open.
    FolderRefused,
    /// The server gave all mail of a folder new numbers.
    UidsRenewed,
    /// The history of a folder is here.
    HistoryCompleted,
    /// Mail could not be read, and is tried again.
    MailSkipped,
    /// Mail that could not be read before is here, or gone from the server.
    MailRecovered,
    /// Its owner ended the connection.
    Disconnected,
}

/// Something that happened to a mailbox. Seen by its owner; the last 200 are kept.
#[derive(Clone)]
pub struct MailAccountEvent {
    pub(super) event: mail_accounts::AccountEvent,
}

/// Something that happened to a mailbox. Seen by its owner; the last 200 are kept.
#[Object]
impl MailAccountEvent {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.event.id)
    }

    /// What happened, for programs.
    async fn kind(&self) -> MailAccountEventKind {
        self.event.kind.into()
    }

    /// One sentence for the person at the screen.
    async fn message(&self) -> &str {
        &self.event.message
    }

    /// When it happened.
    async fn occurred_at(&self) -> DateTime {
        DateTime(self.event.occurred_at)
    }
}

connection!(MailAccountEventConnection, MailAccountEventEdge, MailAccountEvent, "what happened to a mailbox");
