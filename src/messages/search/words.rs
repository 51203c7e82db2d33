//! Which words of a message stand in the index, and in which form.
//!
//! A word stands there with what is seen of the message by those who find it so: `0jansen` for who is on it, `1jansen` for that and
//! its subject, `2jansen` for all of it. Every word also stands there by its first letters, so that short beginnings are found as
//! quickly as whole words. Scripts without blanks between words stand there by pairs of characters: any part of them is found.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use icu_properties::props::Script;
use icu_properties::{CodePointMapData, CodePointMapDataBorrowed};

use super::{LEVELS, mark};
use crate::access::Level;
use crate::messages::mime::{ParsedAddress, ParsedMessage};
use crate::text;

const SCRIPT: CodePointMapDataBorrowed<'static, Script> = CodePointMapData::new();

/// Bytes of a text of which the words are indexed.
const TEXT: usize = 64 << 10;

/// Characters of a word by which it is told from others.
const WORD: usize = 64;

/// Characters of the longest beginning of a word that stands in the index by itself.
pub(super) const BEGINNING: usize = 2;

/// Bytes of all words of a message: far more than any that a person wrote. PostgreSQL takes a megabyte.
const ALL_WORDS: usize = 256 << 10;

/// The words of a message, ready for the index, with blanks between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchWords(String);

impl SearchWords {
    /// Of a message. Takes a tenth of a millisecond for ten kilobytes of text: run it off the event loop.
    #[must_use]
    pub fn of(parsed: &ParsedMessage) -> Self {
        let mut found = Found::default();
        let people = |found: &mut Found, level, people: &[ParsedAddress]| {
            for person in people {
                found.text(level, person.name.as_deref().unwrap_or_default());
                found.text(level, &person.address);
            }
        };
        // From what most may see on: where a word stands first says who finds the message by it.
        for shown in [&parsed.from, &parsed.to, &parsed.cc] {
            people(&mut found, Level::Metadata, shown);
        }
        found.text(Level::Subject, &parsed.subject);
        for hidden in [&parsed.bcc, &parsed.reply_to] {
            people(&mut found, Level::Full, hidden);
        }
        found.text(Level::Full, bounded(&parsed.text));
        found.finish()
    }

    /// Of a message whose bytes are lost, by what else is stored of it.
    #[must_use]
    pub(super) fn of_subject(subject: &str, snippet: &str) -> Self {
        let mut found = Found::default();
        found.text(Level::Subject, subject);
        found.text(Level::Full, snippet);
        found.finish()
    }

    /// Words and beginnings, each once and behind a mark, with blanks between them.
    pub(super) fn marked(&self, mark: &str) -> String {
        let words = self.0.split_ascii_whitespace();
        let mut marked = String::with_capacity(self.0.len() + (mark.len() + 1) * words.clone().count());
        for word in words {
            if !marked.is_empty() {
                marked.push(' ');
            }
            marked.push_str(mark);
            marked.push_str(word);
        }
        marked
    }
}

/// The beginning of a text, as far as it is indexed.
pub(super) fn bounded(text: &str) -> &str {
    text.get(..text.floor_char_boundary(TEXT)).unwrap_or(text)
}

/// Words by the least that one must see of the message to find it by them.
#[derive(Default)]
struct Found {
    words: HashMap<String, Level>,
    bytes: usize,
}

impl Found {
    fn text(&mut self, level: Level, text: &str) {
        let mut before = HashSet::new();
        for (_, word) in spelled(text) {
            // Most of a text is words that stood in it before.
            if !before.insert(word) {
                continue;
            }
            let folded = fold(word);
            for piece in pieces(&folded) {
                match piece {
                    Piece::Word(word) => {
                        let beginnings = word.char_indices().skip(1).take(BEGINNING);
                        for (end, _) in beginnings {
                            self.add(level, word.get(..end).unwrap_or_default());
                        }
                        self.add(level, word);
                    }
                    Piece::Run(run) => {
                        let ends = run.char_indices().map(|(at, c)| (at, at + c.len_utf8()));
                        let following = ends.clone().skip(1).map(|(_, end)| Some(end)).chain([None]);
                        for ((start, end), pair_end) in ends.zip(following) {
                            self.add(level, run.get(start..end).unwrap_or_default());
                            self.add(level, pair_end.and_then(|end| run.get(start..end)).unwrap_or_default());
                        }
                    }
                }
            }
        }
    }

    fn add(&mut self, level: Level, word: &str) {
        if word.is_empty() || self.bytes > ALL_WORDS || self.words.contains_key(word) {
            return;
        }
        self.bytes += (word.len() + 2) * LEVELS.iter().filter(|seen| **seen >= level).count();
        self.words.insert(word.to_owned(), level);
    }

    fn finish(self) -> SearchWords {
        let mut all = String::with_capacity(self.bytes);
        for (word, level) in self.words {
            for seen in LEVELS.into_iter().filter(|seen| *seen >= level) {
                if !all.is_empty() {
                    all.push(' ');
                }
                all.push(mark(seen));
                all.push_str(&word);
            }
        }
        SearchWords(all)
    }
}

/// The words of a text as they are spelled there, with where they stand, in bytes.
pub(super) fn spelled(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let (start, _) = rest.find(|(_, c)| in_word(*c))?;
        while rest.next_if(|(_, c)| in_word(*c)).is_some() {}
        let range = start..rest.peek().map_or(text.len(), |(end, _)| *end);
        Some((range.clone(), text.get(range)?))
    })
}

fn in_word(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() } else { text::in_word(c) }
}

/// A word as it is compared: as names are (`text::plain`), and letters that are no accented ones as the ones they are typed as.
pub(super) fn fold(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(word.len());
    for c in text::plain(word).chars() {
        match c {
            'ø' => folded.push('o'),
            'đ' | 'ð' => folded.push('d'),
            'ł' => folded.push('l'),
            'ħ' => folded.push('h'),
            'ŧ' => folded.push('t'),
            'ı' => folded.push('i'),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            c if in_word(c) => folded.push(c),
            _ => {}
        }
    }
    folded
}

/// Part of a folded word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Found by how it begins.
    Word(&'a str),
    /// In a script that has no blanks between words: any part of it is found.
    Run(&'a str),
}

/// The pieces of a folded word, each of one kind of script.
pub(super) fn pieces(folded: &str) -> Vec<Piece<'_>> {
    if folded.is_ascii() {
        let end = folded.len().min(WORD);
        return if folded.is_empty() { Vec::new() } else { vec![Piece::Word(folded.get(..end).unwrap_or(folded))] };
    }
    let mut pieces = Vec::new();
    let (mut rest, mut unspaced) = (folded, folded.chars().next().is_some_and(is_unspaced));
    while !rest.is_empty() {
        let end = rest.char_indices().find(|(_, c)| is_unspaced(*c) != unspaced).map_or(rest.len(), |(at, _)| at);
        let (piece, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        pieces.push(if unspaced {
            Piece::Run(piece)
        } else {
            let end = piece.char_indices().nth(WORD).map_or(piece.len(), |(at, _)| at);
            Piece::Word(piece.get(..end).unwrap_or(piece))
        });
        (rest, unspaced) = (behind, !unspaced);
    }
    pieces
}

/// Whether a letter belongs to a script that has no blanks between words.
pub(super) fn is_unspaced(c: char) -> bool {
    !c.is_ascii()
        && matches!(
            SCRIPT.get(c),
            Script::Han
                | Script::Hiragana
                | Script::Katakana
                | Script::Bopomofo
                | Script::Thai
                | Script::Lao
                | Script::Khmer
                | Script::Myanmar
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indexed(level: Level, text: &str) -> Vec<String> {
        let mut found = Found::default();
        found.text(level, text);
        let mut words: Vec<String> = found.finish().0.split(' ').map(str::to_owned).collect();
        words.sort_unstable();
        words
    }

    #[test]
    fn a_word_stands_by_itself_and_its_beginnings() {
        assert_eq!(indexed(Level::Full, "Meeting, MEETING"), ["2m", "2me", "2meeting"]);
        assert_eq!(indexed(Level::Full, "ab a"), ["2a", "2ab"]);
        assert_eq!(indexed(Level::Subject, "abc"), ["1a", "1ab", "1abc", "2a", "2ab", "2abc"]);
        assert_eq!(indexed(Level::Metadata, "x"), ["0x", "1x", "2x"]);
        assert_eq!(indexed(Level::Full, "-- !"), [""]);
    }

    #[test]
    fn a_script_without_blanks_stands_by_pairs() {
        assert_eq!(indexed(Level::Full, "日本語"), ["2日", "2日本", "2本", "2本語", "2語"]);
        assert_eq!(pieces("iphoneを買う"), [Piece::Word("iphone"), Piece::Run("を買う")]);
    }

    #[test]
    fn words_are_told_apart_by_letters_alone() {
        for (spelled, folded) in [
            ("Émile", "emile"),
            ("STRASSE", "strasse"),
            ("Straße", "strasse"),
            ("Søren", "soren"),
            ("İstanbul", "istanbul"),
            ("ISTANBUL", "istanbul"),
            ("Привет", "привет"),
            ("Æther", "aether"),
            ("ﬁn", "fin"),
            ("한국", "한국"),
        ] {
            assert_eq!(fold(spelled), folded);
        }
    }

    #[test]
    fn endless_words_and_texts_are_bounded() {
        let word = "a".repeat(100);
        assert!(indexed(Level::Full, &word).contains(&format!("2{}", "a".repeat(WORD))));
        let many = (0..200_000).map(|n| format!("{n:x}")).collect::<Vec<_>>().join(" ");
        let parsed = ParsedMessage { text: many, ..ParsedMessage::default() };
        assert!(SearchWords::of(&parsed).0.len() < 2 * ALL_WORDS);
        let wide = ParsedMessage { subject: "\u{fdfa}".repeat(2_000), ..ParsedMessage::default() };
        assert!(SearchWords::of(&wide).0.len() < 2 * ALL_WORDS);
    }

    proptest::proptest! {
        #[test]
        fn a_fold_is_made_of_letters_and_stays_the_same(text in "\\PC{0,20}") {
            for (_, word) in spelled(&text) {
                let folded = fold(word);
                proptest::prop_assert!(folded.chars().all(in_word));
                proptest::prop_assert_eq!(&fold(&folded), &folded);
            }
        }
    }
}
