//! Which threads new mails belong to, found out in memory. See `ties` for what ties mails together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::{MailMessageId, MailThreadId};

use super::ties::{IdHash, Key, SubjectHash, Ties};

/// What is stored about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) key: Key,
    /// A mail that has it, and its thread.
    pub(super) message: MailMessageId,
    pub(super) thread: MailThreadId,
    /// It is the id of a mail.
    pub(super) owned: bool,
    /// A mail answers it.
    pub(super) answered: bool,
}

/// Mails that are joined with what is stored, and with each other.
#[derive(Debug, Default)]
pub(super) struct Joining {
    keys: BTreeMap<Key, Entry>,
    /// A union: each node's parent; roots are their own.
    nodes: Vec<usize>,
    threads: HashMap<MailThreadId, usize>,
    mails: Vec<usize>,
}

#[derive(Debug)]
struct Entry {
    node: usize,
    message: MailMessageId,
    owned: bool,
    answered: bool,
    /// Whether it is other than what is stored.
    changed: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Joined {
    /// The thread of each mail, in the order in which they were added.
    pub(super) threads: Vec<MailThreadId>,
    /// Threads that become part of another.
    pub(super) moves: Vec<(MailThreadId, MailThreadId)>,
    /// Keys to be stored; the thread of a key is that of its message.
    pub(super) keys: Vec<(Key, MailMessageId, bool, bool)>,
}

/// Ids of which mail under any subject must be known: those of mails without a subject.
#[derive(Debug, Default)]
pub(super) struct Open {
    /// Of which who answers them must be known.
    pub(super) owned: BTreeSet<IdHash>,
    /// Of which who has them must be known.
    pub(super) answered: BTreeSet<IdHash>,
}

impl Joining {
    /// Takes what is stored.
    pub(super) fn know(&mut self, known: Known) {
        let node = self.threads.get(&known.thread).copied().unwrap_or_else(|| self.node());
        self.threads.insert(known.thread, node);
        let Known { key, message, owned, answered, .. } = known;
        self.keys.entry(key).or_insert(Entry { node, message, owned, answered, changed: false });
    }

    /// What must be known besides the mails' keys, which are. Where a mail without a subject came before with the same id, it joined all.
    pub(super) fn open(&self, mails: &[Ties]) -> Open {
        let bare = |id: IdHash| self.keys.get(&id.under(SubjectHash::NONE));
        let mut open = Open::default();
        for ties in mails.iter().filter(|ties| ties.is_bare()) {
            open.owned.extend(ties.own.filter(|id| !bare(*id).is_some_and(|entry| entry.owned)));
            open.answered.extend(ties.parent.filter(|id| !bare(*id).is_some_and(|entry| entry.answered)));
        }
        open
    }

    /// Joins a mail.
    pub(super) fn add(&mut self, message: MailMessageId, ties: &Ties) {
        let node = self.node();
        self.mails.push(node);
        for key in &ties.shared {
            let new = Entry { node, message, owned: false, answered: false, changed: true };
            let other = self.keys.entry(*key).or_insert(new).node;
            self.unite(node, other);
        }
        if let Some(id) = ties.own {
            if let Some(entry) = self.keys.get_mut(&id.under(ties.subject)).filter(|entry| !entry.owned) {
                (entry.owned, entry.changed) = (true, true);
            }
            self.meet(node, ties, id, |other| other.answered);
        }
        if let Some(id) = ties.parent {
            if let Some(entry) = self.keys.get_mut(&id.under(ties.subject)).filter(|entry| !entry.answered) {
                (entry.answered, entry.changed) = (true, true);
            }
            self.meet(node, ties, id, |other| other.owned);
        }
    }

    /// Unites with those at the other end of an answer, when this mail or they have no subject.
    fn meet(&mut self, node: usize, ties: &Ties, id: IdHash, is_other_end: impl Fn(&Entry) -> bool) {
        let last = if ties.is_bare() { SubjectHash::LAST } else { SubjectHash::NONE };
        let range = self.keys.range(id.under(SubjectHash::NONE)..=id.under(last));
        let others: Vec<usize> = range.filter(|(_, entry)| is_other_end(entry)).map(|(_, entry)| entry.node).collect();
        for other in others {
            self.unite(node, other);
        }
    }

    /// Stored threads that turn out to be one.
    pub(super) fn merging(&mut self) -> Vec<Vec<MailThreadId>> {
        self.groups().into_values().filter(|group| group.len() > 1).collect()
    }

    /// Ends it: `stays` says which thread of several that are one stays.
    pub(super) fn finish(
        mut self,
        stays: impl Fn(&[MailThreadId]) -> Option<MailThreadId>,
        mut new_thread: impl FnMut() -> MailThreadId,
    ) -> Joined {
        let mut joined = Joined::default();
        let mut thread_of = HashMap::new();
        for (root, group) in self.groups() {
            let Some(stays) = stays(&group) else { continue };
            thread_of.insert(root, stays);
            joined.moves.extend(group.into_iter().filter(|thread| *thread != stays).map(|thread| (thread, stays)));
        }
        for mail in std::mem::take(&mut self.mails) {
            let root = self.root(mail);
            joined.threads.push(*thread_of.entry(root).or_insert_with(&mut new_thread));
        }
        let changed = self.keys.into_iter().filter(|(_, entry)| entry.changed);
        joined.keys = changed.map(|(key, entry)| (key, entry.message, entry.owned, entry.answered)).collect();
        joined
    }

    /// The stored threads by the root of their union, the oldest first.
    fn groups(&mut self) -> BTreeMap<usize, Vec<MailThreadId>> {
        let mut groups: BTreeMap<usize, Vec<MailThreadId>> = BTreeMap::new();
        let threads: Vec<_> = self.threads.iter().map(|(thread, node)| (*thread, *node)).collect();
        for (thread, node) in threads {
            groups.entry(self.root(node)).or_default().push(thread);
        }
        for group in groups.values_mut() {
            group.sort_unstable();
        }
        groups
    }

    fn node(&mut self) -> usize {
        self.nodes.push(self.nodes.len());
        self.nodes.len() - 1
    }

    fn root(&mut self, mut node: usize) -> usize {
        while let Some(up) = self.nodes.get(node).copied().filter(|up| *up != node) {
            // Halves the way for those who come after.
            let above = self.nodes.get(up).copied().unwrap_or(up);
            if let Some(parent) = self.nodes.get_mut(node) {
                *parent = above;
            }
            node = above;
        }
        node
    }

    fn unite(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        if let Some(parent) = self.nodes.get_mut(one) {
            *parent = other;
        }
    }
}
