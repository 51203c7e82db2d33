//! The messages of `graphql-transport-ws` (<https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>) and its close codes.

use async_graphql::{Request, ServerError};
use axum::extract::ws::CloseFrame;
use serde_json::{Map, Value, json};

use super::answer;
use super::parameters;
use crate::graphql::{Answer, payload};

/// The subprotocol, the only one spoken.
pub(super) const NAME: &str = "graphql-transport-ws";

/// Bytes of a close reason (RFC 6455, 5.5.1).
const REASON: usize = 123;

/// Bytes of an operation's id.
const ID: usize = 256;

/// How a conversation ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Close {
    /// With a code and a reason.
    With(u16, String),
    /// The other side is not there any more.
    Gone,
}

impl Close {
    pub(super) fn new(code: u16, reason: impl Into<String>) -> Self {
        Self::With(code, reason.into())
    }

    /// The close frame, its reason cut to what fits.
    pub(super) fn frame(self) -> Option<CloseFrame> {
        let Self::With(code, mut reason) = self else { return None };
        while reason.len() > REASON {
            reason.pop();
        }
        Some(CloseFrame { code, reason: reason.into() })
    }

    pub(super) fn bad_request(reason: impl Into<String>) -> Self {
        Self::new(4400, reason)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(4401, "Unauthorized")
    }

    pub(super) fn forbidden() -> Self {
        Self::new(4403, "Forbidden")
    }

    pub(super) fn subprotocol() -> Self {
        Self::new(4406, "Subprotocol not acceptable")
    }

    pub(super) fn init_timeout() -> Self {
        Self::new(4408, "Connection initialisation timeout")
    }

    pub(super) fn taken(id: &str) -> Self {
        Self::new(4409, format!("Subscriber for {id} already exists"))
    }

    pub(super) fn second_init() -> Self {
        Self::new(4429, "Too many initialisation requests")
    }

    pub(super) fn going_away() -> Self {
        Self::new(1001, "The server stops")
    }

    pub(super) fn too_big() -> Self {
        Self::new(1009, "The message is too big")
    }

    pub(super) fn internal() -> Self {
        Self::new(1011, "Internal error")
    }
}

/// What a client says.
pub(super) enum FromClient {
    Init(Map<String, Value>),
    Ping(Option<Map<String, Value>>),
    Pong,
    Subscribe { id: String, request: Box<Request> },
    Complete { id: String },
}

/// Reads a message.
///
/// # Errors
/// 4400 for anything that a client does not say.
pub(super) fn read(text: &str) -> Result<FromClient, Close> {
    let Ok(Value::Object(mut message)) = serde_json::from_str(text) else {
        return Err(Close::bad_request("A message is a JSON object"));
    };
    let Some(Value::String(kind)) = message.remove("type") else {
        return Err(Close::bad_request("A message has a type"));
    };
    let mut payload = message.remove("payload").unwrap_or_default();
    let mut map = || match payload.take() {
        Value::Null => Ok(None),
        Value::Object(map) => Ok(Some(map)),
        _ => Err(Close::bad_request(format!("The payload of {kind} is an object"))),
    };
    match kind.as_str() {
        "connection_init" => Ok(FromClient::Init(map()?.unwrap_or_default())),
        "ping" => Ok(FromClient::Ping(map()?)),
        "pong" => map().map(|_| FromClient::Pong),
        "subscribe" => {
            let id = id(&mut message)?;
            let request = parameters::of_payload(payload)
                .map_err(|what| Close::bad_request(format!("The payload of subscribe cannot be used: {what}")))?;
            Ok(FromClient::Subscribe { id, request: Box::new(request) })
        }
        "complete" => Ok(FromClient::Complete { id: id(&mut message)? }),
        _ => Err(Close::bad_request(format!("Unknown type {kind}"))),
    }
}

fn id(message: &mut Map<String, Value>) -> Result<String, Close> {
    match message.remove("id") {
        Some(Value::String(id)) if (1..=ID).contains(&id.len()) => Ok(id),
        _ => Err(Close::bad_request(format!("An id is a text of 1 to {ID} bytes"))),
    }
}

pub(super) fn ack() -> String {
    json!({ "type": "connection_ack" }).to_string()
}

pub(super) fn pong(payload: Option<Map<String, Value>>) -> String {
    match payload {
        Some(payload) => json!({ "type": "pong", "payload": payload }).to_string(),
        None => json!({ "type": "pong" }).to_string(),
    }
}

/// A ping; with the newest cursor behind which nothing is owed to the socket.
pub(super) fn ping(cursor: Option<String>) -> String {
    match cursor {
        Some(cursor) => json!({ "type": "ping", "payload": { "cursor": cursor } }).to_string(),
        None => json!({ "type": "ping" }).to_string(),
    }
}

pub(super) fn next(id: &str, answer: &Answer) -> String {
    let of = |payload: &str| format!(r#"{{"id":{},"type":"next","payload":{payload}}}"#, answer::json(&id));
    match answer {
        Answer::Own(response) => of(&payload::text(response)),
        Answer::Shared(payload) => of(payload),
    }
}

pub(super) fn error(id: &str, errors: &[ServerError]) -> String {
    answer::json(&json!({ "id": id, "type": "error", "payload": errors }))
}

pub(super) fn complete(id: &str) -> String {
    json!({ "id": id, "type": "complete" }).to_string()
}
