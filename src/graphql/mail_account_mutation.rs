//! Connecting mailboxes and steering their sync.

use async_graphql::{Context, Enum, ID, InputObject, Object};

use super::command::{payload, run};
use super::contact::DeletePayload;
use super::error::{ApiError, ErrorCode, UserError};
use super::id;
use super::mail_account::{MailAccount, MailProvider};
use super::mail_discovery::fill_in;
use super::reader::Reader;
use super::scalar::EmailAddress;
use crate::mail_accounts::{self, NewMailAccount, Server};
use crate::mail_sync;
use crate::secrets::Secret;
use crate::text;

/// How a connection is secured.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "mail_accounts::Security")]
pub enum ConnectionSecurity {
    /// TLS from the first byte.
    Tls,
    /// TLS by a command.
    #[graphql(name = "STARTTLS")]
    StartTls,
    /// Not at all.
    Plaintext,
}

/// A mailbox to connect. Hosts may be left out where discovery knows them; port and security where they are the usual ones.
#[derive(InputObject)]
pub struct ConnectMailAccountInput {
    /// Its address.
    pub email: EmailAddress,
    /// Its password. Stored encrypted, shown nowhere.
    pub password: String,
    /// Whose servers it is on; IMAP when left out.
    pub provider: Option<MailProvider>,
    /// What to sign in as; the address when left out.
    pub username: Option<String>,
    /// Name of the IMAP server; what discovery finds, when left out.
    pub imap_host: Option<String>,
    /// Its port; 993 with TLS, else 143, when left out.
    pub imap_port: Option<i32>,
    /// How the connection is secured; TLS when left out.
    pub imap_security: Option<ConnectionSecurity>,
    /// Name of the SMTP server, for mail to be sent.
    pub smtp_host: Option<String>,
    /// Its port; 465 with TLS, else 587, when left out.
    pub smtp_port: Option<i32>,
    /// How the connection is secured; TLS when left out.
    pub smtp_security: Option<ConnectionSecurity>,
}

payload!(MailAccountPayload, mail_account: MailAccount, "The mailbox as it is now.");

/// Connecting mailboxes and steering their sync.
#[derive(Default)]
pub struct MailAccountMutation;

/// Connecting mailboxes and steering their sync.
#[Object]
impl MailAccountMutation {
    /// Tests the credentials against the server, stores them encrypted, and starts syncing.
    async fn connect_mail_account(
        &self,
        ctx: &Context<'_>,
        input: ConnectMailAccountInput,
    ) -> Result<MailAccountPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let deps = reader.app().mail_sync.deps();
        let user = reader.cx().user().ok_or_else(ApiError::unauthenticated)?;
        let discovery = &reader.app().discovery;
        if let Err(error) = discovery.check_failures(user) {
            return Ok(Err(error.into()).into());
        }
        let (input, found) = match fill_in(reader, input).await? {
            Ok(filled_in) => filled_in,
            Err(error) => return Ok(Err(error).into()),
        };
        let mut new = match new_account(input) {
            Ok(new) => new,
            Err(error) => return Ok(Err(*error).into()),
        };
        let instructions = found.map(|found| {
            new.authentication = found.authentication;
            found.instructions
        });
        if let Err(error) = run(&["input"], || async { new.check() }).await? {
            return Ok(Err(error).into());
        }
        match mail_sync::try_credentials(deps, &new.imap, &new.username, &new.secret).await {
            Ok(seen) => new.seen = seen,
            Err(refusal) => {
                discovery.note_failure(user);
                let mut refusal = UserError::from(refusal);
                if refusal.remedy.is_empty() {
                    refusal.remedy = instructions.unwrap_or_default();
                }
                return Ok(Err(refusal).into());
            }
        }
        let made = run(&["input"], || {
            mail_accounts::connect(reader.cx(), reader.db(), &deps.secrets, &deps.signals, new.clone())
        })
        .await?;
        Ok(made.map(|account| MailAccount { account, reader: reader.clone() }).into())
    }

    /// Looks for news now rather than later.
    async fn sync_mail_account(&self, ctx: &Context<'_>, id: ID) -> Result<MailAccountPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let (account, signals) = (id::decode_or_nil(&id), &reader.app().mail_sync.deps().signals);
        let made = run(&["id"], || mail_accounts::sync_now(reader.cx(), reader.db(), signals, account)).await?;
        Ok(made.map(|account| MailAccount { account, reader: reader.clone() }).into())
    }

    /// Stops the sync until it is resumed.
    async fn pause_mail_account(&self, ctx: &Context<'_>, id: ID) -> Result<MailAccountPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let (account, signals) = (id::decode_or_nil(&id), &reader.app().mail_sync.deps().signals);
        let made = run(&["id"], || mail_accounts::pause(reader.cx(), reader.db(), signals, account)).await?;
        Ok(made.map(|account| MailAccount { account, reader: reader.clone() }).into())
    }

    /// Goes on with the sync of a mailbox that is paused or needs attention.
    async fn resume_mail_account(&self, ctx: &Context<'_>, id: ID) -> Result<MailAccountPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let (account, signals) = (id::decode_or_nil(&id), &reader.app().mail_sync.deps().signals);
        let made = run(&["id"], || mail_accounts::resume(reader.cx(), reader.db(), signals, account)).await?;
        Ok(made.map(|account| MailAccount { account, reader: reader.clone() }).into())
    }

    /// Forgets the password and stops the sync. Stored mail stays, unless it is to go with it.
    async fn disconnect_mail_account(
        &self,
        ctx: &Context<'_>,
        id: ID,
        #[graphql(default = false)] delete_messages: bool,
    ) -> Result<DeletePayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let (account, signals) = (id::decode_or_nil(&id), &reader.app().mail_sync.deps().signals);
        let done =
            run(&["id"], || mail_accounts::disconnect(reader.cx(), reader.db(), signals, account, delete_messages))
                .await?;
        Ok(DeletePayload::of(id, done))
    }
}

fn new_account(input: ConnectMailAccountInput) -> Result<NewMailAccount, Box<UserError>> {
    let invalid = |message: &str, field: &str| Box::new(UserError::new(ErrorCode::Invalid, message, &["input", field]));
    let email = text::EmailAddress::parse(&input.email.0).map_err(|error| invalid(&error.to_string(), "email"))?;
    let host = input.imap_host.filter(|host| !host.trim().is_empty());
    let host = host.ok_or_else(|| invalid("Give the name of the IMAP server.", "imapHost"))?;
    let security = input.imap_security.unwrap_or(ConnectionSecurity::Tls);
    let usual = if security == ConnectionSecurity::Tls { 993 } else { 143 };
    let imap = Server { host, port: port(input.imap_port, usual), security: security.into() };
    let smtp = input.smtp_host.map(|host| {
        let security = input.smtp_security.unwrap_or(ConnectionSecurity::Tls);
        let usual = if security == ConnectionSecurity::Tls { 465 } else { 587 };
        Server { host, port: port(input.smtp_port, usual), security: security.into() }
    });
    Ok(NewMailAccount {
        username: input.username.unwrap_or_else(|| email.as_str().to_owned()),
        email,
        provider: input.provider.unwrap_or(MailProvider::Imap).into(),
        authentication: mail_accounts::Authentication::Password,
        secret: Secret::from(input.password),
        imap,
        smtp,
        seen: None,
    })
}

/// A port, or one that is none: `NewMailAccount::check` then says so.
fn port(given: Option<i32>, usual: u16) -> u16 {
    given.map_or(usual, |port| u16::try_from(port).unwrap_or(0))
}
