//! Responses as bytes, and refusals of requests that never became one.

use async_graphql::{Response as GraphqlResponse, ServerError};
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use super::media::Media;
use crate::graphql::{Code, is_request_error, payload, refusal};

/// JSON of a value that always has one.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| {
        tracing::error!(%error, "A response could not be written");
        r#"{"errors":[{"message":"The response could not be written.","extensions":{"code":"INTERNAL"}}]}"#.to_owned()
    })
}

/// Answers a request that was run, or found wrong before it could be.
pub(super) fn answer(media: Media, response: &GraphqlResponse) -> Response {
    let status = match media {
        Media::GraphqlResponse | Media::EventStream if is_request_error(response) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    let mut answer = with_body(media, status, payload::text(response));
    for (name, value) in &response.http_headers {
        answer.headers_mut().insert(name, value.clone());
    }
    answer
}

/// Why a request is turned away whatever media type was asked for.
#[derive(Debug)]
pub(super) struct Refused(Box<Refusal>);

#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    error: ServerError,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Refused {
    pub(super) fn new(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self(Box::new(Refusal { status, error: refusal(code, message), header: None }))
    }

    /// The request itself is not one.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::BadUserInput, message)
    }

    pub(super) fn method(allowed: &'static str, message: &str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, Code::BadUserInput, message)
            .with(header::ALLOW, HeaderValue::from_static(allowed))
    }

    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.header = Some((name, value));
        self
    }

    pub(super) fn answer(self, media: Media) -> Response {
        let body = json(&serde_json::json!({ "errors": [self.0.error] }));
        let mut answer = with_body(media, self.0.status, body);
        answer.headers_mut().extend(self.0.header);
        answer
    }
}

fn with_body(media: Media, status: StatusCode, body: String) -> Response {
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, media.content_type());
    answer
}
