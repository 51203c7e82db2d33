//! What can go wrong on a connection, told apart by what it proves. Owns: the error and the reading of transport errors.
//! Does not own: what to do about one.
//! Start reading at [`ImapError`].

use std::io;

use tokio_rustls::rustls;

use super::code::ResponseCode;
use super::guard::TooLarge;

/// Why a command has no result. Texts of the server are shortened and without control characters; no text holds mail
/// or a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImapError {
    /// The host is refused by the host rules, or has no address: deliberately one error for all.
    #[error("there is no mail server of this name and port that may be connected to")]
    UnknownHost,
    /// No connection without TLS but to a host that the operator named; nothing was asked or sent.
    #[error("the mail server may only be connected to with TLS")]
    Plaintext,
    /// The host is allowed, but nothing answers at the port.
    #[error("the mail server could not be reached")]
    Unreachable,
    /// The server's certificate is not valid for the host, or of an unknown authority.
    #[error("the certificate of the mail server is not valid: {0}")]
    Certificate(String),
    /// The TLS handshake failed for another reason than the certificate.
    #[error("no secure connection to the mail server: {0}")]
    Tls(String),
    /// The command was refused (RFC 3501 section 7.1.2). The connection goes on.
    #[error("the mail server refused: {text}")]
    No {
        /// Why, for programs.
        code: Option<ResponseCode>,
        /// Why, for people.
        text: String,
    },
    /// The server did not understand (RFC 3501 section 7.1.3). The connection goes on.
    #[error("the mail server did not understand: {text}")]
    Bad {
        /// Why, for programs; some servers throttle this way.
        code: Option<ResponseCode>,
        /// Why, for people.
        text: String,
    },
    /// The server said good-bye; the connection is over.
    #[error("the mail server ended the connection: {text}")]
    Bye {
        /// Why, for programs.
        code: Option<ResponseCode>,
        /// Why, for people.
        text: String,
    },
    /// The connection broke or ended before the command was answered.
    #[error("the connection to the mail server was lost: {0}")]
    Lost(io::Error),
    /// No answer in time; the connection is over.
    #[error("the mail server did not answer in time")]
    Timeout,
    /// The server sent what cannot be read as IMAP, or more than a response may have; the connection is over.
    #[error("the mail server sent an unreadable response: {0}")]
    Parse(&'static str),
    /// Reading a response made the parser fail; the connection is over.
    #[error("the mail server sent a response that cannot be read")]
    Panic,
    /// The command succeeded but its answer lacks what it must hold. The connection goes on.
    #[error("the mail server's answer has no {0}")]
    Missing(&'static str),
    /// The text cannot be written in an IMAP command. Nothing was sent; the connection goes on.
    #[error("a name or password holds a character that IMAP cannot carry")]
    Unsendable,
    /// An earlier command of this connection did not end well, or was abandoned; nothing was sent.
    #[error("the connection is no longer usable")]
    Unusable,
}

impl ImapError {
    /// Whether the connection that gave this error may be used further.
    #[must_use]
    pub fn keeps_connection(&self) -> bool {
        matches!(self, Self::No { .. } | Self::Bad { .. } | Self::Missing(_) | Self::Unsendable)
    }

    /// The response code that came with the error, if any.
    #[must_use]
    pub fn code(&self) -> Option<&ResponseCode> {
        match self {
            Self::No { code, .. } | Self::Bad { code, .. } | Self::Bye { code, .. } => code.as_ref(),
            _ => None,
        }
    }

    /// The same without a secret that the server repeats: its texts are told and logged.
    pub(super) fn without(mut self, secret: &str) -> Self {
        if let Self::No { text, .. } | Self::Bad { text, .. } | Self::Bye { text, .. } = &mut self
            && !secret.is_empty()
            && text.contains(secret)
        {
            *text = text.replace(secret, "…");
        }
        self
    }

    /// The end of the stream where an answer was due.
    pub(super) fn end_of_stream() -> Self {
        Self::Lost(io::ErrorKind::UnexpectedEof.into())
    }

    /// Reads an error of the stream. The parser's own errors quote the mail they failed on: their text is dropped.
    pub(super) fn from_io(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut => Self::Timeout,
            io::ErrorKind::Other => Self::Parse("not IMAP"),
            _ if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<TooLarge>) => {
                Self::Parse("larger than a response may be")
            }
            io::ErrorKind::UnexpectedEof => Self::end_of_stream(),
            _ => Self::Lost(error),
        }
    }

    /// Reads an error of the TLS handshake.
    pub(super) fn from_handshake(error: io::Error) -> Self {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match tls {
            Some(rustls::Error::InvalidCertificate(why)) => Self::Certificate(why.to_string()),
            Some(other) => Self::Tls(other.to_string()),
            None => Self::from_io(error),
        }
    }
}
