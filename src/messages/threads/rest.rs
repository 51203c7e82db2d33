//! Mail from before there were threads.

use entity::mail_message;
use sea_orm::entity::prelude::*;
use sea_orm::{DbBackend, QueryOrder, QuerySelect};

use super::{join, store};
use crate::access::Cx;
use crate::clock::Clock;
use crate::db::{Db, Fault};

/// Mails of one transaction.
const BATCH: u64 = 500;

/// Gives mail that has none its thread. To be called before anybody reads or syncs; returns how many had none.
pub async fn thread_rest(db: &Db, clock: &Clock) -> Result<u64, Fault> {
    let rest = || mail_message::Entity::find().filter(mail_message::Column::Thread.is_null());
    let mut threaded = 0;
    loop {
        let next = rest().order_by_asc(mail_message::Column::Workspace).order_by_asc(mail_message::Column::Account);
        let Some(next) = next.one(db.writer()).await? else { return Ok(threaded) };
        let mut tx = db.begin(&Cx::of_system(next.workspace, clock.clone())).await?;
        let mut some = rest()
            .filter(mail_message::Column::Workspace.eq(next.workspace))
            .filter(mail_message::Column::Account.eq(next.account))
            .order_by_asc(mail_message::Column::Id)
            .limit(BATCH);
        // Several nodes may start at once.
        if db.backend() == DbBackend::Postgres {
            some = some.lock_exclusive();
        }
        let mut mails = some.all(tx.conn()).await?;
        join(&mut tx, next.account, None, &mut mails).await?;
        store::set_threads(&tx, &mails).await?;
        tx.commit().await?;
        threaded += mails.len() as u64;
    }
}
