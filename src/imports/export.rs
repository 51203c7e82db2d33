//! An address to download contacts from: whose it is, what of, and until when, sealed so that nobody can make one.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::{SessionId, Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};

use super::{Error, Format, written};
use crate::access::{Cx, Denied, Right};
use crate::clock::Clock;
use crate::contacts::{self, Filter, WholeContacts};
use crate::db::{Db, Fault};
use crate::secrets::{Secret, Secrets};
use crate::users;

/// How long an address can be used.
const LIFETIME: Duration = Duration::from_secs(5 * 60);

/// Longest address: what an HTTP request's head has room for.
const LONGEST: usize = 48 << 10;

/// What a sealed address is for.
const CONTEXT: &str = "export of contacts";

#[derive(Serialize, Deserialize)]
struct Ticket {
    workspace: WorkspaceId,
    session: SessionId,
    until: Timestamp,
    format: Format,
    filter: Filter,
}

/// Why nothing is exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The address was never one, its time is over, or whoever asked for it has signed out.
    #[error("This address cannot be used any more. Export again.")]
    Gone,
    /// They lack the right now.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The contacts refused.
    #[error(transparent)]
    Contacts(#[from] contacts::Error),
    /// The database failed.
    #[error("storage failed")]
    Fault(#[from] Fault),
}

/// An export at work: texts, one after another.
pub struct Export {
    cx: Cx,
    db: Db,
    format: Format,
    contacts: WholeContacts,
    has_begun: bool,
}

impl Export {
    /// The secret part of an address from which the actor's browser can download what matches a filter, for five minutes.
    ///
    /// # Errors
    /// For a filter that cannot be used.
    pub async fn ticket(
        cx: &Cx,
        db: &Db,
        secrets: &Secrets,
        filter: Option<Filter>,
        format: Format,
    ) -> Result<String, Error> {
        cx.require(Right::ImportExport)?;
        let viewer = cx.viewer().ok_or(Denied(Right::ImportExport))?;
        let filter = filter.unwrap_or(Filter::And(Vec::new()));
        WholeContacts::begin(cx, db, filter.clone()).await?;
        let until = cx.now().plus(LIFETIME);
        let ticket = Ticket { workspace: cx.workspace, session: viewer.session, until, format, filter };
        let text = serde_json::to_string(&ticket).map_err(std::io::Error::other)?;
        let sealed = secrets.seal(CONTEXT, &Secret::from(text)).map_err(std::io::Error::other)?;
        let ticket = URL_SAFE_NO_PAD.encode(sealed);
        if ticket.len() <= LONGEST { Ok(ticket) } else { Err(Error::File("This filter is too long to export with.")) }
    }

    /// Begins the export of a ticket, with the rights of now.
    pub async fn begin(db: &Db, clock: &Clock, secrets: &Secrets, ticket: &str) -> Result<Self, ExportError> {
        let sealed = URL_SAFE_NO_PAD.decode(ticket).map_err(|_| ExportError::Gone)?;
        let text = secrets.open(CONTEXT, &sealed).map_err(|_| ExportError::Gone)?;
        let ticket: Ticket = serde_json::from_str(text.reveal()).map_err(|_| ExportError::Gone)?;
        if ticket.until <= clock.now() {
            return Err(ExportError::Gone);
        }
        let session = users::running_session(db, clock, ticket.workspace, ticket.session).await?;
        let session = session.ok_or(ExportError::Gone)?;
        let cx = Cx::of_user(session.workspace, session.viewer, clock.clone());
        cx.require(Right::ImportExport)?;
        let contacts = WholeContacts::begin(&cx, db, ticket.filter).await?;
        Ok(Self { cx, db: db.clone(), format: ticket.format, contacts, has_begun: false })
    }

    /// What it is written in.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// The next text; none at the end.
    ///
    /// # Errors
    /// When it must end in the middle.
    pub async fn next(&mut self) -> Result<Option<String>, std::io::Error> {
        if !std::mem::replace(&mut self.has_begun, true) {
            return Ok(Some(written::head(self.format)));
        }
        let contacts = self.contacts.next(&self.cx, &self.db).await.map_err(std::io::Error::other)?;
        if contacts.is_empty() {
            return Ok(None);
        }
        written::contacts(self.format, &contacts).map(Some).map_err(std::io::Error::other)
    }
}
