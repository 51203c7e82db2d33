//! HTML of mail: made safe to show, or turned into text.
//! Owns what may pass; the page that shows it still uses a sandboxed frame and a content policy.
//! Start at [`sanitize`]; `rebuild` bounds the work, `styles` judges CSS, `tokens` is the lexer under both.

#[cfg(test)]
mod fetching;
mod pictures;
mod plain;
mod rebuild;
mod references;
mod styles;
#[cfg(test)]
mod tests;
mod tokens;

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

pub use pictures::{Fragment, shown_pictures};
pub use plain::to_text;

/// Rises when the rules change, so that stored or cached results are made anew.
pub const VERSION: u32 = 2;

/// Bytes of HTML that are looked at.
const INPUT: usize = 4 << 20;

/// Whether pictures may be fetched from elsewhere, which tells their server that and when the mail was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RemoteImages {
    /// Pictures lose their address and keep their description.
    Blocked,
    /// Pictures by `http` and `https` stay.
    Shown,
}

/// HTML that fetches, runs and submits nothing by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sanitized {
    /// A fragment for the body of a page, with places for the mail's own pictures.
    pub html: Fragment,
    /// Remote pictures that were left out.
    pub blocked_images: usize,
}

/// Makes HTML from outside safe to show. Time and memory are linear in its length, whatever its nesting; costs about
/// 50 ms for each MiB, so large ones belong off the event loop.
#[must_use]
pub fn sanitize(html: &str, images: RemoteImages) -> Sanitized {
    let html = html.get(..html.floor_char_boundary(INPUT)).unwrap_or_default();
    let blocked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&blocked);
    let ids = Arc::new(Mutex::new(Vec::new()));
    let places = Arc::clone(&ids);
    // Nobody who writes a mail can know the mark by which places are found again.
    let mark = format!("place:{:032x}-", rand::random::<u128>());
    let own_mark = mark.clone();
    let mut builder = ammonia::Builder::empty();
    builder
        .tags(rebuild::allowed_tags().collect())
        .clean_content_tags(HashSet::from(["script", "style"]))
        .generic_attributes(HashSet::from([
            "align", "bgcolor", "dir", "height", "lang", "style", "title", "valign", "width",
        ]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("img", HashSet::from(["alt", "border", "src"])),
            ("font", HashSet::from(["color", "face", "size"])),
            ("ol", HashSet::from(["start", "type"])),
            ("table", HashSet::from(["border", "cellpadding", "cellspacing"])),
            ("td", HashSet::from(["colspan", "nowrap", "rowspan"])),
            ("th", HashSet::from(["colspan", "nowrap", "rowspan"])),
        ]))
        .set_tag_attribute_values(HashMap::from([
            ("a", HashMap::from([("target", "_blank")])),
            ("img", HashMap::from([("referrerpolicy", "no-referrer")])),
        ]))
        .url_schemes(HashSet::from(["cid", "http", "https", "mailto"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .attribute_filter(move |element, attribute, value| match (element, attribute) {
            ("img", "src") if is_remote(value) => match images {
                RemoteImages::Shown => Some(Cow::Borrowed(value)),
                RemoteImages::Blocked => {
                    counter.fetch_add(1, Ordering::Relaxed);
                    None
                }
            },
            ("img", "src") => {
                let id = pictures::content_id(value)?;
                let mut ids = places.lock().unwrap_or_else(PoisonError::into_inner);
                if ids.len() >= pictures::PLACES {
                    return None;
                }
                ids.push(id);
                Some(Cow::Owned(format!("{own_mark}{}", ids.len() - 1)))
            }
            (_, "href") => Some(Cow::Borrowed(value)).filter(|_| pictures::content_id(value).is_none()),
            (_, "style") => Some(styles::filter(value)).filter(|style| !style.is_empty()).map(Cow::Owned),
            _ => Some(Cow::Borrowed(value)),
        });
    let html = builder.clean(&rebuild::rebuild(html)).to_string();
    let ids = ids.lock().unwrap_or_else(PoisonError::into_inner);
    let html = Fragment::cut(&html, &mark, &ids);
    Sanitized { html, blocked_images: blocked.load(Ordering::Relaxed) }
}

/// As a browser reads it: spaces around and line ends within an address do not count.
fn is_remote(address: &str) -> bool {
    let address: String =
        address.chars().filter(|character| !character.is_control() && *character != ' ').take(8).collect();
    let address = address.to_ascii_lowercase();
    address.starts_with("http:") || address.starts_with("https:")
}

/// Text as HTML that shows it as it is.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 16);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}
