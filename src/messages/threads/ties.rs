//! What ties a mail to others: hashes of the message ids in it, each together with its subject.
//!
//! Two mails with the same subject belong together when they share an id, be it of one of them, or of mail that neither server has. With
//! different subjects they do not: ids are repeated and forged, and people begin something new by answering something old. Only a mail
//! without a subject belongs to what it answers, and its answers to it, whatever their subjects are. Belonging together is transitive,
//! so the threads follow from the mails alone, and not from the order in which they come.

use entity::mail_message;
use sha2::{Digest, Sha256};

use super::subject;

/// Ids of a mail that are looked at: the first, which began the thread, and the newest.
const IDS: usize = 50;

const ID: usize = 16;
const SUBJECT: usize = 8;

/// An id under a subject, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key([u8; ID + SUBJECT]);

/// The hash of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct IdHash([u8; ID]);

/// The hash of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SubjectHash([u8; SUBJECT]);

/// What ties a mail to others.
#[derive(Clone, Debug)]
pub(super) struct Ties {
    /// Whoever has one of these keys belongs to it.
    pub(super) shared: Vec<Key>,
    /// Its own id.
    pub(super) own: Option<IdHash>,
    /// The id of what it answers.
    pub(super) parent: Option<IdHash>,
    pub(super) subject: SubjectHash,
}

impl Key {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl IdHash {
    fn of(kind: &[u8], id: &str) -> Self {
        Self(start(&Sha256::new().chain_update(kind).chain_update(id).finalize()))
    }

    pub(super) fn under(self, SubjectHash(subject): SubjectHash) -> Key {
        let mut key = [0; ID + SUBJECT];
        for (byte, given) in key.iter_mut().zip(self.0.into_iter().chain(subject)) {
            *byte = given;
        }
        Key(key)
    }
}

impl SubjectHash {
    /// Of an empty subject: the least of all.
    pub(super) const NONE: Self = Self([0; SUBJECT]);

    /// The greatest of all.
    pub(super) const LAST: Self = Self([u8::MAX; SUBJECT]);

    fn of(subject: &str) -> Self {
        let base = subject::base(subject);
        if base.is_empty() { Self::NONE } else { Self(start(&Sha256::digest(base))) }
    }
}

impl Ties {
    /// Of a mail. Where its server says what it belongs to, nothing else counts.
    pub(super) fn of(mail: &mail_message::Model) -> Self {
        if let Some(thread) = &mail.provider_thread {
            let subject = SubjectHash::NONE;
            let shared = vec![IdHash::of(b"provider ", thread).under(subject)];
            return Self { shared, own: None, parent: None, subject };
        }
        let hash = |id: &str| IdHash::of(b"message ", id);
        let references: Vec<&str> = mail.reference_ids.split(' ').filter(|id| !id.is_empty()).collect();
        let own = mail.message_id.as_deref().map(hash);
        let parent = mail.in_reply_to.as_deref().or(references.last().copied()).map(hash);
        let surplus = references.len().saturating_sub(IDS);
        let kept = references.iter().take(1).chain(references.iter().skip(1 + surplus)).map(|id| hash(id));
        let subject = SubjectHash::of(&mail.subject);
        let mut shared: Vec<Key> = own.into_iter().chain(parent).chain(kept).map(|id| id.under(subject)).collect();
        shared.sort_unstable();
        shared.dedup();
        Self { shared, own, parent, subject }
    }

    /// Whether it has no subject.
    pub(super) fn is_bare(&self) -> bool {
        self.subject == SubjectHash::NONE
    }

    /// All keys it must meet.
    pub(super) fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        let bare = self.own.into_iter().chain(self.parent).map(|id| id.under(SubjectHash::NONE));
        self.shared.iter().copied().chain(bare)
    }
}

fn start<const LENGTH: usize>(hash: &[u8]) -> [u8; LENGTH] {
    let mut start = [0; LENGTH];
    for (byte, given) in start.iter_mut().zip(hash) {
        *byte = *given;
    }
    start
}
