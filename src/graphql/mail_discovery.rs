//! Finding the mail server of an address.

use async_graphql::{Context, Object, SimpleObject};

use super::error::{ApiError, Code, ErrorCode, UserError};
use super::mail_account::{MailAuthentication, MailProvider};
use super::mail_account_mutation::{ConnectMailAccountInput, ConnectionSecurity};
use super::reader::Reader;
use super::scalar::{DateTime, EmailAddress};
use crate::mail_accounts::{Authentication, Server};
use crate::mail_discovery::{Found, TooMany};
use crate::text;

/// What the server found for an address: "Settings found!".
#[derive(SimpleObject)]
pub struct DiscoveredMailServer {
    /// Whose servers they are.
    pub provider: MailProvider,
    /// How one signs in there.
    pub authentication: MailAuthentication,
    /// Name of the IMAP server.
    pub imap_host: String,
    /// Its port.
    pub imap_port: i32,
    /// How the connection is secured.
    pub imap_security: ConnectionSecurity,
    /// Name of the SMTP server, where it is known.
    pub smtp_host: Option<String>,
    /// Its port.
    pub smtp_port: Option<i32>,
    /// How the connection is secured.
    pub smtp_security: Option<ConnectionSecurity>,
    /// What to sign in as.
    pub username: String,
    /// How it is known: a built-in provider, the domain's autoconfig, its SRV records, ...
    pub source: String,
    /// Help for the person at the screen, e.g. that Google wants an App Password and how to make one: ordered steps.
    pub instructions: Vec<String>,
}

impl From<Found> for DiscoveredMailServer {
    fn from(found: Found) -> Self {
        let Found { imap, smtp, .. } = found;
        let smtp = smtp.as_ref();
        Self {
            provider: found.provider.into(),
            authentication: found.authentication.into(),
            imap_host: imap.host,
            imap_port: imap.port.into(),
            imap_security: imap.security.into(),
            smtp_host: smtp.map(|smtp| smtp.host.clone()),
            smtp_port: smtp.map(|smtp| smtp.port.into()),
            smtp_security: smtp.map(|smtp| smtp.security.into()),
            username: found.username,
            source: found.source,
            instructions: found.instructions,
        }
    }
}

impl From<TooMany> for ApiError {
    fn from(error: TooMany) -> Self {
        Self::new(Code::RateLimited, error.to_string())
    }
}

impl From<TooMany> for UserError {
    fn from(error: TooMany) -> Self {
        let retry_at = Some(DateTime(error.retry_at));
        Self { retry_at, ..Self::new(ErrorCode::RateLimited, error.to_string(), &[]) }
    }
}

/// Finding mail servers.
#[derive(Default)]
pub struct MailDiscoveryQuery;

/// Finding mail servers.
#[Object]
impl MailDiscoveryQuery {
    /// Looks for the mail server of an address, within three seconds: among the providers that are built in, in the configuration
    /// and service records of its domain, in a public database, then by a guess. Null when none is found: the settings are then
    /// given by hand. A user may ask 20 times a minute.
    async fn discover_mail_server(
        &self,
        ctx: &Context<'_>,
        email: EmailAddress,
    ) -> Result<Option<DiscoveredMailServer>, ApiError> {
        let reader = Reader::of(ctx)?;
        let user = reader.cx().user().ok_or_else(ApiError::unauthenticated)?;
        let email = text::EmailAddress::parse(&email.0)
            .map_err(|error| ApiError::new(Code::BadUserInput, error.to_string()))?;
        let found = reader.app().discovery.discover(user, &email).await?;
        Ok(found.map(Into::into))
    }
}

/// Fills in what was left out, where discovery knows it. A refusal where the person has to say it, or has to go another way.
pub(super) async fn fill_in(
    reader: &Reader,
    input: ConnectMailAccountInput,
) -> Result<Result<(ConnectMailAccountInput, Option<Found>), UserError>, ApiError> {
    if input.imap_host.as_ref().is_some_and(|host| !host.trim().is_empty()) {
        return Ok(Ok((input, None)));
    }
    let user = reader.cx().user().ok_or_else(ApiError::unauthenticated)?;
    // What is wrong with the address is said where the rest of the input is read.
    let Ok(email) = text::EmailAddress::parse(&input.email.0) else { return Ok(Ok((input, None))) };
    let found = match reader.app().discovery.discover(user, &email).await {
        Ok(Some(found)) => found,
        Ok(None) => {
            let message = "No mail server was found for this address. Give the name of the IMAP server.";
            return Ok(Err(UserError::new(ErrorCode::Invalid, message, &["input", "imapHost"])));
        }
        Err(error) => return Ok(Err(error.into())),
    };
    if found.authentication == Authentication::OAuth2 {
        let message = "This mailbox is connected by signing in and consenting in the browser, not with a password.";
        let refusal = UserError::new(ErrorCode::OauthRequired, message, &["input", "provider"]);
        return Ok(Err(UserError { remedy: found.instructions, ..refusal }));
    }
    if !found.is_vouched_for {
        let message = format!(
            "The address's domain names the mail server {}, which is of another domain. If that is right, give it as the IMAP server.",
            found.imap.host
        );
        return Ok(Err(UserError::new(ErrorCode::Invalid, message, &["input", "imapHost"])));
    }
    let given = ConnectMailAccountInput {
        provider: input.provider.or(Some(found.provider.into())),
        username: input.username.or_else(|| Some(found.username.clone())),
        imap_host: Some(found.imap.host.clone()),
        imap_port: input.imap_port.or(Some(found.imap.port.into())),
        imap_security: input.imap_security.or(Some(found.imap.security.into())),
        ..input
    };
    Ok(Ok((with_smtp(given, found.smtp.as_ref()), Some(found))))
}

fn with_smtp(input: ConnectMailAccountInput, smtp: Option<&Server>) -> ConnectMailAccountInput {
    let Some(smtp) = smtp.filter(|_| input.smtp_host.is_none()) else { return input };
    ConnectMailAccountInput {
        smtp_host: Some(smtp.host.clone()),
        smtp_port: Some(smtp.port.into()),
        smtp_security: Some(smtp.security.into()),
        ..input
    }
}
