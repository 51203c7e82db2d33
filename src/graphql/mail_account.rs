//! Connected mailboxes and their folders.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};

use super::command::{payload, run};
use super::connection;
use super::contact::DeletePayload;
use super::error::{ApiError, ErrorCode, UserError};
use super::id;
use super::own_loaders::{CountsOf, FoldersOfAccount};
use super::reader::Reader;
use super::scalar::{DateTime, EmailAddress};
use super::user::User;
use crate::mail_accounts::{self, NewMailAccount, Server};
use crate::mail_sync;
use crate::messages::Counts;
use crate::secrets::Secret;
use crate::text;

/// Whose servers a mailbox is on.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "mail_accounts::Provider")]
pub enum MailProvider {
    /// Google.
    Gmail,
    /// Microsoft.
    Office365,
    /// Any other IMAP server.
    Imap,
}

/// How one signs in to a mail server.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "mail_accounts::Authentication")]
pub enum MailAuthentication {
    /// With the password of the mailbox.
    Password,
    /// With a password made for this use.
    AppPassword,
    /// With consent given in the browser.
    #[graphql(name = "OAUTH2")]
    OAuth2,
}

/// What the sync of a mailbox does.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "mail_accounts::State")]
pub enum MailAccountState {
    /// First contact with the server.
    Connecting,
    /// Reading the history; new mail already arrives.
    Backfilling,
    /// Everything is stored and the server tells us about news.
    Live,
    /// A passing fault; the next try is at `nextAttemptAt`.
    Retrying,
    /// Stopped until the user gives a new password or consent; see `problem`.
    NeedsAttention,
    /// Stopped by the user.
    Paused,
}

/// What a folder is for.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "mail_accounts::Role")]
pub enum MailFolderRole {
    /// Where mail arrives.
    Inbox,
    /// Sent mail.
    Sent,
    /// Unfinished mail.
    Drafts,
    /// The archive.
    Archive,
    /// Spam.
    Junk,
    /// Deleted mail.
    Trash,
    /// All mail of the account.
    All,
}

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

/// Why an account is not live, with what to do about it: e.g. the steps to make a Google App Password.
#[derive(SimpleObject)]
pub struct MailProblem {
    /// For programs.
    pub code: ErrorCode,
    /// One sentence for the person at the screen.
    pub message: String,
    /// Ordered steps that mend it.
    pub remedy: Vec<String>,
    /// A page that helps.
    pub help_url: Option<String>,
    /// Who helps when nothing else does (a setting).
    pub support_contact: Option<String>,
    /// Since when.
    pub since: DateTime,
}

/// How far a mailbox is read, in messages.
#[derive(SimpleObject)]
pub struct SyncProgress {
    /// Stored here.
    pub stored: i32,
    /// On the server.
    pub total: i32,
    /// Could not be stored yet; they are tried again.
    pub skipped: i32,
}

/// A connected mailbox. Seen by its owner.
#[derive(Clone)]
pub struct MailAccount {
    pub(super) account: mail_accounts::MailAccount,
    pub(super) reader: Reader,
}

/// A connected mailbox. Seen by its owner.
#[Object]
impl MailAccount {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.account.id)
    }

    /// Whose it is.
    async fn owner(&self) -> Result<User, ApiError> {
        let owner = self.reader.shared().load_one(self.account.owner).await?;
        owner.map(User).ok_or_else(|| ApiError::fault(&"a mailbox without its owner"))
    }

    /// Its address.
    async fn email(&self) -> EmailAddress {
        EmailAddress(self.account.email.clone())
    }

    /// Whose servers it is on.
    async fn provider(&self) -> Option<MailProvider> {
        Some(self.account.provider.into())
    }

    /// How one signs in there.
    async fn authentication(&self) -> Option<MailAuthentication> {
        Some(self.account.authentication.into())
    }

    /// What its sync does; null when it is disconnected.
    async fn state(&self) -> Option<MailAccountState> {
        self.account.state.map(Into::into)
    }

    /// Why it is not live.
    async fn problem(&self) -> Option<MailProblem> {
        let problem = self.account.problem.as_ref()?;
        Some(MailProblem {
            code: problem.code.into(),
            message: problem.message.clone(),
            remedy: problem.remedy().into_iter().map(str::to_owned).collect(),
            help_url: None,
            support_contact: self.reader.app().config.support_contact.clone(),
            since: DateTime(problem.since),
        })
    }

    /// When all was last known to be well.
    async fn last_success_at(&self) -> Option<DateTime> {
        self.account.last_success_at.map(DateTime)
    }

    /// When it is tried again.
    async fn next_attempt_at(&self) -> Option<DateTime> {
        self.account.next_attempt_at.map(DateTime)
    }

    /// How far it is read; null before that has begun.
    async fn progress(&self) -> Option<SyncProgress> {
        let progress = self.account.progress?;
        let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        Some(SyncProgress {
            stored: count(progress.stored),
            total: count(progress.total),
            skipped: count(progress.skipped),
        })
    }

    /// Its folders by name.
    #[graphql(complexity = "connection::list_cost(child_complexity)")]
    async fn folders(&self) -> Result<Vec<MailFolder>, ApiError> {
        let folders = self.reader.own().load_one(FoldersOfAccount(self.account.id)).await?.unwrap_or_default();
        let folder =
            |folder: &mail_accounts::Folder| MailFolder { folder: folder.clone(), reader: self.reader.clone() };
        Ok(folders.iter().map(folder).collect())
    }
}

/// A folder of a mailbox.
#[derive(Clone)]
pub struct MailFolder {
    pub(super) folder: mail_accounts::Folder,
    pub(super) reader: Reader,
}

impl MailFolder {
    async fn counts(&self) -> Result<Counts, ApiError> {
        let key = CountsOf(self.folder.id, self.folder.generation);
        Ok(self.reader.own().load_one(key).await?.unwrap_or_default())
    }
}

/// A folder of a mailbox.
#[Object]
impl MailFolder {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.folder.id)
    }

    /// Its name, as people write it.
    async fn name(&self) -> &str {
        &self.folder.name
    }

    /// What it is for, if the server says or its name tells.
    async fn role(&self) -> Option<MailFolderRole> {
        self.folder.role.map(Into::into)
    }

    /// Whether its mail is read.
    async fn synced(&self) -> bool {
        self.folder.synced
    }

    /// Messages in it that are stored.
    async fn message_count(&self) -> Result<i32, ApiError> {
        Ok(i32::try_from(self.counts().await?.messages).unwrap_or(i32::MAX))
    }

    /// Those of them that were not read.
    async fn unread_count(&self) -> Result<i32, ApiError> {
        Ok(i32::try_from(self.counts().await?.unread).unwrap_or(i32::MAX))
    }
}

/// Reading mailboxes.
#[derive(Default)]
pub struct MailAccountQuery;

/// Reading mailboxes.
#[Object]
impl MailAccountQuery {
    /// The viewer's connected mailboxes.
    #[graphql(complexity = "connection::list_cost(child_complexity)")]
    async fn mail_accounts(&self, ctx: &Context<'_>) -> Result<Vec<MailAccount>, ApiError> {
        let reader = Reader::of(ctx)?;
        let accounts = mail_accounts::list(reader.cx(), reader.db()).await?;
        Ok(accounts.into_iter().map(|account| MailAccount { account, reader: reader.clone() }).collect())
    }
}

/// A mailbox to connect. The IMAP server is to be given; port and security may be left out where they are the usual ones.
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
    /// Name of the IMAP server.
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
        let mut new = match new_account(input) {
            Ok(new) => new,
            Err(error) => return Ok(Err(*error).into()),
        };
        if let Err(error) = run(&["input"], || async { new.check() }).await? {
            return Ok(Err(error).into());
        }
        match mail_sync::try_credentials(deps, &new.imap, &new.username, &new.secret).await {
            Ok(seen) => new.seen = seen,
            Err(refusal) => return Ok(Err(refusal.into()).into()),
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
