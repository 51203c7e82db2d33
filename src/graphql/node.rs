//! Anything that has an id.

use async_graphql::{ID, Interface};
use entity::{
    BlockedAddressId, ContactId, ContactImportId, HistoryEntryId, InvitationId, MailAccountEventId, MailAccountId,
    MailAttachmentId, MailFolderId, MailMessageId, MailThreadId, SavedFilterId, ShareId, SkippedMessageId, TagGroupId,
    TagId, UserId, WorkspaceId,
};
use uuid::Uuid;

use super::attachment::Attachment;
use super::block::BlockedAddress;
use super::contact::Contact;
use super::contact_import::ContactImport;
use super::error::ApiError;
use super::history::HistoryEntry;
use super::id::Type;
use super::invitation::Invitation;
use super::mail_account::MailAccount;
use super::mail_account_event::MailAccountEvent;
use super::mail_folder::MailFolder;
use super::message::Message;
use super::reader::Reader;
use super::saved_filter::SavedFilter;
use super::share::Share;
use super::skipped_message::SkippedMessage;
use super::tag::Tag;
use super::tag_group::TagGroup;
use super::thread::Thread;
use super::user::{User, Workspace};
use crate::{mail_accounts, messages, users};

/// Anything that has an id.
#[derive(Interface, Clone)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque, and unique among all objects."))]
pub enum Node {
    /// A workspace.
    Workspace(Workspace),
    /// A user.
    User(User),
    /// A contact.
    Contact(Contact),
    /// A tag.
    Tag(Tag),
    /// A group of tags.
    TagGroup(TagGroup),
    /// A filter kept under a name.
    SavedFilter(SavedFilter),
    /// A run of an import.
    ContactImport(ContactImport),
    /// A connected mailbox.
    MailAccount(MailAccount),
    /// A folder of a mailbox.
    MailFolder(MailFolder),
    /// A mail.
    Message(Message),
    /// Mails that belong together.
    Thread(Thread),
    /// A file in a mail.
    Attachment(Attachment),
    /// Something in the history of a contact or tag.
    HistoryEntry(HistoryEntry),
    /// A mail that could not be stored.
    SkippedMessage(SkippedMessage),
    /// Something that happened to a mailbox.
    MailAccountEvent(MailAccountEvent),
    /// What somebody lets a colleague see.
    Share(Share),
    /// An address or domain whose mail is hidden.
    BlockedAddress(BlockedAddress),
    /// An invitation.
    Invitation(Invitation),
}

impl Node {
    /// The object with this id, as far as the viewer may see it.
    pub(super) async fn load(reader: &Reader, of: Type, id: Uuid) -> Result<Option<Self>, ApiError> {
        let loaders = reader.shared();
        Ok(match of {
            Type::Workspace if reader.cx().workspace == WorkspaceId(id) => {
                users::workspace(reader.cx(), reader.db()).await?.map(|workspace| Self::Workspace(Workspace(workspace)))
            }
            Type::User => loaders.load_one(UserId(id)).await?.map(|user| Self::User(User::new(user, reader))),
            Type::Contact => {
                let contact = loaders.load_one(ContactId(id)).await?;
                contact.map(|contact| Self::Contact(Contact { contact, reader: reader.clone() }))
            }
            Type::Tag => loaders.load_one(TagId(id)).await?.map(|tag| Self::Tag(Tag::new(tag, reader))),
            Type::TagGroup => {
                let group = loaders.load_one(TagGroupId(id)).await?;
                group.map(|group| Self::TagGroup(TagGroup { group, reader: reader.clone() }))
            }
            Type::SavedFilter => {
                let filter = reader.own().load_one(SavedFilterId(id)).await?;
                filter.map(|filter| Self::SavedFilter(SavedFilter { filter, reader: reader.clone() }))
            }
            Type::ContactImport => {
                let import = reader.own().load_one(ContactImportId(id)).await?;
                import.map(|import| Self::ContactImport(ContactImport { import, reader: reader.clone() }))
            }
            Type::MailAccount => {
                let account = reader.own().load_one(MailAccountId(id)).await?;
                account.map(|account| Self::MailAccount(MailAccount { account, reader: reader.clone() }))
            }
            Type::MailFolder => {
                let folder = reader.own().load_one(MailFolderId(id)).await?;
                folder.map(|folder| Self::MailFolder(MailFolder { folder, reader: reader.clone() }))
            }
            Type::Message => {
                let message = reader.own().load_one(MailMessageId(id)).await?;
                message.map(|message| Self::Message(Message { message, reader: reader.clone() }))
            }
            Type::Thread => {
                let thread = reader.own().load_one(MailThreadId(id)).await?;
                thread.map(|thread| Self::Thread(Thread::new(thread, reader)))
            }
            Type::Attachment => {
                let attachment = reader.own().load_one(MailAttachmentId(id)).await?;
                attachment.map(|attachment| Self::Attachment(Attachment { attachment, reader: reader.clone() }))
            }
            Type::SkippedMessage => {
                let skipped = messages::skipped_by_id(reader.cx(), reader.db(), SkippedMessageId(id)).await?;
                skipped.map(|skipped| Self::SkippedMessage(SkippedMessage { skipped }))
            }
            Type::MailAccountEvent => {
                let event = mail_accounts::event(reader.cx(), reader.db(), MailAccountEventId(id)).await?;
                event.map(|event| Self::MailAccountEvent(MailAccountEvent { event }))
            }
            Type::Share => {
                let share = reader.own().load_one(ShareId(id)).await?;
                share.map(|share| Self::Share(Share { share, reader: reader.clone() }))
            }
            Type::BlockedAddress => BlockedAddress::load(reader, BlockedAddressId(id)).await?.map(Self::BlockedAddress),
            Type::Invitation => Invitation::load(reader, InvitationId(id)).await?.map(Self::Invitation),
            Type::HistoryEntry => HistoryEntry::load(reader, HistoryEntryId(id)).await?.map(Self::HistoryEntry),
            _ => None,
        })
    }
}
