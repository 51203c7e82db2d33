//! Sessions that hold an open socket on this node: told when their rights change or what is shared with them, and closed when they end.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use entity::{SessionId, UserId, WorkspaceId};
use tokio_util::sync::CancellationToken;

use super::tokens::Tokens;
use super::{Session, session};
use crate::access::{Cx, Viewer};
use crate::changes::{Change, Kind, Scope};
use crate::clock::Clock;
use crate::db::{Db, Fault};
use crate::feed::{Feed, Observer, Stream};

/// The live sessions of this node.
#[derive(Clone)]
pub struct LiveSessions {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    clock: Clock,
    feed: Feed,
    sessions: Mutex<HashMap<SessionId, Vec<Weak<LiveSession>>>>,
    tokens: Tokens,
}

/// A session as long as a socket or stream holds it.
pub struct LiveSession {
    session: Session,
    viewer: Mutex<Arc<Viewer>>,
    ended: CancellationToken,
    clock: Clock,
    /// Keeps the workspace's log followed, so that its end is heard of. None for a single request.
    _stream: Option<Arc<Stream>>,
}

impl LiveSession {
    /// Who asks, with the rights of now.
    #[must_use]
    pub fn cx(&self) -> Cx {
        let viewer = Arc::clone(&self.viewer.lock().unwrap_or_else(PoisonError::into_inner));
        Cx::of_user(self.session.workspace, viewer, self.clock.clone())
    }

    /// The session itself.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Returns when the session has ended: signed out, its user disabled, or its time over.
    pub async fn ended(&self) {
        tokio::select! {
            () = self.ended.cancelled() => {}
            () = self.clock.sleep_until(self.session.expires_at) => {}
        }
    }
}

impl LiveSessions {
    /// None yet.
    #[must_use]
    pub fn new(db: Db, clock: Clock, feed: Feed) -> Self {
        Self { inner: Arc::new(Inner { db, clock, feed, sessions: Mutex::default(), tokens: Tokens::new() }) }
    }

    /// The running session that a token belongs to; none when there is none, it ended, or its user may not sign in (any more).
    pub async fn authenticate(&self, token: &str) -> Result<Option<Session>, Fault> {
        self.inner.tokens.authenticate(&self.inner.db, &self.inner.clock, token).await
    }

    /// Holds a session that was just authenticated. None when it ended meanwhile.
    pub async fn hold(&self, session: Session) -> Result<Option<Arc<LiveSession>>, Fault> {
        let inner = &self.inner;
        let id = session.viewer.session;
        let live = Arc::new(LiveSession {
            viewer: Mutex::new(Arc::clone(&session.viewer)),
            ended: CancellationToken::new(),
            clock: inner.clock.clone(),
            _stream: Some(inner.feed.stream(session.workspace).await?),
            session,
        });
        self.sessions().entry(id).or_default().push(Arc::downgrade(&live));
        // It may have ended between its authentication and the line above: nobody would tell.
        self.refresh(live.session.workspace, live.session.viewer.user).await?;
        Ok((!live.ended.is_cancelled()).then_some(live))
    }

    /// A session that was just authenticated, for one request: it is over before its end needs to be heard of.
    #[must_use]
    pub fn for_request(&self, session: Session) -> Arc<LiveSession> {
        Arc::new(LiveSession {
            viewer: Mutex::new(Arc::clone(&session.viewer)),
            ended: CancellationToken::new(),
            clock: self.inner.clock.clone(),
            _stream: None,
            session,
        })
    }

    /// Forgets sessions whose sockets are gone, and removes ended ones from the database.
    pub async fn sweep(&self) -> Result<(), Fault> {
        self.sessions().retain(|_, held| {
            held.retain(|live| live.strong_count() > 0);
            !held.is_empty()
        });
        super::email_change::remove_expired(&self.inner.db, self.inner.clock.now()).await?;
        session::remove_expired(&self.inner.db, self.inner.clock.now()).await
    }

    /// Gives the live sessions of a user the rights and shares of now, and ends those that ended.
    async fn refresh(&self, workspace: WorkspaceId, user: UserId) -> Result<(), Fault> {
        let held: Vec<Arc<LiveSession>> = self
            .sessions()
            .values()
            .flatten()
            .filter_map(Weak::upgrade)
            .filter(|live| live.session.workspace == workspace && live.session.viewer.user == user)
            .collect();
        if held.is_empty() {
            return Ok(());
        }
        let running = session::of_user(&self.inner.db, self.inner.clock.now(), workspace, user).await?;
        for live in held {
            match running.iter().find(|session| session.viewer.session == live.session.viewer.session) {
                Some(session) => {
                    *live.viewer.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&session.viewer);
                }
                None => live.ended.cancel(),
            }
        }
        Ok(())
    }

    fn end(&self, session: SessionId) {
        let held = self.sessions().remove(&session).unwrap_or_default();
        for live in held.iter().filter_map(Weak::upgrade) {
            live.ended.cancel();
        }
    }

    fn sessions(&self) -> std::sync::MutexGuard<'_, HashMap<SessionId, Vec<Weak<LiveSession>>>> {
        self.inner.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for LiveSessions {
    fn observe<'a>(
        &'a self,
        workspace: WorkspaceId,
        changes: &'a [Arc<Change>],
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            for change in changes {
                if change.kind == Kind::Session {
                    self.end(SessionId(change.subject));
                }
                let Some(user) = whose_sight_changes(change) else { continue };
                if let Err(error) = self.refresh(workspace, user).await {
                    // Without knowing what they may do and see now, they may do nothing.
                    tracing::error!(%user, %error, "Could not read changed rights and shares; closing the user's sockets");
                    let ids: Vec<SessionId> = self
                        .sessions()
                        .iter()
                        .filter(|(_, held)| {
                            held.iter().filter_map(Weak::upgrade).any(|live| live.session.viewer.user == user)
                        })
                        .map(|(id, _)| *id)
                        .collect();
                    for id in ids {
                        self.end(id);
                    }
                }
            }
        })
    }
}

/// The user who may do or see something else from this change on.
fn whose_sight_changes(change: &Change) -> Option<UserId> {
    match (change.kind, change.before, change.after) {
        (Kind::User, ..) => Some(UserId(change.subject)),
        (Kind::Share, Scope::Share(_, grantee), _) | (Kind::Share, _, Scope::Share(_, grantee)) => Some(grantee),
        _ => None,
    }
}
