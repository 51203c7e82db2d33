//! Mail that arrives, and what becomes of mailboxes.

use async_graphql::{ID, Object};
use entity::{MailAccountId, MailMessageId};

use super::error::ApiError;
use super::following::Event;
use super::id;
use super::mail_account::MailAccount;
use super::message::Message;
use super::reader::Reader;
use super::scalar::{Cursor, DateTime};
use crate::changes::Kind;

/// A mail that arrived.
pub struct MessageReceived {
    cursor: Cursor,
    occurred_at: DateTime,
    id: MailMessageId,
    reader: Reader,
}

impl MessageReceived {
    /// An event as the arrival of mail in one of these mailboxes, or in any.
    pub(super) fn of(event: &Event, accounts: Option<&[MailAccountId]>) -> Option<Self> {
        let change = &event.change;
        let wanted =
            accounts.is_none_or(|wanted| change.after.mailbox().is_some_and(|account| wanted.contains(&account)));
        (change.kind == Kind::Message && change.body.arrived && wanted).then(|| Self {
            cursor: Cursor(event.cursor.to_string()),
            occurred_at: DateTime(change.at),
            id: MailMessageId(change.subject),
            reader: event.reader.clone(),
        })
    }
}

/// A mail that arrived.
#[Object]
impl MessageReceived {
    /// Behind this arrival.
    async fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// When it was stored.
    async fn occurred_at(&self) -> DateTime {
        self.occurred_at
    }

    /// Its id.
    async fn message_id(&self) -> ID {
        id::encode(self.id)
    }

    /// Null when gone or not visible now.
    async fn message(&self) -> Option<Result<Message, ApiError>> {
        let message = self.reader.own().load_one(self.id).await.map_err(ApiError::from).transpose()?;
        Some(message.map(|message| Message { message, reader: self.reader.clone() }))
    }
}

/// A change of a mailbox: its state, problem, progress or folders.
pub struct MailAccountChanged {
    cursor: Cursor,
    occurred_at: DateTime,
    id: MailAccountId,
    reader: Reader,
}

impl MailAccountChanged {
    /// An event as a change of this mailbox, or of any.
    pub(super) fn of(event: &Event, account: Option<MailAccountId>) -> Option<Self> {
        let change = &event.change;
        let wanted = account.is_none_or(|account| account.0 == change.subject);
        (change.kind == Kind::MailAccount && wanted).then(|| Self {
            cursor: Cursor(event.cursor.to_string()),
            occurred_at: DateTime(change.at),
            id: MailAccountId(change.subject),
            reader: event.reader.clone(),
        })
    }
}

/// A change of a mailbox: its state, problem, progress or folders.
#[Object]
impl MailAccountChanged {
    /// Behind this change.
    async fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// When it happened.
    async fn occurred_at(&self) -> DateTime {
        self.occurred_at
    }

    /// The mailbox's id.
    async fn mail_account_id(&self) -> ID {
        id::encode(self.id)
    }

    /// The mailbox as it is now; null when gone or not visible now.
    async fn mail_account(&self) -> Option<Result<MailAccount, ApiError>> {
        let account = self.reader.own().load_one(self.id).await.map_err(ApiError::from).transpose()?;
        Some(account.map(|account| MailAccount { account, reader: self.reader.clone() }))
    }
}
