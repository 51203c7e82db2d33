//! Whose pages may ask: CORS for requests, and the same rule for websockets, which CORS does not cover.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::{Http, uploads};

/// How long a browser may remember the answer: what browsers allow at most is less.
const REMEMBERED: Duration = Duration::from_secs(60 * 60);

pub(super) fn cors(http: &Http) -> CorsLayer {
    let http = http.clone();
    let request_id = HeaderName::from_static("x-request-id");
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, parts: &Parts| is_allowed(&http, origin, &parts.headers)))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(
            [header::AUTHORIZATION, header::CONTENT_TYPE, header::RANGE, request_id.clone()]
                .into_iter()
                .chain(uploads::PREFLIGHT)
                .collect::<Vec<_>>(),
        )
        .expose_headers([
            header::ACCEPT_RANGES,
            header::CONTENT_DISPOSITION,
            header::CONTENT_RANGE,
            header::RETRY_AFTER,
            request_id,
        ])
        .max_age(REMEMBERED)
}

/// Whether a request comes from a page that may ask, or from no page at all.
pub(super) fn may_ask(http: &Http, headers: &HeaderMap) -> bool {
    headers.get(header::ORIGIN).is_none_or(|origin| is_allowed(http, origin, headers))
}

fn is_allowed(http: &Http, origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    let allowed = http.config().allowed_origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin));
    allowed || is_own_machine(origin, headers)
}

/// A page of this server, opened on the machine it runs on: `localhost` in place of the address that was set. A name that only
/// resolves to this machine does not count, so that nobody's domain can be pointed here.
fn is_own_machine(origin: &str, headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "localhost" | "127.0.0.1" | "[::1]") && origin.strip_prefix("http://") == Some(host)
}
