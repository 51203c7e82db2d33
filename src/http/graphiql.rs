//! The GraphiQL page: embedded in the binary when it was built, else a page that takes the same files from a CDN.

use std::sync::LazyLock;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::Http;

include!(concat!(env!("OUT_DIR"), "/graphiql_assets.rs"));

const PAGE: &str = "index.html";
const CDN_PAGE: &str = include_str!("../../graphiql/cdn.html");

/// Our own files, and sockets to us under whatever name the page was opened by.
const POLICY: &str = "default-src 'self'; connect-src 'self' ws: wss:; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self' data:; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page itself names where its files come from, and their hashes.
const CDN_POLICY: &str = "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Content hashes of the files, in their order.
static TAGS: LazyLock<Vec<String>> = LazyLock::new(|| ASSETS.iter().map(|(.., content)| tag(content)).collect());

pub(super) async fn page(State(http): State<Http>, headers: HeaderMap) -> Response {
    if !http.config().graphiql {
        return StatusCode::NOT_FOUND.into_response();
    }
    if let Some(answer) = asset(PAGE, &headers) {
        return answer;
    }
    let answer = answer("text/html; charset=utf-8", Bytes::from_static(CDN_PAGE.as_bytes()));
    protected(answer, CDN_POLICY)
}

pub(super) async fn file(State(http): State<Http>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    if !http.config().graphiql {
        return StatusCode::NOT_FOUND.into_response();
    }
    asset(&name, &headers).unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}

fn asset(name: &str, headers: &HeaderMap) -> Option<Response> {
    let ((_, content_type, content), tag) = ASSETS.iter().zip(TAGS.iter()).find(|((known, ..), _)| *known == name)?;
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let mut answer = if known.is_some_and(|known| known.contains(tag.as_str())) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        answer(content_type, Bytes::from_static(content))
    };
    if let Ok(tag) = HeaderValue::from_str(tag) {
        answer.headers_mut().insert(header::ETAG, tag);
    }
    Some(protected(answer, POLICY))
}

fn answer(content_type: &'static str, content: Bytes) -> Response {
    ([(header::CONTENT_TYPE, content_type)], Body::from(content)).into_response()
}

fn protected(mut answer: Response, policy: &'static str) -> Response {
    let all = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    answer.headers_mut().extend(all.map(|(name, value)| (name, HeaderValue::from_static(value))));
    answer
}

fn tag(content: &[u8]) -> String {
    let hash: [u8; 32] = Sha256::digest(content).into();
    let short = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("\"{short:016x}\"")
}
