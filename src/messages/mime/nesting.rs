//! What of a mail is handed to the parser, so that none can overflow the stack or be slow beyond measure.
//! Owns taking the fuse out of nested messages: the parser, which would recurse into them, sees one opaque attachment
//! of the same length. Start at [`disarm`]; [`restore`] undoes it in text, [`is_message`] knows a disarmed type.

use std::borrow::Cow;

use super::{Oddities, Oddity};

/// Stands for the last letter of a disarmed subtype.
const LETTER: u8 = 1;
/// Stands for the slash of a disarmed type that has a comment after it.
const SLASH: u8 = 2;
/// The subtypes by which the parser would go down one level.
const SUBTYPES: [&str; 3] = ["rfc822", "global", "digest"];
/// Multiparts that are always read.
const ALWAYS: usize = 100;
/// Byte steps that may be lost on multiparts whose boundary never comes, each a pass over the rest: some seconds.
const STEPS: usize = 4 << 30;

/// The mail with its nested messages disarmed, up to the multipart that is one too many. Offsets stay as they are.
pub(super) fn disarm<'a>(raw: &'a [u8], oddities: &mut Oddities) -> Cow<'a, [u8]> {
    let allowed = (STEPS / raw.len().max(1)).clamp(ALWAYS, 10_000);
    let (mut multiparts, mut end, mut marks) = (0_usize, raw.len(), Vec::new());
    for position in memchr::memchr_iter(b'/', raw) {
        let before = trim_end(raw.get(..position).unwrap_or_default());
        let comment = before.ends_with(b")");
        let multipart = comment || ends_with(before, "multipart");
        if !multipart && !ends_with(before, "message") {
            continue;
        }
        if multipart {
            multiparts += 1;
            if multiparts > allowed {
                oddities.note(Oddity::TooNested);
                end = position;
                break;
            }
        }
        let behind = raw.get(position + 1..).unwrap_or_default();
        let skipped = behind.iter().take_while(|byte| is_filler(**byte)).count();
        let subtype = behind.get(skipped..).unwrap_or_default();
        if subtype.starts_with(b"(") {
            marks.push((position, SLASH));
        } else if SUBTYPES.iter().any(|known| is_word(subtype, known)) {
            marks.push((position + skipped + 6, LETTER));
        }
    }
    let readable = raw.get(..end).unwrap_or(raw);
    if marks.is_empty() {
        return Cow::Borrowed(readable);
    }
    let mut disarmed = readable.to_vec();
    for (position, mark) in marks {
        if let Some(byte) = disarmed.get_mut(position) {
            *byte = mark;
        }
    }
    Cow::Owned(disarmed)
}

/// Undoes [`disarm`] in decoded text.
pub(super) fn restore(text: &str) -> Cow<'_, str> {
    if memchr::memchr2(LETTER, SLASH, text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut text = text.replace('\u{2}', "/");
    for (disarmed, whole) in [("rfc82\u{1}", "rfc822"), ("globa\u{1}", "global"), ("diges\u{1}", "digest")] {
        text = text.replace(disarmed, whole);
    }
    Cow::Owned(text)
}

/// Whether this subtype of `message` is a disarmed nested mail.
pub(super) fn is_message(subtype: &str) -> bool {
    subtype.ends_with('\u{1}')
}

fn is_filler(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'"' | b'\\')
}

fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let Some((last, rest)) = bytes.split_last() {
        if !is_filler(*last) && *last != b'\n' {
            break;
        }
        bytes = rest;
    }
    bytes
}

fn ends_with(bytes: &[u8], word: &str) -> bool {
    bytes
        .len()
        .checked_sub(word.len())
        .and_then(|start| bytes.get(start..))
        .is_some_and(|end| end.eq_ignore_ascii_case(word.as_bytes()))
}

fn is_word(bytes: &[u8], word: &str) -> bool {
    bytes.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
        && !bytes.get(word.len()).is_some_and(|next| next.is_ascii_alphanumeric() || *next == b'-')
}
