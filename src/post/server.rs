//! The mail server that takes our letters, and how to reach it.

use std::path::Path;
use std::time::Duration;

use hyper::Uri;
use lettre::message::Mailbox;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::PostError;
use crate::secrets::Secret;
use crate::text;

/// A whole attempt: far less than the time after which somebody else may try.
const ATTEMPT: Duration = Duration::from_secs(120);

/// One command of it.
const COMMAND: Duration = Duration::from_secs(30);

/// Characters of a server's refusal that are kept.
const REASON: usize = 300;

/// Refusals that concern our sign-in, not the letter: 530 (sign in first), 534, 535 and 538 (not like this).
const OF_SIGN_IN: [u16; 4] = [530, 534, 535, 538];

/// Settings of a mail server.
#[derive(Clone, Debug)]
pub struct Smtp {
    url: Secret,
    from: Mailbox,
}

/// Settings that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSettings {
    /// The address of the server.
    Url,
    /// The sender.
    From,
}

impl Smtp {
    /// From `smtp://user:password@host:port?tls=required`, `smtps://…`, and a sender such as `Acme <crm@acme.example>`.
    ///
    /// # Errors
    /// Says which of the two it is.
    pub fn parse(url: String, from: &str) -> Result<Self, NotSettings> {
        let from = Some(from).filter(|from| text::is_one_line(from)).and_then(|from| from.parse().ok());
        let smtp = Self { url: url.into(), from: from.ok_or(NotSettings::From)? };
        smtp.host().ok_or(NotSettings::Url)?;
        AsyncSmtpTransport::<Tokio1Executor>::from_url(smtp.url.reveal()).map_err(|_| NotSettings::Url)?;
        Ok(smtp)
    }

    fn uri(&self) -> Option<Uri> {
        self.url.reveal().parse().ok()
    }

    fn host(&self) -> Option<String> {
        let uri = self.uri()?;
        let host = uri.host().filter(|host| !host.is_empty())?;
        ["smtp", "smtps"].contains(&uri.scheme_str()?).then(|| host.trim_matches(['[', ']']).to_owned())
    }
}

/// How an attempt ended that did not succeed.
#[derive(Debug)]
pub(super) enum Refused {
    /// It may succeed later.
    ForNow(String),
    /// It will not.
    ForGood(String),
}

/// A mail server.
pub(super) struct Server {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Server {
    pub(super) fn new(smtp: &Smtp, ca_file: Option<&Path>) -> Result<Self, PostError> {
        let settings = |why: &dyn std::fmt::Display| PostError::Settings(why.to_string());
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(smtp.url.reveal())
            .map_err(|_| settings(&"TAGWIRE_SMTP_URL"))?;
        let uri = smtp.uri().ok_or_else(|| settings(&"TAGWIRE_SMTP_URL"))?;
        let host = smtp.host().ok_or_else(|| settings(&"TAGWIRE_SMTP_URL"))?;
        let secured = uri.scheme_str() == Some("smtps");
        let required = uri.query().is_some_and(|query| query.split('&').any(|part| part == "tls=required"));
        let offered = uri.query().is_some_and(|query| query.split('&').any(|part| part == "tls=opportunistic"));
        if secured || required || offered {
            let mut tls = TlsParameters::builder(host);
            if let Some(path) = ca_file {
                let pem = std::fs::read(path).map_err(|error| settings(&format!("{}: {error}", path.display())))?;
                let authorities = Certificate::from_pem(&pem);
                let authorities = authorities.map_err(|_| settings(&format!("{}: no certificates", path.display())))?;
                tls = tls.add_root_certificate(authorities);
            }
            let tls = tls.build().map_err(|error| settings(&error))?;
            builder = builder.tls(match (secured, required) {
                (true, _) => Tls::Wrapper(tls),
                (false, true) => Tls::Required(tls),
                (false, false) => Tls::Opportunistic(tls),
            });
        }
        if uri.path().trim_matches('/').is_empty() {
            builder = builder.hello_name(ClientId::Domain(smtp.from.email.domain().to_owned()));
        }
        Ok(Self { transport: builder.timeout(Some(COMMAND)).build(), from: smtp.from.clone() })
    }

    pub(super) fn from(&self) -> &Mailbox {
        &self.from
    }

    pub(super) async fn send(&self, mail: Message) -> Result<(), Refused> {
        let sent = tokio::time::timeout(ATTEMPT, self.transport.send(mail)).await;
        let Ok(sent) = sent else {
            return Err(Refused::ForNow("The mail server took too long.".to_owned()));
        };
        let Err(error) = sent else { return Ok(()) };
        let why = why(&error);
        let Some(code) = error.status().map(u16::from) else {
            return Err(Refused::ForNow(format!("The connection to the mail server failed: {why}")));
        };
        if error.is_permanent() && !OF_SIGN_IN.contains(&code) {
            Err(Refused::ForGood(format!("The mail server refused it: {code} {why}")))
        } else {
            Err(Refused::ForNow(format!("The mail server does not take it now: {code} {why}")))
        }
    }
}

/// The innermost reason, shortened: a server's text is for people, but it may be anything.
fn why(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).take(REASON).collect()
}
