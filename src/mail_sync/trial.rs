//! Trying credentials before they are stored.

use std::time::Duration;

use super::imap::{AllowedHosts, Credentials, ImapConn, ImapError, Password, Security, Target, Timeouts};
use super::supervisor::Deps;
use super::{diagnosis, folders};
use crate::mail_accounts::{self, FirstSight, ProblemCode, SeenFolder, Server};
use crate::secrets::Secret;

/// Why a mailbox cannot be connected, in plain words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// For programs.
    pub code: ProblemCode,
    /// For people.
    pub message: String,
    /// Where it ended.
    pub part: Part,
}

/// A part of connecting a mailbox that can fail by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// No host of this name, or none that may be connected to.
    Name,
    /// Nothing answers there.
    Port,
    /// How the connection is secured.
    Security,
    /// The server's certificate.
    Certificate,
    /// User name and password.
    SignIn,
    /// What comes after, or what the server does not say.
    Server,
}

impl Part {
    fn of(error: &ImapError) -> Self {
        match error {
            ImapError::UnknownHost => Self::Name,
            ImapError::Unreachable => Self::Port,
            ImapError::Plaintext | ImapError::Tls(_) => Self::Security,
            ImapError::Certificate(_) => Self::Certificate,
            _ => Self::Server,
        }
    }
}

/// As long as a person waits at a screen, and no step so long that all of them take more than ten seconds.
const PATIENCE: Duration = Duration::from_secs(9);
const STEP: Duration = Duration::from_secs(3);

/// For an answer once connected: servers let those wait who gave a wrong password before.
const SIGN_IN: Duration = Duration::from_secs(18);

impl Refusal {
    fn of(diagnosis: diagnosis::Diagnosis, part: Part) -> Self {
        Self { code: diagnosis.code, message: diagnosis.message, part }
    }
}

/// Signs in to a mail server, asks for its folders and opens the one that is watched: to find out now rather than later that it does
/// not work, and where in it the mail begins that arrives from now on. None where that cannot be told.
///
/// # Errors
/// What the person at the screen can be told.
pub async fn try_credentials(
    deps: &Deps,
    server: &Server,
    username: &str,
    secret: &Secret,
) -> Result<Option<SeenFolder>, Refusal> {
    let refusal = |error: &ImapError| Refusal::of(diagnosis::of_imap(error), Part::of(error));
    let target = target(server);
    let patient = Timeouts { lookup: STEP, connect: STEP, greeting: STEP, command: SIGN_IN, ..deps.timeouts };
    let connecting = ImapConn::connect(&target, &deps.allowed, &deps.tls, patient);
    let connected = tokio::time::timeout(PATIENCE, connecting).await.unwrap_or(Err(ImapError::Timeout));
    let mut conn = connected.map_err(|error| refusal(&error))?;
    let signing_in = conn.login(&credentials(username, secret)).await;
    signing_in.map_err(|error| Refusal::of(diagnosis::of_login(&error), Part::SignIn))?;
    let listed = conn.list_folders().await.map_err(|error| refusal(&error))?;
    let mut seen = None;
    if let Some(folder) = folders::watched(&folders::found(listed), |folder| folder.role).cloned() {
        match conn.examine(&folder.name_raw).await {
            Ok(opened) => {
                let first = |uid_next| FirstSight {
                    uid_validity: opened.uid_validity,
                    uid_next,
                    mod_seq: opened.highest_modseq,
                };
                seen = opened.uid_next.map(|uid_next| SeenFolder { folder, first: first(uid_next) });
            }
            // The sync finds out more, and tells.
            Err(error) if error.keeps_connection() => {}
            Err(error) => return Err(refusal(&error)),
        }
    }
    conn.logout().await;
    Ok(seen)
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
