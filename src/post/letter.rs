//! A letter, and the mail that is made of it.

use std::time::{Duration, UNIX_EPOCH};

use entity::outbox;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use serde::{Deserialize, Serialize};

use super::PostError;
use crate::secrets::Secret;
use crate::text;

/// Characters of a subject or name. More is no use to anybody.
const LINE: usize = 400;

/// What is sent to somebody, as plain text and as HTML that say the same.
#[derive(Clone, Serialize, Deserialize)]
pub struct Letter {
    /// Their name.
    pub name: String,
    /// Their address.
    pub address: String,
    /// What it is about.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

impl Letter {
    /// Nothing of it may break out of its header or command (RFC 5321 and 5322 end a line with CR LF; servers take less for one).
    pub(super) fn check(&self) -> Result<(), PostError> {
        let lines = [&self.name, &self.address, &self.subject];
        if lines.iter().any(|line| !text::is_one_line(line) || line.chars().count() > LINE) {
            return Err(PostError::Unsendable("a header of several lines"));
        }
        self.recipient().map(drop)
    }

    pub(super) fn to_secret(&self) -> Result<Secret, PostError> {
        serde_json::to_string(self).map(Secret::from).map_err(|_| PostError::Unsendable("it cannot be written down"))
    }

    pub(super) fn of_secret(secret: &Secret) -> Option<Self> {
        serde_json::from_str(secret.reveal()).ok()
    }

    fn recipient(&self) -> Result<Mailbox, PostError> {
        let parts = self.address.rsplit_once('@').and_then(|(local, domain)| Address::new(local, domain).ok());
        let address = parts.ok_or(PostError::Unsendable("an address that mail cannot be sent to"))?;
        Ok(Mailbox::new(Some(self.name.clone()).filter(|name| !name.is_empty()), address))
    }

    /// The mail. The same letter gives the same mail each time: a second copy has the same Message-ID and date.
    pub(super) fn mail(&self, row: &outbox::Model, from: &Mailbox) -> Result<Message, PostError> {
        self.check()?;
        let written = UNIX_EPOCH + Duration::from_micros(u64::try_from(row.created_at.0).unwrap_or(0));
        let id = row.id.0.simple();
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let parts = MultiPart::alternative()
            .boundary(format!("tagwire-{id}"))
            .singlepart(SinglePart::plain(self.text.clone()))
            .singlepart(SinglePart::html(self.html.clone()));
        Message::builder()
            .message_id(Some(format!("<{id}@{}>", from.email.domain())))
            .date(written)
            .from(from.clone())
            .to(self.recipient()?)
            .subject(self.subject.clone())
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .multipart(parts)
            .map_err(|_| PostError::Unsendable("its parts do not make a mail"))
    }
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Letter(…)")
    }
}
