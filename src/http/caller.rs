//! Who sends a request, by their bearer token (RFC 6750).

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

use super::Http;
use super::answer::Refused;
use crate::db::Fault;
use crate::graphql::{Caller, Code};
use crate::users::Session;

/// The other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Where a request comes from, before it is known from whom.
pub(super) fn stranger(peer: Option<Peer>, headers: &HeaderMap) -> Caller {
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Caller { session: None, peer: peer.map(|Peer(address)| canonical(address.ip())), user_agent }
}

/// An IPv4 address stays one when it comes over an IPv6 socket.
fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// The token in an `Authorization`; none when it holds no bearer token.
pub(super) fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The session named by the request's `Authorization`; none when it has none.
pub(super) async fn session(http: &Http, headers: &HeaderMap) -> Result<Option<Session>, Refused> {
    let Some(authorization) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let Some(token) = authorization.to_str().ok().and_then(bearer) else { return Err(not_valid()) };
    let session = http.app().sessions.authenticate(token).await.map_err(|fault| unavailable(&fault))?;
    session.map(Some).ok_or_else(not_valid)
}

pub(super) fn missing() -> Refused {
    Refused::new(StatusCode::UNAUTHORIZED, Code::Unauthenticated, "Sign in first: this takes a token.")
        .with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

pub(super) fn not_valid() -> Refused {
    Refused::new(StatusCode::UNAUTHORIZED, Code::Unauthenticated, "The token is not valid, or its session has ended.")
        .with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer error=\"invalid_token\""))
}

pub(super) fn unavailable(fault: &Fault) -> Refused {
    tracing::error!(error = %fault, "A token could not be looked up");
    Refused::new(
        StatusCode::SERVICE_UNAVAILABLE,
        Code::Internal,
        "The server cannot reach its database. Try again soon.",
    )
}
