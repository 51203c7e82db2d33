//! Words marked in a mail that was found.

use async_graphql::{Enum, SimpleObject};

use super::error::{ApiError, Code};
use crate::messages::{self, HighlightField, SearchText, WrongText};

/// A text to look for, as a client gives it.
pub(super) fn parse(text: &str) -> Result<SearchText, ApiError> {
    SearchText::parse(text).map_err(ApiError::from)
}

impl From<WrongText> for ApiError {
    fn from(wrong: WrongText) -> Self {
        Self::new(Code::BadUserInput, wrong.to_string())
    }
}

/// Where in a mail words are marked.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageField {
    /// The subject.
    Subject,
    /// Name and address of somebody on it.
    Participant,
    /// The text.
    Body,
}

/// Characters, counted from 0.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub struct TextRange {
    /// The first of them.
    pub start: i32,
    /// Behind the last of them.
    pub end: i32,
}

/// Part of a mail in which the words that were looked for are marked.
#[derive(SimpleObject, Clone, Debug)]
pub struct MessageHighlight {
    /// Where in the mail.
    pub field: MessageField,
    /// At most 200 characters around the first mark, in one line. Plain text: to be escaped where it is shown as HTML.
    pub snippet: String,
    /// What is marked in the snippet, in characters (Unicode scalar values) from 0.
    pub ranges: Vec<TextRange>,
}

impl From<messages::Highlight> for MessageHighlight {
    fn from(found: messages::Highlight) -> Self {
        let number = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        Self {
            field: match found.field {
                HighlightField::Subject => MessageField::Subject,
                HighlightField::Participant => MessageField::Participant,
                HighlightField::Body => MessageField::Body,
            },
            snippet: found.snippet,
            ranges: found
                .ranges
                .iter()
                .map(|range| TextRange { start: number(range.start), end: number(range.end) })
                .collect(),
        }
    }
}
