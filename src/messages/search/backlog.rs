//! Indexing what was stored without: mail from before there was an index, and of large mailboxes, whose reading it would slow down.

use std::time::Duration;

use entity::{MailMessageId, WorkspaceId, mail_message};
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};

use super::{SearchWords, bring_in, insert, place};
use crate::access::Cx;
use crate::blobs::BlobError;
use crate::clock::Clock;
use crate::db::Db;
use crate::messages::{Contents, Error, mime};

/// How often it is looked whether there is any.
const INTERVAL: Duration = Duration::from_secs(10);

/// Messages of one transaction.
const BATCH: u64 = 100;

/// How long a message is stored before it is taken: while a mailbox is read, its reading goes first.
const SETTLED: Duration = Duration::from_secs(10);

/// Indexes the newest first, until dropped. Rests as long as it works, since others want to write too.
pub async fn index_backlog(db: &Db, clock: &Clock, contents: &Contents) {
    loop {
        let began = clock.now();
        let indexed = index_some(db, clock, contents).await;
        if let Err(error) = bring_in(db).await {
            tracing::warn!(%error, "Words of new mail could not be brought into the index; it is still found");
        }
        let rest = match indexed {
            Ok(0) => INTERVAL,
            Ok(_) => Duration::from_micros(u64::try_from(clock.now().0 - began.0).unwrap_or_default()),
            Err(error) => {
                tracing::warn!(%error, "Stored mail could not be indexed");
                INTERVAL
            }
        };
        clock.sleep(rest).await;
    }
}

async fn index_some(db: &Db, clock: &Clock, contents: &Contents) -> Result<usize, Error> {
    let rows = mail_message::Entity::find()
        .filter(mail_message::Column::SearchPlace.is_null())
        .filter(mail_message::Column::CreatedAt.lte(clock.now().minus(SETTLED)))
        .order_by_desc(mail_message::Column::ReceivedAt)
        .limit(BATCH)
        .all(db.reader())
        .await?;
    let count = rows.len();
    let mut read = Vec::with_capacity(count);
    for row in rows {
        let words = words(contents, &row).await?;
        read.push((row, words));
    }
    read.sort_by_key(|(row, _)| (row.workspace.0, row.account.0));
    for some in read.chunk_by(|(a, _), (b, _)| (a.workspace, a.account) == (b.workspace, b.account)) {
        let Some((first, _)) = some.first() else { continue };
        store(db, clock, first.workspace, first, some).await?;
    }
    Ok(count)
}

/// What is in a message, as far as its bytes can be read.
async fn words(contents: &Contents, row: &mail_message::Model) -> Result<SearchWords, Error> {
    match contents.work_on(row, |raw| SearchWords::of(&mime::parse(raw))).await {
        Ok((words, _)) => Ok(words),
        Err(error @ Error::Blob(BlobError::Store(_) | BlobError::Interrupted)) => Err(error),
        Err(error) => {
            tracing::warn!(message = %row.id, %error, "The bytes of a message cannot be read: it is found by its subject only");
            Ok(SearchWords::of_subject(&row.subject, &row.snippet))
        }
    }
}

async fn store(
    db: &Db,
    clock: &Clock,
    workspace: WorkspaceId,
    first: &mail_message::Model,
    messages: &[(mail_message::Model, SearchWords)],
) -> Result<(), Error> {
    let tx = db.begin(&Cx::of_system(workspace, clock.clone())).await?;
    let mut placed = Vec::with_capacity(messages.len());
    for (row, words) in messages {
        // By chance, not by the message's id: one that meets a place that is taken finds another the next time.
        let place = place(row.received_at, tx.cx().new_id());
        let changed = mail_message::Entity::update_many()
            .col_expr(mail_message::Column::SearchPlace, Expr::value(place))
            .filter(mail_message::Column::Workspace.eq(workspace))
            .filter(mail_message::Column::Id.eq::<MailMessageId>(row.id))
            .filter(mail_message::Column::SearchPlace.is_null())
            .exec(tx.conn())
            .await?;
        // Otherwise it is gone, or another node was faster.
        if changed.rows_affected == 1 {
            placed.push((place, words));
        }
    }
    insert(&tx, first.account, placed).await?;
    Ok(tx.commit().await?)
}
