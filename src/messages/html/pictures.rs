//! A mail's own pictures (`cid:`): which files its HTML shows, and HTML with places for their addresses.
//! Owns the form of a reference and that only the sanitizer makes places; does not know files or addresses.
//! Start at [`Fragment`].

use std::collections::HashSet;

use super::{
    escape, references,
    tokens::{Token, Tokens, attributes},
};

/// Places for pictures in one mail. Those beyond lose theirs: each becomes an address, far longer than what refers to it.
pub(super) const PLACES: usize = 500;

/// Bytes of a content id that is looked at.
const LONGEST: usize = 1_000;

/// A fragment for the body of a page. Addresses of pictures are put in when it is shown, since each reader has their own and they
/// live briefly. The places are kept beside the text, so that no text can look like one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    start: String,
    /// The content id of a picture, and what stands behind its place.
    rest: Vec<(String, String)>,
}

impl Fragment {
    /// Cuts sanitized HTML at its places: the `src` of images whose value is `mark` and the number of a content id.
    pub(super) fn cut(html: &str, mark: &str, ids: &[String]) -> Self {
        let place = format!(" src=\"{mark}");
        let mut pieces = html.split(place.as_str());
        let start = pieces.next().unwrap_or_default().to_owned();
        let rest = pieces.filter_map(|piece| {
            let (number, behind) = piece.split_once('"')?;
            Some((ids.get(number.parse::<usize>().ok()?)?.clone(), behind.to_owned()))
        });
        Self { start, rest: rest.collect() }
    }

    /// Whether it has pictures of its own.
    #[must_use]
    pub fn has_pictures(&self) -> bool {
        !self.rest.is_empty()
    }

    /// The HTML, with what `address` gives for a content id; an image without one has no source.
    #[must_use]
    pub fn with(&self, mut address: impl FnMut(&str) -> Option<String>) -> String {
        let mut html = self.start.clone();
        for (id, behind) in &self.rest {
            if let Some(address) = address(id) {
                html.push_str(" src=\"");
                html.push_str(&escape(&address));
                html.push('"');
            }
            html.push_str(behind);
        }
        html
    }

    /// The HTML without its pictures.
    #[must_use]
    pub fn bare(&self) -> String {
        self.with(|_| None)
    }

    /// Bytes of it in memory.
    #[must_use]
    pub fn size(&self) -> usize {
        self.start.len() + self.rest.iter().map(|(id, behind)| id.len() + behind.len() + 48).sum::<usize>()
    }
}

/// The content ids of the pictures that HTML shows.
#[must_use]
pub fn shown_pictures(html: &str) -> HashSet<String> {
    let images = Tokens::new(html).filter_map(|token| match token {
        Token::Open(name, inside) if name.eq_ignore_ascii_case("img") => Some(inside),
        _ => None,
    });
    let sources =
        images.filter_map(|inside| attributes(inside).take(40).find(|(name, _)| name.eq_ignore_ascii_case("src")));
    sources.filter_map(|(_, value)| content_id(&references::decode(value))).take(PLACES).collect()
}

/// The content id that a `cid:` address names (RFC 2392).
pub(super) fn content_id(address: &str) -> Option<String> {
    let address = address.trim_matches(|character: char| character.is_ascii_whitespace() || character.is_control());
    let (scheme, id) = address.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("cid") || id.is_empty() || id.len() > LONGEST {
        return None;
    }
    let mut decoded = Vec::with_capacity(id.len());
    let mut rest = id.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        let escaped = behind.split_first_chunk::<2>().filter(|_| *byte == b'%');
        let pair = escaped.and_then(|(pair, behind)| {
            let text =
                std::str::from_utf8(pair).ok().filter(|text| text.bytes().all(|digit| digit.is_ascii_hexdigit()));
            Some((u8::from_str_radix(text?, 16).ok()?, behind))
        });
        if let Some((byte, behind)) = pair {
            decoded.push(byte);
            rest = behind;
        } else {
            decoded.push(*byte);
        }
    }
    String::from_utf8(decoded).ok().filter(|id| !id.contains(char::is_control))
}
