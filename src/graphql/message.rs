//! Mail.

use async_graphql::{Context, Enum, ID, Object};
use futures_util::FutureExt;

use super::attachment::{self, Attachment};
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
use super::thread::Thread;
use crate::access::Level;
use crate::messages::html::RemoteImages;
use crate::messages::{self, Content, ParticipantRole};

/// How much of a message the viewer may see; what is beyond it is null, or an empty list.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Level")]
pub enum MessageAccess {
    /// Who, to whom, when, where.
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

    /// The message, for what is seen from this level on.
    fn at(&self, least: Level) -> Option<&messages::Message> {
        (messages::access(self.reader.cx(), &self.message) >= least).then_some(&self.message)
    }

    /// Its subject, as far as the viewer may see it.
    pub(super) fn seen_subject(&self) -> Option<&str> {
        Some(&self.at(Level::Subject)?.subject)
    }

    /// Its snippet, as far as the viewer may see it.
    pub(super) fn seen_snippet(&self) -> Option<&str> {
        Some(&self.at(Level::Full)?.snippet)
    }

    async fn content(&self, images: RemoteImages) -> Result<Option<std::sync::Arc<Content>>, ApiError> {
        let contents = &self.reader.app().contents;
        Ok(contents.read(self.reader.cx(), self.reader.db(), self.message.id, images).await?)
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

    /// The mails that belong together with it.
    async fn thread(&self) -> Result<Thread, ApiError> {
        Thread::of(self).await
    }

    /// How much of it the viewer may see; what is beyond it is null, or an empty list.
    async fn access(&self) -> MessageAccess {
        messages::access(self.reader.cx(), &self.message).into()
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

    /// Its subject; empty when it has none. From SUBJECT on.
    async fn subject(&self) -> Option<&str> {
        self.seen_subject()
    }

    /// The beginning of its text. With FULL.
    async fn snippet(&self) -> Option<&str> {
        self.seen_snippet()
    }

    /// Its text; made of its HTML where it has no other. With FULL.
    async fn text(&self) -> Option<Result<String, ApiError>> {
        let content = self.content(RemoteImages::Blocked).await.transpose()?;
        Some(content.map(|content| content.text.clone()))
    }

    /// Sanitized; remote images are blocked unless the viewer asked for them. Its own images have addresses like those of
    /// attachments, good for ten minutes. Null for a message that is only text. With FULL.
    async fn html(
        &self,
        #[graphql(
            default = false,
            desc = "Whether images may be fetched from elsewhere, which tells whoever sent them that and when the mail is read."
        )]
        remote_images: bool,
    ) -> Result<Option<String>, ApiError> {
        let images = if remote_images { RemoteImages::Shown } else { RemoteImages::Blocked };
        let content = self.content(images).await?;
        let Some(html) = content.as_ref().and_then(|content| content.html.as_ref()) else { return Ok(None) };
        if !html.has_pictures() || self.message.partial {
            return Ok(Some(html.bare()));
        }
        let files = self.reader.own().load_one(AttachmentsOf(self.message.id)).await?.unwrap_or_default();
        let pictures = attachment::pictures(&self.reader, &files)?;
        Ok(Some(html.with(|id| pictures.get(id).cloned())))
    }

    /// How many remote images `html` lacks unless it is asked for with them. Null where `html` is.
    async fn blocked_images(&self) -> Result<Option<i32>, ApiError> {
        let content = self.content(RemoteImages::Blocked).await?;
        let content = content.filter(|content| content.html.is_some());
        Ok(content.map(|content| i32::try_from(content.blocked_images).unwrap_or(i32::MAX)))
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

    /// The files in it. With FULL; else an empty list.
    #[graphql(complexity = "connection::list_cost(child_complexity)")]
    async fn attachments(&self) -> Result<Vec<Attachment>, ApiError> {
        let files = self.reader.own().load_one(AttachmentsOf(self.message.id)).await?.unwrap_or_default();
        let file = |file: &messages::Attachment| Attachment { attachment: file.clone(), reader: self.reader.clone() };
        Ok(files.iter().map(file).collect())
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
        let subject = self.seen_subject().map(str::to_owned);
        let content = match self.at(Level::Full) {
            Some(_) => self.content(RemoteImages::Blocked).await?,
            None => None,
        };
        let marking = move || {
            let body = content.as_ref().map(|content| content.text.as_str());
            let source = messages::Source { participants: &people, subject: subject.as_deref(), body };
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
#[derive(Clone)]
pub struct MailParticipant {
    pub(super) participant: messages::Participant,
    pub(super) reader: Reader,
}

impl MailParticipant {
    pub(super) fn new(participant: messages::Participant, reader: &Reader) -> Self {
        Self { participant, reader: reader.clone() }
    }
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
