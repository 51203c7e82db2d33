//! What failed before, so that a mail that breaks every answer it is part of is narrowed down and stepped over.
//!
//! Owns the sizes of requests. Kept across the sessions of an account, in memory: after a restart it is found out anew.

use std::collections::HashMap;

use entity::MailFolderId;

/// Failures of a request for one UID after which it is given up for now.
const CHANCES: u32 = 2;

/// The sizes of one kind of request, by folder.
#[derive(Debug)]
pub(super) struct Patience {
    largest: u32,
    suspects: HashMap<MailFolderId, Suspect>,
}

#[derive(Clone, Copy, Debug)]
struct Suspect {
    limit: u32,
    uid: u32,
    failures: u32,
}

impl Patience {
    /// Requests of at most `largest`.
    pub(super) fn new(largest: u32) -> Self {
        Self { largest, suspects: HashMap::new() }
    }

    /// Most of one request in a folder.
    pub(super) fn limit(&self, folder: MailFolderId) -> u32 {
        self.suspects.get(&folder).map_or(self.largest, |suspect| suspect.limit)
    }

    /// Whether requests in a folder are smaller than usual, since one failed.
    pub(super) fn narrows(&self, folder: MailFolderId) -> bool {
        self.suspects.contains_key(&folder)
    }

    /// Whether this UID is not asked for again now.
    pub(super) fn gives_up(&self, folder: MailFolderId, uid: u32) -> bool {
        self.suspects
            .get(&folder)
            .is_some_and(|suspect| suspect.uid == uid && suspect.limit == 1 && suspect.failures >= CHANCES)
    }

    /// A request for `asked` failed; `uid` is the first that did not come.
    pub(super) fn failed(&mut self, folder: MailFolderId, uid: u32, asked: u32) {
        let before = self.suspects.get(&folder);
        let again = before.is_some_and(|suspect| suspect.uid == uid);
        let failures = match before {
            Some(suspect) if again && asked == 1 => suspect.failures + 1,
            _ => u32::from(asked == 1),
        };
        self.suspects.insert(folder, Suspect { limit: (asked / 2).clamp(1, self.largest), uid, failures });
    }

    /// A request went well.
    pub(super) fn went_well(&mut self, folder: MailFolderId) {
        if let Some(suspect) = self.suspects.get_mut(&folder) {
            suspect.limit = suspect.limit.saturating_mul(2);
            if suspect.limit >= self.largest {
                self.suspects.remove(&folder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_that_always_fails_is_narrowed_down_and_given_up() {
        let folder = MailFolderId(uuid::Uuid::nil());
        let mut patience = Patience::new(100);
        let mut requests = 0;
        let mut cursor = 1;
        while cursor <= 100 {
            requests += 1;
            assert!(requests < 100);
            if patience.gives_up(folder, cursor) {
                assert_eq!(cursor, 37);
                cursor += 1;
                patience.went_well(folder);
                continue;
            }
            let asked = patience.limit(folder).min(101 - cursor);
            if (cursor..cursor + asked).contains(&37) {
                patience.failed(folder, cursor, asked);
            } else {
                cursor += asked;
                patience.went_well(folder);
            }
        }
        assert_eq!(patience.limit(folder), 100);
    }
}
