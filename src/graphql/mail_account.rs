//! Connected mailboxes.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use futures_util::FutureExt;

use super::connection::{self, PageArguments};
use super::error::{ApiError, ErrorCode};
use super::id;
use super::mail_account_event::{MailAccountEvent, MailAccountEventConnection};
use super::mail_folder::MailFolder;
use super::own_loaders::FoldersOfAccount;
use super::reader::Reader;
use super::scalar::{DateTime, EmailAddress};
use super::user::User;
use crate::mail_accounts;

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

/// A connected mailbox. Seen by its owner; a colleague with a share of the inbox sees id, owner, email and folders, the rest is null.
#[derive(Clone)]
pub struct MailAccount {
    pub(super) account: mail_accounts::MailAccount,
    pub(super) reader: Reader,
}

impl MailAccount {
    /// The mailbox, for what only its owner sees.
    fn own(&self) -> Option<&mail_accounts::MailAccount> {
        self.account.is_own(self.reader.cx()).then_some(&self.account)
    }
}

/// A connected mailbox. Seen by its owner; a colleague with a share of the inbox sees id, owner, email and folders, the rest is null.
#[Object]
impl MailAccount {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.account.id)
    }

    /// Whose it is.
    async fn owner(&self) -> Result<User, ApiError> {
        let owner = self.reader.shared().load_one(self.account.owner).await?;
        owner.map(|user| User::new(user, &self.reader)).ok_or_else(|| ApiError::fault(&"a mailbox without its owner"))
    }

    /// Its address.
    async fn email(&self) -> EmailAddress {
        EmailAddress(self.account.email.clone())
    }

    /// Whose servers it is on.
    async fn provider(&self) -> Option<MailProvider> {
        Some(self.own()?.provider.into())
    }

    /// How one signs in there.
    async fn authentication(&self) -> Option<MailAuthentication> {
        Some(self.own()?.authentication.into())
    }

    /// What its sync does; null when it is disconnected.
    async fn state(&self) -> Option<MailAccountState> {
        self.own()?.state.map(Into::into)
    }

    /// Why it is not live.
    async fn problem(&self) -> Option<MailProblem> {
        let problem = self.own()?.problem.as_ref()?;
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
        self.own()?.last_success_at.map(DateTime)
    }

    /// When it is tried again.
    async fn next_attempt_at(&self) -> Option<DateTime> {
        self.own()?.next_attempt_at.map(DateTime)
    }

    /// How far it is read; null before that has begun.
    async fn progress(&self) -> Option<SyncProgress> {
        let progress = self.own()?.progress?;
        let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        Some(SyncProgress {
            stored: count(progress.stored),
            total: count(progress.total),
            skipped: count(progress.skipped),
        })
    }

    /// How many days back mail is read; null for all of it.
    async fn history_days(&self) -> Option<i32> {
        self.account.history_days
    }

    /// What happened to it last, newest first; the last 200 are kept. Empty for all but its owner.
    #[graphql(complexity = "connection::cost(first, None, child_complexity)")]
    async fn events(&self, first: Option<i32>, after: Option<String>) -> Result<MailAccountEventConnection, ApiError> {
        let page = PageArguments { first, after, last: None, before: None }.page()?;
        let account = self.account.id;
        let rows = mail_accounts::events(self.reader.cx(), self.reader.db(), account, &page).await??;
        let reader = self.reader.clone();
        let count = move || {
            let reader = reader.clone();
            async move { Ok(mail_accounts::event_count(reader.cx(), reader.db(), account).await?) }.boxed()
        };
        let rows = rows.map(|event| MailAccountEvent { event });
        Ok(MailAccountEventConnection { rows, count: Box::new(count) })
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

/// Reading mailboxes.
#[derive(Default)]
pub struct MailAccountQuery;

/// Reading mailboxes.
#[Object]
impl MailAccountQuery {
    /// The viewer's connected mailboxes, and those of colleagues who share their inbox with them.
    #[graphql(complexity = "connection::list_cost(child_complexity)")]
    async fn mail_accounts(&self, ctx: &Context<'_>) -> Result<Vec<MailAccount>, ApiError> {
        let reader = Reader::of(ctx)?;
        let accounts = mail_accounts::list(reader.cx(), reader.db()).await?;
        Ok(accounts.into_iter().map(|account| MailAccount { account, reader: reader.clone() }).collect())
    }
}
