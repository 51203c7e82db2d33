//! GraphQL over HTTP (<https://graphql.github.io/graphql-over-http/draft/>).
//!
//! Owns the order in which a request is judged: media type, method, parameters, token, document, operation. Websockets and streams
//! branch off here. Start reading at `graphql`.

use async_graphql::parser::types::OperationType;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::answer::{Refused, answer};
use super::caller::{self, Peer};
use super::media::{self, Media};
use super::{Http, event_stream, parameters, uploads, websocket};
use crate::graphql::{Admitted, Caller, Code, refusal};

/// How long a body may take to arrive.
const ARRIVAL: std::time::Duration = std::time::Duration::from_secs(30);

pub(super) async fn graphql(State(http): State<Http>, request: axum::extract::Request) -> Response {
    if is_upgrade(request.headers()) {
        return websocket::upgrade(http, request).await;
    }
    if http.config().graphiql && is_visit(request.method(), request.uri(), request.headers()) {
        return Redirect::to("/graphiql").into_response();
    }
    let mut answer = match media::negotiate(request.headers()) {
        Some(media) => respond(&http, media, request).await.unwrap_or_else(|refused| refused.answer(media)),
        None => not_acceptable().answer(Media::Json),
    };
    answer.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    answer
}

async fn respond(http: &Http, media: Media, request: axum::extract::Request) -> Result<Response, Refused> {
    let (peer, headers, method) =
        (request.extensions().get::<Peer>().copied(), request.headers().clone(), request.method().clone());
    let too_slow = |_| Refused::new(StatusCode::REQUEST_TIMEOUT, Code::Timeout, "The body did not arrive in time.");
    let mut caller = None;
    let given = match method {
        Method::GET | Method::HEAD => parameters::of_query_string(request.uri())?,
        Method::POST if uploads::is_upload(&headers) => {
            // Nobody fills the disk who is not signed in.
            let known = identify(http, media, peer, &headers).await?;
            if known.session.is_none() {
                return Err(caller::missing());
            }
            caller = Some(known);
            tokio::time::timeout(uploads::ARRIVAL, uploads::receive(http, request)).await.map_err(too_slow)??
        }
        Method::POST => tokio::time::timeout(ARRIVAL, parameters::of_body(request)).await.map_err(too_slow)??,
        _ => return Err(Refused::method("GET, POST", "Requests are sent by GET or POST.")),
    };
    let caller = match caller {
        Some(caller) => caller,
        None => identify(http, media, peer, &headers).await?,
    };
    let admitted = match http.api().admit(given, &caller) {
        Ok(admitted) => admitted,
        Err(error) => return Ok(answer(media, &async_graphql::Response::from_errors(vec![error]))),
    };
    if method != Method::POST && admitted.kind() == OperationType::Mutation {
        return Err(Refused::method("POST", "A mutation is sent by POST."));
    }
    if media == Media::EventStream {
        return event_stream::respond(http, admitted, caller).await;
    }
    if admitted.kind() == OperationType::Subscription {
        let message = "A subscription needs a websocket (graphql-transport-ws), or Accept: text/event-stream.";
        return Ok(answer(media, &async_graphql::Response::from_errors(vec![refusal(Code::BadUserInput, message)])));
    }
    run(http, admitted, &caller)
        .await
        .map(|response| answer(media, &response))
        .map_err(|TooLong| Refused::new(StatusCode::GATEWAY_TIMEOUT, Code::Timeout, TooLong.to_string()))
}

/// A request took longer than one may.
#[derive(Debug, thiserror::Error)]
#[error("This took too long, and was given up. Ask for less at once.")]
pub(super) struct TooLong;

/// Runs a query or mutation within the time it may take.
pub(super) async fn run(http: &Http, admitted: Admitted, caller: &Caller) -> Result<async_graphql::Response, TooLong> {
    let time = http.config().limits.request_time;
    tokio::time::timeout(time, http.api().run(admitted, caller)).await.map_err(|_| TooLong)
}

async fn identify(http: &Http, media: Media, peer: Option<Peer>, headers: &HeaderMap) -> Result<Caller, Refused> {
    let mut caller = caller::stranger(peer, headers);
    let Some(session) = caller::session(http, headers).await? else { return Ok(caller) };
    let sessions = &http.app().sessions;
    caller.session = Some(if media == Media::EventStream {
        let held = sessions.hold(session).await.map_err(|fault| caller::unavailable(&fault))?;
        held.ok_or_else(caller::not_valid)?
    } else {
        sessions.for_request(session)
    });
    Ok(caller)
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Somebody opened the address of the API in a browser.
fn is_visit(method: &Method, uri: &Uri, headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    method == Method::GET && uri.query().is_none() && accept.starts_with("text/html")
}

fn not_acceptable() -> Refused {
    let message = "Answers are application/graphql-response+json, application/json or text/event-stream.";
    Refused::new(StatusCode::NOT_ACCEPTABLE, Code::BadUserInput, message)
}
