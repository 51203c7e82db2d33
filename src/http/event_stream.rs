//! GraphQL over server-sent events, distinct connections mode
//! (<https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>).
//!
//! Owns the framing and the end of a stream. A client that takes nothing is cut by the connection's write timeout.

use std::convert::Infallible;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::Http;
use super::answer::{Refused, answer};
use super::media::Media;
use super::over_http::{TooLong, run};
use crate::feed::Positions;
use crate::graphql::{Admitted, Answer, Caller, Code, is_request_error, payload};

/// Between comments: less than proxies wait in silence.
const COMMENT_EVERY: Duration = Duration::from_secs(12);

/// Answers with a stream; a request that cannot be run is refused before it begins.
pub(super) async fn respond(http: &Http, admitted: Admitted, caller: Caller) -> Result<Response, Refused> {
    let positions = Positions::default();
    let mut responses = if admitted.kind() == OperationType::Subscription {
        http.api().follow(admitted, &caller, &positions).await
    } else {
        let response = run(http, admitted, &caller).await;
        let response = response
            .map_err(|TooLong| Refused::new(StatusCode::GATEWAY_TIMEOUT, Code::Timeout, TooLong.to_string()))?;
        stream::iter([Answer::Own(Box::new(response))]).boxed()
    };
    // What is wrong with a request is known at once; what is not, is not waited for.
    let first = responses.next().now_or_never().flatten();
    if let Some(Answer::Own(response)) = &first
        && is_request_error(response)
    {
        return Ok(answer(Media::EventStream, response));
    }
    let mut comments = tokio::time::interval_at(Instant::now() + COMMENT_EVERY, COMMENT_EVERY);
    comments.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let source = Source {
        responses: stream::iter(first).chain(responses).boxed(),
        positions,
        comments,
        end: end(http.clone(), caller).boxed(),
    };
    let mut answer = Response::new(Body::from_stream(stream::unfold(Some(source), Source::next)));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Or nginx gathers events until a buffer is full.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(answer)
}

/// Returns when the stream must end although there may be more to tell: its session is over, or the server stops.
async fn end(http: Http, caller: Caller) {
    let session = async {
        match &caller.session {
            Some(session) => session.ended().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = http.inner.closing.cancelled() => {}
        () = session => {}
    }
}

struct Source {
    responses: BoxStream<'static, Answer>,
    positions: Positions,
    comments: Interval,
    end: BoxFuture<'static, ()>,
}

impl Source {
    /// What is sent next. Asked for when the connection takes more.
    async fn next(source: Option<Self>) -> Option<(Result<Bytes, Infallible>, Option<Self>)> {
        let mut this = source?;
        let (text, goes_on) = tokio::select! {
            biased;
            // Without `complete`: there may be more, and the client is to ask again.
            () = &mut this.end => return None,
            response = this.responses.next() => match response {
                Some(response) => (next(&response), true),
                None => ("event: complete\ndata:\n\n".to_owned(), false),
            },
            _ = this.comments.tick() => (this.comment(), true),
        };
        Some((Ok(text.into()), goes_on.then_some(this)))
    }

    /// Keeps the connection open, and tells how far the client has come when there was nothing for it.
    fn comment(&self) -> String {
        match self.positions.settled() {
            Some(cursor) => format!(": {}\n\n", serde_json::json!({ "cursor": cursor.to_string() })),
            None => ":\n\n".to_owned(),
        }
    }
}

fn next(answer: &Answer) -> String {
    match answer {
        Answer::Own(response) => format!("event: next\ndata: {}\n\n", payload::text(response)),
        Answer::Shared(payload) => format!("event: next\ndata: {payload}\n\n"),
    }
}
