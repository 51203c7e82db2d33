//! Lists of contacts that stay true by themselves.
//!
//! Owns the order of what a subscriber hears: a snapshot, then each contact that enters, changes in, or leaves the list. Which of these
//! it is follows from what the subscriber was told before, so that nothing is told twice or missed. Start reading at `Live::next`.

use async_graphql::{Context, ID, Object, Union};
use entity::ContactId;
use futures_util::stream::{self, BoxStream, StreamExt};

use super::connection;
use super::contact::Contact;
use super::contact_filter::{ContactFilter, ContactOrder};
use super::error::ApiError;
use super::following::{Event, Following};
use super::id;
use super::loaders::{TagsOf, WordsOf};
use super::reader::Reader;
use super::scalar::Cursor;
use crate::changes::{CursorError, Kind};
use crate::contacts::{self, Facts, Filter, LiveFilter, Members, Snapshot};
use crate::feed::FeedError;
use crate::paging::Page;

/// What happened to the list.
#[derive(Union)]
pub enum ContactsLive {
    /// The list as it is now.
    ContactsSnapshot(ContactsSnapshot),
    /// A contact belongs to it from now on.
    ContactEntered(ContactEntered),
    /// A contact of it changed.
    ContactUpdated(ContactUpdated),
    /// A contact does not belong to it any more.
    ContactLeft(ContactLeft),
}

/// The list at one instant.
pub struct ContactsSnapshot {
    cursor: Cursor,
    contacts: Vec<Contact>,
    total: u64,
}

/// The list at one instant: forget what was told before.
#[Object]
impl ContactsSnapshot {
    /// That instant.
    async fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// Its first contacts, as many as were asked for.
    #[graphql(complexity = "connection::list_cost(child_complexity)")]
    async fn contacts(&self) -> &[Contact] {
        &self.contacts
    }

    /// How many contacts the whole list has.
    async fn total_count(&self) -> i32 {
        i32::try_from(self.total).unwrap_or(i32::MAX)
    }
}

macro_rules! of_contact {
    ($(#[doc = $doc:literal])* $name:ident { $($fields:tt)* }) => {
        $(#[doc = $doc])*
        pub struct $name(Event);

        $(#[doc = $doc])*
        #[Object]
        impl $name {
            /// Behind this change.
            async fn cursor(&self) -> Cursor {
                Cursor(self.0.cursor.to_string())
            }

            /// The contact's id.
            async fn contact_id(&self) -> ID {
                id::encode(ContactId(self.0.change.subject))
            }

            $($fields)*
        }
    };
}

of_contact! {
    /// A contact belongs to the list from now on.
    ContactEntered {
        /// The contact as it is now.
        async fn contact(&self) -> Option<Result<Contact, ApiError>> {
            contact(&self.0).await.transpose()
        }
    }
}

of_contact! {
    /// A contact of the list changed.
    ContactUpdated {
        /// The contact as it is now.
        async fn contact(&self) -> Option<Result<Contact, ApiError>> {
            contact(&self.0).await.transpose()
        }
    }
}

of_contact! {
    /// A contact does not belong to the list any more.
    ContactLeft {}
}

async fn contact(event: &Event) -> Result<Option<Contact>, ApiError> {
    let found = event.reader.shared().load_one(ContactId(event.change.subject)).await?;
    Ok(found.map(|contact| Contact { contact, reader: event.reader.clone() }))
}

/// A subscriber to a list.
struct Live {
    following: Following,
    asked: Option<Filter>,
    order: Option<ContactOrder>,
    page: Page,
    filter: LiveFilter,
    /// What the subscriber knows to be in the list.
    told: Members,
    /// Contacts' changes up to this number are in the snapshot.
    seen: i64,
}

/// Follows a list.
pub(super) async fn follow(
    ctx: &Context<'_>,
    filter: Option<ContactFilter>,
    order: Option<ContactOrder>,
    first: Option<i32>,
) -> Result<BoxStream<'static, Result<ContactsLive, ApiError>>, ApiError> {
    let asked = filter.map(Filter::try_from).transpose()?;
    let page = Page::new(first, None, None, None)?;
    let following = Following::begin(ctx, None).await?;
    let reader = following.reader();
    let told = reader.app().numbering.members(following.workspace());
    let filter = LiveFilter::resolve(reader.cx(), reader.db(), asked.as_ref()).await?;
    let mut live = Live { following, asked, order, page, filter, told, seen: 0 };
    let snapshot = live.snapshot().await?;
    let events = stream::unfold(Some(live), |live| async {
        let mut live = live?;
        match live.next().await {
            Ok(told) => Some((Ok(told), Some(live))),
            Err(error) => Some((Err(error), None)),
        }
    });
    Ok(stream::iter([Ok(snapshot)]).chain(events).boxed())
}

impl Live {
    /// The list as it is now. What follows is told from there on, but for what its names mean: that is looked at again from before
    /// they were looked up.
    async fn snapshot(&mut self) -> Result<ContactsLive, ApiError> {
        let reader = self.following.reader();
        let order = self.order.map(|order| order.of(reader.cx())).unwrap_or_default();
        let read = self.filter.snapshot(reader.cx(), reader.db(), &order, &self.page).await??;
        let Snapshot { head, page, ids } = read;
        self.told.replace(ids);
        self.seen = head.seq;
        let contact = |(contact, _)| Contact { contact, reader: reader.clone() };
        Ok(ContactsLive::ContactsSnapshot(ContactsSnapshot {
            cursor: Cursor(head.cursor().to_string()),
            contacts: page.rows.into_iter().map(contact).collect(),
            total: self.told.len(),
        }))
    }

    /// Looks up names anew. True when they mean something else now.
    async fn renamed(&mut self, reader: &Reader) -> Result<bool, ApiError> {
        let filter = LiveFilter::resolve(reader.cx(), reader.db(), self.asked.as_ref()).await?;
        let changed = filter != self.filter;
        self.filter = filter;
        Ok(changed)
    }

    /// What happens to the list next; waits for it.
    async fn next(&mut self) -> Result<ContactsLive, ApiError> {
        let concerns = |change: &_| contacts::may_rename(change) || change.kind == Kind::Contact;
        loop {
            let (change, action) = match self.following.next(concerns).await {
                Ok(next) => next,
                Err(FeedError::Cursor(CursorError::Expired)) => return self.afresh().await,
                Err(error) => return Err(error.into()),
            };
            let event = self.following.event(change, action);
            if event.change.kind == Kind::Contact {
                if event.change.seq > self.seen
                    && let Some(told) = self.judge(event).await?
                {
                    return Ok(told);
                }
                continue;
            }
            let renamed = self.renamed(&event.reader).await?;
            let is_old = event.change.seq <= self.seen;
            // A new tag is on no contact yet: those that get it are told of. An old one may have been, when its name was not known.
            let moves = renamed && (is_old || event.change.kind == Kind::SavedFilter);
            if moves || !is_old && contacts::is_sweeping(&event.change) {
                return self.snapshot().await;
            }
        }
    }

    /// Begins anew where the log has been cut off.
    async fn afresh(&mut self) -> Result<ContactsLive, ApiError> {
        let reader = self.following.reader();
        let head = reader.app().feed.head(self.following.workspace()).await?;
        self.following.move_to(head.cursor()).await?;
        self.renamed(&reader).await?;
        self.snapshot().await
    }

    async fn judge(&mut self, event: Event) -> Result<Option<ContactsLive>, ApiError> {
        let id = ContactId(event.change.subject);
        let belongs = match facts(&event.reader, id).await? {
            Some(facts) => self.filter.admits(&facts),
            None => false,
        };
        Ok(if belongs {
            Some(if self.told.insert(id) {
                ContactsLive::ContactEntered(ContactEntered(event))
            } else {
                ContactsLive::ContactUpdated(ContactUpdated(event))
            })
        } else {
            self.told.remove(id).then(|| ContactsLive::ContactLeft(ContactLeft(event)))
        })
    }
}

/// What a contact is judged by, loaded once for all lists; none when it is gone.
async fn facts(reader: &Reader, id: ContactId) -> Result<Option<Facts>, ApiError> {
    let loaders = reader.shared();
    let (contact, tags, words) =
        futures_util::try_join!(loaders.load_one(id), loaders.load_one(TagsOf(id)), loaders.load_one(WordsOf(id)))?;
    Ok(contact.map(|_| Facts {
        tags: tags.unwrap_or_default().iter().map(|(tag, _)| (tag.id, tag.group)).collect(),
        words: words.map(|words| words.to_vec()).unwrap_or_default(),
    }))
}
