//! What is marked in a message that was found: pure, of what the viewer may see and nothing else.

use std::ops::Range;

use super::query::SearchText;
use super::words::{bounded, fold, is_unspaced, spelled};

/// Characters of a snippet.
const SNIPPET: usize = 200;

/// Of them, before the first mark.
const BEFORE: usize = 40;

/// Marks of one snippet.
const MARKS: usize = 50;

/// Participants with marks that are told.
const PARTICIPANTS: usize = 10;

/// Where in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HighlightField {
    /// Its subject.
    Subject,
    /// Somebody on it, name and address.
    Participant,
    /// Its text.
    Body,
}

/// Part of a message in which words are marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Highlight {
    /// Where in the message.
    pub field: HighlightField,
    /// In one line.
    pub snippet: String,
    /// What is marked, in characters from 0; never overlapping, in order.
    pub ranges: Vec<Range<usize>>,
}

/// What the viewer may see of a message.
#[derive(Clone, Copy, Debug, Default)]
pub struct Source<'a> {
    /// Names and addresses.
    pub participants: &'a [String],
    /// The subject, if they see it.
    pub subject: Option<&'a str>,
    /// The text, if they see it.
    pub body: Option<&'a str>,
}

/// Where the words of a text are found in a message: at most once in its subject and text, and once for each of ten participants.
#[must_use]
pub fn highlights(text: &SearchText, source: Source<'_>) -> Vec<Highlight> {
    let subject = source.subject.map(|subject| (HighlightField::Subject, subject));
    let people = source.participants.iter().map(|person| (HighlightField::Participant, person.as_str()));
    let people = people.filter_map(|(field, person)| highlight(text, field, person)).take(PARTICIPANTS);
    let body = source.body.map(|body| (HighlightField::Body, bounded(body)));
    let marked = |(field, whole)| highlight(text, field, whole);
    subject.and_then(marked).into_iter().chain(people).chain(body.and_then(marked)).collect()
}

fn highlight(text: &SearchText, field: HighlightField, whole: &str) -> Option<Highlight> {
    let marks = marks(text, whole);
    let first = whole.get(..marks.first()?.start)?.chars().count();
    let begin = if whole.chars().nth(SNIPPET).is_some() { first.saturating_sub(BEFORE) } else { 0 };
    let mut snippet = String::new();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (number, (at, c)) in whole.char_indices().skip(begin).take(SNIPPET).enumerate() {
        snippet.push(if c.is_whitespace() || c.is_control() { ' ' } else { c });
        if let Some(mark) = marks.iter().find(|mark| mark.contains(&at)) {
            match ranges.last_mut() {
                Some(range) if range.end == number && at != mark.start => range.end = number + 1,
                _ => ranges.push(number..number + 1),
            }
        }
    }
    Some(Highlight { field, snippet, ranges })
}

/// In bytes, in order.
fn marks(text: &SearchText, whole: &str) -> Vec<Range<usize>> {
    let mut marks: Vec<Range<usize>> = Vec::new();
    for (range, word) in spelled(whole) {
        let folded = fold(word);
        let within = |wanted: &&String| folded.contains(wanted.as_str());
        let (words, runs): (Vec<_>, Vec<_>) =
            (text.words().iter().filter(within).collect(), text.runs().iter().filter(within).collect());
        if words.is_empty() && runs.is_empty() {
            continue;
        }
        let mut before = None;
        for (at, c) in word.char_indices() {
            let unspaced = is_unspaced(c);
            let begins = before != Some(unspaced);
            before = Some(unspaced);
            let start = range.start + at;
            if marks.last().is_some_and(|mark| mark.end > start) {
                continue;
            }
            let wanted = if unspaced {
                runs.as_slice()
            } else if begins {
                words.as_slice()
            } else {
                &[]
            };
            let rest = word.get(at..).unwrap_or_default();
            if let Some(length) = wanted.iter().filter_map(|wanted| beginning(rest, wanted)).max() {
                marks.push(start..start + length);
                if marks.len() == MARKS {
                    return marks;
                }
            }
        }
    }
    marks
}

/// Bytes of the shortest beginning of a word that folds to one of `wanted`, with the marks behind its last letter.
fn beginning(word: &str, wanted: &str) -> Option<usize> {
    // Folding makes a word shorter only by dropping marks.
    let most = 3 * wanted.chars().count() + 3;
    let ends = word.char_indices().map(|(at, c)| at + c.len_utf8()).take(most);
    let end = ends.into_iter().find(|end| word.get(..*end).is_some_and(|start| fold(start).starts_with(wanted)))?;
    let marks = word.get(end..)?.chars().take_while(|c| fold(c.encode_utf8(&mut [0; 4])).is_empty());
    Some(end + marks.map(char::len_utf8).sum::<usize>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, whole: &str) -> Vec<String> {
        let text = SearchText::parse(text).expect("a text");
        let source = Source { subject: Some(whole), ..Source::default() };
        let found = highlights(&text, source);
        let Some(Highlight { snippet, ranges, .. }) = found.into_iter().next() else { return Vec::new() };
        let cut = |range: Range<usize>| snippet.chars().skip(range.start).take(range.len()).collect();
        ranges.into_iter().map(cut).collect()
    }

    #[test]
    fn words_are_marked_as_far_as_they_were_typed() {
        assert_eq!(marked("meet inv", "The Meeting, reinvented: INVOICE"), ["Meet", "INV"]);
        assert_eq!(marked("meeting", "nothing"), [""; 0]);
        assert_eq!(marked("jan test", "Jan <jan@b.test>"), ["Jan", "jan", "test"]);
    }

    #[test]
    fn accents_and_long_letters_are_counted_as_characters() {
        assert_eq!(marked("strasse", "Große Straße 5"), ["Straße"]);
        assert_eq!(marked("stras", "Straße"), ["Straß"]);
        assert_eq!(marked("cafe", "Cafe\u{301}s"), ["Cafe\u{301}"]);
        assert_eq!(marked("istanbul", "İSTANBUL"), ["İSTANBUL"]);
        assert_eq!(marked("soren", "Sørens"), ["Søren"]);
        assert_eq!(marked("приве", "😀 Привет"), ["Приве"]);
    }

    #[test]
    fn scripts_without_blanks_are_marked_within() {
        assert_eq!(marked("本語", "日本語と日本語"), ["本語", "本語"]);
        assert_eq!(marked("語", "日本語"), ["語"]);
        assert_eq!(marked("買う", "iPhoneを買う"), ["買う"]);
        assert_eq!(marked("日日", "日日日日"), ["日日", "日日"]);
    }

    #[test]
    fn a_snippet_is_one_short_line_around_the_first_mark() {
        let body = format!("{}\nsee the offer\r\n{}", "é ".repeat(500), "x ".repeat(500));
        let text = SearchText::parse("offer").expect("a text");
        let source = Source { body: Some(&body), ..Source::default() };
        let found = highlights(&text, source);
        let [Highlight { field: HighlightField::Body, snippet, ranges }] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(snippet.chars().count(), SNIPPET);
        assert!(!snippet.contains('\n'));
        let [range] = ranges.as_slice() else { panic!("{ranges:?}") };
        assert_eq!(*range, BEFORE..BEFORE + 5);
        // What the viewer does not see is not looked into.
        assert!(highlights(&text, Source::default()).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn marks_lie_within_and_in_order(text in "\\PC{0,12}", whole in "\\PC{0,60}") {
            let parsed = SearchText::parse(&text).expect("short");
            for found in highlights(&parsed, Source { body: Some(&whole), ..Source::default() }) {
                let mut end = 0;
                for range in found.ranges {
                    proptest::prop_assert!(end <= range.start && range.start < range.end);
                    end = range.end;
                }
                proptest::prop_assert!(end <= found.snippet.chars().count());
            }
        }

        #[test]
        fn what_begins_a_word_is_marked_there(word in "\\w{1,12}", rest in "\\w{0,6}") {
            let parsed = SearchText::parse(&word).expect("short");
            let whole = format!("- {word}{rest}");
            let found = highlights(&parsed, Source { subject: Some(&whole), ..Source::default() });
            proptest::prop_assert!(parsed.is_empty() || !found.is_empty());
        }
    }
}
