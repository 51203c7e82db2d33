//! Tagging many contacts at once.

use std::collections::BTreeMap;

use entity::{ContactId, TagId};

use super::commands::{note_links, tagging};
use super::filter::{self, Resolved};
use super::{Error, Field, Filter, draft, queries, store};
use crate::access::Cx;
use crate::changes::{Action, Body, Kind, NewChange};
use crate::db::Db;
use crate::history::NewEntry;
use crate::tags::{self, Tag, Wanted};

/// Contacts changed in one transaction: long enough to be quick, short enough to hold nobody up.
const BATCH: usize = 250;

/// Most contacts named one by one.
const MOST_NAMED: usize = 1000;

/// Which tags.
#[derive(Clone, Debug, Default)]
pub struct TagsGiven {
    /// By id.
    pub ids: Vec<TagId>,
    /// By name.
    pub names: Vec<String>,
}

/// What tagging did.
#[derive(Clone, Debug)]
pub struct Tagged {
    /// The tags.
    pub tags: Vec<Tag>,
    /// Contacts that really changed.
    pub changed: usize,
}

/// Puts tags on contacts (`add`), names being made on first use, or takes them off: all or none.
///
/// # Errors
/// `NotFound` for a contact and `TagNotFound` for a tag that is not there; `Invalid` for no tag, or too many of either.
pub async fn retag(
    cx: &Cx,
    db: &Db,
    mut contacts: Vec<ContactId>,
    given: &TagsGiven,
    add: bool,
) -> Result<Tagged, Error> {
    given.check()?;
    contacts.sort_unstable();
    contacts.dedup();
    if contacts.len() > MOST_NAMED {
        let message = "At most 1000 contacts can be named at once; use a filter for more.";
        return Err(Error::Invalid(Field::List("contactIds"), message));
    }
    let (tags, changed) = batch(cx, db, &contacts, given, add, true).await?;
    Ok(Tagged { tags, changed })
}

/// Tagging all contacts that match a filter, a batch at a time. However many they are, nobody is held up for long.
#[derive(Clone, Debug)]
pub struct BulkTagging {
    filter: Resolved,
    given: TagsGiven,
    add: bool,
    /// The contact it has come to, by id.
    after: Option<ContactId>,
    /// What is done so far.
    pub done: Tagged,
}

impl BulkTagging {
    /// Makes the tags, so that they are there (or refused) even where nothing matches. Names in the filter mean what they mean now.
    ///
    /// # Errors
    /// As `retag`, and for a filter that cannot be used.
    pub async fn begin(cx: &Cx, db: &Db, filter: Filter, given: TagsGiven, add: bool) -> Result<Self, Error> {
        given.check()?;
        let filter = filter::resolve(cx, db, filter).await?;
        let (tags, changed) = batch(cx, db, &[], &given, add, true).await?;
        Ok(Self { filter, given, add, after: None, done: Tagged { tags, changed } })
    }

    /// One batch further, in one transaction. None when there are no more contacts. Contacts that are deleted meanwhile are passed
    /// over.
    pub async fn step(&self, cx: &Cx, db: &Db) -> Result<Option<Self>, Error> {
        let ids = queries::matching_ids(cx, db, &self.filter, self.after, BATCH).await?;
        let Some(last) = ids.last().copied() else { return Ok(None) };
        let (tags, changed) = batch(cx, db, &ids, &self.given, self.add, false).await?;
        let done = Tagged { tags, changed: self.done.changed + changed };
        Ok(Some(Self { after: Some(last), done, ..self.clone() }))
    }
}

impl TagsGiven {
    fn check(&self) -> Result<(), Error> {
        if self.ids.is_empty() && self.names.is_empty() {
            return Err(Error::Invalid(Field::List("names"), "Give at least one tag, by id or by name."));
        }
        if self.ids.len() > draft::MOST_TAGS {
            return Err(Error::Invalid(Field::List("tagIds"), "At most 200 tags can be given at once."));
        }
        Ok(())
    }
}

/// One transaction. `all` demands that every contact is there; else those deleted meanwhile are passed over.
async fn batch(
    cx: &Cx,
    db: &Db,
    contacts: &[ContactId],
    given: &TagsGiven,
    add: bool,
    all: bool,
) -> Result<(Vec<Tag>, usize), Error> {
    let names = draft::tag_names(&given.names, "names")?;
    let mut tx = db.begin(cx).await?;
    let rows = store::lock(tx.conn(), cx.workspace, contacts).await?;
    if all && rows.len() < contacts.len() {
        return Err(Error::NotFound);
    }
    let (made, known) = if add { (names.as_slice(), [].as_slice()) } else { ([].as_slice(), names.as_slice()) };
    let held = tags::hold(&mut tx, &Wanted { ids: &given.ids, names: known, made, carried_by: &[] }).await?;
    if let Some(missing) = given.ids.iter().position(|id| held.tag(*id).is_none()) {
        return Err(Error::TagNotFound(missing));
    }
    let named = held.all_named(&names);
    let mut wanted: Vec<Tag> = Vec::with_capacity(given.ids.len() + named.len());
    for tag in given.ids.iter().filter_map(|id| held.tag(*id).cloned()).chain(named) {
        if !wanted.iter().any(|known| known.id == tag.id) {
            wanted.push(tag);
        }
    }
    let ids: Vec<TagId> = wanted.iter().map(|tag| tag.id).collect();
    let changed = if add {
        let taggings: Vec<_> = rows.iter().map(tagging).collect();
        tags::link(&tx, &taggings, &ids).await?
    } else {
        let contacts: Vec<_> = rows.iter().map(|row| row.id).collect();
        tags::unlink(&tx, &contacts, &ids).await?
    };
    let (made, removed) = if add { (&*changed, [].as_slice()) } else { ([].as_slice(), &*changed) };
    for counted in tags::count_change(&tx, made, removed).await? {
        if let Some(tag) = wanted.iter_mut().find(|tag| tag.id == counted.id) {
            *tag = counted;
        }
    }
    note_links(&mut tx, &wanted, &changed, if add { NewEntry::tagged } else { NewEntry::untagged });
    let mut by_contact: BTreeMap<ContactId, Vec<TagId>> = BTreeMap::new();
    for (contact, tag) in changed {
        by_contact.entry(contact).or_default().push(tag);
    }
    let count = by_contact.len();
    for row in &rows {
        let Some(tags) = by_contact.remove(&row.id) else { continue };
        let body = if add {
            Body { tags_added: tags, ..Body::default() }
        } else {
            Body { tags_removed: tags, ..Body::default() }
        };
        tx.record(NewChange::in_workspace(Kind::Contact, Action::Updated, row.id).version(row.version).body(body));
    }
    tx.commit().await?;
    Ok((wanted, count))
}
