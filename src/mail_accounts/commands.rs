//! What an owner does with a connected mailbox.

use entity::MailAccountId;
use entity::mail_account::{self, State};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

use super::connect::{check_password, secret_context};
use super::{Error, EventKind, MailAccount, Signals, events, scope, store};
use crate::access::Cx;
use crate::changes::{Action, Kind, NewChange};
use crate::db::{Db, Tx};
use crate::secrets::{Secret, Secrets};

/// Stops the sync until it is resumed. One that is paused stays so.
pub async fn pause(cx: &Cx, db: &Db, signals: &Signals, id: MailAccountId) -> Result<MailAccount, Error> {
    let (tx, row) = own(cx, db, id).await?;
    if row.state == State::Paused {
        return Ok(row.into());
    }
    events::note(&tx, id, EventKind::Paused, "Its owner paused the sync.").await?;
    save(tx, signals, paused(&row)).await
}

/// The sync stopped, without any problem.
pub(super) fn paused(row: &mail_account::Model) -> mail_account::ActiveModel {
    mail_account::ActiveModel {
        state: Set(State::Paused),
        problem_code: Set(None),
        problem_message: Set(None),
        problem_since: Set(None),
        next_attempt_at: Set(None),
        ..let_go(row)
    }
}

/// Goes on with the sync of a mailbox that is paused or needed attention; for any other the same as `sync_now`.
pub async fn resume(cx: &Cx, db: &Db, signals: &Signals, id: MailAccountId) -> Result<MailAccount, Error> {
    sync(cx, db, signals, id, true).await
}

/// Looks for news now rather than later, and ends a wait for the next try. A paused mailbox stays paused.
pub async fn sync_now(cx: &Cx, db: &Db, signals: &Signals, id: MailAccountId) -> Result<MailAccount, Error> {
    sync(cx, db, signals, id, false).await
}

async fn sync(cx: &Cx, db: &Db, signals: &Signals, id: MailAccountId, even_paused: bool) -> Result<MailAccount, Error> {
    let (tx, row) = own(cx, db, id).await?;
    let stopped = match row.state {
        State::Paused => even_paused,
        State::NeedsAttention => true,
        _ => false,
    };
    if stopped {
        let go_on = mail_account::ActiveModel {
            state: Set(State::Connecting),
            failures: Set(0),
            next_attempt_at: Set(None),
            ..let_go(&row)
        };
        events::note(&tx, id, EventKind::Resumed, "Its owner let the sync go on.").await?;
        return save(tx, signals, go_on).await;
    }
    drop(tx);
    signals.tell(id);
    Ok(row.into())
}

/// Gives a new password, which has been tried, and goes on.
///
/// # Errors
/// `Password` for one that cannot be sent to a server.
pub async fn update_credentials(
    cx: &Cx,
    db: &Db,
    secrets: &Secrets,
    signals: &Signals,
    id: MailAccountId,
    secret: &Secret,
) -> Result<MailAccount, Error> {
    check_password(secret)?;
    let (tx, row) = own(cx, db, id).await?;
    let sealed = secrets.seal(&secret_context(cx.workspace, id), secret)?;
    let paused = row.state == State::Paused;
    let renewed = mail_account::ActiveModel {
        secret: Set(Some(sealed)),
        secret_version: Set(row.secret_version + 1),
        state: Set(if paused { State::Paused } else { State::Connecting }),
        problem_code: Set(None),
        problem_message: Set(None),
        problem_since: Set(None),
        failures: Set(0),
        next_attempt_at: Set(None),
        ..let_go(&row)
    };
    events::note(&tx, id, EventKind::CredentialsUpdated, "Its owner gave a new password.").await?;
    save(tx, signals, renewed).await
}

/// Ends the connection: the password is forgotten, the sync stops. The mail stays, or goes with it: reads leave it out from now on,
/// its rows and bytes are removed behind. Of a mailbox that is disconnected already, the mail that was kept can go like this.
pub async fn disconnect(
    cx: &Cx,
    db: &Db,
    signals: &Signals,
    id: MailAccountId,
    delete_messages: bool,
) -> Result<(), Error> {
    let (mut tx, row) = if delete_messages { own_or_ended(cx, db, id).await? } else { own(cx, db, id).await? };
    let mut ended = mail_account::ActiveModel {
        secret: Set(None),
        state: Set(State::Paused),
        problem_code: Set(None),
        problem_message: Set(None),
        problem_since: Set(None),
        next_attempt_at: Set(None),
        disconnected_at: Set(Some(cx.now())),
        removing: Set(delete_messages),
        ..let_go(&row)
    };
    if delete_messages {
        // The address can be connected anew before the last row has gone.
        ended.email_key = Set(format!("{} {id}", row.email_key));
    }
    let row = mail_account::Entity::update(ended).exec(tx.conn()).await?;
    events::note(&tx, id, EventKind::Disconnected, "Its owner disconnected the mailbox.").await?;
    tx.record(NewChange::in_scope(scope(id, row.owner), Kind::MailAccount, Action::Removed, id).version(row.version));
    tx.commit().await?;
    signals.tell(id);
    Ok(())
}

/// The mailbox, locked; as if it never existed for all but its owner.
pub(super) async fn own(cx: &Cx, db: &Db, id: MailAccountId) -> Result<(Tx, mail_account::Model), Error> {
    let (tx, row) = own_or_ended(cx, db, id).await?;
    if row.disconnected_at.is_none() { Ok((tx, row)) } else { Err(Error::NotFound) }
}

/// As `own`, or disconnected with its mail kept.
async fn own_or_ended(cx: &Cx, db: &Db, id: MailAccountId) -> Result<(Tx, mail_account::Model), Error> {
    let tx = db.begin(cx).await?;
    let row = store::lock(tx.conn(), cx.workspace, id).await?;
    let row = row.filter(|row| !row.removing && Some(row.owner) == cx.user()).ok_or(Error::NotFound)?;
    Ok((tx, row))
}

/// Takes the mailbox from whoever syncs it: their writes change nothing from now on.
pub(super) fn let_go(row: &mail_account::Model) -> mail_account::ActiveModel {
    mail_account::ActiveModel {
        workspace: Set(row.workspace),
        id: Set(row.id),
        lease_owner: Set(None),
        lease_until: Set(None),
        lease_epoch: Set(row.lease_epoch + 1),
        version: Set(row.version + 1),
        ..Default::default()
    }
}

pub(super) async fn save(mut tx: Tx, signals: &Signals, row: mail_account::ActiveModel) -> Result<MailAccount, Error> {
    let row = mail_account::Entity::update(row).exec(tx.conn()).await?;
    tx.record(
        NewChange::in_scope(scope(row.id, row.owner), Kind::MailAccount, Action::Updated, row.id).version(row.version),
    );
    tx.commit().await?;
    signals.tell(row.id);
    Ok(row.into())
}
