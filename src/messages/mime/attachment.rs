//! What a mail carries beside its body.
//! Owns naming attachments safely and giving their bytes; does not store them.
//! Start at [`ParsedAttachment`] and [`attachment_bytes`].

use std::borrow::Cow;
use std::collections::HashSet;

use icu_properties::props::GeneralCategory;
use icu_properties::{CodePointMapData, CodePointMapDataBorrowed};
use mail_parser::{Encoding, Message, MessagePart, MimeHeaders, PartType};

use super::{Oddities, Oddity, PARSER, body, bounds, charset, headers, nesting, parts, without_empty_start};
use crate::messages::{Picture, html};

const CATEGORY: CodePointMapDataBorrowed<'static, GeneralCategory> = CodePointMapData::new();

/// One attachment; its bytes stay in the raw mail until asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedAttachment {
    /// Number of its part, for [`attachment_bytes`].
    pub part: u32,
    /// A name without path, control characters or change of direction; empty when it has none. A mail's ends in `.eml`.
    pub filename: String,
    /// `type/subtype` in lower case; `application/octet-stream` when not given.
    pub content_type: String,
    /// Bytes, decoded.
    pub size: u64,
    /// `Content-ID` without angle brackets, by which HTML refers to it (`cid:`).
    pub content_id: Option<String>,
    /// Shown within the mail rather than beside it: it is a picture, and the HTML refers to it. What its sender says does not count:
    /// many call a file inline that nothing shows.
    pub inline: bool,
}

/// The bytes of one attachment of a raw mail as its sender attached them; `None` when there is no such part.
/// Takes memory for the mail's parts twice at most: run it where that is bounded.
#[must_use]
pub fn attachment_bytes(raw: &[u8], part: u32) -> Option<Vec<u8>> {
    let raw = without_empty_start(raw);
    let readable = nesting::disarm(raw, &mut Oddities::default());
    let message = parts(&readable)?;
    let part = message.parts.into_iter().nth(usize::try_from(part).ok()?)?;
    Some(match part.body {
        PartType::Binary(bytes) | PartType::InlineBinary(bytes)
            if encoding(part.is_encoding_problem, part.encoding) != Encoding::None =>
        {
            bytes.into_owned()
        }
        _ => undone(raw, part.offset_body, part.offset_end, encoding(part.is_encoding_problem, part.encoding))
            .into_owned(),
    })
}

/// Those of a parsed mail, in its order.
pub(super) fn read(
    message: &Message<'_>,
    raw: &[u8],
    html: Option<&str>,
    oddities: &mut Oddities,
) -> Vec<ParsedAttachment> {
    if message.attachments.len() > bounds::ATTACHMENTS {
        oddities.note(Oddity::Shortened);
    }
    let numbers = message.attachments.iter().take(bounds::ATTACHMENTS);
    let found = numbers.filter_map(|number| Some((*number, message.parts.get(usize::try_from(*number).ok()?)?)));
    let mut files: Vec<_> = found.map(|(number, part)| attachment(number, part, raw, oddities)).collect();
    let may_be_shown = files.iter().any(|file| file.inline && file.content_id.is_some());
    let shown = html.filter(|_| may_be_shown).map(html::shown_pictures).unwrap_or_default();
    mark_inline(&mut files, shown);
    files
}

/// Of pictures with the same content id the first is the one that is shown.
fn mark_inline(files: &mut [ParsedAttachment], mut shown: HashSet<String>) {
    for file in files {
        file.inline = file.inline && file.content_id.as_ref().is_some_and(|id| shown.remove(id));
    }
}

fn attachment(number: u32, part: &MessagePart<'_>, raw: &[u8], oddities: &mut Oddities) -> ParsedAttachment {
    let content_id =
        part.content_id().map(|id| bounds::line(id, bounds::MESSAGE_ID, oddities)).filter(|id| !id.is_empty());
    let content_type = match part.content_type().map(|kind| (kind.ctype(), kind.subtype())) {
        Some((kind, Some(subtype))) => {
            bounds::line(&format!("{kind}/{subtype}"), bounds::NAME, oddities).to_lowercase()
        }
        _ => "application/octet-stream".to_owned(),
    };
    let bytes = bytes(raw, part);
    let (size, inline) = (bytes.len() as u64, Picture::of(&bytes).is_some());
    let filename = named(part, raw).unwrap_or_default();
    let filename = match content_type.as_str() {
        "message/rfc822" | "message/global" => name_of_mail(&filename, &bytes),
        "text/calendar" if filename.is_empty() => "invite.ics".to_owned(),
        _ => filename,
    };
    let filename = safe_name(&filename, oddities);
    ParsedAttachment { part: number, filename, content_type, size, content_id, inline }
}

/// What its sender calls it.
fn named(part: &MessagePart<'_>, raw: &[u8]) -> Option<String> {
    // The parser decodes each piece of a name by itself.
    if let Some(whole) = headers::continued_name(raw, part) {
        return Some(whole);
    }
    let name = part.attachment_name()?;
    // A name in raw 8 bits: once more, by guess.
    let again = Some(name).filter(|name| charset::is_broken(name)).and_then(|_| headers::attachment_name(raw, part));
    Some(again.unwrap_or_else(|| name.to_owned()))
}

/// A mail within a mail is a file that mail programs open; without a name it has that of its subject.
fn name_of_mail(name: &str, bytes: &[u8]) -> String {
    let given = name.trim_matches(['.', ' ']);
    let ending = given.len().checked_sub(4).and_then(|start| given.get(start..));
    if ending.is_some_and(|ending| ending.eq_ignore_ascii_case(".eml")) {
        return given.to_owned();
    }
    if !given.is_empty() {
        return format!("{given}.eml");
    }
    let head = bytes.get(..bytes.len().min(bounds::HEAD)).unwrap_or_default();
    let head = PARSER.parse_headers(without_empty_start(head));
    let subject = head.as_ref().and_then(Message::subject).unwrap_or_default();
    let subject = bounds::line(&subject.replace(['/', '\\'], "-"), bounds::FILENAME, &mut Oddities::default());
    let subject = subject.trim_matches(['.', ' ']);
    format!("{}.eml", if subject.is_empty() { "message" } else { subject })
}

/// Text is decoded anew, so that what is downloaded is what was attached, in its own charset.
fn bytes<'a>(raw: &'a [u8], part: &'a MessagePart<'_>) -> Cow<'a, [u8]> {
    let encoding = encoding(part.is_encoding_problem, part.encoding);
    match &part.body {
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) if encoding != Encoding::None => Cow::Borrowed(bytes),
        _ => undone(raw, part.offset_body, part.offset_end, encoding),
    }
}

fn encoding(is_problem: bool, encoding: Encoding) -> Encoding {
    if is_problem { Encoding::None } else { encoding }
}

fn undone(raw: &[u8], start: u32, end: u32, encoding: Encoding) -> Cow<'_, [u8]> {
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let end = usize::try_from(end).unwrap_or(0);
    body::undo(raw.get(start..end).unwrap_or_default(), encoding)
}

/// Characters that are not seen, among them those by which "exe.txt" is made of "txt.exe". Two join letters in scripts that need it.
fn is_unseen(character: char) -> bool {
    let joins = matches!(character, '\u{200c}' | '\u{200d}');
    CATEGORY.get(character) == GeneralCategory::Format && !joins
}

fn safe_name(name: &str, oddities: &mut Oddities) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|character| !is_unseen(*character)).collect();
    let name = bounds::line(&name, usize::MAX, oddities);
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
