//! The second try at text that the first reading could not decode.
//! Owns the guess of a charset; does not know where the text came from.
//! Start at [`guess`] and [`decode`].

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;

/// Bytes looked at for a guess: more does not make it better.
const SAMPLE: usize = 16 << 10;

/// Whether text read without knowing its charset is to be read again: half or more of what is not ASCII was lost
/// (a text cut inside a character, or with one bad byte, is better kept), or it is Japanese in 7 bits.
pub(super) fn is_broken(text: &str) -> bool {
    if text.contains("\u{1b}$") {
        return true;
    }
    if !text.contains(char::REPLACEMENT_CHARACTER) {
        return false;
    }
    let (mut lost, mut foreign) = (0_usize, 0_usize);
    for character in text.chars().filter(|character| !character.is_ascii()) {
        foreign += 1;
        lost += usize::from(character == char::REPLACEMENT_CHARACTER);
    }
    lost * 2 >= foreign
}

/// The charset a label names, unless the label says nothing: ASCII and UTF-8 are what was tried before.
pub(super) fn labelled(label: Option<&str>) -> Option<&'static Encoding> {
    let label = label?;
    let unlikely = label.eq_ignore_ascii_case("us-ascii") || label.eq_ignore_ascii_case("ascii");
    Encoding::for_label(label.as_bytes()).filter(|encoding| !unlikely && *encoding != encoding_rs::UTF_8)
}

/// The likeliest charset of these bytes. `domain` of the sender hints at the language by its last label.
pub(super) fn guess<'a>(samples: impl IntoIterator<Item = &'a [u8]>, domain: Option<&str>) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    let mut left = SAMPLE;
    for sample in samples {
        let part = sample.get(..left.min(sample.len())).unwrap_or_default();
        detector.feed(part, false);
        left -= part.len();
    }
    detector.feed(b"", true);
    let country = domain.and_then(|domain| domain.rsplit('.').next()).map(str::to_ascii_lowercase);
    let country = country.filter(|label| label.len() <= 8 && label.bytes().all(|byte| byte.is_ascii_lowercase()));
    detector.guess(country.as_deref().filter(|label| !label.is_empty()).map(str::as_bytes), Utf8Detection::Allow)
}

/// Decodes with what is known, in order: valid UTF-8 is UTF-8; the label; the guess.
pub(super) fn decode(bytes: &[u8], label: Option<&str>, domain: Option<&str>) -> String {
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.contains("\u{1b}$")
    {
        return text.to_owned();
    }
    if let Some(encoding) = labelled(label)
        && let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes)
    {
        return text.into_owned();
    }
    guess([bytes], domain).decode_without_bom_handling(bytes).0.into_owned()
}
