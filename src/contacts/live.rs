//! Lists that stay true by themselves.
//!
//! Owns the decision, for one contact at a time, whether it belongs to a filter's list, by the same rules as `filter`'s condition in
//! SQL; and what a list begins with. Who hears of it is decided above. Start reading at `LiveFilter`.

use entity::{ContactId, TagGroupId, TagId};
use sea_orm::{IsolationLevel, TransactionTrait};

use super::filter::{self, Resolved};
use super::queries::{self, ContactOrder};
use super::{Contact, Error, Filter};
use crate::access::Cx;
use crate::changes::log::{self, Head};
use crate::changes::{Action, Change, Kind};
use crate::db::{Db, Fault};
use crate::paging::{Page, PageError, Rows};
use crate::tags;

/// What a contact is judged by.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The tags that it carries, with their groups.
    pub tags: Vec<(TagId, Option<TagGroupId>)>,
    /// The words by which it is found.
    pub words: Vec<String>,
}

/// A filter whose names mean what they meant when it was made.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveFilter(Option<Resolved>);

/// What a list begins with: all of it at one instant.
#[derive(Debug)]
pub struct Snapshot {
    /// The log's head at that instant.
    pub head: Head,
    /// The page that is shown.
    pub page: Rows<Contact>,
    /// Every contact of the list.
    pub ids: Vec<ContactId>,
}

impl LiveFilter {
    /// Looks up what the filter names.
    pub async fn resolve(cx: &Cx, db: &Db, asked: Option<&Filter>) -> Result<Self, Error> {
        Ok(Self(match asked {
            Some(asked) => Some(filter::resolve(cx, db, asked.clone()).await?),
            None => None,
        }))
    }

    /// Whether a contact that is there belongs to the list.
    #[must_use]
    pub fn admits(&self, facts: &Facts) -> bool {
        self.0.as_ref().is_none_or(|filter| admits(filter, facts))
    }

    /// Reads a page of the list and all of its ids at one instant.
    pub async fn snapshot(
        &self,
        cx: &Cx,
        db: &Db,
        order: &ContactOrder,
        page: &Page,
    ) -> Result<Result<Snapshot, PageError>, Error> {
        let reading = if db.is_embedded() {
            // The first statement of a transaction says which instant it sees.
            db.reader().begin().await
        } else {
            db.reader().begin_with_config(Some(IsolationLevel::RepeatableRead), None).await
        };
        let reading = reading.map_err(Fault::from)?;
        let head = log::head(&reading, cx.workspace).await.map_err(Fault::from)?;
        let head = head.ok_or_else(|| Fault::from(sea_orm::DbErr::RecordNotFound("the head of the log".to_owned())))?;
        let page = match queries::page(cx, &reading, self.0.as_ref(), order, page).await? {
            Ok(page) => page,
            Err(error) => return Ok(Err(error)),
        };
        let ids = queries::ids(cx, &reading, self.0.as_ref()).await?;
        reading.rollback().await.map_err(Fault::from)?;
        Ok(Ok(Snapshot { head, page, ids }))
    }
}

/// Whether a change can show on any number of contacts without telling of each, so that lists of contacts are read afresh: a tag or a
/// group that is renamed, recolored, moved, merged or deleted.
#[must_use]
pub fn is_sweeping(change: &Change) -> bool {
    match change.kind {
        // Of a merge, only its last change counts.
        Kind::Tag => change.action != Action::Created && change.body.merged_into.is_none(),
        Kind::TagGroup => change.action != Action::Created,
        _ => false,
    }
}

/// Whether a change can give what a filter names another meaning.
#[must_use]
pub fn may_rename(change: &Change) -> bool {
    matches!(change.kind, Kind::Tag | Kind::TagGroup | Kind::SavedFilter)
}

fn admits(filter: &Resolved, facts: &Facts) -> bool {
    match filter {
        Resolved::And(filters) => filters.iter().all(|filter| admits(filter, facts)),
        Resolved::Or(filters) => filters.iter().any(|filter| admits(filter, facts)),
        Resolved::Not(filter) => !admits(filter, facts),
        Resolved::Tag(tags::TagMatch::Tag(tag)) => {
            tag.is_some_and(|tag| facts.tags.iter().any(|(carried, _)| *carried == tag))
        }
        Resolved::Tag(tags::TagMatch::Group(group)) => facts.tags.iter().any(|(_, of)| *of == Some(*group)),
        Resolved::Tag(tags::TagMatch::Untagged(untagged)) => facts.tags.is_empty() == *untagged,
        Resolved::Words(words) => words.iter().all(|word| facts.words.iter().any(|known| known.starts_with(word))),
    }
}
