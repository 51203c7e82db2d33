//! Contacts.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use entity::ContactId;
use futures_util::FutureExt;

use super::command::{payload, run};
use super::connection::{self, PageArguments, connection};
use super::contact_filter::{ContactFilter, ContactOrder};
use super::error::{ApiError, UserError};
use super::given::{clearable, cleared};
use super::history::HistoryConnection;
use super::id;
use super::loaders::{self, EmailsOf, PhonesOf, TagsOf};
use super::message::{self, MessageConnection};
use super::own_loaders::LastMessageOf;
use super::reader::Reader;
use super::scalar::{DateTime, EmailAddress};
use super::tag::{Loaded, Tag};
use super::timeline::TimelineConnection;
use crate::contacts::{self, ContactChange, NewContact};
use crate::history::Subject;
use crate::messages;

/// A person or company outside.
#[derive(Clone)]
pub struct Contact {
    pub(super) contact: contacts::Contact,
    pub(super) reader: Reader,
}

/// A person or company outside.
#[Object]
impl Contact {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.contact.id)
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.contact.name
    }

    /// The company it belongs to.
    async fn company(&self) -> Option<&str> {
        self.contact.company.as_deref()
    }

    /// What it does there.
    async fn job_title(&self) -> Option<&str> {
        self.contact.job_title.as_deref()
    }

    /// Its addresses in their order.
    #[graphql(complexity = "connection::list_cost(child_complexity)")]
    async fn emails(&self) -> Result<Vec<ContactEmail>, ApiError> {
        let emails = self.reader.shared().load_one(EmailsOf(self.contact.id)).await?.unwrap_or_default();
        let email = |email: &contacts::ContactEmail| ContactEmail {
            address: EmailAddress(email.address.clone()),
            label: email.label.clone(),
        };
        Ok(emails.iter().map(email).collect())
    }

    /// Its phone numbers in their order.
    #[graphql(complexity = "connection::list_cost(child_complexity)")]
    async fn phones(&self) -> Result<Vec<ContactPhone>, ApiError> {
        let phones = self.reader.shared().load_one(PhonesOf(self.contact.id)).await?.unwrap_or_default();
        let phone =
            |phone: &contacts::ContactPhone| ContactPhone { number: phone.number.clone(), label: phone.label.clone() };
        Ok(phones.iter().map(phone).collect())
    }

    /// Free notes.
    async fn notes(&self) -> &str {
        &self.contact.notes
    }

    /// Its tags by name.
    #[graphql(complexity = "connection::list_cost(child_complexity)")]
    async fn tags(&self) -> Result<Vec<Tag>, ApiError> {
        let tags = self.reader.shared().load_one(TagsOf(self.contact.id)).await?.unwrap_or_default();
        let tag = |(tag, group): &(crate::tags::Tag, Option<crate::tags::TagGroup>)| Tag {
            row: tag.clone(),
            group: Loaded::With(group.clone()),
            reader: self.reader.clone(),
        };
        Ok(tags.iter().map(tag).collect())
    }

    /// The mail with any of its addresses that the viewer may see, newest first.
    #[graphql(complexity = "connection::cost(first, last, child_complexity)")]
    async fn messages(
        &self,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<MessageConnection, ApiError> {
        let filter = messages::MessageFilter { contact_id: Some(self.contact.id), ..Default::default() };
        message::page(&self.reader, filter, &PageArguments { first, after, last, before }).await
    }

    /// Who did what to it, newest first; kept for good. That a tag of it was renamed, merged or deleted is told by the tag, and by no
    /// entry here.
    #[graphql(complexity = "connection::cost(first, None, child_complexity)")]
    async fn history(&self, first: Option<i32>, after: Option<String>) -> Result<HistoryConnection, ApiError> {
        HistoryConnection::of(&self.reader, Subject::Contact(self.contact.id), first, after).await
    }

    /// Its mail that the viewer may see, its tags and its edits in one list, newest first.
    #[graphql(complexity = "connection::cost(first, last, child_complexity)")]
    async fn timeline(
        &self,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<TimelineConnection, ApiError> {
        let page = PageArguments { first, after, last, before }.page()?;
        TimelineConnection::of(&self.reader, self.contact.id, &page).await
    }

    /// When the last mail with any of its addresses came that the viewer may see; null without any.
    async fn last_message_at(&self) -> Option<Result<DateTime, ApiError>> {
        let at = self.reader.own().load_one(LastMessageOf(self.contact.id)).await.map_err(ApiError::from);
        at.map(|at| at.map(DateTime)).transpose()
    }

    /// When it was added.
    async fn created_at(&self) -> DateTime {
        DateTime(self.contact.created_at)
    }

    /// When its own fields last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.contact.updated_at)
    }

    /// Grows with every change of its own fields (not with tagging); pass it back to refuse a lost update.
    async fn version(&self) -> i32 {
        i32::try_from(self.contact.version).unwrap_or(i32::MAX)
    }
}

/// An address of a contact.
#[derive(SimpleObject)]
pub struct ContactEmail {
    /// As typed.
    pub address: EmailAddress,
    /// What it is for, e.g. "work".
    pub label: Option<String>,
}

/// A phone number of a contact.
#[derive(SimpleObject)]
pub struct ContactPhone {
    /// As typed.
    pub number: String,
    /// What it is for.
    pub label: Option<String>,
}

connection!(ContactConnection, ContactEdge, Contact, "contacts");

/// A page of contacts, wherever it is asked for.
pub(super) async fn page(
    reader: &Reader,
    filter: Option<contacts::Filter>,
    order: contacts::ContactOrder,
    arguments: &PageArguments,
) -> Result<ContactConnection, ApiError> {
    let page = arguments.page()?;
    let rows = contacts::list(reader.cx(), reader.db(), filter.clone(), &order, &page).await??;
    let counting = reader.clone();
    let count = Box::new(move || {
        let (reader, filter) = (counting.clone(), filter.clone());
        async move { Ok(contacts::count(reader.cx(), reader.db(), filter).await?) }.boxed()
    });
    let contact = |contact| Contact { contact, reader: reader.clone() };
    Ok(ContactConnection { rows: rows.map(contact), count })
}

/// Reading contacts.
#[derive(Default)]
pub struct ContactQuery;

/// Reading contacts.
#[Object]
impl ContactQuery {
    /// One contact; null when there is none.
    async fn contact(&self, ctx: &Context<'_>, id: ID) -> Option<Result<Contact, ApiError>> {
        let load = async {
            let reader = Reader::of(ctx)?;
            let Some(id) = id::decode::<ContactId>(&id) else { return Ok(None) };
            let contact = reader.shared().load_one(id).await?;
            Ok(contact.map(|contact| Contact { contact, reader: reader.clone() }))
        };
        load.await.transpose()
    }

    /// The contacts that match, by name unless asked otherwise.
    #[graphql(complexity = "connection::cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection field")]
    async fn contacts(
        &self,
        ctx: &Context<'_>,
        filter: Option<ContactFilter>,
        order_by: Option<ContactOrder>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<ContactConnection, ApiError> {
        let reader = Reader::of(ctx)?;
        let filter = filter.map(contacts::Filter::try_from).transpose()?;
        let order = order_by.map(|order| order.of(reader.cx())).unwrap_or_default();
        let arguments = PageArguments { first, after, last, before };
        let connection = page(reader, filter, order, &arguments).await?;
        let selected = ctx.look_ahead();
        if selected.field("nodes").field("tags").exists()
            || selected.field("edges").field("node").field("tags").exists()
        {
            let contacts = connection.rows.rows.iter().map(|(contact, _)| contact.contact.id);
            loaders::load_tags(reader.shared(), contacts).await?;
        }
        Ok(connection)
    }
}

/// An address of a contact.
#[derive(InputObject, Clone)]
pub struct ContactEmailInput {
    /// As typed.
    pub address: EmailAddress,
    /// What it is for, e.g. "work".
    pub label: Option<String>,
}

/// A phone number of a contact.
#[derive(InputObject, Clone)]
pub struct ContactPhoneInput {
    /// As typed.
    pub number: String,
    /// What it is for.
    pub label: Option<String>,
}

/// A new contact. Tags are names (made on first use).
#[derive(InputObject)]
pub struct CreateContactInput {
    /// Its name: 1 to 200 characters.
    pub name: String,
    /// The company it belongs to.
    pub company: Option<String>,
    /// What it does there.
    pub job_title: Option<String>,
    /// Its addresses, at most 50. Each belongs to at most one contact.
    pub emails: Option<Vec<ContactEmailInput>>,
    /// Its phone numbers, at most 50.
    pub phones: Option<Vec<ContactPhoneInput>>,
    /// Free notes, at most 20 000 characters.
    pub notes: Option<String>,
    /// Names of its tags.
    pub tags: Option<Vec<String>>,
}

/// As in every update input: a member left out stays, null clears. `tags` replaces all; addTags and removeTags change some.
/// `version`, if given, must be the current one, else CONFLICT. Tagging alone does not change the version.
#[derive(InputObject)]
pub struct UpdateContactInput {
    /// Which contact.
    pub id: ID,
    /// Its version as the client knows it.
    pub version: Option<i32>,
    /// Its name.
    pub name: MaybeUndefined<String>,
    /// The company it belongs to.
    pub company: MaybeUndefined<String>,
    /// What it does there.
    pub job_title: MaybeUndefined<String>,
    /// All its addresses.
    pub emails: MaybeUndefined<Vec<ContactEmailInput>>,
    /// All its phone numbers.
    pub phones: MaybeUndefined<Vec<ContactPhoneInput>>,
    /// Free notes.
    pub notes: MaybeUndefined<String>,
    /// Names of all its tags.
    pub tags: MaybeUndefined<Vec<String>>,
    /// Names of tags to add.
    pub add_tags: Option<Vec<String>>,
    /// Names of tags to take off.
    pub remove_tags: Option<Vec<String>>,
}

payload!(ContactPayload, contact: Contact, "The contact as it is now.");

/// What deleting did.
#[derive(SimpleObject)]
pub struct DeletePayload {
    /// What is gone.
    pub deleted_id: Option<ID>,
    /// Why nothing was changed; empty when it was done.
    pub user_errors: Vec<UserError>,
}

impl DeletePayload {
    pub(super) fn of(id: ID, done: Result<(), UserError>) -> Self {
        match done {
            Ok(()) => Self { deleted_id: Some(id), user_errors: Vec::new() },
            Err(error) => Self { deleted_id: None, user_errors: vec![error] },
        }
    }
}

/// Adding, editing, tagging and deleting contacts.
#[derive(Default)]
pub struct ContactMutation;

/// Adding, editing, tagging and deleting contacts.
#[Object]
impl ContactMutation {
    /// Adds a contact.
    async fn create_contact(&self, ctx: &Context<'_>, input: CreateContactInput) -> Result<ContactPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let new = NewContact {
            name: input.name,
            company: input.company,
            job_title: input.job_title,
            emails: emails(input.emails.unwrap_or_default()),
            phones: phones(input.phones.unwrap_or_default()),
            notes: input.notes.unwrap_or_default(),
            tags: input.tags.unwrap_or_default(),
        };
        let made = run(&["input"], || contacts::create(reader.cx(), reader.db(), new.clone())).await?;
        Ok(made.map(|contact| Contact { contact, reader: reader.clone() }).into())
    }

    /// Edits a contact.
    async fn update_contact(&self, ctx: &Context<'_>, input: UpdateContactInput) -> Result<ContactPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let change = ContactChange {
            id: id::decode_or_nil(&input.id),
            version: input.version.map(i64::from),
            name: cleared(input.name),
            company: clearable(input.company),
            job_title: clearable(input.job_title),
            emails: cleared(input.emails).map(emails),
            phones: cleared(input.phones).map(phones),
            notes: cleared(input.notes),
            tags: cleared(input.tags),
            add_tags: input.add_tags.unwrap_or_default(),
            remove_tags: input.remove_tags.unwrap_or_default(),
        };
        let made = run(&["input", "id"], || contacts::update(reader.cx(), reader.db(), change.clone())).await?;
        Ok(made.map(|contact| Contact { contact, reader: reader.clone() }).into())
    }

    /// Deletes a contact. Mail from and to it stays in its mailboxes. Needs DELETE_CONTACTS.
    async fn delete_contact(&self, ctx: &Context<'_>, id: ID) -> Result<DeletePayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let contact = id::decode_or_nil(&id);
        let done = run(&["id"], || contacts::delete(reader.cx(), reader.db(), contact)).await?;
        Ok(DeletePayload::of(id, done))
    }
}

fn emails(given: Vec<ContactEmailInput>) -> Vec<(String, Option<String>)> {
    given.into_iter().map(|email| (email.address.0, email.label)).collect()
}

fn phones(given: Vec<ContactPhoneInput>) -> Vec<(String, Option<String>)> {
    given.into_iter().map(|phone| (phone.number, phone.label)).collect()
}
