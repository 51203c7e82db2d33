//! Sets of contacts that take little room: a few bits for each, instead of its id.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use entity::{ContactId, WorkspaceId};
use roaring::RoaringBitmap;

/// The numbers of contacts on this node, for as long as anybody keeps a set of them.
#[derive(Clone, Default)]
pub struct Numbering(Arc<Mutex<HashMap<WorkspaceId, Weak<Numbers>>>>);

/// A workspace's contacts, numbered as they come.
#[derive(Debug, Default)]
struct Numbers(RwLock<HashMap<ContactId, u32>>);

/// A set of contacts of one workspace.
#[derive(Debug)]
pub struct Members {
    numbers: Arc<Numbers>,
    set: RoaringBitmap,
}

impl Numbering {
    /// No contacts of a workspace.
    #[must_use]
    pub fn members(&self, workspace: WorkspaceId) -> Members {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let numbers = kept.get(&workspace).and_then(Weak::upgrade).unwrap_or_else(|| {
            kept.retain(|_, numbers| numbers.strong_count() > 0);
            let numbers = Arc::new(Numbers::default());
            kept.insert(workspace, Arc::downgrade(&numbers));
            numbers
        });
        Members { numbers, set: RoaringBitmap::new() }
    }
}

impl Numbers {
    fn known(&self, id: ContactId) -> Option<u32> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&id).copied()
    }

    fn number(&self, id: ContactId) -> u32 {
        self.known(id).unwrap_or_else(|| {
            let mut numbers = self.0.write().unwrap_or_else(PoisonError::into_inner);
            // Four thousand million contacts do not fit in memory either.
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            *numbers.entry(id).or_insert(next)
        })
    }
}

impl Members {
    /// Makes the set consist of these.
    pub fn replace(&mut self, ids: impl IntoIterator<Item = ContactId>) {
        self.set = ids.into_iter().map(|id| self.numbers.number(id)).collect();
        self.set.optimize();
    }

    /// Adds a contact. False when it was there.
    pub fn insert(&mut self, id: ContactId) -> bool {
        self.set.insert(self.numbers.number(id))
    }

    /// Removes a contact. False when it was not there.
    pub fn remove(&mut self, id: ContactId) -> bool {
        self.numbers.known(id).is_some_and(|number| self.set.remove(number))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.set.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }
}
