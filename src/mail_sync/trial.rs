//! Trying credentials before they are stored.

use super::imap::{AllowedHosts, Credentials, ImapConn, Password, Security, Target, Timeouts};
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
    let refusal = |diagnosis: diagnosis::Diagnosis| Refusal { code: diagnosis.code, message: diagnosis.message };
    let mut conn = ImapConn::connect(&target(server), &deps.allowed, &deps.tls, deps.timeouts)
        .await
        .map_err(|error| refusal(diagnosis::of_imap(&error)))?;
    conn.login(&credentials(username, secret)).await.map_err(|error| refusal(diagnosis::of_login(&error)))?;
    let listed = conn.list_folders().await.map_err(|error| refusal(diagnosis::of_imap(&error)))?;
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
            Err(error) => return Err(refusal(diagnosis::of_imap(&error))),
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
