//! The parameters of a GraphQL request (GraphQL over HTTP, 5): from a body, a query string, or a websocket message.

use async_graphql::{Extensions, Request, Variables};
use axum::body::Bytes;
use axum::extract::{FromRequest, Query};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use serde::Deserialize;

use super::answer::Refused;
use crate::graphql::Code;

/// Characters of a complaint about a body: it repeats what it found there.
const COMPLAINT: usize = 200;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: String,
    operation_name: Option<String>,
    variables: Option<Variables>,
    #[expect(dead_code, reason = "known to be a map, and not used")]
    extensions: Option<Extensions>,
}

impl From<Parameters> for Request {
    fn from(given: Parameters) -> Self {
        let mut request = Self::new(given.query).variables(given.variables.unwrap_or_default());
        request.operation_name = given.operation_name;
        request
    }
}

/// From the payload of a websocket's `subscribe`.
///
/// # Errors
/// Says what is wrong with it.
pub(super) fn of_payload(payload: serde_json::Value) -> Result<Request, String> {
    if !payload.is_object() {
        return Err("the payload is no object".to_owned());
    }
    Parameters::deserialize(payload).map(Request::from).map_err(|error| complaint(&error))
}

/// From the query string of a GET.
pub(super) fn of_query_string(uri: &Uri) -> Result<Request, Refused> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Given {
        query: Option<String>,
        operation_name: Option<String>,
        variables: Option<String>,
        extensions: Option<String>,
    }
    let Query(given) = Query::<Given>::try_from_uri(uri)
        .map_err(|_| Refused::malformed("The query string cannot be read, or has a parameter twice."))?;
    let map = |name: &str, text: Option<String>| {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(serde_json::Value::Null) };
        serde_json::from_str(&text).map_err(|_| Refused::malformed(format!("The parameter {name} is no JSON.")))
    };
    let all = serde_json::json!({
        "query": given.query.ok_or_else(|| Refused::malformed("The parameter query is missing."))?,
        "operationName": given.operation_name,
        "variables": map("variables", given.variables)?,
        "extensions": map("extensions", given.extensions)?,
    });
    of_payload(all).map_err(|what| Refused::malformed(format!("The parameters cannot be used: {what}.")))
}

/// From the body of a POST. Only JSON: other types can be sent by foreign pages without being asked (CSRF).
pub(super) async fn of_body(request: axum::extract::Request) -> Result<Request, Refused> {
    if !is_json(request.headers()) {
        return Err(Refused::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::BadUserInput,
            "The Content-Type must be application/json, in utf-8.",
        ));
    }
    let body = Bytes::from_request(request, &())
        .await
        .map_err(|rejection| Refused::new(rejection.status(), Code::BadUserInput, rejection.body_text()))?;
    of_bytes(&body)
}

/// From JSON.
pub(super) fn of_bytes(body: &[u8]) -> Result<Request, Refused> {
    match body.trim_ascii_start().first() {
        Some(b'{') => {}
        Some(b'[') => return Err(Refused::malformed("One request at a time, please: batches are not taken.")),
        _ => return Err(Refused::malformed("The body must be a JSON object.")),
    }
    serde_json::from_slice::<Parameters>(body)
        .map(Request::from)
        .map_err(|error| Refused::malformed(format!("The body cannot be used: {}.", complaint(&error))))
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(text) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let mut parts = text.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    let in_utf8 = parts.filter_map(|parameter| parameter.split_once('=')).all(|(key, value)| {
        !key.trim().eq_ignore_ascii_case("charset") || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    is_json && in_utf8
}

fn complaint(error: &serde_json::Error) -> String {
    error.to_string().chars().take(COMPLAINT).collect()
}
