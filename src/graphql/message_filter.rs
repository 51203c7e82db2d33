//! Which mail is asked for.

use async_graphql::{ID, InputObject};

use super::id;
use super::mail_folder::MailFolderRole;
use super::scalar::DateTime;
use crate::messages;

/// Which messages; all members hold together.
#[derive(InputObject, Default)]
pub struct MessageFilter {
    /// In one of these mailboxes.
    pub account_ids: Option<Vec<ID>>,
    /// In a folder of this kind.
    pub folder_role: Option<MailFolderRole>,
    /// In this folder.
    pub folder_id: Option<ID>,
    /// With an address of this contact.
    pub contact_id: Option<ID>,
    /// Not read (true), or read (false).
    pub unseen: Option<bool>,
    /// With attachments (true), or without (false).
    pub has_attachment: Option<bool>,
    /// Received then or later.
    pub since: Option<DateTime>,
    /// Received before.
    pub until: Option<DateTime>,
}

impl From<MessageFilter> for messages::MessageFilter {
    fn from(asked: MessageFilter) -> Self {
        Self {
            account_ids: asked.account_ids.map(|ids| ids.iter().map(|id| id::decode_or_nil(id)).collect()),
            folder_role: asked.folder_role.map(Into::into),
            folder_id: asked.folder_id.map(|id| id::decode_or_nil(&id)),
            contact_id: asked.contact_id.map(|id| id::decode_or_nil(&id)),
            unseen: asked.unseen,
            has_attachment: asked.has_attachment,
            since: asked.since.map(|since| since.0),
            until: asked.until.map(|until| until.0),
        }
    }
}
