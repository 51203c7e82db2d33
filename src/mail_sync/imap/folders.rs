//! Listing folders, opening one for reading, and their figures. Owns: that a refusal is never read as "empty".
//! Does not own: which folders are followed.
//! Start reading at [`ImapConn::list_folders`].

use super::answer::{FolderStatus, ListedFolder, Untagged};
use super::code::ResponseCode;
use super::conn::ImapConn;
use super::error::ImapError;
use super::quoted::quote;

/// Most folders of an account; what lists more is not a mailbox.
const MAX_FOLDERS: usize = 20_000;

/// A folder that was opened for reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Examined {
    /// The identity of the folder's UIDs: when it changes, all UIDs known before mean nothing.
    pub uid_validity: u32,
    /// The UID the next message will have at least; some servers do not say.
    pub uid_next: Option<u32>,
    /// How many messages the folder has.
    pub exists: u32,
    /// Highest modification sequence (RFC 7162), if the folder keeps them.
    pub highest_modseq: Option<u64>,
}

impl ImapConn {
    /// All folders of the account. A list without any is possible and proves nothing: an account has an inbox.
    ///
    /// # Errors
    /// [`ImapError::No`] when the server does not list now.
    pub async fn list_folders(&mut self) -> Result<Vec<ListedFolder>, ImapError> {
        // With LIST-EXTENDED, uses are told only when asked for (RFC 6154 section 2).
        let extended = self.has("SPECIAL-USE") && self.has("LIST-EXTENDED");
        let command = if extended { "LIST \"\" \"*\" RETURN (SPECIAL-USE)" } else { "LIST \"\" \"*\"" };
        let mut folders = Vec::new();
        self.exec(command, self.timeouts.command, |untagged| match untagged {
            Untagged::List(folder) => {
                if folders.len() <= MAX_FOLDERS {
                    folders.push(folder);
                }
                None
            }
            other => Some(other),
        })
        .await?;
        if folders.len() > MAX_FOLDERS {
            Err(ImapError::Parse("more folders than an account has"))
        } else {
            Ok(folders)
        }
    }

    /// Opens the folder for reading (EXAMINE). News of the folder open before is forgotten.
    ///
    /// # Errors
    /// [`ImapError::No`] when the folder cannot be opened; [`ImapError::Missing`] when the answer lacks the number of
    /// messages or the identity of the UIDs. After either no folder is open.
    pub async fn examine(&mut self, folder: &str) -> Result<Examined, ImapError> {
        let condstore = if self.has_condstore() { " (CONDSTORE)" } else { "" };
        let command = format!("EXAMINE {}{condstore}", quote(folder)?);
        self.folder_has_modseq = false;
        let (mut exists, mut uid_validity, mut uid_next, mut highest_modseq) = (None, None, None, None);
        let done = self.exec(&command, self.timeouts.command, |untagged| {
            match untagged {
                Untagged::Exists(count) => exists = Some(count),
                Untagged::Code(ResponseCode::UidValidity(value)) => uid_validity = Some(value),
                Untagged::Code(ResponseCode::UidNext(value)) => uid_next = Some(value),
                Untagged::Code(ResponseCode::HighestModSeq(value)) => highest_modseq = Some(value),
                other => return Some(other),
            }
            None
        });
        let done = done.await;
        // What came until now may still be of the folder that was open; this one is as the answer says.
        self.take_news();
        done?;
        let exists = exists.ok_or(ImapError::Missing("EXISTS"))?;
        let uid_validity = uid_validity.ok_or(ImapError::Missing("UIDVALIDITY"))?;
        self.folder_has_modseq = highest_modseq.is_some();
        Ok(Examined { uid_validity, uid_next, exists, highest_modseq })
    }

    /// Figures of a folder, without opening it.
    ///
    /// # Errors
    /// [`ImapError::No`] when there is no such folder; [`ImapError::Missing`] when the answer has no figures at all.
    pub async fn status(&mut self, folder: &str) -> Result<FolderStatus, ImapError> {
        let modseq = if self.has_condstore() { " HIGHESTMODSEQ" } else { "" };
        let command = format!("STATUS {} (MESSAGES UIDNEXT UIDVALIDITY UNSEEN{modseq})", quote(folder)?);
        let mut status = None;
        self.exec(&command, self.timeouts.command, |untagged| match untagged {
            Untagged::Status(figures) => {
                status = Some(figures);
                None
            }
            other => Some(other),
        })
        .await?;
        status.ok_or(ImapError::Missing("STATUS"))
    }
}
