//! Raw bytes of one mail to a [`ParsedMessage`]: any input gives one, with a note of what was odd.
//! Does not sanitize HTML (see `messages::html`), does not store, does not fetch.
//! Start at [`parse`]; `bounds` holds every length limit, `charset` the second try at unreadable text.

mod address;
mod attachment;
mod body;
mod bounds;
mod charset;
mod continued;
mod fingerprint;
mod headers;
#[cfg(test)]
mod names;
mod nesting;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, fmt, panic::AssertUnwindSafe, sync::LazyLock};

use mail_parser::{HeaderName, Message, MessageParser};

pub use address::{ParsedAddress, normalize_address};
pub use attachment::{ParsedAttachment, attachment_bytes};

/// What one mail says, in valid Unicode without NUL, every field bounded in length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParsedMessage {
    /// `Message-ID` without angle brackets.
    pub message_id: Option<String>,
    /// Ids in `In-Reply-To`; usually one.
    pub in_reply_to: Vec<String>,
    /// Ids in `References`, oldest first. Of a list that is too long, the newest are kept.
    pub references: Vec<String>,
    /// Authors.
    pub from: Vec<ParsedAddress>,
    /// Main recipients.
    pub to: Vec<ParsedAddress>,
    /// Recipients of copies.
    pub cc: Vec<ParsedAddress>,
    /// Hidden recipients, known in mail one sent oneself.
    pub bcc: Vec<ParsedAddress>,
    /// Where answers should go.
    pub reply_to: Vec<ParsedAddress>,
    /// Decoded subject in one line; empty when there is none.
    pub subject: String,
    /// The sender's `Date` in microseconds since 1970-01-01 UTC; `None` when absent, impossible or outside years 1 to 9999.
    pub sent_at: Option<i64>,
    /// Plain text; made from the HTML where the mail has no text part.
    pub text: String,
    /// HTML as sent, NOT sanitized.
    pub html: Option<String>,
    /// Start of the text in one line, about 200 characters, without quoted lines where something else is there.
    pub snippet: String,
    /// Everything that is not the body.
    pub attachments: Vec<ParsedAttachment>,
    /// `List-Id` of the mailing list it came through.
    pub list_id: Option<String>,
    /// Sent by a machine or to a crowd: `Auto-Submitted` other than `no`, or `Precedence` bulk, list, junk.
    pub automatic: bool,
    /// Identity by content, stable when a server rebuilds the MIME structure: see [`fingerprint`].
    pub fingerprint: [u8; 32],
    /// What was odd, each kind once.
    pub oddities: Oddities,
}

/// Something about a mail that could not be taken as it stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// No bytes at all, or no header that could be read.
    Unreadable,
    /// The parser gave up; nothing but the identity is known.
    ParserFailed,
    /// Nested too deep or in too many parts: only the first of them were read.
    TooNested,
    /// Text whose charset was unknown, absent or wrong was read by guess.
    CharsetGuessed,
    /// NUL characters were removed.
    NulRemoved,
    /// A field or list was longer than is kept.
    Shortened,
    /// `Date` is there but is no date.
    BadDate,
    /// A part's transfer encoding was broken.
    BadEncoding,
    /// An address field holds something that is no address.
    BadAddress,
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "no readable header",
            Self::ParserFailed => "the parser failed on it",
            Self::TooNested => "too many nested parts, only the first were read",
            Self::CharsetGuessed => "charset guessed",
            Self::NulRemoved => "NUL characters removed",
            Self::Shortened => "too long, shortened",
            Self::BadDate => "impossible date",
            Self::BadEncoding => "broken transfer encoding",
            Self::BadAddress => "an address that is none",
        })
    }
}

/// The kinds of [`Oddity`] met in one mail, each once, in the order met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Oddities(Vec<Oddity>);

impl Oddities {
    /// Notes one more.
    pub(super) fn note(&mut self, oddity: Oddity) {
        if !self.0.contains(&oddity) {
            self.0.push(oddity);
        }
    }

    /// Whether this kind was met.
    #[must_use]
    pub fn contains(&self, oddity: Oddity) -> bool {
        self.0.contains(&oddity)
    }

    /// Whether nothing was odd.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Oddity> + '_ {
        self.0.iter().copied()
    }
}

impl fmt::Display for Oddities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, oddity) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str("; ")?;
            }
            oddity.fmt(f)?;
        }
        Ok(())
    }
}

/// Headers the product reads; the others are skipped unparsed.
static PARSER: LazyLock<MessageParser> = LazyLock::new(|| {
    MessageParser::new()
        .with_mime_headers()
        .with_date_headers()
        .with_address_headers()
        .with_message_ids()
        .header_text(HeaderName::Subject)
        .header_address(HeaderName::ListId)
        .header_text(HeaderName::AutoSubmitted)
        .header_text(HeaderName::Other(Cow::Borrowed("Precedence")))
        .default_header_ignore()
});

/// Mails within mails whose content counts for the identity of the outer one; further down their bytes do.
const NESTED: usize = 2;

/// Reads one mail. Never fails and never panics: what cannot be read leaves its field empty and an [`Oddity`].
/// Costs up to seconds for hostile input of 25 MiB: run it off the event loop.
#[must_use]
pub fn parse(raw: &[u8]) -> ParsedMessage {
    std::panic::catch_unwind(AssertUnwindSafe(|| read(raw, NESTED)))
        .unwrap_or_else(|_| unreadable(raw, Oddity::ParserFailed))
}

/// The identity of a mail's content alone; [`parse`] gives the same beside the rest.
#[must_use]
pub fn fingerprint(raw: &[u8]) -> [u8; 32] {
    parse(raw).fingerprint
}

fn read(raw: &[u8], nested: usize) -> ParsedMessage {
    let mut oddities = Oddities::default();
    let raw = without_empty_start(raw);
    let readable = nesting::disarm(raw, &mut oddities);
    let Some(message) = parts(&readable) else { return unreadable(raw, Oddity::Unreadable) };
    let sender = headers::domain_of_sender(&message);
    let mut parsed = headers::read(&message, sender.as_deref(), &mut oddities);
    let leaves = body::Leaves::new(&message, sender.as_deref(), &mut oddities);
    body::read(&leaves, &mut parsed, &mut oddities);
    parsed.attachments = attachment::read(&message, raw, parsed.html.as_deref(), &mut oddities);
    parsed.fingerprint = fingerprint::of(&leaves, &parsed, raw.get(readable.len()..).unwrap_or_default(), nested);
    parsed.oddities = oddities;
    parsed
}

/// Lines before the first header would be taken for the end of the headers.
fn without_empty_start(raw: &[u8]) -> &[u8] {
    raw.trim_ascii_start()
}

/// `None` when there is not one header.
fn parts(readable: &[u8]) -> Option<Message<'_>> {
    PARSER.parse(readable).filter(|message| message.parts.first().is_some_and(|root| !root.headers.is_empty()))
}

fn unreadable(raw: &[u8], oddity: Oddity) -> ParsedMessage {
    let mut oddities = Oddities::default();
    oddities.note(oddity);
    let text = bounds::block(&String::from_utf8_lossy(raw), bounds::TEXT, &mut oddities);
    let snippet = body::snippet(&text);
    ParsedMessage { text, snippet, fingerprint: fingerprint::of_bytes(raw), oddities, ..ParsedMessage::default() }
}
