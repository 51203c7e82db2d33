//! Batched loading of what hangs on objects: one statement for all objects of a list.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, HashMapCache, Loader};
use async_graphql::runtime::{Timer, TokioSpawner};
use entity::{ContactId, HistoryEntryId, TagGroupId, TagId, UserId};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::access::Cx;
use crate::contacts::{self, Contact, ContactEmail, ContactPhone};
use crate::db::{Db, Fault};
use crate::history::{self, Entry, Subject};
use crate::paging::{Page, PageError, Rows};
use crate::tags::{self, Tag, TagGroup};
use crate::users::{self, User};

/// How long a batch gathers keys. Tokio's own timer has a grain of a millisecond, which each level of nesting would pay.
pub(super) const GATHER: Duration = Duration::from_micros(60);

/// Keys of one statement.
pub(super) const BATCH: usize = 1000;

/// The loaders of one request or event.
pub(super) type Loaders = DataLoader<Load, HashMapCache>;

/// Loads within a workspace what everyone there sees.
pub(super) struct Load {
    db: Db,
    cx: Cx,
}

/// New loaders, with nothing loaded.
pub(super) fn loaders(db: Db, cx: &Cx) -> Loaders {
    let cx = Cx::of_system(cx.workspace, cx.clock.clone());
    DataLoader::with_cache(Load { db, cx }, TokioSpawner::current(), FineTimer, HashMapCache::default())
        .delay(GATHER)
        .max_batch_size(BATCH)
}

pub(super) struct FineTimer;

impl Timer for FineTimer {
    fn delay(&self, duration: Duration) -> BoxFuture<'static, ()> {
        futures_timer::Delay::new(duration).boxed()
    }
}

/// The tags of a contact with their groups.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TagsOf(pub ContactId);

/// The addresses of a contact.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct EmailsOf(pub ContactId);

/// The words by which a contact is found.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct WordsOf(pub ContactId);

/// The phone numbers of a contact.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PhonesOf(pub ContactId);

/// The tags of a group.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TagsOfGroup(pub TagGroupId);

/// The aliases of a tag.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct AliasesOf(pub TagId);

/// A page of the history of something, newest first.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct HistoryOf(pub Subject, pub Page);

impl Loader<UserId> for Load {
    type Value = User;
    type Error = Fault;

    async fn load(&self, ids: &[UserId]) -> Result<HashMap<UserId, User>, Fault> {
        Ok(users::by_ids(&self.cx, &self.db, ids.to_vec()).await?.into_iter().map(|user| (user.id, user)).collect())
    }
}

impl Loader<ContactId> for Load {
    type Value = Contact;
    type Error = Fault;

    async fn load(&self, ids: &[ContactId]) -> Result<HashMap<ContactId, Contact>, Fault> {
        Ok(contacts::by_ids(&self.cx, &self.db, ids).await?.into_iter().map(|contact| (contact.id, contact)).collect())
    }
}

impl Loader<TagId> for Load {
    type Value = Tag;
    type Error = Fault;

    async fn load(&self, ids: &[TagId]) -> Result<HashMap<TagId, Tag>, Fault> {
        Ok(tags::by_ids(&self.cx, &self.db, ids).await?.into_iter().map(|tag| (tag.id, tag)).collect())
    }
}

impl Loader<TagGroupId> for Load {
    type Value = TagGroup;
    type Error = Fault;

    async fn load(&self, ids: &[TagGroupId]) -> Result<HashMap<TagGroupId, TagGroup>, Fault> {
        Ok(tags::groups_by_ids(&self.cx, &self.db, ids).await?.into_iter().map(|group| (group.id, group)).collect())
    }
}

impl Loader<TagsOf> for Load {
    type Value = Arc<[(Tag, Option<TagGroup>)]>;
    type Error = Fault;

    async fn load(&self, keys: &[TagsOf]) -> Result<HashMap<TagsOf, Self::Value>, Fault> {
        let ids: Vec<ContactId> = keys.iter().map(|key| key.0).collect();
        Ok(all(keys, tags::of_contacts(&self.cx, &self.db, &ids).await?, |key| key.0))
    }
}

impl Loader<EmailsOf> for Load {
    type Value = Arc<[ContactEmail]>;
    type Error = Fault;

    async fn load(&self, keys: &[EmailsOf]) -> Result<HashMap<EmailsOf, Self::Value>, Fault> {
        let ids: Vec<ContactId> = keys.iter().map(|key| key.0).collect();
        Ok(all(keys, contacts::emails(&self.cx, &self.db, &ids).await?, |key| key.0))
    }
}

impl Loader<PhonesOf> for Load {
    type Value = Arc<[ContactPhone]>;
    type Error = Fault;

    async fn load(&self, keys: &[PhonesOf]) -> Result<HashMap<PhonesOf, Self::Value>, Fault> {
        let ids: Vec<ContactId> = keys.iter().map(|key| key.0).collect();
        Ok(all(keys, contacts::phones(&self.cx, &self.db, &ids).await?, |key| key.0))
    }
}

impl Loader<WordsOf> for Load {
    type Value = Arc<[String]>;
    type Error = Fault;

    async fn load(&self, keys: &[WordsOf]) -> Result<HashMap<WordsOf, Self::Value>, Fault> {
        let ids: Vec<ContactId> = keys.iter().map(|key| key.0).collect();
        Ok(all(keys, contacts::words(&self.cx, &self.db, &ids).await?, |key| key.0))
    }
}

impl Loader<TagsOfGroup> for Load {
    type Value = Arc<[Tag]>;
    type Error = Fault;

    async fn load(&self, keys: &[TagsOfGroup]) -> Result<HashMap<TagsOfGroup, Self::Value>, Fault> {
        let ids: Vec<TagGroupId> = keys.iter().map(|key| key.0).collect();
        Ok(all(keys, tags::tags_of_groups(&self.cx, &self.db, &ids).await?, |key| key.0))
    }
}

impl Loader<AliasesOf> for Load {
    type Value = Arc<[String]>;
    type Error = Fault;

    async fn load(&self, keys: &[AliasesOf]) -> Result<HashMap<AliasesOf, Self::Value>, Fault> {
        let ids: Vec<TagId> = keys.iter().map(|key| key.0).collect();
        Ok(all(keys, tags::aliases(&self.cx, &self.db, &ids).await?, |key| key.0))
    }
}

impl Loader<HistoryOf> for Load {
    type Value = Result<Rows<Entry>, PageError>;
    type Error = Fault;

    async fn load(&self, keys: &[HistoryOf]) -> Result<HashMap<HistoryOf, Self::Value>, Fault> {
        let asked: Vec<_> = keys.iter().map(|HistoryOf(subject, page)| (*subject, page.clone())).collect();
        let pages = history::store::pages(self.db.reader(), self.cx.workspace, &asked).await?;
        Ok(keys.iter().cloned().zip(pages).collect())
    }
}

impl Loader<HistoryEntryId> for Load {
    type Value = Entry;
    type Error = Fault;

    async fn load(&self, ids: &[HistoryEntryId]) -> Result<HashMap<HistoryEntryId, Entry>, Fault> {
        let entries = history::store::by_ids(self.db.reader(), self.cx.workspace, ids).await?;
        Ok(entries.into_iter().map(|entry| (entry.id, entry)).collect())
    }
}

/// Loads the tags of contacts that are known to be asked for, so that none of them waits for a batch to gather.
pub(super) async fn load_tags(loaders: &Loaders, contacts: impl Iterator<Item = ContactId>) -> Result<(), Fault> {
    let keys: Vec<TagsOf> = contacts.map(TagsOf).collect();
    if !keys.is_empty() {
        loaders.feed_many(loaders.loader().load(&keys).await?).await;
    }
    Ok(())
}

/// A list for every key, empty where nothing was found.
pub(super) fn all<K, I, T>(keys: &[K], mut found: HashMap<I, Vec<T>>, id: impl Fn(&K) -> I) -> HashMap<K, Arc<[T]>>
where
    K: Copy + Eq + Hash,
    I: Eq + Hash,
{
    keys.iter().map(|key| (*key, found.remove(&id(key)).unwrap_or_default().into())).collect()
}
