//! What objects read through: who asks, and the loaders of one request or one delivered event.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use async_graphql::Context;
use entity::WorkspaceId;
use quick_cache::sync::Cache;

use super::error::ApiError;
use super::loaders::{Loaders, loaders};
use super::own_loaders::{OwnLoaders, own_loaders};
use crate::access::Cx;
use crate::app::App;
use crate::changes::log::Head;
use crate::db::Db;

/// Delivered events whose loaders are kept for subscribers that come to them a little later.
const EVENTS: usize = 256;

/// Cheap to clone; objects keep one to load what is beneath them.
#[derive(Clone)]
pub struct Reader {
    inner: Arc<Inner>,
}

struct Inner {
    app: App,
    cx: Cx,
    /// Of what everyone in the workspace sees.
    shared: Arc<Loaders>,
    /// Of what only some see: made when first asked for.
    own: OnceLock<OwnLoaders>,
    head: OnceLock<Head>,
    /// Whether anything was asked that depends on who sees it.
    personal: AtomicBool,
}

/// The loaders of delivered events: what an event needs is loaded once on this node, for all who follow it.
pub struct EventLoaders(Cache<(WorkspaceId, i64), Arc<Loaders>>);

impl Default for EventLoaders {
    fn default() -> Self {
        Self(Cache::new(EVENTS))
    }
}

impl Reader {
    /// For one request.
    pub(super) fn new(app: &App, cx: Cx) -> Self {
        let shared = Arc::new(loaders(app.db.clone(), &cx));
        Self::with(app, cx, shared)
    }

    /// For a request that changes things: what one of its fields did must show in the next, so nothing that was loaded is kept.
    pub(super) fn of_mutation(app: &App, cx: Cx) -> Self {
        let shared = Arc::new(loaders(app.db.clone(), &cx));
        shared.enable_all_cache(false);
        let own = own_loaders(app.db.clone(), &cx);
        own.enable_all_cache(false);
        let reader = Self::with(app, cx, shared);
        // Nobody else has it yet.
        let _ = reader.inner.own.set(own);
        reader
    }

    /// For one subscriber to the event with this number. What is loaded is at least as new as the event.
    pub(super) fn of_event(app: &App, cx: Cx, events: &EventLoaders, seq: i64) -> Self {
        let key = (cx.workspace, seq);
        let made: Result<_, std::convert::Infallible> =
            events.0.get_or_insert_with(&key, || Ok(Arc::new(loaders(app.db.clone(), &cx))));
        let Ok(shared) = made;
        Self::with(app, cx, shared)
    }

    fn with(app: &App, cx: Cx, shared: Arc<Loaders>) -> Self {
        let (own, head, personal) = (OnceLock::new(), OnceLock::new(), AtomicBool::new(false));
        Self { inner: Arc::new(Inner { app: app.clone(), cx, shared, own, head, personal }) }
    }

    /// The reader of this request.
    ///
    /// # Errors
    /// When nobody is signed in.
    pub(super) fn of<'a>(ctx: &'a Context<'_>) -> Result<&'a Self, ApiError> {
        ctx.data_opt::<Self>().ok_or_else(ApiError::unauthenticated)
    }

    /// The node.
    pub(super) fn app(&self) -> &App {
        &self.inner.app
    }

    /// Who asks. What is made with it is not the same for everyone.
    pub(super) fn cx(&self) -> &Cx {
        self.inner.personal.store(true, Ordering::Relaxed);
        &self.inner.cx
    }

    /// Whether what was read through this may be different for somebody else of the workspace.
    pub(super) fn is_personal(&self) -> bool {
        self.inner.personal.load(Ordering::Relaxed)
    }

    /// The database.
    pub(super) fn db(&self) -> &Db {
        &self.inner.app.db
    }

    /// Loaders of what everyone in the workspace sees.
    pub(super) fn shared(&self) -> &Loaders {
        &self.inner.shared
    }

    /// Loaders of what only some see, as far as the viewer may.
    pub(super) fn own(&self) -> &OwnLoaders {
        self.inner.personal.store(true, Ordering::Relaxed);
        self.inner.own.get_or_init(|| own_loaders(self.inner.app.db.clone(), &self.inner.cx))
    }

    /// The head of the log from before anything else of this request was read.
    pub(super) fn head(&self) -> Option<&Head> {
        self.inner.head.get()
    }

    pub(super) fn set_head(&self, head: Head) {
        // Set once a request; a second time would be newer and is not wanted.
        let _ = self.inner.head.set(head);
    }
}
