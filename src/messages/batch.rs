//! Storing mail: one batch is one transaction, with the cursor that it moves.

use std::collections::{HashMap, HashSet};

use entity::{MailFolderId, MailMessageId, mail_location, mail_message};
use sea_orm::entity::prelude::*;
use sea_orm::{FromQueryResult, QuerySelect};

use super::new_mail::NewMail;
use super::{Error, Flags, Identity, NewHole, blocks, correspondence, holes, rows, scope, search, sweep, threads};
use crate::access::Cx;
use crate::changes::{Action, Body, Kind, NewChange};
use crate::contacts;
use crate::db::{Db, Tx};
use crate::mail_accounts::{self, CursorMove, Lease};

/// What a folder's next transaction stores.
#[derive(Debug)]
pub struct Batch {
    /// The folder.
    pub folder: MailFolderId,
    /// The life of its UIDs that the batch was read in.
    pub generation: i64,
    /// Messages and where they are.
    pub mails: Vec<Located>,
    /// Messages that could not be read.
    pub holes: Vec<NewHole>,
    /// UIDs of holes that need not be tried again: the server no longer has them.
    pub filled: Vec<u32>,
    /// What the batch accounts for.
    pub cursor: CursorMove,
}

/// A message at a place.
#[derive(Debug)]
pub struct Located {
    /// UID in the folder.
    pub uid: u32,
    /// Flags there.
    pub flags: Flags,
    /// Modification sequence there (RFC 7162).
    pub mod_seq: Option<u64>,
    /// The message.
    pub mail: Mail,
}

/// A message of a batch.
#[derive(Debug)]
pub enum Mail {
    /// One that is stored already, at another place.
    Known(MailMessageId),
    /// One that may be new.
    New(Box<NewMail>),
}

/// What a batch did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Places that are new.
    pub located: u32,
    /// Messages that are new.
    pub new: u32,
    /// Those of them that were announced.
    pub arrived: u32,
}

/// Stores a batch and moves the folder's cursor, or does neither. What is stored already changes nothing.
///
/// # Errors
/// `Fenced` when the lease of the mailbox is lost or the folder's UIDs have begun another life.
pub async fn store_batch(cx: &Cx, db: &Db, lease: &Lease, batch: &Batch) -> Result<Stored, Error> {
    let mut tx = db.begin(cx).await?;
    lease.hold(&tx).await?;
    let (folder, generation) = (batch.folder, batch.generation);
    let there = located_uids(&tx, batch).await?;
    let mut uids = HashSet::with_capacity(batch.mails.len());
    let mails: Vec<&Located> =
        batch.mails.iter().filter(|mail| uids.insert(mail.uid) && !there.contains(&mail.uid)).collect();
    let stored = insert(&mut tx, lease, folder, generation, &mails).await?;
    uids.extend(&batch.filled);
    holes::record(&tx, folder, generation, &batch.holes, &uids).await?;
    mail_accounts::move_cursor(&tx, folder, generation, batch.cursor).await?;
    tx.commit().await?;
    Ok(stored)
}

impl Located {
    /// Whether the message is announced, should it be new.
    #[must_use]
    pub fn arrived(&self) -> bool {
        matches!(&self.mail, Mail::New(new) if new.arrived)
    }
}

async fn insert(
    tx: &mut Tx,
    lease: &Lease,
    folder: MailFolderId,
    generation: i64,
    mails: &[&Located],
) -> Result<Stored, Error> {
    let cx = tx.cx().clone();
    let mut stored = Stored::default();
    let fresh = insert_messages(tx, lease, mails).await?;
    let mut by_identity: HashMap<&[u8], MailMessageId> = HashMap::new();
    let mut elsewhere = Vec::new();
    for mail in mails {
        if let Mail::New(new) = &mail.mail {
            match fresh.get(new.identity.as_bytes()) {
                Some(id) => drop(by_identity.insert(new.identity.as_bytes(), *id)),
                None => elsewhere.push(new.identity.clone()),
            }
        }
    }
    let known = if elsewhere.is_empty() { HashMap::new() } else { find(tx.conn(), &cx, lease, &elsewhere).await? };
    let (mut locations, mut attachments, mut participants) = (Vec::new(), Vec::new(), Vec::new());
    let (mut told, mut touched, mut announced) = (HashSet::new(), Vec::new(), Vec::new());
    let mut judged = Vec::new();
    let mut found_by = Vec::new();
    let addresses = intern(tx, mails, &fresh).await?;
    for mail in mails {
        let message = match &mail.mail {
            Mail::Known(id) => Some(*id),
            Mail::New(new) => by_identity.get(new.identity.as_bytes()).or_else(|| known.get(&new.identity)).copied(),
        };
        // Gone since it was looked up: it will be read anew.
        let Some(message) = message else { return Err(mail_accounts::Error::Fenced.into()) };
        match &mail.mail {
            Mail::New(new) if by_identity.contains_key(new.identity.as_bytes()) && told.insert(message) => {
                attachments.extend(new.attachment_rows(&cx, message));
                participants.extend(new.participant_rows(&cx, message, |key| addresses.get(key).copied()));
                found_by.extend(new.words.as_ref().map(|words| (search::place(new.received_at, message), words)));
                stored.new += 1;
                judged.push((message, &**new, &mail.flags));
                if new.arrived {
                    announced.push(message);
                }
            }
            _ => touched.push(message),
        }
        locations.push(mail_location::Model {
            workspace: cx.workspace,
            folder,
            generation,
            uid: i64::from(mail.uid),
            message,
            flags: mail.flags.words.clone(),
            seen: mail.flags.seen,
            flagged: mail.flags.flagged,
            answered: mail.flags.answered,
            mod_seq: mail.mod_seq.and_then(|mod_seq| i64::try_from(mod_seq).ok()),
        });
        stored.located += 1;
    }
    let moved = sweep::not_yet_in(tx, folder, &touched).await?;
    rows::insert::<mail_location::ActiveModel>(tx.conn(), locations).await?;
    rows::insert::<entity::mail_participant::ActiveModel>(tx.conn(), participants).await?;
    rows::insert::<entity::mail_attachment::ActiveModel>(tx.conn(), attachments).await?;
    search::insert(tx, lease.account, found_by).await?;
    sweep::recount(tx, lease, &touched, &moved).await?;
    let mailbox = mail_accounts::mailbox(tx, lease).await?;
    let blocked = blocks::mark(tx, &mailbox, &judged).await?;
    judged.retain(|(message, ..)| !blocked.contains(message));
    correspondence::record(tx, &mailbox, folder, &judged).await?;
    announced.retain(|message| !blocked.contains(message));
    let scope = scope(lease.account, lease.owner, false);
    for message in announced {
        stored.arrived += 1;
        let change = NewChange::in_scope(scope, Kind::Message, Action::Created, message).version(1);
        tx.record(change.body(Body { arrived: true, ..Body::default() }));
    }
    Ok(stored)
}

/// Inserts the messages that are new; their ids by identity.
async fn insert_messages(
    tx: &mut Tx,
    lease: &Lease,
    mails: &[&Located],
) -> Result<HashMap<Vec<u8>, MailMessageId>, Error> {
    let cx = &tx.cx().clone();
    let mut candidates: HashMap<&[u8], MailMessageId> = HashMap::with_capacity(mails.len());
    let mut models = Vec::with_capacity(mails.len());
    for mail in mails {
        let Mail::New(new) = &mail.mail else { continue };
        if candidates.contains_key(new.identity.as_bytes()) {
            continue;
        }
        let id: MailMessageId = cx.new_id();
        candidates.insert(new.identity.as_bytes(), id);
        models.push(new.row(cx, lease.account, id, &mail.flags));
    }
    if models.is_empty() {
        return Ok(HashMap::new());
    }
    threads::join(tx, lease.account, Some(lease.owner), &mut models).await?;
    let count = models.len() as u64;
    let inserted = rows::insert::<mail_message::ActiveModel>(tx.conn(), models).await?;
    if inserted == count {
        return Ok(candidates.into_iter().map(|(identity, id)| (identity.to_vec(), id)).collect());
    }
    // Those that met a message with their identity were left out: the ids that are there are the new ones.
    let mut there = HashSet::with_capacity(candidates.len());
    let ids: Vec<MailMessageId> = candidates.values().copied().collect();
    for some in ids.chunks(rows::IDS_PER_STATEMENT) {
        let found: Vec<MailMessageId> = mail_message::Entity::find()
            .select_only()
            .column(mail_message::Column::Id)
            .filter(mail_message::Column::Workspace.eq(cx.workspace))
            .filter(mail_message::Column::Id.is_in(some.iter().copied()))
            .into_tuple()
            .all(tx.conn())
            .await?;
        there.extend(found);
    }
    let new = candidates.into_iter().filter(|(_, id)| there.contains(id));
    Ok(new.map(|(identity, id)| (identity.to_vec(), id)).collect())
}

async fn intern(
    tx: &Tx,
    mails: &[&Located],
    fresh: &HashMap<Vec<u8>, MailMessageId>,
) -> Result<HashMap<String, entity::AddressId>, Error> {
    let mut addresses = HashMap::new();
    for mail in mails {
        let Mail::New(new) = &mail.mail else { continue };
        if fresh.contains_key(new.identity.as_bytes()) {
            for participant in new.participants() {
                addresses.entry(participant.key.as_str()).or_insert(participant.address.as_str());
            }
        }
    }
    let pairs: Vec<_> = addresses.into_iter().map(|(key, typed)| (typed.to_owned(), key.to_owned())).collect();
    if pairs.is_empty() { Ok(HashMap::new()) } else { Ok(contacts::intern_addresses(tx, &pairs).await?) }
}

/// The stored messages of a mailbox with these identities, shown or hidden.
pub async fn known(
    cx: &Cx,
    db: &Db,
    lease: &Lease,
    identities: &[Identity],
) -> Result<HashMap<Identity, MailMessageId>, Error> {
    find(db.reader(), cx, lease, identities).await
}

async fn find(
    conn: &impl ConnectionTrait,
    cx: &Cx,
    lease: &Lease,
    identities: &[Identity],
) -> Result<HashMap<Identity, MailMessageId>, Error> {
    #[derive(FromQueryResult)]
    struct Row {
        id: MailMessageId,
        identity: Vec<u8>,
    }
    let mut found = HashMap::new();
    for some in identities.chunks(rows::IDS_PER_STATEMENT) {
        let rows = mail_message::Entity::find()
            .select_only()
            .columns([mail_message::Column::Id, mail_message::Column::Identity])
            .filter(mail_message::Column::Workspace.eq(cx.workspace))
            .filter(mail_message::Column::Account.eq(lease.account))
            .filter(mail_message::Column::Identity.is_in(some.iter().map(Identity::as_bytes)))
            .into_model::<Row>()
            .all(conn)
            .await?;
        found.extend(rows.into_iter().map(|row| (Identity::from_bytes(row.identity), row.id)));
    }
    Ok(found)
}

async fn located_uids(tx: &Tx, batch: &Batch) -> Result<HashSet<u32>, Error> {
    let uids = batch.mails.iter().map(|mail| mail.uid);
    let (Some(first), Some(last)) = (uids.clone().min(), uids.max()) else { return Ok(HashSet::new()) };
    let uids = sweep::uids_in(tx.conn(), tx.workspace(), batch.folder, batch.generation, first..=last).await?;
    Ok(uids.into_iter().collect())
}
