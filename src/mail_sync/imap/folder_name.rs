//! Names of folders for people. Owns: modified UTF-7 (RFC 3501 section 5.1.3), decoded.
//! Does not own: the name in commands, which is always the server's own.
//! Start reading at [`display_name`].

use base64::Engine as _;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &IMAP_MUTF7,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// The name to show: modified UTF-7 decoded. A name in UTF-8 (RFC 6855) or one that is not valid stays as it is.
#[must_use]
pub fn display_name(raw: &str) -> String {
    if raw.is_ascii() { decode(raw).unwrap_or_else(|| raw.to_owned()) } else { raw.to_owned() }
}

fn decode(raw: &str) -> Option<String> {
    let mut parts = raw.split('&');
    let mut name = parts.next()?.to_owned();
    for part in parts {
        let (encoded, plain) = part.split_once('-')?;
        if encoded.is_empty() {
            name.push('&');
        } else {
            name.push_str(&decode_shifted(encoded)?);
        }
        name.push_str(plain);
    }
    Some(name)
}

/// UTF-16, big-endian, in base64 with `,` for `/`.
fn decode_shifted(encoded: &str) -> Option<String> {
    let bytes = BASE64.decode(encoded).ok()?;
    let (units, []) = bytes.as_chunks::<2>() else { return None };
    let text = String::from_utf16(&units.iter().map(|unit| u16::from_be_bytes(*unit)).collect::<Vec<_>>()).ok()?;
    if text.chars().any(char::is_control) { None } else { Some(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_in_their_script() {
        for (raw, shown) in [
            ("INBOX", "INBOX"),
            ("Entw&APw-rfe", "Entwürfe"),
            ("~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"),
            ("Tom &- Jerry", "Tom & Jerry"),
            ("&2D3eAA-", "😀"),
            ("Entwürfe", "Entwürfe"),
        ] {
            assert_eq!(display_name(raw), shown);
        }
    }

    #[test]
    fn a_name_that_is_not_valid_is_shown_as_it_is() {
        for raw in ["a & b", "&APw", "&*-", "&AP-", "&2D0-", "&AAo-"] {
            assert_eq!(display_name(raw), raw);
        }
    }
}
