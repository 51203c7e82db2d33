//! A connection of a session, signed in, and the folder that is open on it.

use super::error::SyncError;
use super::imap::{ImapConn, ImapError, UidSet};
use super::session::Session;
use super::trial::{credentials, target};
use crate::mail_accounts::{self, FirstSight, Folder};

/// Connections of one session that may be replaced at once. Narrowing down a mail that breaks answers takes about ten.
const REPLACEMENTS: u32 = 64;

/// A connection that can be replaced.
pub(super) struct Link {
    pub(super) conn: ImapConn,
    replaced: u32,
}

/// A folder as it was opened.
pub(super) struct Opened {
    /// The folder, in the life of its UIDs that is open.
    pub(super) folder: Folder,
    /// Messages in it.
    pub(super) exists: u32,
    /// The UID that the next message will have at least, as the server told at opening.
    pub(super) uid_next: Option<u32>,
    /// Its highest modification sequence, if it keeps them (RFC 7162).
    pub(super) mod_seq: Option<u64>,
}

impl Link {
    /// Connects and signs in.
    pub(super) async fn open(session: &Session<'_>) -> Result<Self, SyncError> {
        Ok(Self { conn: connect(session).await?, replaced: 0 })
    }

    /// Replaces a connection that is of no more use.
    pub(super) async fn replace(&mut self, session: &Session<'_>) -> Result<(), SyncError> {
        if self.replaced >= REPLACEMENTS {
            return Err(ImapError::Parse("too many unreadable answers").into());
        }
        self.replaced += 1;
        self.conn = connect(session).await?;
        Ok(())
    }

    /// Opens a folder for reading. A life of its UIDs that is new begins, if this connection `may_begin` one.
    pub(super) async fn examine(
        &mut self,
        session: &Session<'_>,
        folder: Folder,
        may_begin: bool,
    ) -> Result<Opened, SyncError> {
        let examined = self.conn.examine(&folder.name_raw).await?;
        let mut uid_next = examined.uid_next;
        let same = folder.uid_validity == Some(examined.uid_validity);
        if uid_next.is_none() {
            uid_next = self.ask_uid_next(&folder).await?;
        }
        // A server that counts backwards has forgotten what its UIDs meant, whatever its UIDVALIDITY says.
        let rewound = uid_next.is_some_and(|next| next <= folder.high_uid);
        let mut folder = folder;
        if !same || rewound {
            if !may_begin {
                return Err(SyncError::Restart("the inbox has other UIDs"));
            }
            let uid_next = match uid_next {
                Some(next) => next,
                None => self.highest_uid().await?.saturating_add(1),
            };
            let first = FirstSight { uid_validity: examined.uid_validity, uid_next, mod_seq: examined.highest_modseq };
            let Session { cx, deps, lease, .. } = session;
            folder = mail_accounts::open_generation(cx, &deps.db, lease, folder.id, first).await?;
            session.tally.counted(folder.id, 0, 0);
            session.tally.excluded(folder.id, 0);
        }
        session.tally.exists(folder.id, examined.exists);
        Ok(Opened { folder, exists: examined.exists, uid_next, mod_seq: examined.highest_modseq })
    }

    /// Some servers tell it in STATUS only, some not at all.
    async fn ask_uid_next(&mut self, folder: &Folder) -> Result<Option<u32>, SyncError> {
        match self.conn.status(&folder.name_raw).await {
            Ok(status) => Ok(status.uid_next),
            Err(error) if error.keeps_connection() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn highest_uid(&mut self) -> Result<u32, SyncError> {
        let mut highest = 0;
        self.conn.fetch_flags(&UidSet::from(1), None, |item| highest = highest.max(item.uid.unwrap_or(0))).await?;
        Ok(highest)
    }
}

async fn connect(session: &Session<'_>) -> Result<ImapConn, SyncError> {
    let deps = &session.deps;
    let target = target(&session.login.imap);
    let credentials = credentials(&session.login.username, &session.login.secret);
    let signing_in = async {
        let mut conn = ImapConn::connect(&target, &deps.allowed, &deps.tls, deps.timeouts).await?;
        conn.login(&credentials).await.map_err(SyncError::Login)?;
        Ok(conn)
    };
    session.host.sign_in(signing_in).await
}
