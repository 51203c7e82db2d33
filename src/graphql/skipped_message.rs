//! Mail that could not be stored yet.

use async_graphql::{Context, ID, Object};

use super::command::payload;
use super::connection::connection;
use super::error::{ApiError, ErrorCode, UserError};
use super::id;
use super::reader::Reader;
use super::scalar::DateTime;
use crate::messages;

/// A mail that could not be stored, and why; it is tried again at `retryAt`. Seen by the mailbox's owner.
#[derive(Clone)]
pub struct SkippedMessage {
    pub(super) skipped: messages::SkippedMessage,
}

/// A mail that could not be stored, and why; it is tried again at `retryAt`. Seen by the mailbox's owner.
#[Object]
impl SkippedMessage {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.skipped.id)
    }

    /// Its number in the folder (RFC 3501), for whoever runs the mail server.
    async fn uid(&self) -> String {
        self.skipped.uid.to_string()
    }

    /// Why it could not be stored, in plain words.
    async fn reason(&self) -> &str {
        &self.skipped.reason
    }

    /// Its subject; null when not even its headers could be read.
    async fn subject(&self) -> Option<&str> {
        self.skipped.subject.as_deref()
    }

    /// Who sent it; null when not even its headers could be read.
    async fn from(&self) -> Option<&str> {
        self.skipped.from.as_deref()
    }

    /// When it was sent, as its sender says; null when not even its headers could be read.
    async fn date(&self) -> Option<DateTime> {
        self.skipped.date.map(DateTime)
    }

    /// When it is tried again.
    async fn retry_at(&self) -> Option<DateTime> {
        Some(DateTime(self.skipped.retry_at))
    }
}

connection!(SkippedMessageConnection, SkippedMessageEdge, SkippedMessage, "skipped mails");
payload!(SkippedMessagePayload, skipped_message: SkippedMessage, "The mail as it is until it was tried.");

/// Trying skipped mail again.
#[derive(Default)]
pub struct SkippedMessageMutation;

/// Trying skipped mail again.
#[Object]
impl SkippedMessageMutation {
    /// Tries a skipped mail again now, behind the answer. One that is stored meanwhile is not found any more.
    async fn retry_skipped_message(&self, ctx: &Context<'_>, id: ID) -> Result<SkippedMessagePayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let signals = &reader.app().mail_sync.deps().signals;
        let skipped = id::decode_or_nil(&id);
        let found = messages::retry_skipped(reader.cx(), reader.db(), signals, skipped).await?;
        let message = "There is no such skipped mail. It may be stored by now.";
        let found = found.ok_or_else(|| UserError::new(ErrorCode::NotFound, message, &["id"]));
        Ok(found.map(|skipped| SkippedMessage { skipped }).into())
    }
}
