//! The machine-readable reason in an answer (`[…]` before its text). Owns: the codes a reader of mail meets.
//! Does not own: what follows from one.
//! Start reading at [`ResponseCode`].

use async_imap::imap_proto;

/// Longest text of a server that is kept, in characters.
const MAX_TEXT: usize = 500;

/// A response code (RFC 3501 section 7.1, RFC 5530, RFC 7162, and ones that large providers use).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseCode {
    /// The text must be shown to the user.
    Alert,
    /// Wrong name or password, or a token that is no longer good (RFC 5530).
    AuthenticationFailed,
    /// Signed in, but not as the wanted user (RFC 5530).
    AuthorizationFailed,
    /// The password or account has expired (RFC 5530).
    Expired,
    /// This needs a connection with TLS (RFC 5530).
    PrivacyRequired,
    /// Only the provider's support can help (RFC 5530).
    ContactAdmin,
    /// Something of the server is down; try later (RFC 5530).
    Unavailable,
    /// Locked by someone else; try later (RFC 5530).
    InUse,
    /// Too many connections or commands (RFC 5530).
    Limit,
    /// Over quota, also of traffic (RFC 5530; Gmail).
    OverQuota,
    /// Asked less often, please (Gmail).
    Throttled,
    /// There is no such folder (RFC 5530).
    Nonexistent,
    /// The server found a fault of its own (RFC 5530).
    ServerBug,
    /// The identity of a folder's UIDs.
    UidValidity(u32),
    /// The UID the next message will have at least.
    UidNext(u32),
    /// The folder's highest modification sequence (RFC 7162).
    HighestModSeq(u64),
    /// The folder keeps no modification sequences (RFC 7162).
    NoModSeq,
    /// The folder is open for reading only.
    ReadOnly,
    /// The folder is open for writing too.
    ReadWrite,
    /// The folder that was open is closed: what follows is of the one that is being opened (RFC 7162).
    Closed,
    /// What the server can do, in capitals.
    Capability(Vec<String>),
    /// Another one, as the server wrote it.
    Other(String),
}

/// Code and text of an answer. A code the parser does not know is still in front of the text: it is read here.
pub(super) fn read_outcome(outcome: &imap_proto::Outcome<'_>) -> (Option<ResponseCode>, String) {
    let text = outcome.information.as_deref().unwrap_or_default();
    match &outcome.code {
        Some(code) => (Some(known(code)), clean(text)),
        None => match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((code, text)) => (Some(named(code)), clean(text)),
            None => (None, clean(text)),
        },
    }
}

/// A server's text as it may be logged and shown: one line of limited length.
fn clean(text: &str) -> String {
    let text = text.trim().chars().take(MAX_TEXT);
    text.map(|character| if character.is_control() { ' ' } else { character }).collect()
}

fn known(code: &imap_proto::ResponseCode<'_>) -> ResponseCode {
    use imap_proto::ResponseCode as Parsed;
    match code {
        Parsed::Alert => ResponseCode::Alert,
        Parsed::UidValidity(value) => ResponseCode::UidValidity(*value),
        Parsed::UidNext(value) => ResponseCode::UidNext(*value),
        Parsed::HighestModSeq(value) => ResponseCode::HighestModSeq(*value),
        Parsed::ReadOnly => ResponseCode::ReadOnly,
        Parsed::ReadWrite => ResponseCode::ReadWrite,
        Parsed::Capabilities(list) => ResponseCode::Capability(capability_names(list)),
        other => {
            let debug = format!("{other:?}");
            let name = debug.split(['(', ' ']).next().unwrap_or_default();
            ResponseCode::Other(name.to_ascii_uppercase())
        }
    }
}

fn named(code: &str) -> ResponseCode {
    let (name, argument) = code.split_once(' ').unwrap_or((code, ""));
    match name.to_ascii_uppercase().as_str() {
        "ALERT" => ResponseCode::Alert,
        "AUTHENTICATIONFAILED" => ResponseCode::AuthenticationFailed,
        "AUTHORIZATIONFAILED" => ResponseCode::AuthorizationFailed,
        "EXPIRED" => ResponseCode::Expired,
        "PRIVACYREQUIRED" => ResponseCode::PrivacyRequired,
        "CONTACTADMIN" => ResponseCode::ContactAdmin,
        "UNAVAILABLE" => ResponseCode::Unavailable,
        "INUSE" => ResponseCode::InUse,
        "LIMIT" => ResponseCode::Limit,
        "OVERQUOTA" => ResponseCode::OverQuota,
        "THROTTLED" => ResponseCode::Throttled,
        "NONEXISTENT" => ResponseCode::Nonexistent,
        "SERVERBUG" => ResponseCode::ServerBug,
        "CLOSED" => ResponseCode::Closed,
        "NOMODSEQ" => ResponseCode::NoModSeq,
        "CAPABILITY" => {
            ResponseCode::Capability(argument.split_ascii_whitespace().map(str::to_ascii_uppercase).collect())
        }
        _ => ResponseCode::Other(clean(code)),
    }
}

/// The names of capabilities in capitals, as they stand on the wire.
pub(super) fn capability_names(list: &[imap_proto::Capability<'_>]) -> Vec<String> {
    list.iter()
        .map(|capability| match capability {
            imap_proto::Capability::Imap4rev1 => "IMAP4REV1".to_owned(),
            imap_proto::Capability::Auth(mechanism) => format!("AUTH={}", mechanism.to_ascii_uppercase()),
            imap_proto::Capability::Atom(name) => name.to_ascii_uppercase(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(line: &str) -> (Option<ResponseCode>, String) {
        let line = format!("* NO {line}\r\n");
        let (_, response) = imap_proto::Response::parse(line.as_bytes()).expect("parses");
        match response {
            imap_proto::Response::Data { outcome, .. } => read_outcome(&outcome),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn codes_known_and_unknown_to_the_parser_are_read() {
        for (line, code) in [
            ("[ALERT] x", Some(ResponseCode::Alert)),
            ("[AUTHENTICATIONFAILED] x", Some(ResponseCode::AuthenticationFailed)),
            ("[unavailable] x", Some(ResponseCode::Unavailable)),
            ("[THROTTLED] x", Some(ResponseCode::Throttled)),
            ("[OVERQUOTA] x", Some(ResponseCode::OverQuota)),
            ("[NONEXISTENT] x", Some(ResponseCode::Nonexistent)),
            ("[UIDNEXT 7] x", Some(ResponseCode::UidNext(7))),
            ("[TRYCREATE] x", Some(ResponseCode::Other("TRYCREATE".into()))),
            ("[MAILBOXID (a)] x", Some(ResponseCode::Other("MAILBOXID (a)".into()))),
            (
                "[CAPABILITY  IMAP4rev1  IDLE] x",
                Some(ResponseCode::Capability(vec!["IMAP4REV1".into(), "IDLE".into()])),
            ),
            ("x", None),
        ] {
            assert_eq!(outcome(line), (code, "x".to_owned()), "{line}");
        }
    }

    #[test]
    fn a_long_text_is_shortened_and_kept_on_one_line() {
        let (_, text) = outcome(&format!("a\tb{}", "x".repeat(2000)));
        assert!(text.starts_with("a b") && text.len() == MAX_TEXT);
    }
}
