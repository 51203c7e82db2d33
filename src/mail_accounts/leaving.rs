//! The mailboxes of users who leave: they stop, and keep what they have.

use std::future::Future;
use std::pin::Pin;

use entity::mail_account::{self, State};
use entity::mail_account_event::Kind as EventKind;
use entity::{MailAccountId, UserId};
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;

use super::commands::paused;
use super::{Signals, events, scope, store};
use crate::changes::{Action, Kind, NewChange};
use crate::db::{Fault, Tx};
use crate::users::{Afterwards, Leaving};

/// Pauses the mailboxes of users who are disabled. They stay paused until their owner, back again, lets them go on.
#[derive(Clone)]
pub struct StopWithOwner(pub Signals);

impl Leaving for StopWithOwner {
    fn disabled<'a>(
        &'a self,
        tx: &'a mut Tx,
        user: UserId,
    ) -> Pin<Box<dyn Future<Output = Result<Afterwards, Fault>> + Send + 'a>> {
        Box::pin(async move {
            let stopped = stop(tx, user).await?;
            let signals = self.0.clone();
            let afterwards: Afterwards =
                Box::new(move || stopped.into_iter().for_each(|account| signals.tell(account)));
            Ok(afterwards)
        })
    }
}

async fn stop(tx: &mut Tx, owner: UserId) -> Result<Vec<MailAccountId>, Fault> {
    let theirs: Vec<MailAccountId> = mail_account::Entity::find()
        .select_only()
        .column(mail_account::Column::Id)
        .filter(mail_account::Column::Workspace.eq(tx.workspace()))
        .filter(mail_account::Column::Owner.eq(owner))
        .filter(mail_account::Column::DisconnectedAt.is_null())
        .into_tuple()
        .all(tx.conn())
        .await?;
    let mut stopped = Vec::new();
    for id in theirs {
        let row = store::lock(tx.conn(), tx.workspace(), id).await?;
        let Some(row) = row.filter(|row| row.state != State::Paused && row.disconnected_at.is_none()) else { continue };
        let row = mail_account::Entity::update(paused(&row)).exec(tx.conn()).await?;
        events::note(tx, id, EventKind::Paused, "Its owner was disabled, so the sync stopped.").await?;
        let told = NewChange::in_scope(scope(id, owner), Kind::MailAccount, Action::Updated, id);
        tx.record(told.version(row.version));
        stopped.push(id);
    }
    Ok(stopped)
}
