//! What a mail carries beside its body.
//! Owns naming attachments safely and giving their bytes; does not store them.
//! Start at [`ParsedAttachment`] and [`attachment_bytes`].

use mail_parser::{Encoding, Message, MessagePart, MimeHeaders, PartType};

use super::{Oddities, Oddity, body, bounds, charset, headers, nesting, parts, without_empty_start};

/// One attachment; its bytes stay in the raw mail until asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedAttachment {
    /// Number of its part, for [`attachment_bytes`].
    pub part: u32,
    /// A name without path, control characters or change of direction; empty when it has none.
    pub filename: String,
    /// `type/subtype` in lower case; `application/octet-stream` when not given.
    pub content_type: String,
    /// Bytes, decoded.
    pub size: u64,
    /// `Content-ID` without angle brackets, by which HTML refers to it (`cid:`).
    pub content_id: Option<String>,
    /// Meant to be shown within the mail rather than beside it.
    pub inline: bool,
}

/// The bytes of one attachment of a raw mail as its sender attached them; `None` when there is no such part.
#[must_use]
pub fn attachment_bytes(raw: &[u8], part: u32) -> Option<Vec<u8>> {
    let raw = without_empty_start(raw);
    let readable = nesting::disarm(raw, &mut Oddities::default());
    let message = parts(&readable)?;
    let part = message.parts.get(usize::try_from(part).ok()?)?;
    Some(bytes(raw, part).into_owned())
}

/// Those of a parsed mail, in its order.
pub(super) fn read(message: &Message<'_>, raw: &[u8], oddities: &mut Oddities) -> Vec<ParsedAttachment> {
    if message.attachments.len() > bounds::ATTACHMENTS {
        oddities.note(Oddity::Shortened);
    }
    let numbers = message.attachments.iter().take(bounds::ATTACHMENTS);
    let found = numbers.filter_map(|number| Some((*number, message.parts.get(usize::try_from(*number).ok()?)?)));
    found.map(|(number, part)| attachment(number, part, raw, oddities)).collect()
}

fn attachment(number: u32, part: &MessagePart<'_>, raw: &[u8], oddities: &mut Oddities) -> ParsedAttachment {
    let content_id =
        part.content_id().map(|id| bounds::line(id, bounds::MESSAGE_ID, oddities)).filter(|id| !id.is_empty());
    let disposition = part.content_disposition();
    let attached = disposition.is_some_and(mail_parser::ContentType::is_attachment);
    let inline = disposition.is_some_and(mail_parser::ContentType::is_inline) || content_id.is_some() && !attached;
    let content_type = match part.content_type().map(|kind| (kind.ctype(), kind.subtype())) {
        Some((kind, Some(subtype))) => {
            bounds::line(&format!("{kind}/{subtype}"), bounds::NAME, oddities).to_lowercase()
        }
        _ => "application/octet-stream".to_owned(),
    };
    let size = match &part.body {
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => bytes.len(),
        _ => bytes(raw, part).len(),
    };
    let filename = part.attachment_name().map(|name| {
        // A name in raw 8 bits: once more, by guess.
        let again =
            Some(name).filter(|name| charset::is_broken(name)).and_then(|_| headers::attachment_name(raw, part));
        safe_name(again.as_deref().unwrap_or(name), oddities)
    });
    let filename = filename.unwrap_or_default();
    ParsedAttachment { part: number, filename, content_type, size: size as u64, content_id, inline }
}

/// Text is decoded anew, so that what is downloaded is what was attached, in its own charset.
fn bytes<'a>(raw: &'a [u8], part: &'a MessagePart<'_>) -> std::borrow::Cow<'a, [u8]> {
    let encoding = if part.is_encoding_problem { Encoding::None } else { part.encoding };
    match &part.body {
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) if encoding != Encoding::None => {
            std::borrow::Cow::Borrowed(bytes)
        }
        _ => {
            let start = usize::try_from(part.offset_body).unwrap_or(usize::MAX);
            let end = usize::try_from(part.offset_end).unwrap_or(0);
            body::undo(raw.get(start..end).unwrap_or_default(), encoding)
        }
    }
}

fn safe_name(name: &str, oddities: &mut Oddities) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    // Marks that turn the direction of writing make "exe.txt" of "txt.exe".
    let turns = |character: char| matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let name: String = name.chars().filter(|character| !turns(*character)).collect();
    let name = bounds::line(&name, bounds::FILENAME.max(name.chars().count().min(4 * bounds::FILENAME)), oddities);
    let name = name.trim_matches(['.', ' ']).to_owned();
    let length = name.chars().count();
    if length <= bounds::FILENAME {
        return name;
    }
    oddities.note(Oddity::Shortened);
    // The extension says what it is: cut before it.
    let (stem, extension) =
        name.rsplit_once('.').filter(|(_, extension)| extension.chars().count() <= 16).unwrap_or((&name, ""));
    let room = bounds::FILENAME - extension.chars().count() - usize::from(!extension.is_empty());
    let mut cut: String = stem.chars().take(room).collect();
    if !extension.is_empty() {
        cut.push('.');
        cut.push_str(extension);
    }
    cut
}
