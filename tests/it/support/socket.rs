//! A conversation over one websocket, frame by frame, so that a story can also say what no well-behaved client would.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Response};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longer than anything waited for here takes.
const PATIENCE: Duration = Duration::from_secs(40);

pub struct Socket {
    inner: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The subprotocol the server chose.
    pub protocol: Option<String>,
}

impl Socket {
    /// Opens a socket to the API at a server.
    pub async fn open(url: &str) -> Self {
        Self::offer(url, Some("graphql-transport-ws"), None).await.expect("the socket opens")
    }

    /// Opens a socket, offering subprotocols, from a page of an origin.
    ///
    /// # Errors
    /// The server's answer when it does not open.
    pub async fn offer(
        url: &str,
        protocols: Option<&str>,
        origin: Option<&str>,
    ) -> Result<Self, Response<Option<Vec<u8>>>> {
        let mut request =
            format!("{}/graphql", url.replacen("http", "ws", 1)).into_client_request().expect("an address");
        let header = |text: &str| HeaderValue::from_str(text).expect("a header");
        if let Some(protocols) = protocols {
            request.headers_mut().insert("sec-websocket-protocol", header(protocols));
        }
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", header(origin));
        }
        match connect_async(request).await {
            Ok((inner, answer)) => {
                let protocol =
                    answer.headers().get("sec-websocket-protocol").map(|value| value.to_str().unwrap().to_owned());
                Ok(Self { inner, protocol })
            }
            Err(Error::Http(answer)) => Err(*answer),
            Err(error) => panic!("no websocket: {error}"),
        }
    }

    /// Says who is there, and hears that they are welcome.
    pub async fn begin(&mut self, token: Option<&str>) {
        let payload = token.map(|token| json!({ "Authorization": format!("Bearer {token}") }));
        self.send(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(self.next().await, json!({ "type": "connection_ack" }));
    }

    pub async fn send(&mut self, message: Value) {
        self.send_text(&message.to_string()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        // The server may have closed already; what it said is read afterwards.
        let _ = self.inner.send(Message::text(text)).await;
    }

    pub async fn subscribe(&mut self, id: &str, document: &str, variables: Value) {
        let payload = json!({ "query": document, "variables": variables });
        self.send(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    /// The next message but the server's pings.
    pub async fn next(&mut self) -> Value {
        loop {
            let message = self.next_or_ping().await;
            if message["type"] != "ping" {
                return message;
            }
        }
    }

    /// The next message, the server's pings included.
    pub async fn next_or_ping(&mut self) -> Value {
        loop {
            match self.frame().await {
                Some(Message::Text(text)) => return serde_json::from_str(&text).expect("messages are JSON"),
                Some(Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("no message came, but {other:?}"),
            }
        }
    }

    /// The payload of the next event of a subscription.
    pub async fn event(&mut self, id: &str) -> Value {
        let mut message = self.next().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message}");
        assert!(message["payload"].get("errors").is_none(), "{message}");
        message["payload"]["data"].take()
    }

    /// Code and reason with which the server closes; what it says before is passed over.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.frame().await {
                Some(Message::Close(Some(frame))) => return (frame.code.into(), frame.reason.to_string()),
                Some(_) => {}
                None => panic!("the connection was cut without a close frame"),
            }
        }
    }

    async fn frame(&mut self) -> Option<Message> {
        let frame = tokio::time::timeout(PATIENCE, self.inner.next()).await.expect("the server says something in time");
        frame.and_then(Result::ok)
    }
}
