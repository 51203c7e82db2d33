//! The bodies of a mail: its text, its HTML, its snippet.
//! Owns choosing and joining the parts that are the body; what is not is `attachment`'s.
//! Start at [`read`].

use std::borrow::Cow;

use mail_parser::{
    Encoding, Message, MessagePart, MimeHeaders, PartType,
    decoders::{base64::base64_decode, quoted_printable::quoted_printable_decode},
};

use super::{Oddities, Oddity, ParsedMessage, bounds, charset};
use crate::messages::html;

/// The parts of a mail that hold content, their text decoded as well as can be.
pub(super) struct Leaves<'m, 'x> {
    pub(super) message: &'m Message<'x>,
    /// By part number; `None` for what is no text.
    texts: Vec<Option<Cow<'m, str>>>,
}

impl<'m, 'x> Leaves<'m, 'x> {
    pub(super) fn new(message: &'m Message<'x>, sender: Option<&str>, oddities: &mut Oddities) -> Self {
        let texts = message.parts.iter().map(|part| {
            if part.is_encoding_problem && !matches!(part.body, PartType::Multipart(_)) && !part.is_empty() {
                oddities.note(Oddity::BadEncoding);
            }
            let (PartType::Text(text) | PartType::Html(text)) = &part.body else { return None };
            if !charset::is_broken(text) {
                return Some(Cow::Borrowed(text.as_ref()));
            }
            oddities.note(Oddity::CharsetGuessed);
            Some(Cow::Owned(charset::decode(&transferred(message, part), charset_label(part), sender)))
        });
        Self { message, texts: texts.collect() }
    }

    /// The text of a part by its number.
    pub(super) fn text(&self, number: usize) -> Option<&str> {
        self.texts.get(number)?.as_deref()
    }

    fn body(&self, numbers: &[u32]) -> impl Iterator<Item = (&MessagePart<'x>, &str)> {
        let numbers = numbers.iter().filter_map(|number| usize::try_from(*number).ok());
        numbers.filter_map(|number| Some((self.message.parts.get(number)?, self.text(number)?)))
    }
}

/// Fills in text, HTML and snippet.
pub(super) fn read(leaves: &Leaves<'_, '_>, parsed: &mut ParsedMessage, oddities: &mut Oddities) {
    let markup = markup(leaves);
    parsed.html = markup.as_deref().map(|markup| bounds::markup(markup, bounds::HTML, oddities));

    let mut text = String::new();
    for (part, piece) in leaves.body(&leaves.message.text_body) {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        if matches!(part.body, PartType::Html(_)) {
            text.push_str(&html::to_text(piece));
        } else {
            text.push_str(piece);
        }
    }
    if let Some(markup) = markup.filter(|_| text.trim().is_empty()) {
        text = html::to_text(&markup);
    }
    parsed.text = bounds::block(&text, bounds::TEXT, oddities);
    parsed.snippet = snippet(&parsed.text);
}

/// The body as HTML, text parts between others included; none for a mail of text alone.
fn markup(leaves: &Leaves<'_, '_>) -> Option<String> {
    let is_markup = |part: &MessagePart<'_>| matches!(part.body, PartType::Html(_));
    let numbers = &leaves.message.html_body;
    if !leaves.body(numbers).any(|(part, _)| is_markup(part)) {
        return None;
    }
    let mut markup = String::new();
    for (part, text) in leaves.body(numbers) {
        if is_markup(part) {
            markup.push_str(text);
        } else {
            markup.push_str("<pre>");
            markup.push_str(&html::escape(text));
            markup.push_str("</pre>");
        }
    }
    Some(markup)
}

/// The start of a text in one line, without quoted lines unless it has no others.
pub(super) fn snippet(text: &str) -> String {
    let own = collapse(text.lines().filter(|line| !line.trim_start().starts_with('>')));
    if own.is_empty() { collapse(text.lines()) } else { own }
}

fn collapse<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut snippet = String::new();
    let mut left = bounds::SNIPPET;
    for word in lines.flat_map(str::split_whitespace) {
        let space = usize::from(!snippet.is_empty());
        if left <= space {
            break;
        }
        if space > 0 {
            snippet.push(' ');
        }
        left -= space;
        for character in word.chars().filter(|character| !character.is_control()).take(left) {
            snippet.push(character);
            left -= 1;
        }
    }
    snippet
}

/// What a part says its charset is.
pub(super) fn charset_label<'a>(part: &'a MessagePart<'_>) -> Option<&'a str> {
    part.content_type().and_then(|kind| kind.attribute("charset"))
}

/// The bytes of a part with only its transfer encoding undone.
pub(super) fn transferred<'m>(message: &'m Message<'_>, part: &'m MessagePart<'_>) -> Cow<'m, [u8]> {
    let range = usize::try_from(part.offset_body).unwrap_or(usize::MAX)..usize::try_from(part.offset_end).unwrap_or(0);
    let bytes = message.raw_message.get(range).unwrap_or_default();
    undo(bytes, part.encoding)
}

/// Undoes a transfer encoding; bytes that are not in it stay as they are.
pub(super) fn undo(bytes: &[u8], encoding: Encoding) -> Cow<'_, [u8]> {
    let decoded = match encoding {
        Encoding::None => None,
        Encoding::Base64 => base64_decode(bytes),
        Encoding::QuotedPrintable => quoted_printable_decode(bytes),
    };
    decoded.map_or(Cow::Borrowed(bytes), Cow::Owned)
}
