//! Reading a query, in time that grows with its length and with a bounded stack, whatever it is.

use std::iter::Peekable;
use std::str::Chars;

use super::{AND, Expr, GROUP, Mistake, NOT, OR, UNTAGGED, ends_word};
use crate::contacts::filter::MOST_PARTS;

/// Most characters of a query.
const LONGEST: usize = 20_000;

/// Most parentheses and `not` within each other.
const DEEPEST: usize = 64;

const ONE: &str = "a word, a tag or `(`";
const TAG_NAME: &str = "a tag name";
const GROUP_NAME: &str = "a group name";

/// Reads a query; none where the text is blank, which asks for every contact.
///
/// # Errors
/// For a text that is no query, is longer than 20 000 characters, nests deeper than 64 or has more parts than a filter may have.
pub fn parse(text: &str) -> Result<Option<Expr>, Mistake> {
    if text.chars().nth(LONGEST).is_some() {
        return Err(Mistake { position: LONGEST, expected: "the end: a query has at most 20 000 characters" });
    }
    let mut reader = Reader::start(text)?;
    if matches!(reader.token, Token::End) {
        return Ok(None);
    }
    let expr = reader.any(0)?;
    match reader.token {
        Token::End => Ok(Some(expr)),
        // Only `)`: all else begins an expression or joins it to another.
        _ => Err(reader.expected("a word, a tag or the end")),
    }
}

enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Leaf(Expr),
    End,
}

/// Makes expressions of tokens.
struct Reader<'q> {
    text: Text<'q>,
    /// The next token, and the position where it begins.
    token: Token,
    position: usize,
    parts: usize,
}

impl<'q> Reader<'q> {
    fn start(text: &'q str) -> Result<Self, Mistake> {
        let text = Text { rest: text.chars().peekable(), position: 0 };
        let mut reader = Self { text, token: Token::End, position: 0, parts: 0 };
        reader.advance()?;
        Ok(reader)
    }

    /// The next token, which is now behind.
    fn advance(&mut self) -> Result<Token, Mistake> {
        self.text.skip_blanks();
        self.position = self.text.position;
        Ok(std::mem::replace(&mut self.token, self.text.token()?))
    }

    fn expected(&self, expected: &'static str) -> Mistake {
        Mistake { position: self.position, expected }
    }

    fn any(&mut self, depth: usize) -> Result<Expr, Mistake> {
        let mut exprs = vec![self.all(depth)?];
        while matches!(self.token, Token::Or) {
            self.advance()?;
            self.joins(&exprs)?;
            exprs.push(self.all(depth)?);
        }
        Ok(joined(exprs, Expr::Or))
    }

    fn all(&mut self, depth: usize) -> Result<Expr, Mistake> {
        let mut exprs = vec![self.one(depth)?];
        loop {
            match self.token {
                Token::And => {
                    self.advance()?;
                }
                Token::Open | Token::Not | Token::Leaf(_) => {}
                Token::Close | Token::Or | Token::End => return Ok(joined(exprs, Expr::And)),
            }
            self.joins(&exprs)?;
            exprs.push(self.one(depth)?);
        }
    }

    fn one(&mut self, depth: usize) -> Result<Expr, Mistake> {
        if !matches!(self.token, Token::Open | Token::Not | Token::Leaf(_)) {
            return Err(self.expected(ONE));
        }
        if depth >= DEEPEST && !matches!(self.token, Token::Leaf(_)) {
            return Err(self.expected("a word or a tag: parentheses and `not` nest at most 64 deep"));
        }
        if !matches!(self.token, Token::Open) {
            self.part()?;
        }
        match self.advance()? {
            Token::Leaf(expr) => Ok(expr),
            Token::Not => Ok(Expr::Not(Box::new(self.one(depth + 1)?))),
            _ => {
                let expr = self.any(depth + 1)?;
                if !matches!(self.token, Token::Close) {
                    return Err(self.expected("`)`"));
                }
                self.advance()?;
                Ok(expr)
            }
        }
    }

    /// The expression that joins several is a part too.
    fn joins(&mut self, exprs: &[Expr]) -> Result<(), Mistake> {
        if exprs.len() == 1 { self.part() } else { Ok(()) }
    }

    fn part(&mut self) -> Result<(), Mistake> {
        self.parts += 1;
        if self.parts > MOST_PARTS { Err(self.expected("the end: a query has at most 200 parts")) } else { Ok(()) }
    }
}

fn joined(mut exprs: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    match exprs.pop() {
        Some(only) if exprs.is_empty() => only,
        last => {
            exprs.extend(last);
            join(exprs)
        }
    }
}

/// Makes tokens of characters.
struct Text<'q> {
    rest: Peekable<Chars<'q>>,
    position: usize,
}

impl Text<'_> {
    fn next_if(&mut self, wanted: impl Fn(char) -> bool) -> Option<char> {
        let c = self.rest.next_if(|c| wanted(*c))?;
        self.position += 1;
        Some(c)
    }

    fn skip_blanks(&mut self) {
        while self.next_if(char::is_whitespace).is_some() {}
    }

    fn expected(&self, expected: &'static str) -> Mistake {
        Mistake { position: self.position, expected }
    }

    fn token(&mut self) -> Result<Token, Mistake> {
        match self.rest.peek() {
            None => return Ok(Token::End),
            Some('"') => return Ok(Token::Leaf(Expr::Text(self.quoted()?))),
            Some(_) => {}
        }
        if let Some(parenthesis) = self.next_if(|c| matches!(c, '(' | ')')) {
            return Ok(if parenthesis == '(' { Token::Open } else { Token::Close });
        }
        if self.next_if(|c| c == '#').is_some() {
            return Ok(Token::Leaf(Expr::Tag(self.name(TAG_NAME)?)));
        }
        let mut word = String::new();
        while let Some(c) = self.next_if(|c| !ends_word(c)) {
            word.push(c);
            if word.eq_ignore_ascii_case(GROUP) {
                return Ok(Token::Leaf(Expr::Group(self.name(GROUP_NAME)?)));
            }
        }
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
        Ok(match () {
            () if is(AND) => Token::And,
            () if is(OR) => Token::Or,
            () if is(NOT) => Token::Not,
            () if is(UNTAGGED) => Token::Leaf(Expr::Untagged),
            () => Token::Leaf(Expr::Text(word)),
        })
    }

    fn name(&mut self, expected: &'static str) -> Result<String, Mistake> {
        let missing = self.expected(expected);
        let mut name = String::new();
        if self.rest.peek() == Some(&'"') {
            name = self.quoted()?;
        } else {
            while let Some(c) = self.next_if(|c| !ends_word(c)) {
                name.push(c);
            }
        }
        if name.trim().is_empty() { Err(missing) } else { Ok(name) }
    }

    fn quoted(&mut self) -> Result<String, Mistake> {
        self.next_if(|c| c == '"');
        let mut text = String::new();
        loop {
            match self.next_if(|_| true) {
                None => return Err(self.expected("a closing quote")),
                Some('"') => break,
                Some('\\') => match self.next_if(|c| matches!(c, '"' | '\\')) {
                    Some(c) => text.push(c),
                    None => return Err(self.expected("`\"` or `\\` behind a backslash")),
                },
                Some(c) => text.push(c),
            }
        }
        match self.rest.peek() {
            Some(c) if !ends_word(*c) => Err(self.expected("a blank or a parenthesis behind a quote")),
            _ => Ok(text),
        }
    }
}
