//! Letters that Tagwire itself sends: an outbox in the database, emptied over SMTP.
//!
//! Owns the table `outbox`, how a letter is written down and sent, and what is told of its delivery. What letters say is decided by who
//! writes them. A letter is put into the transaction of what it tells of; it is sent behind that, by one node, again until the server
//! takes it. Start reading at `Post::put`, then `sender`.

mod error;
mod letter;
mod resealing;
mod sender;
mod server;
mod store;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use entity::outbox;
use entity::{LetterId, Timestamp, WorkspaceId};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use tokio::sync::Notify;

pub use entity::outbox::State;
pub use error::PostError;
pub use letter::Letter;
pub use resealing::reseal;
pub use server::{NotSettings, Smtp};

use crate::changes::NewChange;
use crate::clock::Clock;
use crate::db::{Db, Fault, Tx};
use crate::secrets::Secrets;
use server::Server;

/// The outbox of this node.
#[derive(Clone)]
pub struct Post {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    clock: Clock,
    secrets: Arc<Secrets>,
    /// None where no mail server is set.
    server: Option<Server>,
    wake: Notify,
}

/// How a letter is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Queued, sent or failed.
    pub state: State,
    /// How often it was tried.
    pub attempts: i32,
    /// Why it is not sent yet, or will not be.
    pub last_error: Option<String>,
    /// When the mail server took it.
    pub sent_at: Option<Timestamp>,
}

impl Post {
    /// An outbox over a database. `ca_file`: certificate authorities beside the public ones.
    ///
    /// # Errors
    /// When the settings of the mail server cannot be used.
    pub fn new(
        db: Db,
        clock: Clock,
        secrets: Arc<Secrets>,
        smtp: Option<&Smtp>,
        ca_file: Option<&Path>,
    ) -> Result<Self, PostError> {
        let server = smtp.map(|smtp| Server::new(smtp, ca_file)).transpose()?;
        Ok(Self { inner: Arc::new(Inner { db, clock, secrets, server, wake: Notify::new() }) })
    }

    /// Whether letters can leave.
    #[must_use]
    pub fn can_send(&self) -> bool {
        self.inner.server.is_some()
    }

    /// Puts a letter into the outbox with the transaction. `tells`: what is told as changed whenever its delivery is another. It is tried
    /// until `expires_at`. Call `wake` when the transaction is committed.
    ///
    /// # Errors
    /// `Unsendable` for a letter that no mail can carry.
    pub async fn put(
        &self,
        tx: &Tx,
        letter: &Letter,
        expires_at: Timestamp,
        tells: Option<&NewChange>,
    ) -> Result<LetterId, PostError> {
        letter.check()?;
        let id: LetterId = tx.cx().new_id();
        let now = tx.cx().now();
        let sealed = self.inner.secrets.seal(&context(tx.workspace(), id), &letter.to_secret()?)?;
        let row = outbox::ActiveModel {
            workspace: Set(tx.workspace()),
            id: Set(id),
            sealed: Set(Some(sealed)),
            state: Set(State::Queued),
            attempts: Set(0),
            last_error: Set(None),
            created_at: Set(now),
            next_attempt_at: Set(now),
            expires_at: Set(expires_at),
            sent_at: Set(None),
            tells_kind: Set(tells.map(|tells| tells.kind.as_str().to_owned())),
            tells_subject: Set(tells.map(|tells| tells.subject)),
            tells_scope: Set(tells.and_then(|tells| tells.after.to_text())),
        };
        outbox::Entity::insert(row).exec_without_returning(tx.conn()).await?;
        Ok(id)
    }

    /// Takes a letter back that is not sent yet. One that is on its way arrives all the same.
    pub async fn cancel(&self, tx: &Tx, id: LetterId) -> Result<(), Fault> {
        Ok(store::cancel(tx.conn(), tx.workspace(), id).await?)
    }

    /// Has the outbox looked at now.
    pub fn wake(&self) {
        self.inner.wake.notify_one();
    }

    /// How letters are doing.
    pub async fn deliveries(
        &self,
        workspace: WorkspaceId,
        ids: Vec<LetterId>,
    ) -> Result<HashMap<LetterId, Delivery>, Fault> {
        let rows = store::by_ids(self.inner.db.reader(), workspace, ids).await?;
        Ok(rows.into_iter().map(|row| (row.id, self.delivery(row))).collect())
    }

    fn delivery(&self, row: outbox::Model) -> Delivery {
        let outbox::Model { state, attempts, last_error, sent_at, .. } = row;
        let waits = (state == State::Queued && !self.can_send())
            .then(|| "No mail server is set (TAGWIRE_SMTP_URL): the mail waits.".to_owned());
        Delivery { state, attempts, last_error: waits.or(last_error), sent_at }
    }
}

/// Where a sealed letter belongs.
fn context(workspace: WorkspaceId, id: LetterId) -> String {
    format!("workspace {workspace} letter {id}")
}
