//! HTTP: routes, GraphQL over HTTP, websockets, server-sent events, GraphiQL, health.
//!
//! Owns how a request comes in and its answer goes out, and the life of connections. What it asks for is decided in `graphql`.
//! Start reading at `router`, then `over_http`, `websocket`; `serve` accepts the connections.

mod addresses;
mod answer;
mod attachments;
mod caller;
mod event_stream;
mod exports;
mod file_name;
mod file_type;
mod graphiql;
mod health;
mod invitation_words;
mod invitations;
mod media;
mod operations;
mod origins;
mod over_http;
mod parameters;
mod protocol;
mod range;
mod serve;
mod uploads;
mod watch;
mod websocket;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::{any, get};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

pub use serve::serve;

use crate::app::App;
use crate::config::Config;
use crate::graphql::Api;

/// Answers shorter than this are sent as they are.
const COMPRESSED_FROM_BYTES: u64 = 1024;

/// Requests that bring files, taken in at once.
const UPLOADS: usize = 32;

/// What every handler shares.
#[derive(Clone)]
struct Http {
    inner: Arc<Inner>,
}

struct Inner {
    api: Api,
    /// Room for websockets.
    sockets: Arc<Semaphore>,
    /// Room for requests that bring files.
    uploads: Semaphore,
    /// Open websockets.
    open: TaskTracker,
    /// No new work is wanted here.
    draining: AtomicBool,
    /// Streams that have no end of their own are to end now.
    closing: CancellationToken,
}

impl Http {
    fn new(app: App) -> Self {
        let sockets = Arc::new(Semaphore::new(app.config.limits.sockets.min(Semaphore::MAX_PERMITS)));
        let inner = Inner {
            api: Api::new(app),
            sockets,
            uploads: Semaphore::new(UPLOADS),
            open: TaskTracker::new(),
            draining: AtomicBool::new(false),
            closing: CancellationToken::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    fn api(&self) -> &Api {
        &self.inner.api
    }

    fn app(&self) -> &App {
        self.inner.api.app()
    }

    fn config(&self) -> &Config {
        &self.app().config
    }

    fn is_draining(&self) -> bool {
        self.inner.draining.load(Ordering::Relaxed)
    }
}

fn router(http: Http) -> Router {
    let compression = CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(
        SizeAbove::new(COMPRESSED_FROM_BYTES).and(NotForContentType::SSE).and(NotForContentType::IMAGES),
    );
    Router::new()
        .route("/", get(about))
        .route("/graphql", any(over_http::graphql))
        .route("/blobs/export", get(exports::download))
        .route("/graphiql", get(graphiql::page))
        .route("/graphiql/{file}", get(graphiql::file))
        .route("/addresses/{token}", get(addresses::page).post(addresses::confirm))
        .route("/invitations/{token}", get(invitations::page).post(invitations::accept))
        .route("/live", get(health::live))
        .route("/ready", get(health::ready))
        .fallback(nowhere)
        .layer(DefaultBodyLimit::max(http.config().limits.body_bytes))
        .layer(compression)
        // Ranges and lengths count bytes as they are.
        .route("/blobs/attachment", get(attachments::download))
        .layer(origins::cors(&http))
        .layer(middleware::from_fn_with_state(http.clone(), watch::watch))
        .with_state(http)
}

async fn about(State(http): State<Http>) -> String {
    let graphiql = if http.config().graphiql { "\n/graphiql  to try it in a browser" } else { "" };
    format!(
        "Tagwire {}\n\n/graphql   the API: HTTP, websocket, server-sent events{graphiql}\n",
        env!("CARGO_PKG_VERSION")
    )
}

async fn nowhere() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "There is nothing here. The API is at /graphql.\n")
}
