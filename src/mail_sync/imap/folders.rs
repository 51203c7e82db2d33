//! Listing folders, and their figures. Owns: that a refusal is never read as "empty".
//! Does not own: opening one (`examine`), which folders are followed.
//! Start reading at [`ImapConn::list_folders`].

use super::answer::{FolderStatus, ListedFolder, Untagged};
use super::conn::ImapConn;
use super::error::ImapError;
use super::quoted::quote;

/// Most folders of an account; what lists more is not a mailbox.
const MAX_FOLDERS: usize = 20_000;

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
