//! Ids as clients see them: opaque text that knows its type, so that a tag's id is never taken for a contact's.

use async_graphql::ID;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::{
    BlockedAddressId, ContactId, ContactImportId, HistoryEntryId, InvitationId, MailAccountEventId, MailAccountId,
    MailAttachmentId, MailFolderId, MailMessageId, MailThreadId, SavedFilterId, ShareId, SkippedMessageId, TagGroupId,
    TagId, UserId, WorkspaceId,
};
use uuid::Uuid;

/// What an id names. The discriminant is the first byte of the id's text: never change one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Type {
    /// A workspace.
    Workspace = 1,
    /// A user.
    User = 2,
    /// A contact.
    Contact = 3,
    /// A tag.
    Tag = 4,
    /// A group of tags.
    TagGroup = 5,
    /// A connected mailbox.
    MailAccount = 6,
    /// A folder of a mailbox.
    MailFolder = 7,
    /// A mail.
    Message = 8,
    /// A file in a mail.
    Attachment = 9,
    /// A sign-in.
    Session = 10,
    /// A filter kept under a name.
    SavedFilter = 11,
    /// A run of an import.
    ContactImport = 14,
    /// Something in the history of a contact or tag.
    HistoryEntry = 13,
    /// Mails that belong together.
    Thread = 18,
    /// An invitation.
    Invitation = 16,
    /// What somebody lets a colleague see.
    Share = 20,
    /// A mail that could not be stored.
    SkippedMessage = 22,
    /// Something that happened to a mailbox.
    MailAccountEvent = 23,
    /// An address or domain whose mail is hidden.
    BlockedAddress = 26,
}

const TYPES: [Type; 19] = [
    Type::Workspace,
    Type::User,
    Type::Contact,
    Type::Tag,
    Type::TagGroup,
    Type::MailAccount,
    Type::MailFolder,
    Type::Message,
    Type::Attachment,
    Type::Session,
    Type::SavedFilter,
    Type::ContactImport,
    Type::HistoryEntry,
    Type::Thread,
    Type::SkippedMessage,
    Type::MailAccountEvent,
    Type::Share,
    Type::BlockedAddress,
    Type::Invitation,
];

/// A typed id that has a form in the API.
pub trait ApiId: Copy + Into<Uuid> + From<Uuid> {
    /// What it names.
    const TYPE: Type;
}

macro_rules! api_ids {
    ($($id:ty => $type:ident),* $(,)?) => {$(
        impl ApiId for $id {
            const TYPE: Type = Type::$type;
        }
    )*};
}

api_ids! {
    WorkspaceId => Workspace,
    UserId => User,
    ContactId => Contact,
    TagId => Tag,
    TagGroupId => TagGroup,
    MailAccountId => MailAccount,
    MailFolderId => MailFolder,
    MailMessageId => Message,
    MailAttachmentId => Attachment,
    SavedFilterId => SavedFilter,
    ContactImportId => ContactImport,
    HistoryEntryId => HistoryEntry,
    MailThreadId => Thread,
    SkippedMessageId => SkippedMessage,
    MailAccountEventId => MailAccountEvent,
    ShareId => Share,
    BlockedAddressId => BlockedAddress,
    InvitationId => Invitation,
}

/// The API's text of an id.
#[must_use]
pub fn encode<T: ApiId>(id: T) -> ID {
    encode_as(T::TYPE, id.into())
}

/// The API's text of an id whose type is only known here.
#[must_use]
pub fn encode_as(of: Type, id: Uuid) -> ID {
    let mut bytes = [of as u8; 17];
    bytes[1..].copy_from_slice(id.as_bytes());
    ID(URL_SAFE_NO_PAD.encode(bytes))
}

/// What a text names; none when it is no id.
#[must_use]
pub fn decode_any(id: &str) -> Option<(Type, Uuid)> {
    let bytes = URL_SAFE_NO_PAD.decode(id).ok()?;
    let (of, uuid) = bytes.split_first()?;
    let of = TYPES.into_iter().find(|known| *known as u8 == *of)?;
    Some((of, Uuid::from_slice(uuid).ok()?))
}

/// The typed id of a text. None for the id of something else, which is then as if it never existed.
#[must_use]
pub fn decode<T: ApiId>(id: &str) -> Option<T> {
    decode_any(id).filter(|(of, _)| *of == T::TYPE).map(|(_, uuid)| T::from(uuid))
}

/// As `decode`, with an id that names nothing for what is none: commands then answer as for one that never existed.
#[must_use]
pub fn decode_or_nil<T: ApiId>(id: &str) -> T {
    decode(id).unwrap_or_else(|| T::from(Uuid::nil()))
}
