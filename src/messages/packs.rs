//! Looking after packs: erased mail leaves them, and those that no row names go.
//!
//! What is to be done stands in the database. A pack that is written anew is on stable storage before the transaction that names it,
//! and the old one goes later, when no row names it: an end at any moment leaves a pack too many at worst, which is found by the
//! search for those that no row names.

use std::collections::HashSet;
use std::time::Duration;

use entity::{MailMessageId, Timestamp, WorkspaceId, mail_message, mail_pack_upkeep};
use futures_util::{StreamExt, TryStreamExt};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{QueryOrder, QuerySelect};

use super::{Error, rows};
use crate::access::Cx;
use crate::blobs::{BlobError, Blobs, Locator};
use crate::clock::Clock;
use crate::db::Db;

/// A pack that no row names may be one whose transaction is still to come. None takes as long as this.
const UNNAMED: Duration = Duration::from_hours(24);

/// How long a pack that was written anew stays: somebody may have read its name a moment before.
const READERS: Duration = Duration::from_mins(10);

/// Packs looked after at once.
const AT_ONCE: u64 = 100;

/// Looks after the packs that are due.
pub async fn look_after_packs(db: &Db, blobs: &Blobs, clock: &Clock) -> Result<(), Error> {
    loop {
        let due = mail_pack_upkeep::Entity::find()
            .filter(mail_pack_upkeep::Column::DueAt.lte(clock.now()))
            .order_by_asc(mail_pack_upkeep::Column::DueAt)
            .limit(AT_ONCE)
            .all(db.reader())
            .await?;
        if due.is_empty() {
            return Ok(());
        }
        for pack in due {
            look_after(db, blobs, clock, pack).await?;
        }
    }
}

async fn look_after(db: &Db, blobs: &Blobs, clock: &Clock, due: mail_pack_upkeep::Model) -> Result<(), Error> {
    let pack = due.pack.as_str();
    let named = mail_message::Entity::find()
        .filter(mail_message::Column::Pack.eq(pack))
        .order_by_asc(mail_message::Column::PackOffset)
        .all(db.reader())
        .await?;
    if named.is_empty() {
        blobs.remove_pack(pack).await?;
    } else if due.erased && holds_more(blobs, pack, &named).await? {
        return match rewrite(db, blobs, clock, pack, &named).await {
            Err(Error::Blob(error @ (BlobError::Missing(_) | BlobError::Damaged(..)))) => {
                tracing::error!(pack, %error, "A pack cannot be written anew without what was erased; it stays as it is");
                done(db, pack).await
            }
            other => other,
        };
    }
    done(db, pack).await
}

/// Whether a pack holds more than the messages that name it.
async fn holds_more(blobs: &Blobs, pack: &str, named: &[mail_message::Model]) -> Result<bool, Error> {
    let places: HashSet<(i64, i64)> = named.iter().map(|row| (row.pack_offset, row.pack_length)).collect();
    let used: i64 = places.into_iter().map(|(_, length)| length).sum();
    let size = blobs.pack_size(pack).await?;
    Ok(size.is_some_and(|size| i64::try_from(size).unwrap_or(i64::MAX) > used))
}

/// Writes a pack anew with the messages that name it, and has them name the new one.
async fn rewrite(
    db: &Db,
    blobs: &Blobs,
    clock: &Clock,
    pack: &str,
    named: &[mail_message::Model],
) -> Result<(), Error> {
    let Some(first) = named.first() else { return Ok(()) };
    let old: Vec<Locator> = named.iter().map(super::content::locator).collect();
    let new = blobs.copy_to_new_pack(&old).await?;
    let cx = Cx::of_system(first.workspace, clock.clone());
    let tx = db.begin(&cx).await?;
    let mut moved = 0;
    for (row, locator) in named.iter().zip(&new) {
        moved += rename(tx.conn(), (row.workspace, row.id), pack, locator).await?;
    }
    if moved < named.len() as u64 {
        // One was erased meanwhile: it is to leave the new pack too.
        let packs: HashSet<&str> = new.iter().map(|locator| locator.pack.as_str()).collect();
        for pack in packs {
            schedule(tx.conn(), pack, clock.now(), true).await?;
        }
    }
    mail_pack_upkeep::Entity::update_many()
        .col_expr(mail_pack_upkeep::Column::DueAt, Expr::value(clock.now().plus(READERS)))
        .filter(mail_pack_upkeep::Column::Pack.eq(pack))
        .exec(tx.conn())
        .await?;
    Ok(tx.commit().await?)
}

async fn rename(
    conn: &impl ConnectionTrait,
    (workspace, id): (WorkspaceId, MailMessageId),
    old: &str,
    new: &Locator,
) -> Result<u64, Error> {
    let renamed = mail_message::ActiveModel {
        pack: Set(new.pack.clone()),
        pack_offset: Set(i64::from(new.offset)),
        pack_length: Set(i64::from(new.length)),
        ..Default::default()
    };
    let renamed = mail_message::Entity::update_many()
        .set(renamed)
        .filter(mail_message::Column::Workspace.eq(workspace))
        .filter(mail_message::Column::Id.eq(id))
        .filter(mail_message::Column::Pack.eq(old))
        .exec(conn)
        .await?;
    Ok(renamed.rows_affected)
}

async fn done(db: &Db, pack: &str) -> Result<(), Error> {
    mail_pack_upkeep::Entity::delete_many().filter(mail_pack_upkeep::Column::Pack.eq(pack)).exec(db.writer()).await?;
    Ok(())
}

/// Has a pack looked after from an instant on; `erased` in the transaction that takes messages from it.
pub(super) async fn schedule(
    conn: &impl ConnectionTrait,
    pack: &str,
    due_at: Timestamp,
    erased: bool,
) -> Result<(), sea_orm::DbErr> {
    let row = mail_pack_upkeep::ActiveModel { pack: Set(pack.to_owned()), due_at: Set(due_at), erased: Set(erased) };
    let mut conflict = OnConflict::column(mail_pack_upkeep::Column::Pack);
    if erased {
        conflict.update_columns([mail_pack_upkeep::Column::DueAt, mail_pack_upkeep::Column::Erased]);
    } else {
        conflict.do_nothing();
    }
    mail_pack_upkeep::Entity::insert(row).on_conflict(conflict).exec_without_returning(conn).await.map(drop)
}

/// Looks for packs that no row names, such as those written before a transaction that never came. They go a day later, unless one
/// names them by then.
pub async fn find_unnamed_packs(db: &Db, blobs: &Blobs, clock: &Clock) -> Result<(), Error> {
    let mut listed = blobs.packs().try_chunks(rows::IDS_PER_STATEMENT).boxed();
    while let Some(packs) = listed.next().await {
        let packs = packs.map_err(|error| Error::Blob(error.1))?;
        let named: Vec<String> = mail_message::Entity::find()
            .select_only()
            .column(mail_message::Column::Pack)
            .distinct()
            .filter(mail_message::Column::Pack.is_in(&packs))
            .into_tuple()
            .all(db.reader())
            .await?;
        let named: HashSet<String> = named.into_iter().collect();
        for pack in packs.iter().filter(|pack| !named.contains(*pack)) {
            schedule(db.writer(), pack, clock.now().plus(UNNAMED), false).await?;
        }
    }
    Ok(())
}
