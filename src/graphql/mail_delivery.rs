//! How a mail that Tagwire sends is doing.

use async_graphql::{Enum, Object};

use super::scalar::DateTime;
use crate::post::{self, Delivery};

/// How a mail that Tagwire sends is doing.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "post::State")]
pub enum DeliveryState {
    /// To be sent; `lastError` says why it is not yet.
    Queued,
    /// The mail server took it.
    Sent,
    /// It will not be sent; `lastError` says why.
    Failed,
}

/// How a mail that Tagwire sends is doing.
#[derive(Clone)]
pub struct MailDelivery(pub(super) Delivery);

/// How a mail that Tagwire sends is doing.
#[Object]
impl MailDelivery {
    /// Queued, sent or failed.
    async fn state(&self) -> DeliveryState {
        self.0.state.into()
    }

    /// How often it was tried.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// Why it is not sent yet, or will not be.
    async fn last_error(&self) -> Option<&str> {
        self.0.last_error.as_deref()
    }

    /// When the mail server took it.
    async fn sent_at(&self) -> Option<DateTime> {
        self.0.sent_at.map(DateTime)
    }
}
