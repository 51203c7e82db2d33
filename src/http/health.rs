//! Whether this node lives, and whether work should be sent to it.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;

use super::Http;

/// How long the database may take to say that it is there.
const DATABASE: Duration = Duration::from_secs(2);

/// The process answers.
pub(super) async fn live() -> &'static str {
    "live\n"
}

/// It takes work, and its database is there.
pub(super) async fn ready(State(http): State<Http>) -> (StatusCode, &'static str) {
    if http.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match tokio::time::timeout(DATABASE, http.app().db.ping()).await {
        Ok(Ok(())) => (StatusCode::OK, "ready\n"),
        Ok(Err(error)) => {
            tracing::warn!(%error, "Not ready: the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "no database\n")
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "no database\n"),
    }
}
