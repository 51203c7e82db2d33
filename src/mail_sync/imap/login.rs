//! Signing in. Owns: the choice of the command, and that no secret is printed.
//! Does not own: where secrets are kept.
//! Start reading at [`ImapConn::login`].

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::time::timeout;

use super::answer::Reply;
use super::code::ResponseCode;
use super::conn::{Completion, ImapConn};
use super::error::ImapError;
use super::quoted::quote;

/// A password; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Wraps a password.
    #[must_use]
    pub fn new(password: String) -> Self {
        Self(password)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// What proves who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// A name and a password, which may be one for this application only.
    Password {
        /// Name, often the mail address.
        user: String,
        /// Password.
        password: Password,
    },
}

impl ImapConn {
    /// Signs in, learns what the server can do now, and introduces itself where the server wants that (RFC 2971).
    ///
    /// # Errors
    /// [`ImapError::No`] when refused; the code tells whether the password is wrong or the server cannot say now.
    pub async fn login(&mut self, credentials: &Credentials) -> Result<Completion, ImapError> {
        let Credentials::Password { user, password } = credentials;
        let done = self.login_with_password(user, password).await;
        let done = done.map_err(|error| error.without(&password.0))?;
        self.forget_capabilities();
        self.learn(done.code.as_ref());
        if !self.knows_capabilities() {
            self.ask_capabilities().await?;
        }
        if self.has("ID") {
            self.introduce().await?;
        }
        self.enable_resync().await?;
        Ok(done)
    }

    /// LOGIN, which every server has; AUTHENTICATE PLAIN (RFC 4616) for what LOGIN cannot carry or does not want.
    async fn login_with_password(&mut self, user: &str, password: &Password) -> Result<Completion, ImapError> {
        let no_login = self.has("LOGINDISABLED");
        let plain = self.has("AUTH=PLAIN");
        if no_login && !plain {
            let text = "the server takes no password on this connection".to_owned();
            return Err(ImapError::No { code: Some(ResponseCode::PrivacyRequired), text });
        }
        let quotable = user.is_ascii() && password.0.is_ascii();
        if plain && (no_login || !quotable) {
            if user.contains('\0') || password.0.contains('\0') {
                return Err(ImapError::Unsendable);
            }
            let message = format!("\0{user}\0{}", password.0);
            return self.authenticate("PLAIN", message.as_bytes()).await;
        }
        let command = format!("LOGIN {} {}", quote(user)?, quote(&password.0)?);
        self.exec(&command, self.timeouts.command, Some).await
    }

    /// AUTHENTICATE with one message from us; any further question of the server is answered with nothing, so that a
    /// mechanism which explains its refusal by a question comes to its end.
    async fn authenticate(&mut self, mechanism: &str, message: &[u8]) -> Result<Completion, ImapError> {
        self.begin()?;
        let deadline = self.timeouts.command;
        let run = async {
            let tag = self.send(&format!("AUTHENTICATE {mechanism}")).await?;
            let mut message = Some(STANDARD.encode(message));
            loop {
                match self.read().await? {
                    Reply::Continue => self.send_line(&message.take().unwrap_or_default()).await?,
                    Reply::Tagged { tag: answered, status, code, text } if answered == tag => {
                        return self.finish(status, code, text);
                    }
                    other => {
                        self.route(other, &mut Some)?;
                    }
                }
            }
        };
        timeout(deadline, run).await.map_err(|_| ImapError::Timeout)?
    }

    async fn introduce(&mut self) -> Result<(), ImapError> {
        let command = format!("ID (\"name\" \"Tagwire\" \"version\" \"{}\")", env!("CARGO_PKG_VERSION"));
        match self.exec(&command, self.timeouts.command, Some).await {
            Err(error) if !error.keeps_connection() => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_printed() {
        let credentials =
            Credentials::Password { user: "alice".to_owned(), password: Password::new("hunter2".to_owned()) };
        assert!(!format!("{credentials:?}").contains("hunter2"));
    }
}
