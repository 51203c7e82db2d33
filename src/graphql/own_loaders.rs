//! Batched loading of what only some may see, as far as one viewer may.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::{DataLoader, HashMapCache, Loader};
use async_graphql::runtime::TokioSpawner;
use entity::{
    ContactId, ContactImportId, MailAccountId, MailAttachmentId, MailFolderId, MailMessageId, MailThreadId,
    SavedFilterId, ShareId, Timestamp, UserId,
};

use super::loaders::{BATCH, FineTimer, GATHER, all};
use crate::access::Cx;
use crate::contacts::saved::{self, SavedFilter};
use crate::db::{Db, Fault};
use crate::imports::{self, ContactImport};
use crate::mail_accounts::{self, Folder, MailAccount};
use crate::messages::threads::{self, Thread};
use crate::messages::{self, Attachment, Counts, Message, Participant};
use crate::paging::{Page, PageError, Rows};
use crate::users::shares::{self, Share};

/// The loaders of one viewer in one request or event.
pub(super) type OwnLoaders = DataLoader<OwnLoad, HashMapCache>;

/// Loads what the viewer may see.
pub(super) struct OwnLoad {
    db: Db,
    cx: Cx,
}

/// New loaders, with nothing loaded.
pub(super) fn own_loaders(db: Db, cx: &Cx) -> OwnLoaders {
    let load = OwnLoad { db, cx: cx.clone() };
    DataLoader::with_cache(load, TokioSpawner::current(), FineTimer, HashMapCache::default())
        .delay(GATHER)
        .max_batch_size(BATCH)
}

/// Who is on a message.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ParticipantsOf(pub MailMessageId);

/// The files in a message.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct AttachmentsOf(pub MailMessageId);

/// The folders a message lies in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FoldersOf(pub MailMessageId);

/// The folders of a mailbox.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FoldersOfAccount(pub MailAccountId);

/// When the last mail of a contact came.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct LastMessageOf(pub ContactId);

/// How many messages lie in a folder, in the life of its UIDs.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CountsOf(pub MailFolderId, pub i64);

/// How many messages are in a thread.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CountsOfThread(pub MailThreadId);

/// Who wrote and got the messages of a thread.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ParticipantsOfThread(pub MailThreadId);

/// A page of the messages of a thread, newest first.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct MessagesOfThread(pub MailThreadId, pub Page);
/// What a user shares; nothing for users of whom the viewer may not see it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SharesOf(pub UserId);

impl Loader<ShareId> for OwnLoad {
    type Value = Share;
    type Error = Fault;

    async fn load(&self, ids: &[ShareId]) -> Result<HashMap<ShareId, Share>, Fault> {
        Ok(shares::by_ids(&self.cx, &self.db, ids).await?.into_iter().map(|share| (share.id, share)).collect())
    }
}

impl Loader<SharesOf> for OwnLoad {
    type Value = Arc<[Share]>;
    type Error = Fault;

    async fn load(&self, keys: &[SharesOf]) -> Result<HashMap<SharesOf, Self::Value>, Fault> {
        let owners: Vec<UserId> = keys.iter().map(|key| key.0).collect();
        let shares = shares::of_owners(&self.cx, &self.db, &owners).await?;
        Ok(shares.into_iter().map(|(owner, shares)| (SharesOf(owner), shares.into())).collect())
    }
}

impl Loader<SavedFilterId> for OwnLoad {
    type Value = SavedFilter;
    type Error = Fault;

    async fn load(&self, ids: &[SavedFilterId]) -> Result<HashMap<SavedFilterId, SavedFilter>, Fault> {
        Ok(saved::by_ids(&self.cx, &self.db, ids).await?.into_iter().map(|filter| (filter.id, filter)).collect())
    }
}

impl Loader<MailAccountId> for OwnLoad {
    type Value = MailAccount;
    type Error = Fault;

    async fn load(&self, ids: &[MailAccountId]) -> Result<HashMap<MailAccountId, MailAccount>, Fault> {
        let accounts = mail_accounts::by_ids(&self.cx, &self.db, ids).await?;
        Ok(accounts.into_iter().map(|account| (account.id, account)).collect())
    }
}

/// Imports are as personal as mail.
impl Loader<ContactImportId> for OwnLoad {
    type Value = ContactImport;
    type Error = Fault;

    async fn load(&self, ids: &[ContactImportId]) -> Result<HashMap<ContactImportId, ContactImport>, Fault> {
        let imports = imports::by_ids(&self.cx, &self.db, ids).await?;
        Ok(imports.into_iter().map(|import| (import.id, import)).collect())
    }
}

impl Loader<MailFolderId> for OwnLoad {
    type Value = Folder;
    type Error = Fault;

    async fn load(&self, ids: &[MailFolderId]) -> Result<HashMap<MailFolderId, Folder>, Fault> {
        let folders = mail_accounts::folders_by_ids(&self.cx, &self.db, ids).await?;
        Ok(folders.into_iter().map(|folder| (folder.id, folder)).collect())
    }
}

impl Loader<FoldersOfAccount> for OwnLoad {
    type Value = Arc<[Folder]>;
    type Error = Fault;

    async fn load(&self, keys: &[FoldersOfAccount]) -> Result<HashMap<FoldersOfAccount, Self::Value>, Fault> {
        let ids: Vec<MailAccountId> = keys.iter().map(|key| key.0).collect();
        let mut by_account: HashMap<MailAccountId, Vec<Folder>> = HashMap::new();
        for folder in mail_accounts::folders_of_accounts(&self.cx, &self.db, &ids).await? {
            by_account.entry(folder.account).or_default().push(folder);
        }
        Ok(all(keys, by_account, |key| key.0))
    }
}

impl Loader<CountsOf> for OwnLoad {
    type Value = Counts;
    type Error = Fault;

    async fn load(&self, keys: &[CountsOf]) -> Result<HashMap<CountsOf, Counts>, Fault> {
        let lives: Vec<_> = keys.iter().map(|key| (key.0, key.1)).collect();
        let counts = messages::counts_of_folders(&self.cx, &self.db, &lives).await?;
        Ok(keys.iter().map(|key| (*key, counts.get(&key.0).copied().unwrap_or_default())).collect())
    }
}

impl Loader<MailMessageId> for OwnLoad {
    type Value = Message;
    type Error = Fault;

    async fn load(&self, ids: &[MailMessageId]) -> Result<HashMap<MailMessageId, Message>, Fault> {
        let messages = messages::by_ids(&self.cx, &self.db, ids).await?;
        Ok(messages.into_iter().map(|message| (message.id, message)).collect())
    }
}

impl Loader<ParticipantsOf> for OwnLoad {
    type Value = Arc<[Participant]>;
    type Error = Fault;

    async fn load(&self, keys: &[ParticipantsOf]) -> Result<HashMap<ParticipantsOf, Self::Value>, Fault> {
        let ids: Vec<MailMessageId> = keys.iter().map(|key| key.0).collect();
        Ok(all(keys, messages::participants_by_message_ids(&self.cx, &self.db, &ids).await?, |key| key.0))
    }
}

impl Loader<AttachmentsOf> for OwnLoad {
    type Value = Arc<[Attachment]>;
    type Error = Fault;

    async fn load(&self, keys: &[AttachmentsOf]) -> Result<HashMap<AttachmentsOf, Self::Value>, Fault> {
        let ids: Vec<MailMessageId> = keys.iter().map(|key| key.0).collect();
        Ok(all(keys, messages::attachments_by_message_ids(&self.cx, &self.db, &ids).await?, |key| key.0))
    }
}

impl Loader<FoldersOf> for OwnLoad {
    type Value = Arc<[MailFolderId]>;
    type Error = Fault;

    async fn load(&self, keys: &[FoldersOf]) -> Result<HashMap<FoldersOf, Self::Value>, Fault> {
        let ids: Vec<MailMessageId> = keys.iter().map(|key| key.0).collect();
        Ok(all(keys, messages::folders_by_message_ids(&self.cx, &self.db, &ids).await?, |key| key.0))
    }
}

impl Loader<MailAttachmentId> for OwnLoad {
    type Value = Attachment;
    type Error = Fault;

    async fn load(&self, ids: &[MailAttachmentId]) -> Result<HashMap<MailAttachmentId, Attachment>, Fault> {
        let attachments = messages::attachments_by_ids(&self.cx, &self.db, ids).await?;
        Ok(attachments.into_iter().map(|attachment| (attachment.id, attachment)).collect())
    }
}

impl Loader<LastMessageOf> for OwnLoad {
    type Value = Timestamp;
    type Error = Fault;

    async fn load(&self, keys: &[LastMessageOf]) -> Result<HashMap<LastMessageOf, Timestamp>, Fault> {
        let ids: Vec<ContactId> = keys.iter().map(|key| key.0).collect();
        let times = messages::last_message_times(&self.cx, &self.db, &ids).await?;
        Ok(times.into_iter().map(|(contact, at)| (LastMessageOf(contact), at)).collect())
    }
}

impl Loader<MailThreadId> for OwnLoad {
    type Value = Thread;
    type Error = Fault;

    async fn load(&self, ids: &[MailThreadId]) -> Result<HashMap<MailThreadId, Thread>, Fault> {
        let threads = threads::by_ids(&self.cx, &self.db, ids).await?;
        Ok(threads.into_iter().map(|thread| (thread.id, thread)).collect())
    }
}

impl Loader<CountsOfThread> for OwnLoad {
    type Value = threads::Counts;
    type Error = Fault;

    async fn load(&self, keys: &[CountsOfThread]) -> Result<HashMap<CountsOfThread, threads::Counts>, Fault> {
        let ids: Vec<MailThreadId> = keys.iter().map(|key| key.0).collect();
        let counts = threads::counts(&self.cx, &self.db, &ids).await?;
        Ok(counts.into_iter().map(|(thread, counts)| (CountsOfThread(thread), counts)).collect())
    }
}

impl Loader<ParticipantsOfThread> for OwnLoad {
    type Value = Arc<[Participant]>;
    type Error = Fault;

    async fn load(&self, keys: &[ParticipantsOfThread]) -> Result<HashMap<ParticipantsOfThread, Self::Value>, Fault> {
        let ids: Vec<MailThreadId> = keys.iter().map(|key| key.0).collect();
        Ok(all(keys, threads::participants(&self.cx, &self.db, &ids).await?, |key| key.0))
    }
}

impl Loader<MessagesOfThread> for OwnLoad {
    type Value = Result<Rows<Message>, PageError>;
    type Error = Fault;

    async fn load(&self, keys: &[MessagesOfThread]) -> Result<HashMap<MessagesOfThread, Self::Value>, Fault> {
        let asked: Vec<_> = keys.iter().map(|MessagesOfThread(thread, page)| (*thread, page.clone())).collect();
        let pages = threads::messages(&self.cx, &self.db, &asked).await?;
        Ok(keys.iter().cloned().zip(pages).collect())
    }
}
