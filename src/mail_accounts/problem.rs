//! Why a mailbox is not live, and what helps.

use entity::Timestamp;
use entity::mail_account::ProblemCode;

/// Why a mailbox is not live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// For programs.
    pub code: ProblemCode,
    /// For people: a plain sentence.
    pub message: String,
    /// Since when it is so.
    pub since: Timestamp,
}

impl Problem {
    /// What mends it, in order. What passes by itself needs nothing.
    #[must_use]
    pub fn remedy(&self) -> Vec<&'static str> {
        remedy(self.code)
    }
}

fn remedy(code: ProblemCode) -> Vec<&'static str> {
    match code {
        ProblemCode::AuthenticationFailed => vec![
            "Check that the password still works where you read this mailbox otherwise.",
            "Give the new password for the mailbox here.",
        ],
        ProblemCode::AppPasswordRequired => vec![
            "Make an app password in the security settings of the mailbox.",
            "Give that password for the mailbox here.",
        ],
        ProblemCode::Unreachable => vec!["Check the name and port of the mail server if this lasts."],
        ProblemCode::RateLimited => Vec::new(),
        ProblemCode::Refused => vec!["Ask who runs the mail server if this lasts."],
    }
}
