//! Of whom contacts are made by themselves, by the choice of a mailbox's owner.

use entity::MailAccountId;
use entity::mail_account::{self, ContactCreation};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

use super::{Error, MailAccount, scope, store};
use crate::access::Cx;
use crate::changes::{Action, Kind, NewChange};
use crate::db::Db;

/// Chooses of whom contacts are made, from mail that arrives or is sent from now on. The same again changes nothing.
///
/// A mailbox begins with nobody: contacts are the whole workspace's, and with whom somebody writes is not, until they want it so.
///
/// # Errors
/// `NotFound` for a mailbox that is not the actor's own.
pub async fn set_contact_creation(
    cx: &Cx,
    db: &Db,
    id: MailAccountId,
    creation: ContactCreation,
) -> Result<MailAccount, Error> {
    let mut tx = db.begin(cx).await?;
    let row = store::lock(tx.conn(), cx.workspace, id).await?;
    let row = row.filter(|row| row.disconnected_at.is_none() && Some(row.owner) == cx.user()).ok_or(Error::NotFound)?;
    if row.contact_creation == creation {
        return Ok(row.into());
    }
    let chosen = mail_account::ActiveModel {
        workspace: Set(row.workspace),
        id: Set(row.id),
        contact_creation: Set(creation),
        contact_creation_since: Set(Some(cx.now())),
        version: Set(row.version + 1),
        ..Default::default()
    };
    let row = mail_account::Entity::update(chosen).exec(tx.conn()).await?;
    let change = NewChange::in_scope(scope(row.id, row.owner), Kind::MailAccount, Action::Updated, row.id);
    tx.record(change.version(row.version));
    tx.commit().await?;
    Ok(row.into())
}
