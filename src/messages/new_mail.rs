//! A mail about to be stored.

use entity::mail_message::Bulk;
use entity::mail_participant::Role;
use entity::{MailAccountId, MailMessageId, Timestamp, mail_attachment, mail_message, mail_participant};
use sha2::{Digest, Sha256};

use super::mime::{ParsedAddress, ParsedAttachment, ParsedMessage};
use super::{Flags, SearchWords, search};
use crate::access::Cx;
use crate::blobs::Locator;
use crate::text::EmailAddress;

/// What tells distinct mails of a mailbox apart. Never the `Message-ID` header: it can be repeated, forged or absent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity(Vec<u8>);

impl Identity {
    /// By Gmail's number of the message (X-GM-MSGID).
    #[must_use]
    pub fn gmail(id: u64) -> Self {
        Self([b"g".as_slice(), &id.to_be_bytes()].concat())
    }

    /// By the server's EMAILID (RFC 8474).
    #[must_use]
    pub fn email_id(id: &str) -> Self {
        Self([b"e".as_slice(), &Sha256::digest(id.as_bytes())].concat())
    }

    /// By a fingerprint of the content.
    #[must_use]
    pub fn content(fingerprint: [u8; 32]) -> Self {
        Self([b"c".as_slice(), &fingerprint].concat())
    }

    /// The stored form.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

/// A mail about to be stored. Its bytes are already.
#[derive(Clone, Debug)]
pub struct NewMail {
    /// What tells it apart.
    pub identity: Identity,
    /// Where its bytes are.
    pub locator: Locator,
    /// When its server received it.
    pub received_at: Timestamp,
    /// Bytes on its server.
    pub size: u32,
    /// Whether only its beginning is stored.
    pub partial: bool,
    /// Whether it is announced: it arrived after its mailbox was first connected.
    pub arrived: bool,
    /// The conversation, as the server tells it.
    pub provider_thread: Option<String>,
    pub(super) words: Option<SearchWords>,
    message_id: Option<String>,
    in_reply_to: Option<String>,
    references: String,
    subject: String,
    snippet: String,
    sent_at: Option<Timestamp>,
    participants: Vec<NewParticipant>,
    attachments: Vec<ParsedAttachment>,
    pub(super) bulk: Option<Bulk>,
}

#[derive(Clone, Debug)]
pub(super) struct NewParticipant {
    pub(super) role: Role,
    pub(super) name: Option<String>,
    pub(super) address: String,
    pub(super) key: String,
}

/// Where a mail came from and how.
#[derive(Clone, Debug)]
pub struct Origin {
    /// What tells it apart; none to tell it by its content.
    pub identity: Option<Identity>,
    /// When its server received it.
    pub received_at: Timestamp,
    /// Bytes on its server.
    pub size: u32,
    /// Whether only its beginning is here.
    pub partial: bool,
    /// Whether it is announced.
    pub arrived: bool,
    /// The conversation, as the server tells it.
    pub provider_thread: Option<String>,
    /// What it is found by; none to have it indexed behind its storing.
    pub words: Option<SearchWords>,
}

impl NewMail {
    /// From what was read of it. Text and HTML are not kept: they are read anew from the bytes.
    #[must_use]
    pub fn new(mut parsed: ParsedMessage, locator: Locator, origin: Origin) -> Self {
        let participants = participants(&mut parsed);
        let bulk = if parsed.list_id.is_some() || parsed.unsubscribable { Some(Bulk::List) } else { None };
        Self {
            bulk: bulk.or(parsed.automatic.then_some(Bulk::Automatic)),
            identity: origin.identity.unwrap_or_else(|| Identity::content(parsed.fingerprint)),
            locator,
            received_at: origin.received_at,
            size: origin.size,
            partial: origin.partial,
            arrived: origin.arrived,
            provider_thread: origin.provider_thread,
            words: origin.words,
            message_id: parsed.message_id,
            in_reply_to: parsed.in_reply_to.into_iter().next(),
            references: parsed.references.join(" "),
            subject: parsed.subject,
            snippet: parsed.snippet,
            sent_at: parsed.sent_at.map(Timestamp),
            participants,
            attachments: parsed.attachments,
        }
    }

    pub(super) fn participants(&self) -> &[NewParticipant] {
        &self.participants
    }

    /// Its row, at one place with these flags.
    pub(super) fn row(&self, cx: &Cx, account: MailAccountId, id: MailMessageId, flags: &Flags) -> mail_message::Model {
        mail_message::Model {
            workspace: cx.workspace,
            id,
            account,
            identity: self.identity.0.clone(),
            message_id: self.message_id.clone(),
            in_reply_to: self.in_reply_to.clone(),
            reference_ids: self.references.clone(),
            provider_thread: self.provider_thread.clone(),
            thread: None,
            subject: self.subject.clone(),
            snippet: self.snippet.clone(),
            sent_at: self.sent_at,
            received_at: self.received_at,
            size: i64::from(self.size),
            partial: self.partial,
            has_attachment: self.attachments.iter().any(|attachment| !attachment.inline),
            private: false,
            seen: flags.seen,
            flagged: flags.flagged,
            answered: flags.answered,
            locations: 1,
            gone_at: None,
            hidden: false,
            blocked: false,
            bulk: self.bulk,
            pack: self.locator.pack.clone(),
            pack_offset: i64::from(self.locator.offset),
            pack_length: i64::from(self.locator.length),
            hash: self.locator.hash.to_vec(),
            version: 1,
            created_at: cx.now(),
            search_place: self.words.as_ref().map(|_| search::place(self.received_at, id)),
        }
    }

    /// The rows of who is on it.
    pub(super) fn participant_rows<'a>(
        &'a self,
        cx: &'a Cx,
        message: MailMessageId,
        address: impl Fn(&str) -> Option<entity::AddressId> + 'a,
    ) -> impl Iterator<Item = mail_participant::Model> + 'a {
        self.participants.iter().zip(0..).filter_map(move |(participant, position)| {
            Some(mail_participant::Model {
                workspace: cx.workspace,
                message,
                position,
                role: participant.role,
                address: address(&participant.key)?,
                name: participant.name.clone(),
                received_at: self.received_at,
            })
        })
    }

    /// The rows of what is attached.
    pub(super) fn attachment_rows<'a>(
        &'a self,
        cx: &'a Cx,
        message: MailMessageId,
    ) -> impl Iterator<Item = mail_attachment::Model> + 'a {
        self.attachments.iter().map(move |attachment| mail_attachment::Model {
            workspace: cx.workspace,
            id: cx.new_id(),
            message,
            part: i32::try_from(attachment.part).unwrap_or(i32::MAX),
            filename: attachment.filename.clone(),
            content_type: attachment.content_type.clone(),
            size: i64::try_from(attachment.size).unwrap_or(i64::MAX),
            content_id: attachment.content_id.clone(),
            inline: attachment.inline,
        })
    }
}

/// Who is on a mail, in the order in which that is stored.
pub(super) fn participants(parsed: &mut ParsedMessage) -> Vec<NewParticipant> {
    let mut participants = Vec::new();
    for (role, addresses) in [
        (Role::From, &mut parsed.from),
        (Role::To, &mut parsed.to),
        (Role::Cc, &mut parsed.cc),
        (Role::Bcc, &mut parsed.bcc),
        (Role::ReplyTo, &mut parsed.reply_to),
    ] {
        participants.extend(std::mem::take(addresses).into_iter().filter_map(|address| participant(role, address)));
    }
    participants
}

fn participant(role: Role, address: ParsedAddress) -> Option<NewParticipant> {
    let key = EmailAddress::key_of(&address.address);
    (!key.is_empty()).then_some(NewParticipant { role, name: address.name, address: address.address, key })
}
