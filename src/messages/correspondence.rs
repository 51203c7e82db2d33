//! Of whom on a mail a contact is made, and if not, why.
//!
//! Start reading at `Look::against`. Making contacts is `contacts`' own.

use entity::mail_message::Bulk;
use entity::{MailFolderId, MailMessageId, Timestamp};

use super::blocks::Patterns;
use super::new_mail::NewMail;
use super::{Error, Flags, ParticipantRole};
use crate::contacts::{self, Correspondent};
use crate::db::Tx;
use crate::mail_accounts::{self, ContactCreation, Mailbox, Role};
use crate::text::EmailAddress;
use crate::users;

/// Microseconds of a second: mail servers tell when mail came in whole ones.
const SECOND: i64 = 1_000_000;

/// Addresses looked up at once.
const AT_ONCE: usize = 1000;

/// Why a mail makes no contact of somebody on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// The mailbox makes none.
    Never,
    /// It came before its owner chose that contacts are made.
    Before,
    /// It lies in the folder of spam, or of deleted mail.
    Junk,
    /// It is not finished.
    Draft,
    /// It came through a list.
    List,
    /// A machine sent it, or it went to a crowd.
    Automatic,
    /// They wrote, and contacts are made of those the owner writes to.
    OnlyWrote,
    /// They neither wrote to the owner nor did the owner write to them.
    Bystander,
}

/// What of a mail decides whether contacts are made of those on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) creation: ContactCreation,
    pub(super) since: Option<Timestamp>,
    pub(super) received_at: Timestamp,
    /// Whether the owner sent it.
    pub(super) sent: bool,
    pub(super) folder: Option<Role>,
    pub(super) draft: bool,
    pub(super) bulk: Option<Bulk>,
}

impl Look {
    /// What is against making a contact of somebody who is on the mail as this.
    pub(super) fn against(&self, role: ParticipantRole) -> Option<Against> {
        let since = self.since.map_or(i64::MAX, |since| since.0 - since.0.rem_euclid(SECOND));
        let writes_or_is_written_to = match role {
            ParticipantRole::From => !self.sent,
            ParticipantRole::To | ParticipantRole::Cc | ParticipantRole::Bcc => self.sent,
            ParticipantRole::ReplyTo => false,
        };
        if self.creation == ContactCreation::Never {
            Some(Against::Never)
        } else if self.received_at.0 < since {
            Some(Against::Before)
        } else if self.draft || self.folder == Some(Role::Drafts) {
            Some(Against::Draft)
        } else if matches!(self.folder, Some(Role::Junk | Role::Trash)) {
            Some(Against::Junk)
        } else if let Some(bulk) = self.bulk {
            Some(if bulk == Bulk::List { Against::List } else { Against::Automatic })
        } else if !writes_or_is_written_to {
            Some(Against::Bystander)
        } else if !self.sent && self.creation == ContactCreation::Sent {
            Some(Against::OnlyWrote)
        } else {
            None
        }
    }
}

/// Makes contacts of those on mail that is being stored, in its transaction, as the mailbox's owner chose. What is blocked is left out by
/// the caller.
pub(super) async fn record(
    tx: &mut Tx,
    mailbox: &Mailbox,
    folder: MailFolderId,
    new: &[(MailMessageId, &NewMail, &Flags)],
) -> Result<(), Error> {
    if mailbox.contact_creation == ContactCreation::Never || new.is_empty() {
        return Ok(());
    }
    let folder = mail_accounts::folder_role(tx, folder).await?;
    let mut seen = Vec::new();
    for (_, mail, flags) in new {
        let people = mail.participants();
        let look = Look {
            creation: mailbox.contact_creation,
            since: mailbox.contact_creation_since,
            received_at: mail.received_at,
            sent: is_sent(mailbox, folder, people.iter().map(|one| (one.role, one.key.as_str()))),
            folder,
            draft: is_draft(flags),
            bulk: mail.bulk,
        };
        let wanted = people.iter().filter(|one| look.against(one.role).is_none() && !is_no_reply(&one.key));
        seen.extend(wanted.filter_map(|one| {
            let address = EmailAddress::parse(&one.address).ok()?;
            Some(Correspondent { address, name: one.name.clone() })
        }));
    }
    if seen.is_empty() {
        return Ok(());
    }
    let workspace = tx.workspace();
    let keys = || seen.iter().map(|one| one.address.key());
    let patterns = Patterns::met_by(tx.conn(), workspace, mailbox.owner, keys()).await?;
    let mut own = std::collections::HashSet::new();
    for some in keys().collect::<Vec<_>>().chunks(AT_ONCE) {
        own.extend(mail_accounts::addresses_among(tx.conn(), workspace, some).await?);
        own.extend(users::addresses_among(tx.conn(), workspace, some).await?);
    }
    seen.retain(|one| !own.contains(one.address.key()) && patterns.meaning(one.address.key()).is_none());
    match contacts::record_correspondence(tx, seen).await {
        Ok(_) => Ok(()),
        Err(contacts::Error::Fault(fault)) => Err(fault.into()),
        // Free addresses are held, so nothing can be refused; storing mail must not depend on it.
        Err(error) => {
            tracing::error!(account = %mailbox.id, %error, "No contacts could be made of mail");
            Err(sea_orm::DbErr::Custom(error.to_string()).into())
        }
    }
}

/// Whether the owner of a mailbox sent a mail with these people on it.
pub(super) fn is_sent<'a>(
    mailbox: &Mailbox,
    folder: Option<Role>,
    mut people: impl Iterator<Item = (ParticipantRole, &'a str)>,
) -> bool {
    folder == Some(Role::Sent)
        || people.any(|(role, address)| role == ParticipantRole::From && address == mailbox.address)
}

pub(super) fn is_draft(flags: &Flags) -> bool {
    flags.words.split(' ').any(|word| word.eq_ignore_ascii_case("\\Draft"))
}

/// Whether nobody reads what is sent to an address, as addresses are compared: no-reply senders, bounces, mail servers themselves.
pub(super) fn is_no_reply(address: &str) -> bool {
    let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
    let letters: String = local.chars().filter(|c| c.is_alphanumeric()).collect();
    let within = ["noreply", "donotreply", "dontreply", "noresponse", "mailerdaemon"];
    let begins = ["bounce", "postmaster", "nobody"];
    within.iter().any(|word| letters.contains(word)) || begins.iter().any(|word| letters.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_reads_these() {
        for address in [
            "noreply@a.test",
            "no-reply@a.test",
            "no_reply+12@a.test",
            "notifications-noreply@a.test",
            "do.not.reply@a.test",
            "mailer-daemon@a.test",
            "mailer-daemon",
            "postmaster@a.test",
            "bounces+7=x@a.test",
        ] {
            assert!(is_no_reply(address), "{address}");
        }
        for address in ["norbert@noreply.test", "reply@a.test", "nora.eply@a.test", "jan@a.test", "nono@a.test"] {
            assert!(!is_no_reply(address), "{address}");
        }
    }
}
