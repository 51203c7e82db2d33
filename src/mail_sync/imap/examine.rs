//! Opening a folder for reading. Owns: that a refusal is never read as "empty", and what belongs to which folder.
//! Does not own: what is done with the changes that a server tells at once (`reconcile`).
//! Start reading at [`ImapConn::examine`].

use super::answer::Untagged;
use super::code::ResponseCode;
use super::conn::ImapConn;
use super::error::ImapError;
use super::quoted::quote;
use super::resync::{Changes, Known};

/// A folder that was opened for reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Examined {
    /// The identity of the folder's UIDs: when it changes, all UIDs known before mean nothing.
    pub uid_validity: u32,
    /// The UID the next message will have at least; some servers do not say.
    pub uid_next: Option<u32>,
    /// How many messages the folder has.
    pub exists: u32,
    /// Highest modification sequence (RFC 7162), if the folder keeps them.
    pub highest_modseq: Option<u64>,
}

impl ImapConn {
    /// Opens the folder for reading (EXAMINE). News of the folder open before is forgotten.
    ///
    /// # Errors
    /// [`ImapError::No`] when the folder cannot be opened; [`ImapError::Missing`] when the answer lacks the number of
    /// messages or the identity of the UIDs. After either no folder is open.
    pub async fn examine(&mut self, folder: &str) -> Result<Examined, ImapError> {
        Ok(self.open(folder, None).await?.0)
    }

    /// As `examine`, and in the same round trip what has changed since the folder was `known`. No changes where the server cannot
    /// tell: they are to be asked for.
    ///
    /// # Errors
    /// As of `examine`.
    pub async fn examine_since(
        &mut self,
        folder: &str,
        known: &Known,
    ) -> Result<(Examined, Option<Changes>), ImapError> {
        if !self.resync.is_possible() {
            return self.open(folder, None).await;
        }
        match self.open(folder, Some(known)).await {
            // Some servers announce what they do not understand.
            Err(ImapError::Bad { .. }) => {
                self.resync.is_refused();
                self.open(folder, None).await
            }
            done => done,
        }
    }

    async fn open(&mut self, folder: &str, known: Option<&Known>) -> Result<(Examined, Option<Changes>), ImapError> {
        let name = quote(folder)?;
        let command = match known {
            Some(known) => format!("EXAMINE {name} ({known})"),
            None if self.has_condstore() => format!("EXAMINE {name} (CONDSTORE)"),
            None => format!("EXAMINE {name}"),
        };
        self.folder_has_modseq = false;
        let other_open = std::mem::replace(&mut self.folder_open, true);
        let mut answer = Answer { only_of_this: !other_open, ..Answer::default() };
        let done = self.exec(&command, self.timeouts.command, |untagged| answer.take(untagged)).await;
        // What came until now may still be of the folder that was open; this one is as the answer says.
        self.take_news();
        done?;
        let exists = answer.exists.ok_or(ImapError::Missing("EXISTS"))?;
        let uid_validity = answer.uid_validity.ok_or(ImapError::Missing("UIDVALIDITY"))?;
        self.folder_has_modseq = answer.highest_modseq.is_some();
        let Answer { uid_next, highest_modseq, .. } = answer;
        let told = known.filter(|known| known.uid_validity == uid_validity && highest_modseq.is_some());
        // What may be of another folder counts for nothing.
        let told = told.filter(|_| answer.only_of_this && !answer.changes.is_too_much());
        let changes = told.and_then(|_| self.resync.believe(answer.changes));
        Ok((Examined { uid_validity, uid_next, exists, highest_modseq }, changes))
    }
}

#[derive(Default)]
struct Answer {
    exists: Option<u32>,
    uid_validity: Option<u32>,
    uid_next: Option<u32>,
    highest_modseq: Option<u64>,
    changes: Changes,
    only_of_this: bool,
}

impl Answer {
    fn take(&mut self, untagged: Untagged) -> Option<Untagged> {
        match untagged {
            Untagged::Code(ResponseCode::Closed) => *self = Self { only_of_this: true, ..Self::default() },
            Untagged::Exists(count) => self.exists = Some(count),
            Untagged::Code(ResponseCode::UidValidity(value)) => self.uid_validity = Some(value),
            Untagged::Code(ResponseCode::UidNext(value)) => self.uid_next = Some(value),
            Untagged::Code(ResponseCode::HighestModSeq(value)) => self.highest_modseq = Some(value),
            Untagged::Vanished { uids, .. } => self.changes.vanished(uids),
            Untagged::Fetch(item) => self.changes.flags(*item),
            other => return Some(other),
        }
        None
    }
}
