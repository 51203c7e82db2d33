//! HTML cut into tags and text, as a browser would cut it.
//! Owns the lexing, in one pass and without recursion; does not judge what is allowed.
//! Start at [`Tokens`].

/// One piece of HTML. Comments, doctypes, and the content of elements that show nothing never come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Text with its character references still in it.
    Text(&'a str),
    /// A start tag: its name as written, and the rest of it.
    Open(&'a str, &'a str),
    /// An end tag.
    Close(&'a str),
}

/// Elements whose content is not HTML and is not shown.
const SILENT: [&str; 11] =
    ["script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript", "template", "svg"];

/// The pieces of an HTML text in order.
pub(super) struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(html: &'a str) -> Self {
        Self { rest: html }
    }

    /// Cuts off the first `length` bytes.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Leaves out everything up to and with `end`, or the rest.
    fn skip_past(&mut self, end: &str) {
        self.rest = self.rest.split_once(end).map_or("", |(_, rest)| rest);
    }

    fn skip_content(&mut self, name: &str) {
        let mut from = self.rest;
        while let Some((_, behind)) = from.split_once("</") {
            from = behind;
            if behind.get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name)) {
                self.rest = behind;
                self.skip_past(">");
                return;
            }
        }
        self.rest = "";
    }

    /// The tag that begins here, behind its `<`.
    fn tag(&mut self) -> Option<Token<'a>> {
        let closing = self.rest.starts_with('/');
        if closing {
            self.take(1);
        }
        let end = |character: char| character.is_ascii_whitespace() || matches!(character, '/' | '>');
        let name = self.take(self.rest.find(end).unwrap_or(self.rest.len()));
        let inside = self.take(length_of_attributes(self.rest)?);
        self.take(1);
        if closing {
            return Some(Token::Close(name));
        }
        if let Some(silent) = SILENT.iter().find(|silent| name.eq_ignore_ascii_case(silent))
            && !(*silent == "svg" && inside.ends_with('/'))
        {
            self.skip_content(silent);
        }
        Some(Token::Open(name, inside))
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        while !self.rest.is_empty() {
            let Some(behind) = self.rest.strip_prefix('<') else {
                let length = self.rest.find('<').unwrap_or(self.rest.len());
                return Some(Token::Text(self.take(length)));
            };
            let next = behind.strip_prefix('/').unwrap_or(behind).chars().next();
            if next.is_some_and(|character| character.is_ascii_alphabetic()) {
                self.rest = behind;
                if let Some(token) = self.tag() {
                    return Some(token);
                }
                // A tag that never ends takes the rest with it.
                self.rest = "";
            } else if let Some(comment) = behind.strip_prefix("!--") {
                self.rest = comment;
                if !comment.starts_with('>') && !comment.starts_with("->") {
                    self.skip_past("-->");
                } else {
                    self.skip_past(">");
                }
            } else if behind.starts_with(['!', '?', '/']) {
                self.skip_past(">");
            } else {
                return Some(Token::Text(self.take(1)));
            }
        }
        None
    }
}

/// Bytes up to the `>` that ends a tag: one within a quoted value does not.
fn length_of_attributes(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut value_next = false;
    for (position, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'>') => return Some(position),
            (None, b'"' | b'\'') if value_next => {
                quote = Some(byte);
                value_next = false;
            }
            (None, b'=') => value_next = true,
            (None, _) => value_next = value_next && byte.is_ascii_whitespace(),
        }
    }
    None
}

/// The attributes in the rest of a start tag: names as written, values with their character references still in them.
pub(super) fn attributes(mut inside: &str) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        inside = inside.trim_start_matches(|character: char| character.is_ascii_whitespace() || character == '/');
        if inside.is_empty() {
            return None;
        }
        // A stray `=` begins a name.
        let skip = usize::from(inside.starts_with('='));
        let end = inside
            .get(skip..)?
            .find(|character: char| character.is_ascii_whitespace() || matches!(character, '/' | '='));
        let (name, rest) = inside.split_at_checked(end.map_or(inside.len(), |end| end + skip))?;
        let rest = rest.trim_start_matches(|character: char| character.is_ascii_whitespace());
        let Some(value) = rest.strip_prefix('=') else {
            inside = rest;
            return Some((name, ""));
        };
        let value = value.trim_start_matches(|character: char| character.is_ascii_whitespace());
        for quote in ['"', '\''] {
            if let Some(quoted) = value.strip_prefix(quote) {
                let (value, rest) = quoted.split_once(quote).unwrap_or((quoted, ""));
                inside = rest;
                return Some((name, value));
            }
        }
        let end = value.find(|character: char| character.is_ascii_whitespace()).unwrap_or(value.len());
        let (value, rest) = value.split_at_checked(end)?;
        inside = rest;
        Some((name, value))
    })
}
