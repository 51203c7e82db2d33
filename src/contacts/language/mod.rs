//! The language in which people type which contacts they want: `#hot and (#nl or #be) and not #lost jansen`.
//!
//! Owns how a query is read and printed; what it finds is `filter`'s. Start reading at `Expr`, then `parse`.
//!
//! ```text
//! query  = [ any ]                                      nothing at all is every contact
//! any    = all { "or" all }
//! all    = one { [ "and" ] one }
//! one    = "not" one | "(" any ")" | "#" name | "group:" name | "untagged" | name
//! name   = word | quoted                                a bare name that is no tag's or group's is looked for as text
//! word   = characters other than blanks and parentheses; as text, none of the words above in any case
//! quoted = '"' { any character, but '\"' for a quote and '\\' for a backslash } '"'
//! ```

mod print;
mod read;
#[cfg(test)]
mod tests;

pub use read::parse;

use super::{Filter, TagMatch};

/// Words that mean something unless they are quoted, in any case.
const AND: &str = "and";
const OR: &str = "or";
const NOT: &str = "not";
const UNTAGGED: &str = "untagged";
/// What stands before a group's name.
const GROUP: &str = "group:";

/// A query that was read. Printed, it reads as the same again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// All of these hold: two or more.
    And(Vec<Expr>),
    /// At least one of these holds: two or more.
    Or(Vec<Expr>),
    /// This does not hold.
    Not(Box<Expr>),
    /// Carries the tag with this name, which is not blank. The `#` is not part of it.
    Tag(String),
    /// Carries a tag of the group with this name, which is not blank.
    Group(String),
    /// Carries no tag.
    Untagged,
    /// Each of its words begins a word of name, company, address or phone number.
    Text(String),
}

/// Where a text stops being a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Expected {expected} after {position} characters of the query.")]
pub struct Mistake {
    /// Where, in characters from 0; the text's length where something is missing at its end.
    pub position: usize,
    /// What may stand there, in plain words such as "a tag name".
    pub expected: &'static str,
}

impl From<Expr> for Filter {
    fn from(expr: Expr) -> Self {
        let all = |exprs: Vec<Expr>| exprs.into_iter().map(Self::from).collect();
        match expr {
            Expr::And(exprs) => Self::And(all(exprs)),
            Expr::Or(exprs) => Self::Or(all(exprs)),
            Expr::Not(expr) => Self::Not(Box::new(Self::from(*expr))),
            // A filter's name may begin with a `#` that is not part of it; a tag's own may begin with another.
            Expr::Tag(name) => Self::Tag(TagMatch::Name(format!("#{name}"))),
            Expr::Group(name) => Self::Tag(TagMatch::GroupName(name)),
            Expr::Untagged => Self::Tag(TagMatch::Untagged(true)),
            Expr::Text(text) => Self::Text(text),
        }
    }
}

/// Whether a word, or a name without quotes, ends before this character.
fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')')
}
