//! The proof that mail is linked to the contacts that it should be: links are recomputed from the mail itself.
//!
//! A link is a participant's address, and whose that is stands with the address alone. So links are right when the participants of each
//! message are those that its bytes name, each with the address row of that very address.

use std::collections::HashMap;

use entity::{AddressId, MailMessageId, mail_message, mail_participant};
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};

use super::new_mail::{self, NewParticipant};
use super::{Contents, Error, ParticipantRole, mime};
use crate::access::Cx;
use crate::blobs::BlobError;
use crate::contacts;
use crate::db::Db;

/// Messages looked at at once.
const AT_ONCE: u64 = 100;

/// What is wrong with a message's links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The message.
    pub message: MailMessageId,
    /// In plain words.
    pub what: String,
}

/// What a check found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Messages looked at.
    pub messages: u64,
    /// Differences told.
    pub differences: u64,
}

/// As a participant is compared: role, address as addresses are compared, name.
type Compared = (ParticipantRole, String, Option<String>);

/// Compares who is on each stored message of a workspace with its bytes, and tells each difference. Mail that goes meanwhile is none.
pub async fn check_links(
    cx: &Cx,
    db: &Db,
    contents: &Contents,
    mut tell: impl FnMut(Difference),
) -> Result<Checked, Error> {
    let (mut checked, mut after) = (Checked::default(), MailMessageId(Uuid::nil()));
    loop {
        let rows = mail_message::Entity::find()
            .filter(mail_message::Column::Workspace.eq(cx.workspace))
            .filter(mail_message::Column::Id.gt(after))
            .order_by_asc(mail_message::Column::Id)
            .limit(AT_ONCE)
            .all(db.reader())
            .await?;
        let Some(last) = rows.last() else { return Ok(checked) };
        after = last.id;
        checked.messages += rows.len() as u64;
        let mut found = Vec::new();
        let stored = stored(cx, db, &rows).await?;
        for row in &rows {
            let on = stored.get(&row.id).map(Vec::as_slice).unwrap_or_default();
            let parsed = match contents.bytes(row).await {
                Ok(raw) => tokio::task::spawn_blocking(move || new_mail::participants(&mut mime::parse(&raw))).await,
                Err(error) => {
                    found.push((row.id, format!("its bytes cannot be read: {error}")));
                    continue;
                }
            };
            let parsed = parsed.map_err(|_| BlobError::Interrupted)?;
            found.extend(compare(row, &parsed, on).into_iter().map(|what| (row.id, what)));
        }
        let there = still_there(cx, db, found.iter().map(|(message, _)| *message)).await?;
        for (message, what) in found.into_iter().filter(|(message, _)| there.contains(message)) {
            checked.differences += 1;
            tell(Difference { message, what });
        }
    }
}

/// A participant as it is stored.
struct Stored {
    row: mail_participant::Model,
    address: Option<contacts::Address>,
    key: String,
}

async fn stored(cx: &Cx, db: &Db, rows: &[mail_message::Model]) -> Result<HashMap<MailMessageId, Vec<Stored>>, Error> {
    let found = mail_participant::Entity::find()
        .filter(mail_participant::Column::Workspace.eq(cx.workspace))
        .filter(mail_participant::Column::Message.is_in(rows.iter().map(|row| row.id)))
        .order_by_asc(mail_participant::Column::Message)
        .order_by_asc(mail_participant::Column::Position)
        .all(db.reader())
        .await?;
    let mut ids: Vec<AddressId> = found.iter().map(|row| row.address).collect();
    ids.sort_unstable();
    ids.dedup();
    let keys = contacts::address_keys(db.reader(), cx.workspace, &ids).await?;
    let addresses = contacts::addresses_by_ids(cx, db, &ids).await?;
    let mut stored: HashMap<MailMessageId, Vec<Stored>> = HashMap::new();
    for row in found {
        let address = addresses.get(&row.address).cloned();
        let key = keys.get(&row.address).cloned().unwrap_or_default();
        stored.entry(row.message).or_default().push(Stored { row, address, key });
    }
    Ok(stored)
}

fn compare(message: &mail_message::Model, parsed: &[NewParticipant], stored: &[Stored]) -> Vec<String> {
    let mut found = Vec::new();
    for (place, one) in stored.iter().enumerate() {
        if one.row.received_at != message.received_at {
            found.push(format!("participant {place} is placed at another time than the message"));
        }
        if let Some(address) = &one.address
            && crate::text::EmailAddress::key_of(&address.address) != one.key
        {
            found.push(format!("the address of participant {place} is kept under another address's key"));
        }
    }
    let wanted: Vec<Compared> = parsed.iter().map(|one| (one.role, one.key.clone(), one.name.clone())).collect();
    let there: Vec<Compared> = stored.iter().map(|one| (one.row.role, one.key.clone(), one.row.name.clone())).collect();
    for place in 0..wanted.len().max(there.len()) {
        match (wanted.get(place), there.get(place)) {
            (Some(wanted), Some(there)) if wanted == there => {}
            (Some(wanted), Some(there)) => {
                found.push(format!("participant {place} should be {} and is {}", shown(wanted), shown(there)));
            }
            (Some(wanted), None) => found.push(format!("participant {place} is missing: {}", shown(wanted))),
            (None, Some(there)) => found.push(format!("participant {place} is not on the mail: {}", shown(there))),
            (None, None) => {}
        }
    }
    found
}

fn shown((role, address, name): &Compared) -> String {
    let name = name.as_deref().map(|name| format!(" ({name:?})")).unwrap_or_default();
    format!("{role:?} {address}{name}")
}

async fn still_there(cx: &Cx, db: &Db, ids: impl Iterator<Item = MailMessageId>) -> Result<Vec<MailMessageId>, Error> {
    let ids: Vec<MailMessageId> = ids.collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let there = mail_message::Entity::find()
        .select_only()
        .column(mail_message::Column::Id)
        .filter(mail_message::Column::Workspace.eq(cx.workspace))
        .filter(mail_message::Column::Id.is_in(ids))
        .into_tuple()
        .all(db.reader())
        .await?;
    Ok(there)
}
