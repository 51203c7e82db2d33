//! Contacts with all that hangs on them, a page at a time: what an export writes.

use std::collections::HashMap;

use entity::ContactId;

use super::filter::{self, Resolved};
use super::{Contact, ContactEmail, ContactPhone, Error, Filter, queries};
use crate::access::Cx;
use crate::db::{Db, Fault};
use crate::tags;

/// Contacts read at once.
const PAGE: usize = 200;

/// A contact with all that hangs on it.
#[derive(Clone, Debug)]
pub struct WholeContact {
    /// The contact itself.
    pub contact: Contact,
    /// Its addresses in their order.
    pub emails: Vec<ContactEmail>,
    /// Its numbers in their order.
    pub phones: Vec<ContactPhone>,
    /// The names of its tags.
    pub tags: Vec<String>,
}

/// All contacts that match a filter, in the order in which they were added. Each is as it was when its page was read.
#[derive(Clone, Debug)]
pub struct WholeContacts {
    filter: Resolved,
    after: Option<ContactId>,
}

impl WholeContacts {
    /// Before the first one. Names in the filter mean what they mean now.
    ///
    /// # Errors
    /// For a filter that cannot be used.
    pub async fn begin(cx: &Cx, db: &Db, filter: Filter) -> Result<Self, Error> {
        Ok(Self { filter: filter::resolve(cx, db, filter).await?, after: None })
    }

    /// The next ones; none when there are no more.
    pub async fn next(&mut self, cx: &Cx, db: &Db) -> Result<Vec<WholeContact>, Fault> {
        let mut page: Vec<WholeContact> = Vec::new();
        // Contacts that go in the middle can leave a page empty that is not the last.
        while page.is_empty() {
            let ids = queries::matching_ids(cx, db, &self.filter, self.after, PAGE).await?;
            let Some(last) = ids.last().copied() else { break };
            self.after = Some(last);
            let mut contacts: HashMap<ContactId, Contact> =
                queries::by_ids(cx, db, &ids).await?.into_iter().map(|contact| (contact.id, contact)).collect();
            let mut emails = queries::emails(cx, db, &ids).await?;
            let mut phones = queries::phones(cx, db, &ids).await?;
            let mut tags = tags::of_contacts(cx, db, &ids).await?;
            page.extend(ids.into_iter().filter_map(|id| {
                Some(WholeContact {
                    contact: contacts.remove(&id)?,
                    emails: emails.remove(&id).unwrap_or_default(),
                    phones: phones.remove(&id).unwrap_or_default(),
                    tags: tags.remove(&id).unwrap_or_default().into_iter().map(|(tag, _)| tag.name).collect(),
                })
            }));
        }
        Ok(page)
    }
}
