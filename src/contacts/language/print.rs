//! Printing a query.

use std::fmt::{self, Display, Formatter, Write};

use super::{AND, Expr, GROUP, NOT, OR, UNTAGGED, ends_word};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(exprs) => joined(f, exprs, AND, |expr| matches!(expr, Self::And(_) | Self::Or(_))),
            Self::Or(exprs) => joined(f, exprs, OR, |expr| matches!(expr, Self::Or(_))),
            Self::Not(expr) => {
                write!(f, "{NOT} ")?;
                within(f, expr, matches!(**expr, Self::And(_) | Self::Or(_)))
            }
            Self::Tag(name) => {
                f.write_char('#')?;
                self::name(f, name)
            }
            Self::Group(name) => {
                f.write_str(GROUP)?;
                self::name(f, name)
            }
            Self::Untagged => f.write_str(UNTAGGED),
            Self::Text(text) if means_something(text) => quoted(f, text),
            Self::Text(text) => name(f, text),
        }
    }
}

fn joined(f: &mut Formatter<'_>, exprs: &[Expr], word: &str, in_parentheses: impl Fn(&Expr) -> bool) -> fmt::Result {
    for (index, expr) in exprs.iter().enumerate() {
        if index > 0 {
            write!(f, " {word} ")?;
        }
        within(f, expr, in_parentheses(expr))?;
    }
    Ok(())
}

fn within(f: &mut Formatter<'_>, expr: &Expr, parentheses: bool) -> fmt::Result {
    if parentheses { write!(f, "({expr})") } else { expr.fmt(f) }
}

fn name(f: &mut Formatter<'_>, name: &str) -> fmt::Result {
    if name.is_empty() || name.starts_with('"') || name.contains(ends_word) {
        quoted(f, name)
    } else {
        f.write_str(name)
    }
}

fn quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}

/// Whether a text without quotes would be read as something else.
fn means_something(text: &str) -> bool {
    let starts_group = text.get(..GROUP.len()).is_some_and(|start| start.eq_ignore_ascii_case(GROUP));
    text.starts_with('#') || starts_group || [AND, OR, NOT, UNTAGGED].iter().any(|word| text.eq_ignore_ascii_case(word))
}
