//! Answers for people who wonder about mail: why it is with a contact, why it is not seen, why no contact was made.

use std::collections::HashMap;

use entity::{
    ContactId, MailAccountId, MailFolderId, MailMessageId, Timestamp, mail_location, mail_message, mail_participant,
};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Query};
use sea_orm::{QueryOrder, QuerySelect};

use super::blocks::{self, BlockedAddress, OnMail, Patterns};
use super::correspondence::{self, Against, Look};
use super::{Flags, Participant, queries, visible};
use crate::access::Cx;
use crate::contacts;
use crate::db::{Db, Fault};
use crate::mail_accounts::{self, ContactCreation, Folder, Mailbox, Role};
use crate::text::EmailAddress;
use crate::users;

/// Mails of a mailbox that are looked at for why no contact was made.
const LOOKED_AT: u64 = 50;

/// Those on a message who make it a contact's: with none it is not. None when the actor does not see the message.
pub async fn why_linked(
    cx: &Cx,
    db: &Db,
    message: MailMessageId,
    contact: ContactId,
) -> Result<Option<Vec<Participant>>, Fault> {
    if queries::by_ids(cx, db, &[message]).await?.is_empty() {
        return Ok(None);
    }
    let people = queries::participants_by_message_ids(cx, db, &[message]).await?.remove(&message).unwrap_or_default();
    Ok(Some(people.into_iter().filter(|one| one.contact == Some(contact)).collect()))
}

/// Why a message is seen, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// It is seen.
    Seen,
    /// There is none, or it is not in a mailbox of the actor's: which of the two is nobody's business.
    Unknown,
    /// Its mailbox is being removed with all its mail.
    MailboxRemoved,
    /// The mail server no longer has it.
    Gone {
        /// Since when it was nowhere to be found.
        since: Option<Timestamp>,
    },
    /// It is blocked. The entry is none while mail is being shown again that was.
    Blocked(Option<BlockedAddress>),
}

/// Why the actor does not see a message. Only who owns its mailbox is told more than that there is none.
pub async fn why_not_visible(cx: &Cx, db: &Db, id: MailMessageId) -> Result<Sight, Fault> {
    if !queries::by_ids(cx, db, &[id]).await?.is_empty() {
        return Ok(Sight::Seen);
    }
    let Some(user) = cx.user() else { return Ok(Sight::Unknown) };
    let row = mail_message::Entity::find_by_id((cx.workspace, id))
        .filter(mail_message::Column::Account.in_subquery(mail_accounts::accounts_of(cx.workspace, user)))
        .one(db.reader())
        .await?;
    let Some(row) = row else { return Ok(Sight::Unknown) };
    let Some(mailbox) = mail_accounts::mailbox_by_id(cx, db, row.account).await? else { return Ok(Sight::Unknown) };
    if mailbox.removing {
        return Ok(Sight::MailboxRemoved);
    }
    if row.hidden {
        return Ok(Sight::Gone { since: row.gone_at });
    }
    let mut on = OnMail::default();
    on.read(db.reader(), cx.workspace, &[id]).await?;
    let patterns = on.patterns(db.reader(), cx.workspace, &mailbox).await?;
    let by = blocks::blocking(&mailbox.address, &on.people(id), &patterns);
    let entry = blocks::by_ids(cx, db, by.as_slice()).await?.pop();
    Ok(Sight::Blocked(entry))
}

/// Why no contact was made of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoContact {
    /// There is one.
    Exists(ContactId),
    /// It cannot be mailed to.
    NotAnAddress,
    /// It is used within the workspace: a user's, or a mailbox.
    Own,
    /// Nobody reads what is sent to it.
    NoReply,
    /// It is blocked.
    Blocked(BlockedAddress),
    /// No mailbox of the actor's is connected.
    NoMailbox,
    /// A mailbox has no mail with it.
    NoMail(MailAccountId),
    /// The newest mail with it in a mailbox makes none.
    Mail(MailAccountId, Option<MailMessageId>, Against),
    /// Nothing is against it: the next mail makes one.
    Nothing(MailAccountId, MailMessageId),
}

/// Why no contact was made of an address: what holds anywhere, else a reason for each of the actor's mailboxes.
pub async fn why_no_contact(cx: &Cx, db: &Db, address: &str) -> Result<Vec<NoContact>, Fault> {
    let key = EmailAddress::key_of(address);
    let Some(user) = cx.user() else { return Ok(vec![NoContact::NoMailbox]) };
    if let Some(contact) = contacts::owner_of_address(cx, db, &key).await? {
        return Ok(vec![NoContact::Exists(contact)]);
    }
    if EmailAddress::parse(address).is_err() {
        return Ok(vec![NoContact::NotAnAddress]);
    }
    let mut mailboxes = mail_accounts::mailboxes_of(cx, db, user).await?;
    mailboxes.retain(|mailbox| !mailbox.removing);
    let users = users::addresses_among(db.reader(), cx.workspace, &[&key]).await?;
    if !users.is_empty() || mailboxes.iter().any(|mailbox| mailbox.address == key) {
        return Ok(vec![NoContact::Own]);
    }
    if correspondence::is_no_reply(&key) {
        return Ok(vec![NoContact::NoReply]);
    }
    let patterns = Patterns::met_by(db.reader(), cx.workspace, user, std::iter::once(key.as_str())).await?;
    let entry = patterns.meaning(&key);
    if let Some(entry) = blocks::by_ids(cx, db, entry.as_slice()).await?.pop() {
        return Ok(vec![NoContact::Blocked(entry)]);
    }
    if mailboxes.is_empty() {
        return Ok(vec![NoContact::NoMailbox]);
    }
    let mut reasons = Vec::with_capacity(mailboxes.len());
    for mailbox in mailboxes {
        let reason = in_mailbox(cx, db, &mailbox, &key).await?;
        // A colleague's mailbox that the actor does not see. Whoever comes here had mail with it, and saw that no contact was made.
        let own = matches!(reason, NoContact::Nothing(..))
            && !mail_accounts::addresses_among(db.reader(), cx.workspace, &[&key]).await?.is_empty();
        reasons.push(if own { NoContact::Own } else { reason });
    }
    Ok(reasons)
}

async fn in_mailbox(cx: &Cx, db: &Db, mailbox: &Mailbox, key: &str) -> Result<NoContact, Fault> {
    if mailbox.contact_creation == ContactCreation::Never {
        return Ok(NoContact::Mail(mailbox.id, None, Against::Never));
    }
    let address = contacts::addresses_like(cx.workspace, &[key.to_owned()], &[]);
    let mut with = Query::select();
    with.column(mail_participant::Column::Message)
        .from(mail_participant::Entity)
        .and_where(Expr::col(mail_participant::Column::Workspace).eq(cx.workspace))
        .and_where(Expr::col(mail_participant::Column::Address).in_subquery(address));
    let rows = mail_message::Entity::find()
        .filter(visible(cx))
        .filter(mail_message::Column::Account.eq(mailbox.id))
        .filter(mail_message::Column::Id.in_subquery(with))
        .order_by_desc(mail_message::Column::ReceivedAt)
        .limit(LOOKED_AT)
        .all(db.reader())
        .await?;
    let ids: Vec<MailMessageId> = rows.iter().map(|row| row.id).collect();
    let mut on = OnMail::default();
    on.read(db.reader(), cx.workspace, &ids).await?;
    let places = places(cx, db, mailbox, &ids).await?;
    let mut newest = NoContact::NoMail(mailbox.id);
    for (number, row) in rows.iter().enumerate() {
        let people = on.people(row.id);
        let places = places.get(&row.id).map(Vec::as_slice).unwrap_or_default();
        // In no ordinary folder: what the folder it is in says.
        let folder = places.iter().map(|(role, _)| *role).min_by_key(|role| out_of_the_way(*role)).flatten();
        let sent = places.iter().any(|(role, _)| *role == Some(Role::Sent));
        let look = Look {
            creation: mailbox.contact_creation,
            since: mailbox.contact_creation_since,
            received_at: row.received_at,
            sent: sent || correspondence::is_sent(mailbox, folder, people.iter().copied()),
            folder,
            draft: places.iter().any(|(_, draft)| *draft),
            bulk: row.bulk,
        };
        let roles = people.iter().filter(|(_, address)| *address == key).map(|(role, _)| look.against(*role));
        let against: Option<Vec<Against>> = roles.collect();
        match against {
            None => return Ok(NoContact::Nothing(mailbox.id, row.id)),
            Some(against) if number == 0 => {
                let against = against.into_iter().find(|against| *against != Against::Bystander);
                newest = NoContact::Mail(mailbox.id, Some(row.id), against.unwrap_or(Against::Bystander));
            }
            Some(_) => {}
        }
    }
    Ok(newest)
}

/// The folders that mails of a mailbox lie in, by their roles, and whether they are drafts there.
async fn places(
    cx: &Cx,
    db: &Db,
    mailbox: &Mailbox,
    ids: &[MailMessageId],
) -> Result<HashMap<MailMessageId, Vec<(Option<Role>, bool)>>, Fault> {
    let folders = mail_accounts::folders_of_accounts(cx, db, &[mailbox.id]).await?;
    let roles: HashMap<MailFolderId, &Folder> = folders.iter().map(|folder| (folder.id, folder)).collect();
    let rows = mail_location::Entity::find()
        .filter(mail_location::Column::Workspace.eq(cx.workspace))
        .filter(mail_location::Column::Message.is_in(ids.iter().copied()))
        .all(db.reader())
        .await?;
    let mut places: HashMap<MailMessageId, Vec<_>> = HashMap::new();
    for row in rows {
        let role = roles.get(&row.folder).and_then(|folder| folder.role);
        let flags = Flags { words: row.flags, ..Flags::default() };
        places.entry(row.message).or_default().push((role, correspondence::is_draft(&flags)));
    }
    Ok(places)
}

fn out_of_the_way(role: Option<Role>) -> u8 {
    match role {
        Some(Role::Drafts) => 3,
        Some(Role::Trash) => 2,
        Some(Role::Junk) => 1,
        _ => 0,
    }
}
