//! Responses as text.

use std::collections::BTreeMap;

use async_graphql::{Response, ServerError, Value};
use serde::Serialize;

use super::refusal::is_request_error;

/// A response as the specification has it: no `data` when nothing was run.
#[derive(Serialize)]
struct Payload<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extensions: &'a BTreeMap<String, Value>,
}

/// The JSON of a response.
#[must_use]
pub fn text(response: &Response) -> String {
    let payload = Payload {
        errors: &response.errors,
        data: (!is_request_error(response)).then_some(&response.data),
        extensions: &response.extensions,
    };
    serde_json::to_string(&payload).unwrap_or_else(|error| {
        tracing::error!(%error, "A response could not be written");
        r#"{"errors":[{"message":"The response could not be written.","extensions":{"code":"INTERNAL"}}]}"#.to_owned()
    })
}
