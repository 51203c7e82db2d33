//! What objects read through: who asks, and the loaders of one request or one delivered event.

use std::sync::Arc;

use crate::access::Cx;
use crate::app::App;

use super::api::Caller;

/// Cheap to clone; objects keep one to load what is beneath them.
#[derive(Clone)]
pub(super) struct Reader {
    inner: Arc<Inner>,
}

struct Inner {
    app: App,
    cx: Option<Cx>,
}

impl Reader {
    pub(super) fn new(app: &App, caller: &Caller) -> Self {
        let cx = caller.session.as_ref().map(|session| session.cx());
        Self { inner: Arc::new(Inner { app: app.clone(), cx }) }
    }
}
