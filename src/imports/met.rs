//! The contacts that a dry run would have added by now: without them it would count those that a file has twice as two.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::contacts::Incoming;
use crate::text::{self, EmailAddress};

/// Most that are remembered; what a longer file has twice is then told as two.
const MOST: usize = 1_000_000;

/// Addresses, and names with companies, as hashes.
#[derive(Debug, Default)]
pub struct Met {
    known: HashSet<u64>,
    /// Of the transaction at work.
    fresh: HashSet<u64>,
}

impl Met {
    /// Whether an earlier row would have added this contact. If not, this one would.
    pub(super) fn meets_again(&mut self, incoming: &Incoming) -> bool {
        let emails = incoming.emails.as_deref().unwrap_or_default();
        let name = text::key(incoming.name.as_deref().unwrap_or_default());
        let company = text::key(incoming.company.as_deref().unwrap_or_default());
        let mut own: Vec<u64> = emails.iter().map(|(address, _)| hash(&EmailAddress::key_of(address))).collect();
        let name = hash(&(name, company));
        if own.is_empty() {
            own.push(name);
        }
        let again = own.iter().any(|key| self.known.contains(key) || self.fresh.contains(key));
        self.fresh.extend(own);
        self.fresh.insert(name);
        again
    }

    /// The transaction at work has done.
    pub(super) fn settle(&mut self) {
        if self.known.len() < MOST {
            self.known.extend(self.fresh.drain());
        }
    }

    /// A transaction before this one has not done.
    pub(super) fn forget_unsettled(&mut self) {
        self.fresh.clear();
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
