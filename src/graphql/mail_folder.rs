//! Folders of mailboxes.

use async_graphql::{Enum, ID, Object, SimpleObject};
use futures_util::FutureExt;

use super::connection::{self, PageArguments};
use super::error::ApiError;
use super::id;
use super::own_loaders::CountsOf;
use super::reader::Reader;
use super::scalar::DateTime;
use super::skipped_message::{SkippedMessage, SkippedMessageConnection};
use crate::mail_accounts;
use crate::messages::{self, Counts};

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

/// A folder's mail, counted on its server at `checkedAt` and compared one by one with what is stored.
/// `onServer` = `stored` + `skipped` + `pending`.
#[derive(SimpleObject)]
pub struct FolderCoverage {
    /// On the server, without `excluded`.
    pub on_server: i32,
    /// Stored here.
    pub stored: i32,
    /// Could not be stored; see `skipped` of the folder.
    pub skipped: i32,
    /// Neither: still to be read. A mailbox is not LIVE with any.
    pub pending: i32,
    /// On the server too, and older than `historyDays` of the mailbox wants.
    pub excluded: i32,
    /// When it was counted.
    pub checked_at: DateTime,
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

    /// What its server has, beside what is stored; null before it was counted, when it is not read, and for all but the owner.
    async fn coverage(&self) -> Result<Option<FolderCoverage>, ApiError> {
        let Some((found, checked_at)) = self.folder.coverage.filter(|_| self.folder.synced) else { return Ok(None) };
        let account = self.reader.own().load_one(self.folder.account).await?;
        let own = account.is_some_and(|account| Some(account.owner) == self.reader.cx().user());
        let int = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        Ok(own.then(|| FolderCoverage {
            on_server: int(found.on_server),
            stored: int(found.stored),
            skipped: int(found.skipped),
            pending: int(found.pending),
            excluded: int(found.excluded),
            checked_at: DateTime(checked_at),
        }))
    }

    /// Mail in it that could not be stored, newest first. Empty for all but the owner.
    #[graphql(complexity = "connection::cost(first, None, child_complexity)")]
    async fn skipped(&self, first: Option<i32>, after: Option<String>) -> Result<SkippedMessageConnection, ApiError> {
        let page = PageArguments { first, after, last: None, before: None }.page()?;
        let life = (self.folder.id, self.folder.generation);
        let rows = messages::skipped(self.reader.cx(), self.reader.db(), life, &page).await??;
        let reader = self.reader.clone();
        let count = move || {
            let reader = reader.clone();
            async move { Ok(messages::skipped_count(reader.cx(), reader.db(), life).await?) }.boxed()
        };
        let rows = rows.map(|skipped| SkippedMessage { skipped });
        Ok(SkippedMessageConnection { rows, count: Box::new(count) })
    }
}
