//! Connecting a mailbox.

use entity::mail_account::{self, Authentication, Provider, Security, State};
use entity::{MailAccountId, UserId, WorkspaceId};
use sea_orm::ActiveValue::Set;
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;

use super::{Error, EventKind, MailAccount, SeenFolder, Signals, events, folders, scope, store};
use crate::access::Cx;
use crate::changes::{Action, Kind, NewChange};
use crate::db::{Db, Fault, Unique};
use crate::secrets::{Secret, Secrets};
use crate::text::{self, EmailAddress};

const EMAIL: Unique = Unique {
    index: "mail_account_email",
    columns: "mail_account.workspace, mail_account.owner, mail_account.email_key",
};

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is secured.
    pub security: Security,
}

/// A mailbox to connect. Its credentials have been tried.
#[derive(Clone, Debug)]
pub struct NewMailAccount {
    /// Its address.
    pub email: EmailAddress,
    /// Whose servers they are.
    pub provider: Provider,
    /// How one signs in.
    pub authentication: Authentication,
    /// The name to sign in with.
    pub username: String,
    /// The password.
    pub secret: Secret,
    /// Where mail is read.
    pub imap: Server,
    /// Where mail is sent.
    pub smtp: Option<Server>,
    /// The folder that was opened when the credentials were tried.
    pub seen: Option<SeenFolder>,
}

impl NewMailAccount {
    /// Whether it can be stored at all. Asked before anything is sent anywhere.
    ///
    /// # Errors
    /// Names what cannot be used.
    pub fn check(&self) -> Result<(), Error> {
        for server in [Some(&self.imap), self.smtp.as_ref()].into_iter().flatten() {
            let host = server.host.trim();
            if host.is_empty() || host.len() > 253 || host.contains(char::is_whitespace) || server.port == 0 {
                return Err(Error::Server);
            }
        }
        if !(1..=320).contains(&self.username.chars().count()) || !text::is_one_line(&self.username) {
            return Err(Error::Username);
        }
        check_password(&self.secret)
    }
}

pub(super) fn check_password(secret: &Secret) -> Result<(), Error> {
    let password = secret.reveal();
    let sound = (1..=1_000).contains(&password.chars().count()) && !password.contains(['\r', '\n', '\0']);
    if sound { Ok(()) } else { Err(Error::Password) }
}

/// Where the sealed password belongs.
pub(super) fn secret_context(workspace: WorkspaceId, account: MailAccountId) -> String {
    format!("{workspace}|{account}|mail password")
}

/// Connects a mailbox of the actor; its sync begins. One that was disconnected before goes on where it was.
///
/// # Errors
/// `AlreadyConnected` for one that is connected, and what `NewMailAccount::check` refuses.
pub async fn connect(
    cx: &Cx,
    db: &Db,
    secrets: &Secrets,
    signals: &Signals,
    new: NewMailAccount,
) -> Result<MailAccount, Error> {
    let owner = cx.viewer().ok_or_else(Error::nobody)?.user;
    new.check()?;
    let mut tx = db.begin(cx).await?;
    let earlier = store::by_email(tx.conn(), cx.workspace, owner, new.email.key()).await?;
    let row = match earlier {
        Some(row) if row.disconnected_at.is_none() => return Err(Error::AlreadyConnected(row.id)),
        Some(row) => {
            let epoch = row.lease_epoch + 1;
            let version = row.version + 1;
            let mut row = settings(cx, secrets, row.id, &new, row.secret_version + 1)?;
            row.lease_epoch = Set(epoch);
            row.version = Set(version);
            let row = mail_account::Entity::update(row).exec(tx.conn()).await?;
            tx.record(
                NewChange::in_scope(scope(row.id, owner), Kind::MailAccount, Action::Created, row.id)
                    .version(row.version),
            );
            row
        }
        None => {
            let row = new_row(cx, secrets, owner, &new)?;
            let id = row.id;
            let inserted =
                mail_account::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx.conn()).await;
            if let Err(error) = inserted {
                let fault = Fault::from(error);
                if !fault.breaks(EMAIL) {
                    return Err(fault.into());
                }
                tx.rollback().await?;
                let first = store::by_email(db.reader(), cx.workspace, owner, new.email.key()).await?;
                return Err(first.map_or(fault.into(), |row| Error::AlreadyConnected(row.id)));
            }
            if let Some(seen) = new.seen {
                folders::add_seen(&tx, id, seen).await?;
            }
            tx.record(
                NewChange::in_scope(scope(id, owner), Kind::MailAccount, Action::Created, id).version(row.version),
            );
            row
        }
    };
    events::note(&tx, row.id, EventKind::Connected, "The mailbox was connected.").await?;
    tx.commit().await?;
    signals.tell(row.id);
    Ok(row.into())
}

fn settings(
    cx: &Cx,
    secrets: &Secrets,
    id: MailAccountId,
    new: &NewMailAccount,
    secret_version: i64,
) -> Result<mail_account::ActiveModel, Error> {
    let sealed = secrets.seal(&secret_context(cx.workspace, id), &new.secret)?;
    Ok(mail_account::ActiveModel {
        workspace: Set(cx.workspace),
        id: Set(id),
        email: Set(new.email.as_str().to_owned()),
        provider: Set(new.provider),
        authentication: Set(new.authentication),
        username: Set(new.username.clone()),
        secret: Set(Some(sealed)),
        secret_version: Set(secret_version),
        imap_host: Set(new.imap.host.trim().to_owned()),
        imap_port: Set(i32::from(new.imap.port)),
        imap_security: Set(new.imap.security),
        smtp_host: Set(new.smtp.as_ref().map(|smtp| smtp.host.trim().to_owned())),
        smtp_port: Set(new.smtp.as_ref().map(|smtp| i32::from(smtp.port))),
        smtp_security: Set(new.smtp.as_ref().map(|smtp| smtp.security)),
        state: Set(State::Connecting),
        problem_code: Set(None),
        problem_message: Set(None),
        problem_since: Set(None),
        failures: Set(0),
        next_attempt_at: Set(None),
        lease_owner: Set(None),
        lease_until: Set(None),
        disconnected_at: Set(None),
        removing: Set(false),
        ..Default::default()
    })
}

fn new_row(cx: &Cx, secrets: &Secrets, owner: UserId, new: &NewMailAccount) -> Result<mail_account::Model, Error> {
    let id: MailAccountId = cx.new_id();
    let sealed = secrets.seal(&secret_context(cx.workspace, id), &new.secret)?;
    Ok(mail_account::Model {
        workspace: cx.workspace,
        id,
        owner,
        email: new.email.as_str().to_owned(),
        email_key: new.email.key().to_owned(),
        provider: new.provider,
        authentication: new.authentication,
        username: new.username.clone(),
        secret: Some(sealed),
        secret_version: 1,
        imap_host: new.imap.host.trim().to_owned(),
        imap_port: i32::from(new.imap.port),
        imap_security: new.imap.security,
        smtp_host: new.smtp.as_ref().map(|smtp| smtp.host.trim().to_owned()),
        smtp_port: new.smtp.as_ref().map(|smtp| i32::from(smtp.port)),
        smtp_security: new.smtp.as_ref().map(|smtp| smtp.security),
        state: State::Connecting,
        problem_code: None,
        problem_message: None,
        problem_since: None,
        failures: 0,
        last_success_at: None,
        next_attempt_at: None,
        progress_stored: 0,
        progress_total: 0,
        progress_skipped: 0,
        read_day: 0,
        read_bytes: 0,
        lease_owner: None,
        lease_epoch: 0,
        lease_until: None,
        disconnected_at: None,
        removing: false,
        version: 1,
        created_at: cx.now(),
        history_days: None,
        folders_chosen: false,
    })
}
