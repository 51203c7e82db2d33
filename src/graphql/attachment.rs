//! Files in mail.

use std::collections::HashMap;

use async_graphql::{ID, Object};
use entity::MailAttachmentId;

use super::error::ApiError;
use super::id;
use super::reader::Reader;
use crate::messages::{self, Purpose};

/// A file in a message.
#[derive(Clone)]
pub struct Attachment {
    pub(super) attachment: messages::Attachment,
    pub(super) reader: Reader,
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

    /// Bytes. Of a message so large that only its beginning is stored: those that are there.
    async fn size(&self) -> i32 {
        i32::try_from(self.attachment.size).unwrap_or(i32::MAX)
    }

    /// Whether the message's HTML shows it, so that a list of files may leave it out.
    async fn inline(&self) -> bool {
        self.attachment.inline
    }

    /// Short-lived download address: good for ten minutes, and as long as who asked for it is signed in and may see the message. Null
    /// when only the beginning of the message is stored.
    async fn url(&self) -> Result<Option<String>, ApiError> {
        let message = self.reader.own().load_one(self.attachment.message).await?;
        if message.is_none_or(|message| message.partial) {
            return Ok(None);
        }
        address(&self.reader, self.attachment.id, Purpose::Save)
    }
}

/// Addresses of the pictures among a message's files, by their content ids.
pub(super) fn pictures(reader: &Reader, files: &[messages::Attachment]) -> Result<HashMap<String, String>, ApiError> {
    let mut addresses = HashMap::new();
    for file in files.iter().filter(|file| file.inline) {
        let Some(id) = &file.content_id else { continue };
        if let Some(address) = address(reader, file.id, Purpose::Show)? {
            addresses.insert(id.clone(), address);
        }
    }
    Ok(addresses)
}

fn address(reader: &Reader, id: MailAttachmentId, purpose: Purpose) -> Result<Option<String>, ApiError> {
    let app = reader.app();
    let ticket = messages::ticket(reader.cx(), &app.secrets, id, purpose).map_err(|error| ApiError::fault(&error))?;
    Ok(ticket.map(|ticket| format!("{}/blobs/attachment?ticket={ticket}", app.config.public_url)))
}
