//! Tagging contacts from a list.

use std::time::Duration;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::command::run;
use super::contact_filter::ContactFilter;
use super::error::{ApiError, ErrorCode, UserError};
use super::id;
use super::reader::Reader;
use super::tag::Tag;
use crate::contacts::{self, BulkTagging, Tagged, TagsGiven};

/// How long a client waits for the end of a large operation. It goes on behind the answer.
const BRIEF: Duration = Duration::from_secs(10);

/// Either contactIds or filter; tagIds and names may be mixed.
#[derive(InputObject)]
pub struct TagContactsInput {
    /// These contacts, at most 1 000.
    pub contact_ids: Option<Vec<ID>>,
    /// All contacts that match.
    pub filter: Option<ContactFilter>,
    /// Tags by id.
    pub tag_ids: Option<Vec<ID>>,
    /// Tags by name.
    pub names: Option<Vec<String>>,
}

/// What tagging did.
#[derive(SimpleObject)]
pub struct TagContactsPayload {
    /// The tags, as they are now.
    pub tags: Vec<Tag>,
    /// Contacts that really changed; null while an operation is still at work.
    pub changed_count: Option<i32>,
    /// Why nothing was changed; empty when it was done.
    pub user_errors: Vec<UserError>,
}

impl TagContactsPayload {
    fn of(reader: &Reader, done: Tagged, at_work: bool) -> Self {
        Self {
            tags: done.tags.into_iter().map(|tag| Tag::new(tag, reader)).collect(),
            changed_count: (!at_work).then(|| i32::try_from(done.changed).unwrap_or(i32::MAX)),
            user_errors: Vec::new(),
        }
    }

    fn refused(error: UserError) -> Self {
        Self { tags: Vec::new(), changed_count: None, user_errors: vec![error] }
    }
}

/// Tagging contacts from a list.
#[derive(Default)]
pub struct TaggingMutation;

/// Tagging contacts from a list.
#[Object]
impl TaggingMutation {
    /// Adds tags by name (made on first use) or id, to the named contacts or to all that match a filter. What takes longer than ten
    /// seconds goes on behind the answer; changes tell of each contact.
    async fn tag_contacts(&self, ctx: &Context<'_>, input: TagContactsInput) -> Result<TagContactsPayload, ApiError> {
        retag(Reader::of(ctx)?, input, true).await
    }

    /// Takes tags off the named contacts or all that match a filter, as `tagContacts` adds them.
    async fn untag_contacts(&self, ctx: &Context<'_>, input: TagContactsInput) -> Result<TagContactsPayload, ApiError> {
        retag(Reader::of(ctx)?, input, false).await
    }
}

async fn retag(reader: &Reader, input: TagContactsInput, add: bool) -> Result<TagContactsPayload, ApiError> {
    let ids = input.tag_ids.unwrap_or_default().iter().map(|id| id::decode_or_nil(id)).collect();
    let given = TagsGiven { ids, names: input.names.unwrap_or_default() };
    match (input.contact_ids, input.filter) {
        (Some(ids), None) => {
            let contacts: Vec<_> = ids.iter().map(|id| id::decode_or_nil(id)).collect();
            let path = ["input", "contactIds"];
            let done = run(&path, || contacts::retag(reader.cx(), reader.db(), contacts.clone(), &given, add)).await?;
            Ok(done.map_or_else(TagContactsPayload::refused, |done| TagContactsPayload::of(reader, done, false)))
        }
        (None, Some(filter)) => {
            let filter = match contacts::Filter::try_from(filter) {
                Ok(filter) => filter,
                Err(wrong) => return Ok(TagContactsPayload::refused(wrong.refusal(&["input", "filter"]))),
            };
            let begin = || BulkTagging::begin(reader.cx(), reader.db(), filter.clone(), given.clone(), add);
            match run(&["input", "filter"], begin).await? {
                Ok(begun) => bulk(reader, begun).await,
                Err(error) => Ok(TagContactsPayload::refused(error)),
            }
        }
        _ => {
            let message = "Give either contactIds or a filter.";
            Ok(TagContactsPayload::refused(UserError::new(ErrorCode::Invalid, message, &["input"])))
        }
    }
}

/// Tags all that match, behind the answer where it takes long. A client that goes away does not stop it.
async fn bulk(reader: &Reader, begun: BulkTagging) -> Result<TagContactsPayload, ApiError> {
    let made = begun.done.clone();
    let (working, mut at_work) = (reader.clone(), begun);
    let work = async move {
        while let Some(next) = run_step(&working, &at_work).await? {
            at_work = next;
        }
        Ok(at_work.done)
    };
    let work = reader.app().work.spawn(work).await;
    tokio::select! {
        done = work => match done {
            Some(Ok(done)) => Ok(TagContactsPayload::of(reader, done, false)),
            Some(Err(error)) => Err(error),
            None => Err(ApiError::fault(&"the server stopped in the middle of tagging")),
        },
        () = reader.app().clock.sleep(BRIEF) => Ok(TagContactsPayload::of(reader, made, true)),
    }
}

async fn run_step(reader: &Reader, at_work: &BulkTagging) -> Result<Option<BulkTagging>, ApiError> {
    match run(&["input"], || at_work.step(reader.cx(), reader.db())).await? {
        Ok(next) => Ok(next),
        // A tag went away in the middle: there is nothing left to do.
        Err(_) => Ok(None),
    }
}
