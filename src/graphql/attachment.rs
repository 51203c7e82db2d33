//! Files in mail.

use async_graphql::{ID, Object};

use super::id;
use crate::messages;

/// A file in a message.
#[derive(Clone)]
pub struct Attachment {
    pub(super) attachment: messages::Attachment,
}

/// A file in a message.
#[Object]
impl Attachment {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.attachment.id)
    }

    /// Its name; empty when it has none.
    async fn filename(&self) -> &str {
        &self.attachment.filename
    }

    /// Media type, as its sender says.
    async fn content_type(&self) -> &str {
        &self.attachment.content_type
    }

    /// Bytes.
    async fn size(&self) -> i32 {
        i32::try_from(self.attachment.size).unwrap_or(i32::MAX)
    }
}
