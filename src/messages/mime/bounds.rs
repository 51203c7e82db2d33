//! The one place where what a mail says is made fit to store: no NUL, no broken lines, no endless fields.
//! Owns the limits; everything that leaves `mime` passes through here.
//! Start at [`line`] (a field) and [`block`] (a text).

use super::{Oddities, Oddity, nesting};

/// Characters of a subject.
pub(super) const SUBJECT: usize = 2_000;
/// Characters of a person's or group's name, a list id, a content type.
pub(super) const NAME: usize = 500;
/// Characters of an address: 64 before the @, 255 after (RFC 5321 4.5.3.1).
pub(super) const ADDRESS: usize = 320;
/// Characters of a message id: the longest line there may be (RFC 5322 2.1.1).
pub(super) const MESSAGE_ID: usize = 998;
/// Characters of the text.
pub(super) const TEXT: usize = 1 << 20;
/// Bytes of the HTML.
pub(super) const HTML: usize = 4 << 20;
/// Characters of a file's name, its extension included.
pub(super) const FILENAME: usize = 200;
/// Bytes of a mail within a mail in which its subject is looked for.
pub(super) const HEAD: usize = 64 << 10;
/// Attachments of one mail.
pub(super) const ATTACHMENTS: usize = 1_000;
/// Participants of one mail, all address fields together.
pub(super) const PARTICIPANTS: usize = 1_000;
/// Message ids in a `References` or `In-Reply-To` field.
pub(super) const REFERENCES: usize = 200;
/// Characters of a snippet.
pub(super) const SNIPPET: usize = 200;

/// A field of one line: control characters and runs of whitespace become one space, cut at `max` characters.
pub(super) fn line(value: &str, max: usize, oddities: &mut Oddities) -> String {
    let value = &nesting::restore(value);
    if value.contains('\0') {
        oddities.note(Oddity::NulRemoved);
    }
    let mut kept = String::with_capacity(value.len().min(max.saturating_mul(4)));
    let (mut count, mut gap) = (0, false);
    for character in value.chars() {
        if character == '\0' {
            continue;
        }
        if character.is_whitespace() || character.is_control() {
            gap = count > 0;
            continue;
        }
        if count + usize::from(gap) >= max {
            oddities.note(Oddity::Shortened);
            break;
        }
        if gap {
            kept.push(' ');
            count += 1;
            gap = false;
        }
        kept.push(character);
        count += 1;
    }
    kept
}

/// A text of many lines: NUL removed, every line end `\n`, cut at `max` characters.
pub(super) fn block(value: &str, max: usize, oddities: &mut Oddities) -> String {
    let text = unix_lines(value, oddities);
    if text.len() > max
        && let Some((end, _)) = text.char_indices().nth(max)
    {
        oddities.note(Oddity::Shortened);
        return text.get(..end).unwrap_or_default().to_owned();
    }
    text
}

/// Like [`block`], cut at `max` bytes.
pub(super) fn markup(value: &str, max: usize, oddities: &mut Oddities) -> String {
    let mut text = unix_lines(value, oddities);
    if text.len() > max {
        oddities.note(Oddity::Shortened);
        text.truncate(text.floor_char_boundary(max));
    }
    text
}

fn unix_lines(value: &str, oddities: &mut Oddities) -> String {
    let mut text = String::with_capacity(value.len());
    for (position, piece) in nesting::restore(value).split('\r').enumerate() {
        if position > 0 && !piece.starts_with('\n') {
            text.push('\n');
        }
        text.push_str(piece);
    }
    if text.contains('\0') {
        oddities.note(Oddity::NulRemoved);
        text.retain(|character| character != '\0');
    }
    text
}
