//! Folders of mailboxes.

use async_graphql::{Enum, ID, Object};

use super::error::ApiError;
use super::id;
use super::own_loaders::CountsOf;
use super::reader::Reader;
use crate::mail_accounts;
use crate::messages::Counts;

/// What a folder is for.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "mail_accounts::Role")]
pub enum MailFolderRole {
    /// Where mail arrives.
    Inbox,
    /// Sent mail.
    Sent,
    /// Unfinished mail.
    Drafts,
    /// The archive.
    Archive,
    /// Spam.
    Junk,
    /// Deleted mail.
    Trash,
    /// All mail of the account.
    All,
}

/// A folder of a mailbox.
#[derive(Clone)]
pub struct MailFolder {
    pub(super) folder: mail_accounts::Folder,
    pub(super) reader: Reader,
}

impl MailFolder {
    async fn counts(&self) -> Result<Counts, ApiError> {
        let key = CountsOf(self.folder.id, self.folder.generation);
        Ok(self.reader.own().load_one(key).await?.unwrap_or_default())
    }
}

/// A folder of a mailbox.
#[Object]
impl MailFolder {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.folder.id)
    }

    /// Its name, as people write it.
    async fn name(&self) -> &str {
        &self.folder.name
    }

    /// What it is for, if the server says or its name tells.
    async fn role(&self) -> Option<MailFolderRole> {
        self.folder.role.map(Into::into)
    }

    /// Whether its mail is read.
    async fn synced(&self) -> bool {
        self.folder.synced
    }

    /// Messages in it that are stored and that the viewer may see.
    async fn message_count(&self) -> Result<i32, ApiError> {
        Ok(i32::try_from(self.counts().await?.messages).unwrap_or(i32::MAX))
    }

    /// Those of them that were not read.
    async fn unread_count(&self) -> Result<i32, ApiError> {
        Ok(i32::try_from(self.counts().await?.unread).unwrap_or(i32::MAX))
    }
}
