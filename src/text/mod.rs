//! How names are compared, ordered and found, in any script.
//!
//! Owns the folded forms that the database stores beside a name. Pure functions of the text.

mod email;
mod html;

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use icu_properties::props::{CanonicalCombiningClass, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointMapDataBorrowed};

pub use email::{EmailAddress, NotAnAddress};
pub use html::in_html;

/// Greatest scalar value: no text that starts with `prefix` sorts behind `prefix` and this.
pub const LAST_CHAR: char = char::MAX;

const COMBINING: CodePointMapDataBorrowed<'static, CanonicalCombiningClass> = CodePointMapData::new();
const CATEGORY: CodePointMapDataBorrowed<'static, GeneralCategory> = CodePointMapData::new();

/// The form by which two names are the same: NFKC, full Unicode case folding, no surrounding blanks, one space between words.
/// NUL is dropped: no name has one, and PostgreSQL takes none even to look for.
#[must_use]
pub fn key(name: &str) -> String {
    settled(name, |name| {
        let composed = ComposingNormalizer::new_nfkc().normalize(name);
        let folded = CaseMapper::new().fold_string(&composed);
        spaced(&ComposingNormalizer::new_nfkc().normalize(&folded)).replace('\0', "")
    })
}

/// The form by which names are ordered and searched: as `key`, without accents, so that Émile stands beside Emile.
#[must_use]
pub fn plain(name: &str) -> String {
    settled(&key(name), |key| {
        let bare: String = DecomposingNormalizer::new_nfkd()
            .normalize_iter(key.chars())
            .filter(|c| COMBINING.get(*c) == CanonicalCombiningClass::NotReordered)
            .collect();
        // Back to the composed form: Hangul, for one, is taken apart by NFKD.
        spaced(&ComposingNormalizer::new_nfc().normalize(&bare))
    })
}

/// Folds until nothing changes any more: folding can leave a decomposed form (U+0130), composing a blank before a mark (U+00B4).
fn settled(text: &str, fold: impl Fn(&str) -> String) -> String {
    let mut folded = fold(text);
    // Twice is enough for all known characters; the bound is for those to come.
    for _ in 0..4 {
        let again = fold(&folded);
        if again == folded {
            break;
        }
        folded = again;
    }
    folded
}

/// The distinct words of `text` in their `plain` form. A word is a run of letters, digits and marks.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let plain = plain(text);
    let mut words: Vec<String> =
        plain.split(|c| !in_word(c)).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// `key` from the start of each of its words on: a prefix of any of these finds the name.
#[must_use]
pub fn suffixes(name: &str) -> Vec<String> {
    let key = key(name);
    let mut suffixes = vec![key.clone()];
    let mut before = ' ';
    for (at, c) in key.char_indices() {
        if at > 0 && in_word(c) && !in_word(before) {
            suffixes.push(key.get(at..).unwrap_or_default().to_owned());
        }
        before = c;
    }
    suffixes
}

/// Whether every character may stand in a one-line name: no control characters, no line or paragraph separators.
#[must_use]
pub fn is_one_line(name: &str) -> bool {
    !name.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

/// Whether words are made of this character: a letter, a digit or a mark.
#[must_use]
pub fn in_word(c: char) -> bool {
    let category = CATEGORY.get(c);
    GeneralCategoryGroup::Letter.contains(category)
        || GeneralCategoryGroup::Number.contains(category)
        || GeneralCategoryGroup::Mark.contains(category)
}

fn spaced(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !spaced.is_empty() {
            spaced.push(' ');
        }
        spaced.push_str(word);
    }
    spaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_the_same() {
        assert_eq!(key("  HOT   Prospect "), "hot prospect");
        assert_eq!(key("Straße"), key("STRASSE"));
        assert_eq!(key("ﬁn"), "fin");
        assert_eq!((key("n\0ul").as_str(), key("\0").as_str()), ("nul", ""));
        assert_eq!(key("Cafe\u{301}"), key("CAFÉ"));
        assert_ne!(key("cafe"), key("café"));
        assert_eq!(key("ΣΊΣΥΦΟΣ"), key("Σίσυφος"));
    }

    #[test]
    fn names_are_ordered_and_found_without_accents() {
        assert_eq!(plain("Émile Zola"), "emile zola");
        assert_eq!(plain("한국"), "한국");
        // An accent on nothing is a blank and a mark when it is taken apart.
        assert_eq!(plain("A´"), "a");
        assert_eq!(words("Jansen & Zn. (B.V.)"), ["b", "jansen", "v", "zn"]);
        assert_eq!(words("日本語 テスト"), ["テスト", "日本語"]);
    }

    #[test]
    fn a_name_is_found_from_each_of_its_words() {
        assert_eq!(suffixes("Hot-prospect NL"), ["hot-prospect nl", "prospect nl", "nl"]);
        assert_eq!(suffixes("#1 клиент"), ["#1 клиент", "1 клиент", "клиент"]);
    }

    proptest::proptest! {
        #[test]
        fn folding_twice_changes_nothing(name in "\\PC{0,40}") {
            proptest::prop_assert_eq!(key(&key(&name)), key(&name));
            proptest::prop_assert_eq!(plain(&plain(&name)), plain(&name));
        }
    }
}
