//! When a mail is blocked.

use std::collections::{BTreeSet, HashMap, HashSet};

use entity::{AddressId, BlockedAddressId, MailMessageId, UserId, WorkspaceId, mail_message, mail_participant};
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;

use super::super::new_mail::NewMail;
use super::super::{Flags, ParticipantRole, rows};
use super::{pattern, store};
use crate::contacts;
use crate::db::{Fault, Tx};
use crate::mail_accounts::Mailbox;

/// The patterns in force that some addresses meet, by their keys.
#[derive(Debug, Default)]
pub struct Patterns(HashMap<String, BlockedAddressId>);

impl Patterns {
    /// Those of the workspace and of a user that any of these addresses, as addresses are compared, meets.
    pub(in crate::messages) async fn met_by<'a>(
        conn: &impl ConnectionTrait,
        workspace: WorkspaceId,
        owner: UserId,
        addresses: impl Iterator<Item = &'a str>,
    ) -> Result<Self, Fault> {
        // Nearly everywhere nothing is blocked.
        if !store::any(conn, workspace, owner).await? {
            return Ok(Self::default());
        }
        let keys: BTreeSet<String> = addresses.flat_map(pattern::keys_of).collect();
        let keys: Vec<String> = keys.into_iter().collect();
        Ok(Self(store::among(conn, workspace, owner, &keys).await?))
    }

    /// As if this pattern were one of them.
    pub(super) fn with(mut self, key: &str) -> Self {
        self.0.insert(key.to_owned(), BlockedAddressId(Uuid::nil()));
        self
    }

    /// The pattern that means an address.
    pub(in crate::messages) fn meaning(&self, address: &str) -> Option<BlockedAddressId> {
        if self.0.is_empty() {
            return None;
        }
        pattern::keys_of(address).iter().find_map(|key| self.0.get(key)).copied()
    }
}

/// Who is on a mail: as what, and by which address, as addresses are compared.
pub(super) type People<'a> = Vec<(ParticipantRole, &'a str)>;

/// The pattern that blocks a mail. What others sent is judged by who sent it; what the mailbox itself sent, by those it went to: all of
/// them must be blocked. So a company that blocks its own domain loses sight of mail among colleagues, and of nothing else.
pub(in crate::messages) fn blocking(
    own: &str,
    people: &[(ParticipantRole, &str)],
    patterns: &Patterns,
) -> Option<BlockedAddressId> {
    let authors = || people.iter().filter(|(role, _)| *role == ParticipantRole::From).map(|(_, address)| *address);
    if !authors().any(|author| author == own) {
        return authors().find_map(|author| patterns.meaning(author));
    }
    let mut found = None;
    for (_, recipient) in people.iter().filter(|(role, _)| is_recipient(*role)) {
        found = Some(patterns.meaning(recipient)?);
    }
    found
}

fn is_recipient(role: ParticipantRole) -> bool {
    matches!(role, ParticipantRole::To | ParticipantRole::Cc | ParticipantRole::Bcc)
}

/// Those by whom a mail is judged.
fn decisive<'a>(own: &str, people: &People<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let sent = people.iter().any(|(role, address)| *role == ParticipantRole::From && *address == own);
    let decide = move |role| if sent { is_recipient(role) } else { role == ParticipantRole::From };
    people.clone().into_iter().filter(move |(role, _)| decide(*role)).map(|(_, address)| address)
}

fn people_on(mail: &NewMail) -> People<'_> {
    mail.participants().iter().map(|one| (one.role, one.key.as_str())).collect()
}

/// Marks mail that is being stored, while its mailbox is held. Those that are blocked.
pub(in crate::messages) async fn mark(
    tx: &Tx,
    mailbox: &Mailbox,
    new: &[(MailMessageId, &NewMail, &Flags)],
) -> Result<HashSet<MailMessageId>, Fault> {
    if new.is_empty() {
        return Ok(HashSet::new());
    }
    let views: Vec<(MailMessageId, People<'_>)> = new.iter().map(|(id, mail, _)| (*id, people_on(mail))).collect();
    let addresses = views.iter().flat_map(|(_, people)| decisive(&mailbox.address, people));
    let patterns = Patterns::met_by(tx.conn(), tx.workspace(), mailbox.owner, addresses).await?;
    let blocked: Vec<MailMessageId> = views
        .iter()
        .filter(|(_, people)| blocking(&mailbox.address, people, &patterns).is_some())
        .map(|(id, _)| *id)
        .collect();
    for some in blocked.chunks(rows::IDS_PER_STATEMENT) {
        mail_message::Entity::update_many()
            .col_expr(mail_message::Column::Blocked, Expr::value(true))
            .filter(mail_message::Column::Workspace.eq(tx.workspace()))
            .filter(mail_message::Column::Id.is_in(some.iter().copied()))
            .exec(tx.conn())
            .await?;
    }
    Ok(blocked.into_iter().collect())
}

/// Who is on stored mail.
#[derive(Debug, Default)]
pub(in crate::messages) struct OnMail {
    on: HashMap<MailMessageId, Vec<(ParticipantRole, AddressId)>>,
    keys: HashMap<AddressId, String>,
}

impl OnMail {
    /// Reads it, of one workspace's mail. Addresses that were read before are not read again.
    pub(in crate::messages) async fn read(
        &mut self,
        conn: &impl ConnectionTrait,
        workspace: WorkspaceId,
        ids: &[MailMessageId],
    ) -> Result<(), Fault> {
        self.on.clear();
        let mut unknown = Vec::new();
        for some in ids.chunks(rows::IDS_PER_STATEMENT) {
            let found: Vec<(MailMessageId, ParticipantRole, AddressId)> = mail_participant::Entity::find()
                .select_only()
                .columns([
                    mail_participant::Column::Message,
                    mail_participant::Column::Role,
                    mail_participant::Column::Address,
                ])
                .filter(mail_participant::Column::Workspace.eq(workspace))
                .filter(mail_participant::Column::Message.is_in(some.iter().copied()))
                .into_tuple()
                .all(conn)
                .await?;
            for (message, role, address) in found {
                self.on.entry(message).or_default().push((role, address));
                if !self.keys.contains_key(&address) {
                    unknown.push(address);
                }
            }
        }
        unknown.sort_unstable();
        unknown.dedup();
        self.keys.extend(contacts::address_keys(conn, workspace, &unknown).await?);
        Ok(())
    }

    /// Who is on one of those that were read.
    pub(in crate::messages) fn people(&self, message: MailMessageId) -> People<'_> {
        let on = self.on.get(&message).map(Vec::as_slice).unwrap_or_default();
        on.iter().filter_map(|(role, address)| Some((*role, self.keys.get(address)?.as_str()))).collect()
    }

    /// The patterns that decide over those that were read, in a mailbox.
    pub(in crate::messages) async fn patterns(
        &self,
        conn: &impl ConnectionTrait,
        workspace: WorkspaceId,
        mailbox: &Mailbox,
    ) -> Result<Patterns, Fault> {
        let people: Vec<People<'_>> = self.on.keys().map(|message| self.people(*message)).collect();
        let addresses = people.iter().flat_map(|people| decisive(&mailbox.address, people));
        Patterns::met_by(conn, workspace, mailbox.owner, addresses).await
    }
}
