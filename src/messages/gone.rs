//! Mail that goes: hidden when it has had no place for a while, removed with its mailbox.

use std::collections::HashSet;
use std::time::Duration;

use entity::{
    MailAccountId, MailFolderId, MailMessageId, WorkspaceId, mail_attachment, mail_hole, mail_location, mail_message,
    mail_participant, private_reading,
};
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, QuerySelect};

use super::{Error, packs, scope, search, sweep, threads};
use crate::access::Cx;
use crate::changes::{Action, Kind, NewChange};
use crate::db::Db;
use crate::mail_accounts::{self, Lease};

/// How long a message may be without a place before it is hidden: a move is seen as an end here and a beginning there, in any order.
const GRACE: Duration = Duration::from_mins(10);

/// Messages, or places, of one transaction.
const BATCH: u64 = 500;

/// Hides messages of a mailbox that have been without a place for ten minutes. Their rows and bytes stay.
pub async fn hide_gone(cx: &Cx, db: &Db, lease: &Lease) -> Result<usize, Error> {
    let due = || {
        mail_message::Entity::find()
            .filter(mail_message::Column::Workspace.eq(cx.workspace))
            .filter(mail_message::Column::Account.eq(lease.account))
            .filter(mail_message::Column::GoneAt.is_not_null())
            .filter(mail_message::Column::GoneAt.lte(cx.now().minus(GRACE)))
            .filter(mail_message::Column::Hidden.eq(false))
            .limit(BATCH)
    };
    if due().one(db.reader()).await?.is_none() {
        return Ok(0);
    }
    let mut tx = db.begin(cx).await?;
    lease.hold(&tx).await?;
    let rows = due().all(tx.conn()).await?;
    for row in &rows {
        mail_message::Entity::update_many()
            .col_expr(mail_message::Column::Hidden, Expr::value(true))
            .col_expr(mail_message::Column::Version, Expr::value(row.version + 1))
            .filter(mail_message::Column::Workspace.eq(row.workspace))
            .filter(mail_message::Column::Id.eq(row.id))
            .exec(tx.conn())
            .await?;
        // Who blocked it was told that it went.
        if !row.blocked {
            let scope = scope(lease.account, lease.owner, row.private);
            tx.record(NewChange::in_scope(scope, Kind::Message, Action::Removed, row.id).version(row.version + 1));
        }
    }
    tx.commit().await?;
    Ok(rows.len())
}

/// Removes the places of older lives of a folder's UIDs, some at a time; ends the new pass with the last of them. True when done.
pub async fn end_generation(
    cx: &Cx,
    db: &Db,
    lease: &Lease,
    folder: MailFolderId,
    generation: i64,
) -> Result<bool, Error> {
    remove_places(cx, db, lease, folder, Some(generation)).await
}

/// Removes a folder that is gone, some places at a time. True when done.
pub async fn drop_folder(cx: &Cx, db: &Db, lease: &Lease, folder: MailFolderId) -> Result<bool, Error> {
    remove_places(cx, db, lease, folder, None).await
}

async fn remove_places(
    cx: &Cx,
    db: &Db,
    lease: &Lease,
    folder: MailFolderId,
    keep: Option<i64>,
) -> Result<bool, Error> {
    let mut tx = db.begin(cx).await?;
    lease.hold(&tx).await?;
    let mut places = mail_location::Entity::find()
        .filter(mail_location::Column::Workspace.eq(cx.workspace))
        .filter(mail_location::Column::Folder.eq(folder))
        .limit(BATCH);
    let mut holes = mail_hole::Entity::delete_many()
        .filter(mail_hole::Column::Workspace.eq(cx.workspace))
        .filter(mail_hole::Column::Folder.eq(folder));
    if let Some(generation) = keep {
        places = places.filter(mail_location::Column::Generation.lt(generation));
        holes = holes.filter(mail_hole::Column::Generation.lt(generation));
    }
    let places = places.all(tx.conn()).await?;
    let done = (places.len() as u64) < BATCH;
    let mut touched: Vec<MailMessageId> = places.iter().map(|row| row.message).collect();
    for place in places {
        mail_location::Entity::delete(place.into_active_model()).exec(tx.conn()).await?;
    }
    touched.sort_unstable();
    touched.dedup();
    let moved: HashSet<MailMessageId> = sweep::not_yet_in(&tx, folder, &touched).await?;
    sweep::recount(&mut tx, lease, &touched, &moved).await?;
    if done {
        holes.exec(tx.conn()).await?;
        match keep {
            Some(generation) => mail_accounts::end_rebuilding(&tx, folder, generation).await?,
            None => mail_accounts::forget_folder(&mut tx, lease, folder).await?,
        }
    }
    tx.commit().await?;
    Ok(done)
}

/// Removes some messages of a disconnected mailbox, with all that hangs on them. False when none is left.
pub async fn erase_batch(cx: &Cx, db: &Db, account: MailAccountId, folders: &[MailFolderId]) -> Result<bool, Error> {
    let workspace: WorkspaceId = cx.workspace;
    let tx = db.begin(cx).await?;
    let some: Vec<(MailMessageId, String)> = mail_message::Entity::find()
        .select_only()
        .columns([mail_message::Column::Id, mail_message::Column::Pack])
        .filter(mail_message::Column::Workspace.eq(workspace))
        .filter(mail_message::Column::Account.eq(account))
        .limit(BATCH)
        .into_tuple()
        .all(tx.conn())
        .await?;
    if some.is_empty() {
        if threads::erase_keys(&tx, account).await? {
            tx.commit().await?;
            return Ok(true);
        }
        mail_hole::Entity::delete_many()
            .filter(mail_hole::Column::Workspace.eq(workspace))
            .filter(mail_hole::Column::Folder.is_in(folders.iter().copied()))
            .exec(tx.conn())
            .await?;
        tx.commit().await?;
        return Ok(false);
    }
    let touched: HashSet<&str> = some.iter().map(|(_, pack)| pack.as_str()).collect();
    for pack in touched {
        packs::schedule(tx.conn(), pack, cx.now(), true).await?;
    }
    let ids: Vec<MailMessageId> = some.iter().map(|(id, _)| *id).collect();
    mail_attachment::Entity::delete_many()
        .filter(mail_attachment::Column::Workspace.eq(workspace))
        .filter(mail_attachment::Column::Message.is_in(ids.iter().copied()))
        .exec(tx.conn())
        .await?;
    mail_participant::Entity::delete_many()
        .filter(mail_participant::Column::Workspace.eq(workspace))
        .filter(mail_participant::Column::Message.is_in(ids.iter().copied()))
        .exec(tx.conn())
        .await?;
    mail_location::Entity::delete_many()
        .filter(mail_location::Column::Workspace.eq(workspace))
        .filter(mail_location::Column::Message.is_in(ids.iter().copied()))
        .exec(tx.conn())
        .await?;
    private_reading::Entity::delete_many()
        .filter(private_reading::Column::Workspace.eq(workspace))
        .filter(private_reading::Column::Message.is_in(ids.iter().copied()))
        .exec(tx.conn())
        .await?;
    search::forget(&tx, account, &ids).await?;
    mail_message::Entity::delete_many()
        .filter(mail_message::Column::Workspace.eq(workspace))
        .filter(mail_message::Column::Id.is_in(ids.iter().copied()))
        .exec(tx.conn())
        .await?;
    tx.commit().await?;
    Ok(true)
}
