//! What holds for every request: an id that log and client share, and that a fault of ours ends one request only.

use std::panic::AssertUnwindSafe;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;
use tokio::time::Instant;
use tracing::Instrument;
use uuid::Uuid;

use super::Http;
use super::answer::Refused;
use super::media::Media;
use crate::graphql::Code;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(super) async fn watch(State(http): State<Http>, request: Request, next: Next) -> Response {
    let id = given(request.headers()).unwrap_or_else(|| http.app().clock.new_id::<Uuid>().to_string());
    let span = tracing::info_span!("request", %id);
    let (method, path) = (request.method().clone(), told(request.uri().path()));
    let began = Instant::now();
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span.clone()).await;
    let mut answer = answered.unwrap_or_else(|_| {
        let message = format!("Something went wrong on our side. Reference: {id}");
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Internal, message).answer(Media::Json)
    });
    let (status, took) = (answer.status().as_u16(), began.elapsed());
    span.in_scope(|| tracing::debug!(%method, path, status, ?took, "Answered"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        answer.headers_mut().insert(REQUEST_ID, id);
    }
    answer
}

/// The path as it may stand in the log: what opens an invitation or confirms an address does not.
fn told(path: &str) -> String {
    let secret = ["/invitations/", "/addresses/"].into_iter().find(|start| path.starts_with(start));
    secret.map_or_else(|| path.to_owned(), |start| format!("{start}…"))
}

/// The id that the client gave, if it can stand in a log line.
fn given(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let sound = (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
    sound.then(|| id.to_owned())
}
