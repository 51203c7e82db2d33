//! Downloads of files in mail: from an address that holds whose it is, which file, and until when, sealed so that nobody can make one.
//!
//! Owns the address and who may still use it. What a browser is told about the file is decided in `http`.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::{MailAttachmentId, SessionId, Timestamp, WorkspaceId, mail_attachment};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;

use super::{Attachment, Contents, Error, Picture, content, mime};
use crate::access::Cx;
use crate::blobs::Held;
use crate::clock::Clock;
use crate::db::{Db, Fault};
use crate::secrets::{Secret, SecretError, Secrets};
use crate::users;

/// How long an address can be used.
const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// Longest address that is looked at; those that are given are far shorter.
const LONGEST: usize = 1 << 10;

/// What a sealed address is for.
const CONTEXT: &str = "file of a message";

/// What an address is given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// To be saved as a file.
    Save,
    /// To be shown within its message, if it is a picture.
    Show,
}

#[derive(Serialize, Deserialize)]
struct Ticket {
    workspace: WorkspaceId,
    session: SessionId,
    until: Timestamp,
    attachment: MailAttachmentId,
    purpose: Purpose,
}

/// Why nothing is downloaded.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The address was never one, its time is over, whoever asked for it has signed out, or they may not see the mail any more.
    #[error("This address cannot be used any more. Open the message again.")]
    Gone,
    /// Only the beginning of the mail is stored, and the file may be cut.
    #[error(
        "This message is so large that only its beginning is stored. Its files can be opened in the mailbox itself."
    )]
    Partial,
    /// Too many run.
    #[error("Too many files are being downloaded. Try again in a few seconds.")]
    Busy,
    /// The bytes have no such part: what was stored of the mail does not fit them.
    #[error("the message has no such part")]
    NoPart,
    /// The file cannot be kept while it goes out.
    #[error("a file that goes out cannot be kept: {0}")]
    Disk(#[from] std::io::Error),
    /// The mail cannot be read.
    #[error(transparent)]
    Messages(#[from] Error),
}

impl From<Fault> for DownloadError {
    fn from(fault: Fault) -> Self {
        Self::Messages(fault.into())
    }
}

/// A file of a message, ready to go out.
#[derive(Debug)]
pub struct Download {
    /// What it is.
    pub attachment: Attachment,
    /// What its address was given for.
    pub purpose: Purpose,
    /// The picture that its bytes are.
    pub picture: Option<Picture>,
    /// Its bytes.
    pub bytes: Held,
    /// Its place among the large ones, to be held until all of it has gone out.
    pub place: Option<OwnedSemaphorePermit>,
}

/// The secret part of an address from which the actor's browser can get a file, for ten minutes; none when no user asks. Whether the
/// user may is looked at when the address is used.
pub fn ticket(
    cx: &Cx,
    secrets: &Secrets,
    attachment: MailAttachmentId,
    purpose: Purpose,
) -> Result<Option<String>, SecretError> {
    let Some(viewer) = cx.viewer() else { return Ok(None) };
    let until = cx.now().plus(LIFETIME);
    let ticket = Ticket { workspace: cx.workspace, session: viewer.session, until, attachment, purpose };
    let text = serde_json::to_string(&ticket).map_err(|_| SecretError::Damaged)?;
    let sealed = secrets.seal(CONTEXT, &Secret::from(text))?;
    Ok(Some(URL_SAFE_NO_PAD.encode(sealed)))
}

impl Ticket {
    fn open(secrets: &Secrets, ticket: &str) -> Option<Self> {
        if ticket.len() > LONGEST {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(ticket).ok()?;
        let text = secrets.open(CONTEXT, &sealed).ok()?;
        serde_json::from_str(text.reveal()).ok()
    }
}

impl Contents {
    /// The file of an address, for whoever may see all of its message now.
    pub async fn download(
        &self,
        db: &Db,
        clock: &Clock,
        secrets: &Secrets,
        ticket: &str,
    ) -> Result<Download, DownloadError> {
        let ticket = Ticket::open(secrets, ticket).ok_or(DownloadError::Gone)?;
        if ticket.until <= clock.now() {
            return Err(DownloadError::Gone);
        }
        let session = users::running_session(db, clock, ticket.workspace, ticket.session).await?;
        let session = session.ok_or(DownloadError::Gone)?;
        let cx = Cx::of_user(session.workspace, session.viewer, clock.clone());
        let key = (cx.workspace, ticket.attachment);
        let found = mail_attachment::Entity::find_by_id(key).one(db.reader()).await.map_err(Fault::from)?;
        let attachment = found.ok_or(DownloadError::Gone)?;
        let message = content::opened(&cx, db, attachment.message).await?.ok_or(DownloadError::Gone)?;
        if message.row.partial {
            return Err(DownloadError::Partial);
        }
        let large = usize::try_from(attachment.size).map_or(true, |size| size > Held::IN_MEMORY);
        let place = if large {
            let place = std::sync::Arc::clone(&self.large_downloads).try_acquire_owned();
            Some(place.map_err(|_| DownloadError::Busy)?)
        } else {
            None
        };
        let part = u32::try_from(attachment.part).map_err(|_| DownloadError::NoPart)?;
        let (bytes, room) = self.work_on(&message.row, move |raw| mime::attachment_bytes(raw, part)).await?;
        let bytes = bytes.ok_or(DownloadError::NoPart)?;
        let picture = Picture::of(&bytes);
        let bytes = Held::keep(bytes, &self.folder).await?;
        drop(room);
        Ok(Download { attachment: attachment.into(), purpose: ticket.purpose, picture, bytes, place })
    }
}
