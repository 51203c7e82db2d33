//! Which mail is asked for.

use async_graphql::{ID, InputObject};

use super::contact_filter::ContactFilter;
use super::error::ApiError;
use super::mail_folder::MailFolderRole;
use super::scalar::DateTime;
use super::{highlight, id};
use crate::{contacts, messages};

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
    /// Mail of the contacts that match, in the language of filters: `#hot and not #lost`.
    pub contact_query: Option<String>,
    /// Every word begins a word of the subject, of a name or address on it, or of the text; accents and case do not count. At most
    /// 1 000 characters and 20 words. A text without letters and digits finds everything.
    pub text: Option<String>,
    /// Not read (true), or read (false).
    pub unseen: Option<bool>,
    /// With attachments (true), or without (false).
    pub has_attachment: Option<bool>,
    /// Received then or later.
    pub since: Option<DateTime>,
    /// Received before.
    pub until: Option<DateTime>,
}

impl TryFrom<MessageFilter> for messages::MessageFilter {
    type Error = ApiError;

    fn try_from(asked: MessageFilter) -> Result<Self, ApiError> {
        let contacts = asked
            .contact_query
            .map(|query| contacts::Filter::try_from(ContactFilter { query: Some(query), ..ContactFilter::default() }));
        Ok(Self {
            account_ids: asked.account_ids.map(|ids| ids.iter().map(|id| id::decode_or_nil(id)).collect()),
            folder_role: asked.folder_role.map(Into::into),
            folder_id: asked.folder_id.map(|id| id::decode_or_nil(&id)),
            contact_id: asked.contact_id.map(|id| id::decode_or_nil(&id)),
            contacts: contacts.transpose()?,
            text: asked.text.as_deref().map(highlight::parse).transpose()?,
            unseen: asked.unseen,
            has_attachment: asked.has_attachment,
            since: asked.since.map(|since| since.0),
            until: asked.until.map(|until| until.0),
        })
    }
}
