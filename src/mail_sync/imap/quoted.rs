//! Quoted strings of IMAP (RFC 3501 `quoted`), both ways. Owns: that no text can end a command early.
//! Does not own: literals; the parser reads those.
//! Start reading at [`quote`].

use super::error::ImapError;

/// The text as a quoted string for a command.
///
/// # Errors
/// [`ImapError::Unsendable`] for line breaks and NUL, which a quoted string cannot hold.
pub(super) fn quote(text: &str) -> Result<String, ImapError> {
    if text.contains(['\r', '\n', '\0']) {
        return Err(ImapError::Unsendable);
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    Ok(quoted)
}

/// The text that a server sent: the parser leaves the escapes of a quoted string in place, and does not say whether it
/// was one. A text that could not have been inside quotes is from a literal or atom, and returned as it is.
pub(super) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(escaped @ ('"' | '\\')) => plain.push(escaped),
                _ => return text.to_owned(),
            },
            '"' => return text.to_owned(),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_reads_back() {
        for text in ["", "INBOX", r#"a "b" \c"#, r"\\", "ü"] {
            let quoted = quote(text).expect("can be sent");
            let inner = &quoted[1..quoted.len() - 1];
            assert_eq!(unescape(inner), text);
        }
    }

    #[test]
    fn a_line_break_never_reaches_a_command() {
        for text in ["a\r\nb LOGOUT", "a\nb", "a\0b"] {
            assert!(matches!(quote(text), Err(ImapError::Unsendable)));
        }
    }

    #[test]
    fn a_literal_is_not_unescaped() {
        for text in [r"a\b", r#"a"b"#, r"a\"] {
            assert_eq!(unescape(text), text);
        }
    }
}
