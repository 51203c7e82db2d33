//! The tags that a transaction puts on contacts or takes off, held until it ends.
//!
//! Whoever changes who carries a tag holds it first, as do those who rename, merge or delete one. New names are taken before any tag is
//! held, in one order by everyone, and tags are held all in one go, by id. So nobody waits for another in a circle, and what is found by
//! name, by id or on a contact stays there while it is used.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::{ContactId, TagId};

use super::{Error, Tag, TagName, commands, name_store, store};
use crate::db::Tx;

/// What is to be held.
#[derive(Debug, Default)]
pub struct Wanted<'a> {
    /// Tags by id.
    pub ids: &'a [TagId],
    /// Tags by name or alias.
    pub names: &'a [TagName],
    /// Tags by name or alias, made where they are not there yet.
    pub made: &'a [TagName],
    /// All that these contacts carry. Nobody else may change the contacts meanwhile.
    pub carried_by: &'a [ContactId],
}

/// What is held: of what was wanted, the tags that are there.
#[derive(Debug)]
pub struct Held {
    tags: BTreeMap<TagId, Tag>,
    by_key: HashMap<String, TagId>,
    carried: Vec<TagId>,
}

/// Holds tags. Once in a transaction, after its contacts are locked.
///
/// # Errors
/// `Overtaken` when what was found has been merged, deleted or renamed before it was held. What is held already would be in the way of
/// holding more, so it takes a new transaction.
pub async fn hold(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Held, Error> {
    let workspace = tx.workspace();
    let keys: Vec<&str> = wanted.names.iter().chain(wanted.made).map(TagName::key).collect();
    let found = name_store::by_keys(tx.conn(), workspace, &keys).await?;
    let mut by_key: HashMap<String, TagId> = found.into_iter().map(|(key, row)| (key, row.id)).collect();
    let mut missing: Vec<&TagName> = wanted.made.iter().filter(|name| !by_key.contains_key(name.key())).collect();
    missing.sort_unstable_by_key(|name| name.key());
    missing.dedup_by_key(|name| name.key());
    for name in missing {
        by_key.insert(name.key().to_owned(), commands::make(tx, name, (None, None)).await?);
    }
    let carried = store::carried(tx.conn(), workspace, wanted.carried_by).await?;
    let ids: BTreeSet<TagId> = wanted.ids.iter().chain(by_key.values()).chain(&carried).copied().collect();
    let ids: Vec<TagId> = ids.into_iter().collect();
    let rows = store::hold(tx.conn(), workspace, &ids).await?;
    let tags: BTreeMap<TagId, Tag> = rows.into_iter().map(|row| (row.id, Tag::from(row))).collect();
    if by_key.values().chain(&carried).all(|id| tags.contains_key(id)) {
        Ok(Held { tags, by_key, carried })
    } else {
        // One was merged or deleted while it was waited for: its name, or its place on a contact, may be another's now.
        Err(Error::Overtaken)
    }
}

impl Held {
    /// The tag with an id.
    #[must_use]
    pub fn tag(&self, id: TagId) -> Option<&Tag> {
        self.tags.get(&id)
    }

    fn named(&self, name: &TagName) -> Option<&Tag> {
        self.tags.get(self.by_key.get(name.key())?)
    }

    /// The tags with these names or aliases, in their order; the same tag twice is one.
    #[must_use]
    pub fn all_named(&self, names: &[TagName]) -> Vec<Tag> {
        let mut tags: Vec<Tag> = Vec::with_capacity(names.len());
        for tag in names.iter().filter_map(|name| self.named(name)) {
            if !tags.iter().any(|known| known.id == tag.id) {
                tags.push(tag.clone());
            }
        }
        tags
    }

    /// What the contacts carry.
    #[must_use]
    pub fn carried(&self) -> &[TagId] {
        &self.carried
    }
}
