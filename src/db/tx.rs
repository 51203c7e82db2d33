//! One command = one transaction = the change and its event.

use entity::WorkspaceId;
use sea_orm::DatabaseTransaction;

use super::{Fault, Wake};
use crate::access::Cx;
use crate::changes::{Kind, NewChange, log};
use crate::history::{self, NewEntry};

/// A transaction of one command in one workspace.
pub struct Tx {
    inner: DatabaseTransaction,
    cx: Cx,
    changes: Vec<NewChange>,
    notes: Vec<NewEntry>,
    wake: Wake,
}

impl Tx {
    pub(super) fn new(inner: DatabaseTransaction, cx: Cx, wake: Wake) -> Self {
        Self { inner, cx, changes: Vec::new(), notes: Vec::new(), wake }
    }

    /// Where the statements of this transaction go.
    #[must_use]
    pub fn conn(&self) -> &DatabaseTransaction {
        &self.inner
    }

    /// Who acts.
    #[must_use]
    pub fn cx(&self) -> &Cx {
        &self.cx
    }

    /// The workspace it is bound to.
    #[must_use]
    pub fn workspace(&self) -> WorkspaceId {
        self.cx.workspace
    }

    /// Says what this transaction changes. It is told to others once committed, and not otherwise.
    pub fn record(&mut self, change: NewChange) {
        self.changes.push(change);
    }

    /// Says what this transaction does, for the history that is kept for good.
    pub fn note(&mut self, entry: NewEntry) {
        self.notes.push(entry);
    }

    /// Writes the history, numbers the recorded changes, commits, and wakes who follows the log.
    pub async fn commit(self) -> Result<(), Fault> {
        let Self { inner, cx, changes, notes, wake } = self;
        // Before the head of the log is locked, which others wait for.
        history::store::write(&inner, &cx, notes).await?;
        if !changes.is_empty() {
            log::append(&inner, cx.workspace, cx.now(), cx.actor_user(), &changes).await?;
        }
        inner.commit().await?;
        if changes.iter().any(|change| matches!(change.kind, Kind::User | Kind::Share | Kind::Session)) {
            wake.people_changed();
        }
        if !changes.is_empty() {
            wake.committed(cx.workspace);
        }
        Ok(())
    }

    /// Takes everything back. The same as dropping it, but done when this returns.
    pub async fn rollback(self) -> Result<(), Fault> {
        Ok(self.inner.rollback().await?)
    }
}
