//! What is done with a mail.

use async_graphql::{Context, ID, Object};

use super::command::{payload, run};
use super::error::{ApiError, ErrorCode, Refusal, UserError};
use super::id;
use super::message::Message;
use super::reader::Reader;
use crate::messages::{self, MarkError};

payload!(MessagePayload, message: Message, "The mail as it is now.");

/// What is done with a mail.
#[derive(Default)]
pub struct MessageMutation;

/// What is done with a mail.
#[Object]
impl MessageMutation {
    /// Keeps a mail from those with whom one shares the inbox, or no longer does. By its owner only. Colleagues with VIEW_PRIVATE_MAIL
    /// see it all the same, as far as the inbox is shared with them.
    async fn set_message_private(&self, ctx: &Context<'_>, id: ID, private: bool) -> Result<MessagePayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let message = id::decode_or_nil(&id);
        let made = run(&["id"], || messages::set_private(reader.cx(), reader.db(), message, private)).await?;
        Ok(made.map(|message| Message { message, reader: reader.clone() }).into())
    }
}

impl Refusal for MarkError {
    fn refusal(self, path: &[&str]) -> Result<UserError, ApiError> {
        let message = self.to_string();
        Ok(match self {
            Self::NotFound => UserError::new(ErrorCode::NotFound, message, path),
            Self::NotYours => UserError::new(ErrorCode::Forbidden, message, path),
            Self::Fault(fault) => return Err(fault.into()),
        })
    }

    fn lost_a_race(&self) -> bool {
        matches!(self, Self::Fault(fault) if fault.is_transient())
    }
}
