//! How commands tell the sync of this node at once. A hint only: what is to be done stands in the database.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use entity::MailAccountId;
use tokio::sync::Notify;

/// Mailboxes about which something was decided since they were last taken.
#[derive(Clone, Default)]
pub struct Signals {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    accounts: Mutex<HashSet<MailAccountId>>,
    notify: Notify,
}

impl Signals {
    /// Tells that a mailbox was connected, resumed, stopped, or should be looked at now.
    pub fn tell(&self, account: MailAccountId) {
        self.inner.accounts.lock().unwrap_or_else(PoisonError::into_inner).insert(account);
        self.inner.notify.notify_one();
    }

    /// Waits for signals and takes the mailboxes they concern.
    pub async fn wait(&self) -> HashSet<MailAccountId> {
        loop {
            let taken = std::mem::take(&mut *self.inner.accounts.lock().unwrap_or_else(PoisonError::into_inner));
            if !taken.is_empty() {
                return taken;
            }
            self.inner.notify.notified().await;
        }
    }
}
