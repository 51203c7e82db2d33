//! Threads of mail.

use async_graphql::{Context, ID, Object};
use entity::MailThreadId;
use futures_util::FutureExt;

use super::connection::{self, PageArguments, connection};
use super::error::ApiError;
use super::id;
use super::message::{MailParticipant, Message, MessageConnection};
use super::message_filter::MessageFilter;
use super::own_loaders::{CountsOfThread, MessagesOfThread, ParticipantsOfThread};
use super::reader::Reader;
use super::scalar::DateTime;
use crate::messages::threads;

/// Mails of one mailbox that belong together. Participants, snippet and subject only as far as the viewer may see them.
#[derive(Clone)]
pub struct Thread {
    id: MailThreadId,
    /// What the thread says of itself, its newest message says: so nobody reads more here than there.
    newest: Message,
    reader: Reader,
}

impl Thread {
    pub(super) fn new(thread: threads::Thread, reader: &Reader) -> Self {
        let newest = Message { message: thread.newest, reader: reader.clone() };
        Self { id: thread.id, newest, reader: reader.clone() }
    }

    /// The thread of a message.
    pub(super) async fn of(message: &Message) -> Result<Self, ApiError> {
        let reader = &message.reader;
        let id = message.message.thread.ok_or_else(|| ApiError::fault(&"a message without its thread"))?;
        let thread = reader.own().load_one(id).await?;
        // It may have become part of another since the message was read, which is told with the message.
        let thread = thread.unwrap_or_else(|| threads::Thread { id, newest: message.message.clone() });
        Ok(Self::new(thread, reader))
    }

    async fn counts(&self) -> Result<threads::Counts, ApiError> {
        Ok(self.reader.own().load_one(CountsOfThread(self.id)).await?.unwrap_or_default())
    }
}

/// Mails of one mailbox that belong together. Participants, snippet and subject only as far as the viewer may see them.
#[Object]
impl Thread {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.id)
    }

    /// The subject of its newest message; empty when that has none.
    async fn subject(&self) -> Option<&str> {
        self.newest.seen_subject()
    }

    /// Who wrote and got its messages, each address once, in the order of their first appearance. At most 50, of its newest 50 messages.
    #[graphql(complexity = "connection::list_cost(child_complexity)")]
    async fn participants(&self) -> Result<Vec<MailParticipant>, ApiError> {
        let found = self.reader.own().load_one(ParticipantsOfThread(self.id)).await?.unwrap_or_default();
        let participant = |participant: &crate::messages::Participant| MailParticipant {
            participant: participant.clone(),
            reader: self.reader.clone(),
        };
        Ok(found.iter().map(participant).collect())
    }

    /// The beginning of the text of its newest message.
    async fn snippet(&self) -> Option<&str> {
        self.newest.seen_snippet()
    }

    /// How many messages of it the viewer may see.
    async fn message_count(&self) -> Result<i32, ApiError> {
        Ok(i32::try_from(self.counts().await?.messages).unwrap_or(i32::MAX))
    }

    /// How many of those are not read.
    async fn unread_count(&self) -> Result<i32, ApiError> {
        Ok(i32::try_from(self.counts().await?.unread).unwrap_or(i32::MAX))
    }

    /// When its newest message was received.
    async fn last_message_at(&self) -> DateTime {
        DateTime(self.newest.message.received_at)
    }

    /// Its messages that the viewer may see, newest first.
    #[graphql(complexity = "connection::cost(first, last, child_complexity)")]
    async fn messages(
        &self,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<MessageConnection, ApiError> {
        let page = PageArguments { first, after, last, before }.page()?;
        let rows = self.reader.own().load_one(MessagesOfThread(self.id, page)).await?;
        let rows = rows.ok_or_else(|| ApiError::fault(&"a thread without a page of messages"))??;
        let counting = self.clone();
        let count = Box::new(move || {
            let thread = counting.clone();
            async move { Ok(u64::from(thread.counts().await?.messages)) }.boxed()
        });
        Ok(MessageConnection { rows: rows.map(|message| Message { message, reader: self.reader.clone() }), count })
    }
}

connection!(ThreadConnection, ThreadEdge, Thread, "threads");

/// Reading threads.
#[derive(Default)]
pub struct ThreadQuery;

/// Reading threads.
#[Object]
impl ThreadQuery {
    /// The threads with a message that matches and that the viewer may see, in the order of the newest message of each that the viewer
    /// may see, newest first.
    #[graphql(complexity = "connection::cost(first, last, child_complexity)")]
    async fn threads(
        &self,
        ctx: &Context<'_>,
        filter: Option<MessageFilter>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<ThreadConnection, ApiError> {
        let reader = Reader::of(ctx)?;
        let filter: crate::messages::MessageFilter = filter.unwrap_or_default().try_into()?;
        let page = PageArguments { first, after, last, before }.page()?;
        let rows = threads::list(reader.cx(), reader.db(), &filter, &page).await??;
        let counting = reader.clone();
        let count = Box::new(move || {
            let (reader, filter) = (counting.clone(), filter.clone());
            async move { Ok(threads::count(reader.cx(), reader.db(), &filter).await?) }.boxed()
        });
        Ok(ThreadConnection { rows: rows.map(|thread| Thread::new(thread, reader)), count })
    }
}
