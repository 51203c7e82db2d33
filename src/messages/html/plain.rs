//! HTML as plain text, for search, snippets and readers without HTML.
//! Owns line breaks and quotes; what a browser would not show does not come out.
//! Start at [`to_text`].

use super::{
    references,
    tokens::{Token, Tokens},
};

/// Elements that begin and end a line.
const BLOCKS: [&str; 31] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
];

/// The text a browser would show, a line for each block, quotes marked with `>`.
#[must_use]
pub fn to_text(html: &str) -> String {
    let mut page = Page { text: String::with_capacity(html.len() / 4), quotes: 0, line: Line::Empty, gap: false };
    for token in Tokens::new(html) {
        match token {
            Token::Text(text) => page.write(text),
            Token::Open(name, _) => page.tag(name, true),
            Token::Close(name) => page.tag(name, false),
        }
    }
    page.text.truncate(page.text.trim_end().len());
    page.text
}

#[derive(PartialEq, Eq)]
enum Line {
    /// The one before is empty too.
    Blank,
    Empty,
    Begun,
}

struct Page {
    text: String,
    quotes: usize,
    line: Line,
    /// A space is owed before the next word.
    gap: bool,
}

impl Page {
    fn write(&mut self, text: &str) {
        let space = |character: char| character.is_ascii_whitespace() || character == '\u{a0}';
        for (position, word) in references::decode(text).split(space).enumerate() {
            self.gap |= position > 0;
            if !word.is_empty() {
                self.push(word);
            }
        }
    }

    fn push(&mut self, piece: &str) {
        // Characters of no width, by which mass mail fills its preview.
        let seen = |character: char| !matches!(character, '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200d}' | '\u{feff}');
        if !piece.chars().any(seen) {
            return;
        }
        if self.line == Line::Begun {
            if self.gap {
                self.text.push(' ');
            }
        } else {
            for _ in 0..self.quotes.min(10) {
                self.text.push_str("> ");
            }
            self.line = Line::Begun;
        }
        self.gap = false;
        self.text.extend(piece.chars().filter(|character| seen(*character)));
    }

    fn tag(&mut self, name: &str, opens: bool) {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("br") {
            self.end_line(true);
        } else if is("td") || is("th") {
            self.gap = true;
        } else if name.len() <= 10 && BLOCKS.iter().any(|block| is(block)) {
            self.end_line(false);
            if is("blockquote") {
                self.quotes = if opens { self.quotes + 1 } else { self.quotes.saturating_sub(1) };
            }
        }
    }

    /// `blank`: an empty line comes out as one, but never two of them.
    fn end_line(&mut self, blank: bool) {
        self.gap = false;
        self.line = match self.line {
            Line::Begun => Line::Empty,
            Line::Empty if blank && !self.text.is_empty() => Line::Blank,
            _ => return,
        };
        self.text.push('\n');
    }
}
