//! What changes at places that are known: flags, and messages that go.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;

use entity::{MailFolderId, MailMessageId, Timestamp, WorkspaceId, mail_location, mail_message};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{DbErr, FromQueryResult, IntoActiveModel, QueryOrder, QuerySelect, QueryTrait};

use super::{Error, Flags, rows, scope};
use crate::access::Cx;
use crate::changes::{Action, Kind, NewChange};
use crate::db::{Db, Tx};
use crate::mail_accounts::{self, Lease};

/// What a look at known places found.
#[derive(Debug, Default)]
pub struct Sweep {
    /// Flags as they are now, by UID; where they differ they are taken over.
    pub flags: Vec<(u32, Flags, Option<u64>)>,
    /// UIDs that the server no longer has.
    pub removed: Vec<u32>,
    /// All changes of flags up to this modification sequence are in it.
    pub mod_seq: Option<u64>,
    /// The whole folder was looked at by this time.
    pub swept_at: Option<Timestamp>,
}

/// Takes over what a look found, in one transaction. Returns how many places changed or went.
pub async fn sweep(
    cx: &Cx,
    db: &Db,
    lease: &Lease,
    folder: MailFolderId,
    generation: i64,
    found: Sweep,
) -> Result<usize, Error> {
    let mut tx = db.begin(cx).await?;
    lease.hold(&tx).await?;
    let mut touched = Vec::new();
    let mut moved = HashSet::new();
    let removed: HashSet<u32> = found.removed.iter().copied().collect();
    let uids: Vec<i64> = found.flags.iter().map(|(uid, ..)| *uid).chain(found.removed).map(i64::from).collect();
    let mut known = HashMap::new();
    for some in uids.chunks(rows::IDS_PER_STATEMENT) {
        let places = at(cx.workspace, folder, generation).filter(mail_location::Column::Uid.is_in(some.to_vec()));
        known.extend(places.all(tx.conn()).await?.into_iter().map(|row| (row.uid, row)));
    }
    for (uid, flags, mod_seq) in found.flags {
        let Some(row) = known.get(&i64::from(uid)).filter(|_| !removed.contains(&uid)) else { continue };
        if row.flags == flags.words {
            continue;
        }
        touched.push(row.message);
        let mut row = row.clone().into_active_model();
        row.flags = Set(flags.words);
        row.seen = Set(flags.seen);
        row.flagged = Set(flags.flagged);
        row.answered = Set(flags.answered);
        row.mod_seq = Set(mod_seq.and_then(|mod_seq| i64::try_from(mod_seq).ok()));
        mail_location::Entity::update(row).exec(tx.conn()).await?;
    }
    for uid in removed {
        if let Some(row) = known.get(&i64::from(uid)) {
            touched.push(row.message);
            moved.insert(row.message);
            mail_location::Entity::delete(row.clone().into_active_model()).exec(tx.conn()).await?;
        }
    }
    let count = touched.len();
    touched.sort_unstable();
    touched.dedup();
    recount(&mut tx, lease, &touched, &moved).await?;
    mail_accounts::note_flags(&tx, folder, generation, found.mod_seq, found.swept_at).await?;
    tx.commit().await?;
    Ok(count)
}

/// The known places of a range, with the flags there.
pub async fn located(
    cx: &Cx,
    db: &Db,
    folder: MailFolderId,
    generation: i64,
    uids: RangeInclusive<u32>,
) -> Result<Vec<u32>, Error> {
    Ok(uids_in(db.reader(), cx.workspace, folder, generation, uids).await?)
}

/// The UID of the place that has `depth` known places above it; none when there are not as many.
pub async fn uid_at_depth(
    cx: &Cx,
    db: &Db,
    folder: MailFolderId,
    generation: i64,
    depth: u32,
) -> Result<Option<u32>, Error> {
    let uid: Option<i64> = at(cx.workspace, folder, generation)
        .select_only()
        .column(mail_location::Column::Uid)
        .order_by_desc(mail_location::Column::Uid)
        .offset(u64::from(depth))
        .limit(1)
        .into_tuple()
        .one(db.reader())
        .await?;
    Ok(uid.and_then(|uid| u32::try_from(uid).ok()))
}

/// When the oldest mail was received that has a place in a folder, in whatever life of its UIDs.
pub async fn oldest_in(cx: &Cx, db: &Db, folder: MailFolderId) -> Result<Option<Timestamp>, Error> {
    let places = mail_location::Entity::find()
        .select_only()
        .column(mail_location::Column::Message)
        .filter(mail_location::Column::Workspace.eq(cx.workspace))
        .filter(mail_location::Column::Folder.eq(folder))
        .into_query();
    let oldest: Option<i64> = mail_message::Entity::find()
        .select_only()
        .column(mail_message::Column::ReceivedAt)
        .filter(mail_message::Column::Workspace.eq(cx.workspace))
        .filter(mail_message::Column::Id.in_subquery(places))
        .order_by_asc(mail_message::Column::ReceivedAt)
        .limit(1)
        .into_tuple()
        .one(db.reader())
        .await?;
    Ok(oldest.map(Timestamp))
}

pub(super) async fn uids_in(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    folder: MailFolderId,
    generation: i64,
    uids: RangeInclusive<u32>,
) -> Result<Vec<u32>, DbErr> {
    let uids: Vec<i64> = at(workspace, folder, generation)
        .select_only()
        .column(mail_location::Column::Uid)
        .filter(mail_location::Column::Uid.between(i64::from(*uids.start()), i64::from(*uids.end())))
        .into_tuple()
        .all(conn)
        .await?;
    Ok(uids.into_iter().filter_map(|uid| u32::try_from(uid).ok()).collect())
}

fn at(workspace: WorkspaceId, folder: MailFolderId, generation: i64) -> Select<mail_location::Entity> {
    mail_location::Entity::find()
        .filter(mail_location::Column::Workspace.eq(workspace))
        .filter(mail_location::Column::Folder.eq(folder))
        .filter(mail_location::Column::Generation.eq(generation))
}

/// Those of the messages that have no place in a folder, whatever the generation.
pub(super) async fn not_yet_in(
    tx: &Tx,
    folder: MailFolderId,
    messages: &[MailMessageId],
) -> Result<HashSet<MailMessageId>, Error> {
    let mut moved: HashSet<MailMessageId> = messages.iter().copied().collect();
    for some in messages.chunks(rows::IDS_PER_STATEMENT) {
        let there: Vec<MailMessageId> = mail_location::Entity::find()
            .select_only()
            .column(mail_location::Column::Message)
            .filter(mail_location::Column::Workspace.eq(tx.workspace()))
            .filter(mail_location::Column::Message.is_in(some.iter().copied()))
            .filter(mail_location::Column::Folder.eq(folder))
            .into_tuple()
            .all(tx.conn())
            .await?;
        for message in there {
            moved.remove(&message);
        }
    }
    Ok(moved)
}

/// Makes messages say what their places say, and records those that look different now. `moved` are in other folders than before.
pub(super) async fn recount(
    tx: &mut Tx,
    lease: &Lease,
    messages: &[MailMessageId],
    moved: &HashSet<MailMessageId>,
) -> Result<(), Error> {
    #[derive(FromQueryResult)]
    struct Place {
        message: MailMessageId,
        seen: bool,
        flagged: bool,
        answered: bool,
    }
    #[derive(Default)]
    struct Sum {
        locations: i32,
        seen: bool,
        flagged: bool,
        answered: bool,
    }
    for some in messages.chunks(rows::IDS_PER_STATEMENT) {
        let places = mail_location::Entity::find()
            .select_only()
            .columns([
                mail_location::Column::Message,
                mail_location::Column::Seen,
                mail_location::Column::Flagged,
                mail_location::Column::Answered,
            ])
            .filter(mail_location::Column::Workspace.eq(tx.workspace()))
            .filter(mail_location::Column::Message.is_in(some.iter().copied()))
            .into_model::<Place>()
            .all(tx.conn())
            .await?;
        let mut sums: HashMap<MailMessageId, Sum> = HashMap::new();
        for place in places {
            let sum = sums.entry(place.message).or_default();
            sum.locations += 1;
            sum.seen |= place.seen;
            sum.flagged |= place.flagged;
            sum.answered |= place.answered;
        }
        let current = mail_message::Entity::find()
            .filter(mail_message::Column::Workspace.eq(tx.workspace()))
            .filter(mail_message::Column::Id.is_in(some.iter().copied()))
            .all(tx.conn())
            .await?;
        for row in current {
            let sum = sums.remove(&row.id).unwrap_or_default();
            let gone = sum.locations == 0;
            // A message without a place keeps the flags it had.
            let (seen, flagged, answered) =
                if gone { (row.seen, row.flagged, row.answered) } else { (sum.seen, sum.flagged, sum.answered) };
            let back = row.hidden && !gone;
            let differs = (seen, flagged, answered) != (row.seen, row.flagged, row.answered);
            let told = back || !row.hidden && (differs || moved.contains(&row.id));
            let gone_at = if gone { row.gone_at.or(Some(tx.cx().now())) } else { None };
            if !told && sum.locations == row.locations && gone_at == row.gone_at {
                continue;
            }
            let version = if told { row.version + 1 } else { row.version };
            let change = mail_message::ActiveModel {
                workspace: Set(row.workspace),
                id: Set(row.id),
                seen: Set(seen),
                flagged: Set(flagged),
                answered: Set(answered),
                locations: Set(sum.locations),
                gone_at: Set(gone_at),
                hidden: Set(row.hidden && gone),
                version: Set(version),
                ..Default::default()
            };
            mail_message::Entity::update_many()
                .set(change)
                .filter(mail_message::Column::Workspace.eq(row.workspace))
                .filter(mail_message::Column::Id.eq(row.id))
                .exec(tx.conn())
                .await?;
            if told {
                let scope = scope(lease.account, lease.owner, row.private);
                let action = if back { Action::Created } else { Action::Updated };
                tx.record(NewChange::in_scope(scope, Kind::Message, action, row.id).version(version));
            }
        }
    }
    Ok(())
}
