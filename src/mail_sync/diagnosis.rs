//! What a failure means for the mailbox: which sentence its owner reads, and when to try again.

use std::time::Duration;

use super::error::SyncError;
use super::imap::{ImapError, ResponseCode};
use crate::mail_accounts::ProblemCode;

/// Longest wait that a server may ask for.
const LONGEST_HINT: Duration = Duration::from_hours(1);

/// What a failure means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Diagnosis {
    pub(super) code: ProblemCode,
    pub(super) message: String,
    /// At least this long before the next attempt.
    pub(super) wait: Option<Duration>,
    /// Only the owner can mend it.
    pub(super) for_owner: bool,
}

impl Diagnosis {
    fn new(code: ProblemCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), wait: None, for_owner: false }
    }

    fn after(self, wait: Duration) -> Self {
        Self { wait: Some(wait), ..self }
    }
}

/// Reads the end of a session.
pub(super) fn of_session(error: &SyncError) -> Diagnosis {
    match error {
        SyncError::Login(error) => of_login(error),
        SyncError::Imap(error) => of_imap(error),
        SyncError::Messages(_) | SyncError::Account(_) | SyncError::Blob(_) | SyncError::Panicked => Diagnosis::new(
            ProblemCode::Refused,
            "Tagwire could not store mail just now. Nothing is lost; it tries again.",
        ),
        SyncError::Unexplained(folder) => Diagnosis::new(
            ProblemCode::Refused,
            format!(
                "The mail server contradicts itself about the mail in {folder}. Nothing is removed here; it is compared again."
            ),
        ),
        SyncError::Restart(_) | SyncError::Unsteady => {
            Diagnosis::new(ProblemCode::Refused, "The mailbox changed while it was read.")
        }
    }
}

/// Reads a refused login.
pub(super) fn of_login(error: &ImapError) -> Diagnosis {
    let (ImapError::No { code, text } | ImapError::Bad { code, text }) = error else { return of_imap(error) };
    let busy = matches!(
        code,
        Some(
            ResponseCode::Unavailable
                | ResponseCode::InUse
                | ResponseCode::ServerBug
                | ResponseCode::Limit
                | ResponseCode::Throttled
                | ResponseCode::OverQuota
        )
    );
    let lower = text.to_lowercase();
    if lower.contains("application-specific password") || lower.contains("app password") {
        let message = "The mail server wants a password that was made for this use (an app password).";
        return Diagnosis { for_owner: true, ..Diagnosis::new(ProblemCode::AppPasswordRequired, message) };
    }
    let hint = hint(&lower);
    if busy || hint.is_some() || ["too many", "try again later", "unavailable"].iter().any(|word| lower.contains(word))
    {
        return of_imap(error);
    }
    if code == &Some(ResponseCode::PrivacyRequired) {
        return Diagnosis::new(ProblemCode::Refused, "The mail server takes passwords over a secured connection only.");
    }
    let message = "The mail server does not accept the user name and password.";
    Diagnosis::new(ProblemCode::AuthenticationFailed, message).after(Duration::from_mins(10))
}

/// Reads any other failure.
pub(super) fn of_imap(error: &ImapError) -> Diagnosis {
    use ProblemCode::{Refused, Unreachable};
    match error {
        ImapError::UnknownHost => Diagnosis::new(
            Unreachable,
            "There is no mail server of this name and port that can be connected to. Check both; IMAP is at port 993 or 143.",
        ),
        ImapError::Plaintext => Diagnosis::new(
            Refused,
            "Passwords are sent over secured connections only. Choose TLS (port 993) or STARTTLS (port 143).",
        ),
        ImapError::Unreachable => Diagnosis::new(
            Unreachable,
            "The mail server was found, but nothing answers at this port. Check the port; IMAP is at port 993 or 143.",
        ),
        ImapError::Certificate(_) => Diagnosis::new(
            Unreachable,
            "The certificate of the mail server is not valid, so that nobody can tell whether it is the right server.",
        ),
        ImapError::Tls(_) => Diagnosis::new(
            Unreachable,
            "The mail server answers, but no secured connection to it is possible. Check the port and how it is secured.",
        ),
        ImapError::Lost(_) => Diagnosis::new(Unreachable, "The connection to the mail server was lost."),
        ImapError::Timeout => Diagnosis::new(Unreachable, "The mail server does not answer in time."),
        ImapError::No { code, text } | ImapError::Bad { code, text } | ImapError::Bye { code, text } => {
            let diagnosis = Diagnosis::new(Refused, format!("The mail server refuses for now: {}", sentence(text)));
            match (hint(&text.to_lowercase()), code) {
                (Some(wait), _) => diagnosis.after(wait.min(LONGEST_HINT)),
                (None, Some(ResponseCode::OverQuota)) => diagnosis.after(Duration::from_mins(15)),
                (None, Some(ResponseCode::Limit | ResponseCode::Throttled)) => diagnosis.after(Duration::from_mins(5)),
                _ if matches!(error, ImapError::Bye { .. }) => {
                    Diagnosis::new(Unreachable, "The mail server ended the connection.")
                }
                _ => diagnosis,
            }
        }
        ImapError::Unsendable => {
            Diagnosis::new(Refused, "The user name or password holds a character that no mail server takes.")
        }
        _ => Diagnosis::new(Refused, "The mail server sends answers that cannot be understood."),
    }
}

/// "Suggested Backoff Time: 300000 milliseconds", as Microsoft's servers have it.
fn hint(lower: &str) -> Option<Duration> {
    let (_, rest) = lower.split_once("suggested backoff time")?;
    let digits: String = rest.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().ok().map(Duration::from_millis)
}

/// The server's own words, as a sentence.
fn sentence(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    if text.is_empty() { "it gives no reason.".to_owned() } else { format!("\u{201c}{text}\u{201d}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no(code: Option<ResponseCode>, text: &str) -> ImapError {
        ImapError::No { code, text: text.to_owned() }
    }

    #[test]
    fn a_wrong_password_is_told_apart_from_a_busy_server() {
        let wrong = of_login(&no(Some(ResponseCode::AuthenticationFailed), "Authentication failed."));
        assert_eq!((wrong.code, wrong.for_owner), (ProblemCode::AuthenticationFailed, false));
        for code in [ResponseCode::Unavailable, ResponseCode::InUse, ResponseCode::ServerBug] {
            assert_eq!(of_login(&no(Some(code), "Temporary failure")).code, ProblemCode::Refused);
        }
        assert_eq!(of_login(&no(None, "Too many simultaneous connections")).code, ProblemCode::Refused);
    }

    #[test]
    fn a_wait_that_the_server_asks_for_is_kept_and_capped() {
        let wait = |millis| {
            of_imap(&no(None, &format!("Request is throttled. Suggested Backoff Time: {millis} milliseconds"))).wait
        };
        assert_eq!(wait(300_000), Some(Duration::from_mins(5)));
        assert_eq!(wait(999_999_999), Some(Duration::from_hours(1)));
    }

    #[test]
    fn an_app_password_is_asked_for_at_once() {
        let text =
            "Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)";
        let diagnosis = of_login(&no(Some(ResponseCode::Alert), text));
        assert_eq!((diagnosis.code, diagnosis.for_owner), (ProblemCode::AppPasswordRequired, true));
    }
}
