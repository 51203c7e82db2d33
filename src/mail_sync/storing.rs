//! Storing what was read, a group at a time and in the order of reading.

use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinHandle;

use super::error::SyncError;
use super::session::Session;
use crate::mail_accounts::CursorMove;
use crate::messages::{self, Batch, NewHole, Stored};

/// A group that is being parsed, with its share of the memory for bytes.
pub(super) type Preparing = JoinHandle<Result<(Batch, Option<OwnedSemaphorePermit>), SyncError>>;

/// Stores what is prepared until nothing more comes.
pub(super) async fn store(session: &Session<'_>, mut receive: mpsc::Receiver<Preparing>) -> Result<Stored, SyncError> {
    let mut sum = Stored::default();
    while let Some(preparing) = receive.recv().await {
        let (batch, memory) = preparing.await.map_err(|_| SyncError::Panicked)??;
        let folder = batch.folder;
        let skipped = u32::try_from(batch.holes.len()).unwrap_or(u32::MAX);
        let counting = session.counting.lock().await;
        let stored = store_or_narrow(session, batch).await?;
        drop(memory);
        sum.located += stored.located;
        sum.new += stored.new;
        sum.arrived += stored.arrived;
        session.tally.stored(folder, stored.located);
        session.tally.skipped(folder, skipped);
        drop(counting);
        session.tell_progress(false).await?;
    }
    Ok(sum)
}

/// Stores a batch; when the database refuses it, each message by itself, and those it refuses become holes.
async fn store_or_narrow(session: &Session<'_>, mut batch: Batch) -> Result<Stored, SyncError> {
    let Session { cx, deps, lease, .. } = session;
    match messages::store_batch(cx, &deps.db, lease, &batch).await {
        Ok(stored) => return Ok(stored),
        Err(messages::Error::Fault(fault)) if !fault.is_transient() => {
            tracing::warn!(account = %lease.account, error = %fault, "A batch of mail was refused by the database");
        }
        Err(error) => return Err(error.into()),
    }
    let mut sum = Stored::default();
    let (count, mut refused) = (batch.mails.len(), 0_usize);
    for mail in std::mem::take(&mut batch.mails) {
        let (uid, arrived) = (mail.uid, mail.arrived());
        let one = Batch {
            folder: batch.folder,
            generation: batch.generation,
            mails: vec![mail],
            holes: Vec::new(),
            filled: Vec::new(),
            cursor: CursorMove::default(),
        };
        match messages::store_batch(cx, &deps.db, lease, &one).await {
            Ok(stored) => {
                sum.located += stored.located;
                sum.new += stored.new;
                sum.arrived += stored.arrived;
            }
            Err(messages::Error::Fault(fault)) if !fault.is_transient() => {
                refused += 1;
                batch.holes.push(NewHole { uid, reason: "the database refuses it".to_owned(), arrived });
            }
            Err(error) => return Err(error.into()),
        }
    }
    // Where it refuses all, it is not the mail that is at fault.
    if refused == count && count > 1 {
        return Err(SyncError::Restart("the database refuses everything"));
    }
    messages::store_batch(cx, &deps.db, lease, &batch).await?;
    Ok(sum)
}
