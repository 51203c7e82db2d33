//! Character references (`&eacute;`, `&#233;`).
//! Owns decoding them once, in linear time, so that the parser behind meets none but the four that escape markup.
//! Start at [`decode`].

use std::borrow::Cow;

use mail_parser::decoders::html::add_html_token;

/// Bytes of the longest reference's name (`CounterClockwiseContourIntegral`).
const LONGEST: usize = 31;

/// Text with its references decoded; what only looks like one stays as written.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    let Some((start, mut rest)) = text.split_once('&') else { return Cow::Borrowed(text) };
    let mut decoded = String::with_capacity(text.len());
    decoded.push_str(start);
    loop {
        let (here, next) = rest.split_once('&').map_or((rest, None), |(here, next)| (here, Some(next)));
        let name = here.bytes().take(LONGEST + 1).position(|byte| byte == b';').and_then(|end| here.get(..end));
        match name.and_then(character) {
            Some(found) => {
                decoded.push_str(&found);
                decoded.push_str(here.get(name.map_or(0, str::len) + 1..).unwrap_or_default());
            }
            None => decoded.extend(["&", here]),
        }
        let Some(next) = next else { return Cow::Owned(decoded) };
        rest = next;
    }
}

/// What a reference stands for.
fn character(name: &str) -> Option<String> {
    if let Some(number) = name.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']);
        let number = hex.map_or_else(|| number.parse().ok(), |digits| u32::from_str_radix(digits, 16).ok())?;
        return Some(match u8::try_from(number) {
            // Browsers read these as windows-1252, where old mail programs took their quotes and dashes from.
            Ok(byte @ 0x80..=0x9f) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0.into_owned(),
            Ok(0) => char::REPLACEMENT_CHARACTER.to_string(),
            _ => char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER).to_string(),
        });
    }
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let token = format!("&{name};");
    let mut found = String::new();
    add_html_token(&mut found, token.as_bytes(), false);
    (found != token).then_some(found)
}
