//! Tells that invitations expired. Reads know it at once; this writes it down, so that followers hear of it.

use std::time::Duration;

use super::{Error, store, told};
use crate::access::Cx;
use crate::changes::Action;
use crate::clock::Clock;
use crate::db::Db;

/// How often is looked.
const LOOK: Duration = Duration::from_secs(60);

/// Goes on until dropped.
pub async fn run_sweep(db: &Db, clock: &Clock) {
    loop {
        // Taken before it is looked: what expires meanwhile is not slept over.
        let next = clock.now().plus(LOOK);
        if let Err(error) = sweep(db, clock).await {
            tracing::warn!(%error, "Could not write down which invitations expired; tried again in a minute");
        }
        clock.sleep_until(next).await;
    }
}

async fn sweep(db: &Db, clock: &Clock) -> Result<(), Error> {
    loop {
        let late = store::late(db.reader(), clock.now()).await?;
        if late.is_empty() {
            return Ok(());
        }
        for row in late {
            let mut tx = db.begin(&Cx::of_system(row.workspace, clock.clone())).await?;
            if store::expire(tx.conn(), &row, clock.now()).await? {
                tx.record(told(Action::Updated, row.id));
            }
            tx.commit().await?;
        }
    }
}
