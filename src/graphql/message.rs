//! Mail.

use async_graphql::{Context, Enum, ID, Object};
use futures_util::FutureExt;

use super::attachment::Attachment;
use super::connection::{self, PageArguments, connection};
use super::contact::Contact;
use super::error::ApiError;
use super::highlight::{self, MessageHighlight};
use super::id;
use super::mail_account::MailAccount;
use super::mail_folder::MailFolder;
use super::message_filter::MessageFilter;
use super::own_loaders::{AttachmentsOf, FoldersOf, ParticipantsOf};
use super::reader::Reader;
use super::scalar::DateTime;
use crate::messages::{self, Content, ParticipantRole};

/// How much of a message the viewer may see; what is beyond it is null, or an empty list.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageAccess {
    /// Who, to whom, when.
    Metadata,
    /// Its subject too.
    Subject,
    /// All of it.
    Full,
}

/// A mail.
#[derive(Clone)]
pub struct Message {
    pub(super) message: messages::Message,
    pub(super) reader: Reader,
}

impl Message {
    async fn participants(&self, role: ParticipantRole) -> Result<Vec<MailParticipant>, ApiError> {
        let participants = self.reader.own().load_one(ParticipantsOf(self.message.id)).await?.unwrap_or_default();
        let participant =
            |found: &messages::Participant| MailParticipant { participant: found.clone(), reader: self.reader.clone() };
        Ok(participants.iter().filter(|participant| participant.role == role).map(participant).collect())
    }

    async fn content(&self) -> Result<Option<std::sync::Arc<Content>>, ApiError> {
        let contents = &self.reader.app().contents;
        Ok(contents.read(self.reader.cx(), self.reader.db(), self.message.id).await?)
    }
}

/// A mail.
#[Object]
impl Message {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.message.id)
    }

    /// The mailbox it is in.
    async fn account(&self) -> Result<MailAccount, ApiError> {
        let account = self.reader.own().load_one(self.message.account).await?;
        let account = account.ok_or_else(|| ApiError::fault(&"a message without its mailbox"))?;
        Ok(MailAccount { account, reader: self.reader.clone() })
    }

    /// The folders it lies in.
    #[graphql(complexity = "connection::list_cost(child_complexity)")]
    async fn folders(&self) -> Result<Vec<MailFolder>, ApiError> {
        let ids = self.reader.own().load_one(FoldersOf(self.message.id)).await?.unwrap_or_default();
        let found = self.reader.own().load_many(ids.iter().copied()).await?;
        let folder =
            |folder: &crate::mail_accounts::Folder| MailFolder { folder: folder.clone(), reader: self.reader.clone() };
        Ok(ids.iter().filter_map(|id| found.get(id)).map(folder).collect())
    }

    /// How much of it the viewer may see; what is beyond it is null, or an empty list.
    async fn access(&self) -> MessageAccess {
        // Only the owner of a mailbox sees its mail, and sees all of it.
        MessageAccess::Full
    }

    /// Its authors.
    #[graphql(complexity = "connection::list_cost(child_complexity)")]
    async fn from(&self) -> Result<Vec<MailParticipant>, ApiError> {
        self.participants(ParticipantRole::From).await
    }

    /// Its recipients.
    #[graphql(complexity = "connection::list_cost(child_complexity)")]
    async fn to(&self) -> Result<Vec<MailParticipant>, ApiError> {
        self.participants(ParticipantRole::To).await
    }

    /// Recipients of copies.
    #[graphql(complexity = "connection::list_cost(child_complexity)")]
    async fn cc(&self) -> Result<Vec<MailParticipant>, ApiError> {
        self.participants(ParticipantRole::Cc).await
    }

    /// Its subject; empty when it has none.
    async fn subject(&self) -> Option<&str> {
        Some(&self.message.subject)
    }

    /// The beginning of its text.
    async fn snippet(&self) -> Option<&str> {
        Some(&self.message.snippet)
    }

    /// Its text; made of its HTML where it has no other.
    async fn text(&self) -> Option<Result<String, ApiError>> {
        let content = self.content().await.transpose()?;
        Some(content.map(|content| content.text.clone()))
    }

    /// Sanitized; remote images are blocked. Null for a message that is only text.
    async fn html(&self) -> Option<Result<String, ApiError>> {
        match self.content().await.transpose()? {
            Ok(content) => content.html.clone().map(Ok),
            Err(error) => Some(Err(error)),
        }
    }

    /// When it was sent, as its sender says.
    async fn sent_at(&self) -> Option<DateTime> {
        self.message.sent_at.map(DateTime)
    }

    /// When its server received it.
    async fn received_at(&self) -> DateTime {
        DateTime(self.message.received_at)
    }

    /// Whether it was read.
    async fn seen(&self) -> bool {
        self.message.seen
    }

    /// Whether it is marked.
    async fn flagged(&self) -> bool {
        self.message.flagged
    }

    /// Whether it was answered.
    async fn answered(&self) -> bool {
        self.message.answered
    }

    /// Whether its owner keeps it from those who see the mailbox.
    async fn private(&self) -> bool {
        self.message.private
    }

    /// The files in it.
    #[graphql(complexity = "connection::list_cost(child_complexity)")]
    async fn attachments(&self) -> Result<Vec<Attachment>, ApiError> {
        let files = self.reader.own().load_one(AttachmentsOf(self.message.id)).await?.unwrap_or_default();
        Ok(files.iter().map(|attachment| Attachment { attachment: attachment.clone() }).collect())
    }

    /// Where the words of a text are found in it, in what the viewer may see of it: subject, up to 10 participants, text. Empty
    /// where they are not.
    async fn highlights(&self, text: String) -> Result<Vec<MessageHighlight>, ApiError> {
        let text = highlight::parse(&text)?;
        let found = self.reader.own().load_one(ParticipantsOf(self.message.id)).await?.unwrap_or_default();
        let shown = [ParticipantRole::From, ParticipantRole::To, ParticipantRole::Cc];
        let people = found.iter().filter(|participant| shown.contains(&participant.role));
        let mut people: Vec<String> = people.map(messages::Participant::written).collect();
        people.dedup();
        let (subject, content) = (self.message.subject.clone(), self.content().await?);
        let marking = move || {
            let body = content.as_ref().map(|content| content.text.as_str());
            let source = messages::Source { participants: &people, subject: Some(&subject), body };
            messages::highlights(&text, source)
        };
        let marked = tokio::task::spawn_blocking(marking).await.map_err(|error| ApiError::fault(&error))?;
        Ok(marked.into_iter().map(MessageHighlight::from).collect())
    }

    /// The contacts whose addresses are on it.
    #[graphql(complexity = "connection::list_cost(child_complexity)")]
    async fn contacts(&self) -> Result<Vec<Contact>, ApiError> {
        let participants = self.reader.own().load_one(ParticipantsOf(self.message.id)).await?.unwrap_or_default();
        let mut ids = Vec::new();
        for id in participants.iter().filter_map(|participant| participant.contact) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        let mut found = self.reader.shared().load_many(ids.iter().copied()).await?;
        let contact = |contact| Contact { contact, reader: self.reader.clone() };
        Ok(ids.iter().filter_map(|id| found.remove(id)).map(contact).collect())
    }
}

/// Somebody on a message.
pub struct MailParticipant {
    participant: messages::Participant,
    reader: Reader,
}

/// Somebody on a message.
#[Object]
impl MailParticipant {
    /// The name on the message.
    async fn name(&self) -> Option<&str> {
        self.participant.name.as_deref()
    }

    /// The address.
    async fn address(&self) -> &str {
        &self.participant.address
    }

    /// The contact it belongs to now.
    async fn contact(&self) -> Option<Result<Contact, ApiError>> {
        let contact = self.reader.shared().load_one(self.participant.contact?).await.map_err(ApiError::from);
        Some(contact.transpose()?.map(|contact| Contact { contact, reader: self.reader.clone() }))
    }
}

connection!(MessageConnection, MessageEdge, Message, "messages");

/// A page of messages, wherever it is asked for.
pub(super) async fn page(
    reader: &Reader,
    filter: messages::MessageFilter,
    arguments: &PageArguments,
) -> Result<MessageConnection, ApiError> {
    let page = arguments.page()?;
    let rows = messages::list(reader.cx(), reader.db(), &filter, &page).await??;
    let counting = reader.clone();
    let count = Box::new(move || {
        let (reader, filter) = (counting.clone(), filter.clone());
        async move { Ok(messages::count(reader.cx(), reader.db(), &filter).await?) }.boxed()
    });
    Ok(MessageConnection { rows: rows.map(|message| Message { message, reader: reader.clone() }), count })
}

/// Reading mail.
#[derive(Default)]
pub struct MessageQuery;

/// Reading mail.
#[Object]
impl MessageQuery {
    /// The mail that the viewer may see, newest first.
    #[graphql(complexity = "connection::cost(first, last, child_complexity)")]
    async fn messages(
        &self,
        ctx: &Context<'_>,
        filter: Option<MessageFilter>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<MessageConnection, ApiError> {
        let filter = filter.unwrap_or_default().try_into()?;
        page(Reader::of(ctx)?, filter, &PageArguments { first, after, last, before }).await
    }
}
