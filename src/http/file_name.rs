//! Names under which browsers save files (RFC 6266, RFC 8187), harmless on every system.

use std::fmt::Write;

use axum::http::HeaderValue;

use super::file_type;

/// Characters of a name, its ending included.
const LONGEST: usize = 200;

/// Names of devices: opening a file of such a name on Windows opens the device, whatever it ends in.
const DEVICES: [&str; 6] = ["aux", "con", "conin$", "conout$", "nul", "prn"];

/// The value of `Content-Disposition`. `placement` is `attachment` or `inline`; a file without a name gets one by its type.
pub(super) fn disposition(placement: &'static str, name: &str, content_type: &str) -> HeaderValue {
    let name = harmless(name, content_type);
    let ascii: String = name.chars().map(|c| if c.is_ascii() && c != '%' { c } else { '_' }).collect();
    let mut value = format!("{placement}; filename=\"{ascii}\"; filename*=UTF-8''");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            value.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(value, "%{byte:02X}");
        }
    }
    HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("attachment"))
}

fn harmless(name: &str, content_type: &str) -> String {
    let plain = |c: char| !c.is_control() && !matches!(c, '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*');
    let turns =
        |c: char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let name = name.chars().filter(|c| !turns(*c)).take(LONGEST).map(|c| if plain(c) { c } else { '_' });
    let name: String = name.collect();
    let name = name.trim_matches([' ', '.', '~']);
    if name.is_empty() {
        return file_type::ending(content_type).map_or("attachment".to_owned(), |end| format!("attachment.{end}"));
    }
    if is_device(name) { format!("_{name}") } else { name.to_owned() }
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = |prefix| {
        let digit = stem.strip_prefix(prefix).map(|rest: &str| rest.chars().collect::<Vec<_>>());
        matches!(digit.as_deref(), Some(['0'..='9' | '¹' | '²' | '³']))
    };
    DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_twice_and_do_no_harm() {
        for (name, kind, expected) in [
            ("a b.pdf", "", "filename=\"a b.pdf\"; filename*=UTF-8''a%20b.pdf"),
            ("€ 100%.pdf", "", "filename=\"_ 100_.pdf\"; filename*=UTF-8''%E2%82%AC%20100%25.pdf"),
            ("日本.txt", "", "filename=\"__.txt\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.txt"),
            ("a\"; filename=b.exe", "", "filename=\"a_; filename=b.exe\"; filename*=UTF-8''a_%3B%20filename%3Db.exe"),
            ("../..\\a\r\nb", "", "filename=\"_.._a__b\"; filename*=UTF-8''_.._a__b"),
            ("Re: <a|b>?*.eml", "", "filename=\"Re_ _a_b___.eml\"; filename*=UTF-8''Re_%20_a_b___.eml"),
            ("x\u{202e}fdp.exe", "", "filename=\"xfdp.exe\"; filename*=UTF-8''xfdp.exe"),
            ("CON", "", "filename=\"_CON\"; filename*=UTF-8''_CON"),
            ("com1.tar.gz", "", "filename=\"_com1.tar.gz\"; filename*=UTF-8''_com1.tar.gz"),
            ("company.pdf", "", "filename=\"company.pdf\"; filename*=UTF-8''company.pdf"),
            ("nul .txt", "", "filename=\"_nul .txt\"; filename*=UTF-8''_nul%20.txt"),
            ("", "image/png", "filename=\"attachment.png\"; filename*=UTF-8''attachment.png"),
            (" .. ", "text/html", "filename=\"attachment\"; filename*=UTF-8''attachment"),
        ] {
            let value = disposition("attachment", name, kind);
            assert_eq!(value.to_str().unwrap(), format!("attachment; {expected}"), "{name:?}");
        }
        let long = disposition("inline", &"é".repeat(5_000), "");
        assert!(long.len() < 2_000 && long.to_str().unwrap().starts_with("inline; "));
    }
}
