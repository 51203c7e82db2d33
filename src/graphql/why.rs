//! Answers for support: why mail is with a contact, and why it is not seen.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use entity::ContactId;

use super::block::BlockedAddress;
use super::connection;
use super::error::ApiError;
use super::id;
use super::message::MailParticipant;
use super::reader::Reader;
use super::scalar::DateTime;
use crate::messages::{self, ParticipantRole, Sight};

/// As what somebody is on a message.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "ParticipantRole")]
pub enum MailParticipantRole {
    /// Its author.
    From,
    /// Its recipient.
    To,
    /// Recipient of a copy.
    Cc,
    /// Hidden recipient.
    Bcc,
    /// Where answers should go.
    ReplyTo,
}

/// Somebody on a message whose address is the contact's.
#[derive(SimpleObject)]
pub struct MessageLink {
    /// As what they are on it.
    pub role: MailParticipantRole,
    /// Who.
    pub participant: MailParticipant,
}

/// Why a message is with a contact, or not.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct WhyLinked {
    /// Whether it is.
    pub linked: bool,
    /// One plain sentence.
    pub message: String,
    #[graphql(skip)]
    links: Vec<(ParticipantRole, MailParticipant)>,
}

#[async_graphql::ComplexObject]
impl WhyLinked {
    /// All that link them; empty when they are not linked.
    #[graphql(complexity = "connection::list_cost(child_complexity)")]
    async fn links(&self) -> Vec<MessageLink> {
        let link = |(role, participant): &(ParticipantRole, MailParticipant)| MessageLink {
            role: (*role).into(),
            participant: participant.clone(),
        };
        self.links.iter().map(link).collect()
    }
}

/// Why a message is not seen.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageVisibilityReason {
    /// It is seen.
    Visible,
    /// There is no such message for the viewer.
    Unknown,
    /// The mail server no longer has it.
    GoneFromServer,
    /// It is blocked.
    Blocked,
    /// Its mailbox is being removed with all its mail.
    MailboxRemoved,
}

/// Why a message is seen, or not.
#[derive(SimpleObject)]
pub struct WhyNotVisible {
    /// Whether it is.
    pub visible: bool,
    /// For programs.
    pub reason: MessageVisibilityReason,
    /// One plain sentence.
    pub message: String,
    /// Since when the mail server no longer has it.
    pub since: Option<DateTime>,
    /// What blocks it.
    pub blocked: Option<BlockedAddress>,
}

/// Answers for support.
#[derive(Default)]
pub struct WhyQuery;

/// Answers for support.
#[Object]
impl WhyQuery {
    /// Which addresses on a message make it a contact's. Null when the viewer sees no such message, or there is no such contact.
    async fn why_linked(
        &self,
        ctx: &Context<'_>,
        message_id: ID,
        contact_id: ID,
    ) -> Option<Result<WhyLinked, ApiError>> {
        why_linked(ctx, &message_id, &contact_id).await.transpose()
    }

    /// Why the viewer does not see a message. Only who owns its mailbox is told why; to all others it is as if it never existed.
    async fn why_not_visible(&self, ctx: &Context<'_>, message_id: ID) -> Result<WhyNotVisible, ApiError> {
        use MessageVisibilityReason as Reason;
        let reader = Reader::of(ctx)?;
        let sight = messages::why_not_visible(reader.cx(), reader.db(), id::decode_or_nil(&message_id)).await?;
        let answer = |reason, message: &str| WhyNotVisible {
            visible: reason == Reason::Visible,
            reason,
            message: message.to_owned(),
            since: None,
            blocked: None,
        };
        Ok(match sight {
            Sight::Seen => answer(Reason::Visible, "You can see this message."),
            Sight::Unknown => answer(Reason::Unknown, "There is no such message for you."),
            Sight::MailboxRemoved => {
                answer(Reason::MailboxRemoved, "Its mailbox was disconnected, and its messages are being removed.")
            }
            Sight::Gone { since } => WhyNotVisible {
                since: since.map(DateTime),
                ..answer(Reason::GoneFromServer, "The mail server no longer has it in any folder that is read.")
            },
            Sight::Blocked(Some(blocked)) => {
                let message = match blocked.scope() {
                    messages::blocks::BlockScope::User => format!("You blocked {}.", blocked.pattern),
                    messages::blocks::BlockScope::Workspace => {
                        format!("{} is blocked in your workspace.", blocked.pattern)
                    }
                };
                let blocked = Some(BlockedAddress::new(blocked));
                WhyNotVisible { blocked, ..answer(Reason::Blocked, &message) }
            }
            Sight::Blocked(None) => {
                answer(Reason::Blocked, "It was blocked until now, and is about to be shown again.")
            }
        })
    }
}

async fn why_linked(ctx: &Context<'_>, message: &ID, contact: &ID) -> Result<Option<WhyLinked>, ApiError> {
    let reader = Reader::of(ctx)?;
    let contact: ContactId = id::decode_or_nil(contact);
    let Some(found) = reader.shared().load_one(contact).await? else { return Ok(None) };
    let links = messages::why_linked(reader.cx(), reader.db(), id::decode_or_nil(message), contact).await?;
    let Some(links) = links else { return Ok(None) };
    let addresses: Vec<&str> = links.iter().map(|one| one.address.as_str()).collect();
    let message = if links.is_empty() {
        format!("No address of {} is on this message.", found.name)
    } else {
        format!("{} has an address that is on this message: {}.", found.name, addresses.join(", "))
    };
    let participant = |one: messages::Participant| (one.role, MailParticipant::new(one, reader));
    Ok(Some(WhyLinked { linked: !links.is_empty(), message, links: links.into_iter().map(participant).collect() }))
}
