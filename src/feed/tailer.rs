//! The one reader of the logs on this node.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use entity::WorkspaceId;
use futures_util::future::join_all;

use super::{Inner, Stream};
use crate::changes::log;
use crate::db::Fault;

/// How often all followed heads are asked for what no wake-up told: commits of other nodes and processes.
const POLL: Duration = Duration::from_secs(1);

/// Changes read at once.
const BATCH: u64 = 1000;

/// Tails followed workspaces: those woken by commits of this node at once, all of them each second.
pub(super) async fn run(inner: &Inner) {
    let mut poll = tokio::time::interval(POLL);
    poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let due: HashSet<WorkspaceId> = tokio::select! {
            woken = inner.db.wake().wait() => woken,
            _ = poll.tick() => match moved(inner).await {
                Ok(workspaces) => workspaces,
                Err(error) => {
                    tracing::warn!(%error, "Could not ask for the newest changes; trying again in a second");
                    continue;
                }
            },
        };
        // Streams of different workspaces do not wait for each other's statements.
        join_all(due.into_iter().filter_map(|workspace| live(inner, workspace)).map(|stream| async move {
            if let Err(error) = tail(inner, &stream).await {
                tracing::warn!(workspace = %stream.workspace, %error, "Could not read the change log; trying again within a second");
            }
        }))
        .await;
    }
}

fn live(inner: &Inner, workspace: WorkspaceId) -> Option<Arc<Stream>> {
    inner.streams.lock().unwrap_or_else(PoisonError::into_inner).get(&workspace).and_then(Weak::upgrade)
}

/// Followed workspaces whose head is ahead of what was read.
async fn moved(inner: &Inner) -> Result<HashSet<WorkspaceId>, Fault> {
    let streams: Vec<Arc<Stream>> = {
        let mut streams = inner.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.retain(|_, stream| stream.strong_count() > 0);
        streams.values().filter_map(Weak::upgrade).collect()
    };
    if streams.is_empty() {
        return Ok(HashSet::new());
    }
    let heads = log::heads(inner.db.reader(), streams.iter().map(|stream| stream.workspace).collect()).await?;
    Ok(streams
        .iter()
        .filter(|stream| {
            let read = stream.ring().newest();
            heads.iter().any(|head| head.workspace == stream.workspace && head.seq > read)
        })
        .map(|stream| stream.workspace)
        .collect())
}

async fn tail(inner: &Inner, stream: &Stream) -> Result<(), Fault> {
    loop {
        let after = stream.ring().newest();
        let changes: Vec<_> =
            log::read(inner.db.reader(), stream.workspace, after, BATCH).await?.into_iter().map(Arc::new).collect();
        let Some(last) = changes.last() else { return Ok(()) };
        if let Some(observer) = inner.observer.get() {
            observer.observe(stream.workspace, &changes).await;
        }
        let newest = last.seq;
        let full = changes.len() as u64 == BATCH;
        {
            let mut ring = stream.ring();
            for change in changes {
                ring.push(change);
            }
        }
        stream.newest.send_replace(newest);
        if !full {
            return Ok(());
        }
    }
}
