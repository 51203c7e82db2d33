//! Trying credentials before they are stored.

use super::diagnosis;
use super::imap::{AllowedHosts, Credentials, ImapConn, Password, Security, Target, Timeouts};
use super::supervisor::Deps;
use crate::mail_accounts::{self, ProblemCode, Server};
use crate::secrets::Secret;

/// Why a mailbox cannot be connected, in plain words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// For programs.
    pub code: ProblemCode,
    /// For people.
    pub message: String,
}

/// Signs in to a mail server and asks for its folders, to find out now rather than later that it does not work.
///
/// # Errors
/// What the person at the screen can be told.
pub async fn try_credentials(deps: &Deps, server: &Server, username: &str, secret: &Secret) -> Result<(), Refusal> {
    let refusal = |diagnosis: diagnosis::Diagnosis| Refusal { code: diagnosis.code, message: diagnosis.message };
    let mut conn = ImapConn::connect(&target(server), &deps.allowed, &deps.tls, deps.timeouts)
        .await
        .map_err(|error| refusal(diagnosis::of_imap(&error)))?;
    conn.login(&credentials(username, secret)).await.map_err(|error| refusal(diagnosis::of_login(&error)))?;
    conn.list_folders().await.map_err(|error| refusal(diagnosis::of_imap(&error)))?;
    conn.logout().await;
    Ok(())
}

pub(super) fn target(server: &Server) -> Target {
    let security = match server.security {
        mail_accounts::Security::Tls => Security::Tls,
        mail_accounts::Security::StartTls => Security::StartTls,
        mail_accounts::Security::Plaintext => Security::Plaintext,
    };
    Target { host: server.host.clone(), port: server.port, security }
}

pub(super) fn credentials(username: &str, secret: &Secret) -> Credentials {
    Credentials::Password { user: username.to_owned(), password: Password::new(secret.reveal().to_owned()) }
}

/// The hosts that the settings allow although they are private.
pub(super) fn allowed(settings: &[String]) -> AllowedHosts {
    // Checked when the settings were read.
    AllowedHosts::parse(&settings.join(",")).unwrap_or_default()
}

/// As long as a person waits at a screen.
pub(super) fn timeouts() -> Timeouts {
    Timeouts::default()
}
