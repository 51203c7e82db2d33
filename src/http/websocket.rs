//! GraphQL over a websocket: one task holds the socket, pulls its operations and writes their frames.
//!
//! Nothing lies between an operation and the socket, so an operation is asked for more only when its last frame was written, and
//! what the server's pings say is settled has been sent. While a write waits, nothing is pulled and nothing read; the connection's
//! write timeout ends that. Start reading at `upgrade`, then `Conversation::talk`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response as GraphqlResponse};
use axum::extract::FromRequestParts;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use serde_json::{Map, Value};
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::answer::Refused;
use super::caller::{self, Peer};
use super::media::Media;
use super::operations::{Operation, Operations, Told};
use super::over_http::run;
use super::protocol::{self, Close, FromClient};
use super::{Http, origins};
use crate::feed::Positions;
use crate::graphql::{Answer, Caller, Code, refusal};

/// How long a client may take to say who it is.
const INIT: Duration = Duration::from_secs(5);

/// Between the server's pings.
const PING_EVERY: Duration = Duration::from_secs(30);

/// How long a client may take to answer a close frame.
const FAREWELL: Duration = Duration::from_secs(2);

/// Bytes read at once. Sockets are many and mostly idle; the default would be most of what one costs.
const READ_BUFFER: usize = 4 << 10;

/// Sockets closed in a second when the server stops, so that clients do not all come back at once.
const CLOSED_PER_SECOND: f64 = 1_000.0;

/// How long closing all of them may take.
const CLOSING_AT_MOST: Duration = Duration::from_secs(5);

pub(super) async fn upgrade(http: Http, request: axum::extract::Request) -> Response {
    let (mut parts, _) = request.into_parts();
    if !origins::may_ask(&http, &parts.headers) {
        let message = "Pages of this origin may not open a websocket here.";
        return Refused::new(StatusCode::FORBIDDEN, Code::Forbidden, message).answer(Media::Json);
    }
    let room = Arc::clone(&http.inner.sockets).try_acquire_owned().ok().filter(|_| !http.is_draining());
    let Some(room) = room else {
        return Refused::new(
            StatusCode::SERVICE_UNAVAILABLE,
            Code::RateLimited,
            "There is no room for another websocket.",
        )
        .with(header::RETRY_AFTER, HeaderValue::from_static("5"))
        .answer(Media::Json);
    };
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let limit = http.config().limits.socket_message_bytes;
    let caller = caller::stranger(parts.extensions.get::<Peer>().copied(), &parts.headers);
    let open = http.inner.open.token();
    upgrade
        .protocols([protocol::NAME])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(limit)
        .max_frame_size(limit)
        .on_upgrade(move |socket| async move {
            let held = (room, open);
            if AssertUnwindSafe(hold(http, socket, caller)).catch_unwind().await.is_err() {
                tracing::error!("A websocket ended in a panic");
            }
            drop(held);
        })
}

/// Talks until one side has enough, then closes.
async fn hold(http: Http, socket: WebSocket, caller: Caller) {
    let mut conversation = Conversation::new(http, socket, caller);
    let close = if conversation.socket.protocol().is_some() {
        AssertUnwindSafe(conversation.talk()).catch_unwind().await.unwrap_or_else(|_| Close::internal())
    } else {
        Close::subprotocol()
    };
    let Conversation { mut socket, operations, .. } = conversation;
    drop(operations);
    tracing::debug!(?close, "A websocket closes");
    let farewell = async {
        let said = match close.frame() {
            Some(frame) => socket.send(Message::Close(Some(frame))).await.is_ok(),
            None => true,
        };
        // Reading on sends our answer to the client's close frame, or takes in its answer to ours: a socket that is dropped with
        // something unread is reset, and the close frame may be lost with it.
        if said {
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    // Whoever takes longer is cut off.
    let _ = tokio::time::timeout(FAREWELL, farewell).await;
}

struct Conversation {
    http: Http,
    socket: WebSocket,
    caller: Caller,
    is_open: bool,
    operations: Operations,
    positions: Positions,
    pings: Interval,
    /// Ends the conversation whatever else goes on.
    end: BoxFuture<'static, Close>,
}

enum Event {
    Heard(Option<Result<Message, axum::Error>>),
    Told(Operation, Told),
    PingIsDue,
}

impl Conversation {
    fn new(http: Http, socket: WebSocket, caller: Caller) -> Self {
        let mut pings = tokio::time::interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let stop = stop(http.clone());
        let end = async move {
            tokio::select! {
                () = stop => Close::going_away(),
                () = tokio::time::sleep(INIT) => Close::init_timeout(),
            }
        };
        Self {
            http,
            socket,
            caller,
            is_open: false,
            operations: Operations::default(),
            positions: Positions::default(),
            pings,
            end: end.boxed(),
        }
    }

    async fn talk(&mut self) -> Close {
        loop {
            if let Err(close) = self.step().await {
                return close;
            }
        }
    }

    async fn step(&mut self) -> Result<(), Close> {
        let event = tokio::select! {
            close = &mut self.end => return Err(close),
            message = self.socket.recv() => Event::Heard(message),
            (operation, told) = self.operations.next() => Event::Told(operation, told),
            _ = self.pings.tick() => Event::PingIsDue,
        };
        match event {
            Event::Heard(Some(Ok(Message::Text(text)))) => self.hear(protocol::read(&text)?).await,
            Event::Heard(Some(Ok(Message::Binary(_)))) => Err(Close::bad_request("Messages are text")),
            Event::Heard(Some(Err(error))) if error.to_string().contains("too long") => Err(Close::too_big()),
            Event::Heard(Some(Ok(Message::Close(_)) | Err(_)) | None) => Err(Close::Gone),
            Event::Told(operation, told) => self.tell(operation, told).await,
            Event::PingIsDue if self.is_open => {
                let cursor = self.positions.settled().map(|cursor| cursor.to_string());
                self.send(protocol::ping(cursor)).await
            }
            Event::PingIsDue | Event::Heard(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => Ok(()),
        }
    }

    async fn hear(&mut self, message: FromClient) -> Result<(), Close> {
        match message {
            FromClient::Ping(payload) => self.send(protocol::pong(payload)).await,
            FromClient::Pong => Ok(()),
            FromClient::Init(_) if self.is_open => Err(Close::second_init()),
            FromClient::Init(payload) => {
                // Boxed: it is large, and happens once.
                Box::pin(self.open(payload)).await?;
                self.send(protocol::ack()).await
            }
            FromClient::Subscribe { .. } if !self.is_open => Err(Close::unauthorized()),
            FromClient::Subscribe { id, .. } if self.operations.contains(&id) => Err(Close::taken(&id)),
            FromClient::Subscribe { id, request } => self.begin(id, *request).await,
            FromClient::Complete { id } => {
                self.operations.remove(&id);
                Ok(())
            }
        }
    }

    /// Finds out who the client is. Without a token it is somebody who has not signed in.
    async fn open(&mut self, payload: Map<String, Value>) -> Result<(), Close> {
        let authorization = payload.into_iter().find(|(key, _)| key.eq_ignore_ascii_case("authorization"));
        let stop = stop(self.http.clone());
        match authorization {
            None | Some((_, Value::Null)) => self.end = stop.map(|()| Close::going_away()).boxed(),
            Some((_, authorization)) => {
                let token = authorization.as_str().and_then(caller::bearer).ok_or_else(Close::forbidden)?;
                let app = self.http.app();
                let failed = |error| {
                    tracing::error!(%error, "A websocket's token could not be looked up");
                    Close::internal()
                };
                let session = app.sessions.authenticate(token).await.map_err(failed)?;
                let held = app.sessions.hold(session.ok_or_else(Close::forbidden)?).await.map_err(failed)?;
                let session = held.ok_or_else(Close::forbidden)?;
                self.caller.session = Some(Arc::clone(&session));
                let end = async move {
                    tokio::select! {
                        () = stop => Close::going_away(),
                        () = session.ended() => Close::forbidden(),
                    }
                };
                self.end = end.boxed();
            }
        }
        self.is_open = true;
        Ok(())
    }

    async fn begin(&mut self, id: String, request: Request) -> Result<(), Close> {
        let most = self.http.config().limits.socket_operations;
        if self.operations.len() >= most {
            let message = format!("At most {most} operations run at once on one websocket.");
            return self.send(protocol::error(&id, &[refusal(Code::TooComplex, message)])).await;
        }
        let admitted = match self.http.api().admit(request, &self.caller) {
            Ok(admitted) => admitted,
            Err(error) => return self.send(protocol::error(&id, &[error])).await,
        };
        let is_subscription = admitted.kind() == OperationType::Subscription;
        let responses = if is_subscription {
            self.http.api().follow(admitted, &self.caller, &self.positions).await
        } else {
            let (http, caller) = (self.http.clone(), self.caller.clone());
            let response = async move {
                run(&http, admitted, &caller).await.unwrap_or_else(|too_long| {
                    GraphqlResponse::from_errors(vec![refusal(Code::Timeout, too_long.to_string())])
                })
            };
            stream::once(response.map(|response| Answer::Own(Box::new(response)))).boxed()
        };
        self.operations.queue(Operation::new(id, responses, is_subscription));
        Ok(())
    }

    async fn tell(&mut self, operation: Operation, told: Told) -> Result<(), Close> {
        let id = operation.id();
        match told {
            Told::Next(response) => {
                let frame = protocol::next(id, &response);
                drop(response);
                self.send(frame).await?;
                self.operations.queue(operation);
                Ok(())
            }
            Told::Refused(errors) => {
                self.operations.remove(id);
                self.send(protocol::error(id, &errors)).await
            }
            Told::Complete => {
                self.operations.remove(id);
                self.send(protocol::complete(id)).await
            }
        }
    }

    /// Returns when the frame was handed to the connection whole.
    async fn send(&mut self, text: String) -> Result<(), Close> {
        tokio::select! {
            biased;
            sent = self.socket.send(Message::Text(text.into())) => sent.map_err(|_| Close::Gone),
            close = &mut self.end => Err(close),
        }
    }
}

/// Returns when this socket is to close because the server stops: not all at once.
async fn stop(http: Http) {
    http.inner.closing.cancelled().await;
    #[expect(clippy::cast_precision_loss, reason = "a number of sockets")]
    let all = Duration::from_secs_f64(http.inner.open.len() as f64 / CLOSED_PER_SECOND).min(CLOSING_AT_MOST);
    tokio::time::sleep(all.mul_f64(rand::random::<f64>())).await;
}
