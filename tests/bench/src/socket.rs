//! A websocket with one subscription.

use anyhow::{Context, ensure};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::server::Server;

/// A websocket.
pub type Socket = WebSocketStream<TcpStream>;

/// Opens a websocket and subscribes on it, under the id 1.
pub async fn subscribe(server: &Server, token: &str, query: &str, variables: Value) -> anyhow::Result<Socket> {
    let mut request = format!("ws://{}/graphql", server.address).into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
    let stream = TcpStream::connect(server.address).await?;
    let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await?;
    let init = json!({ "type": "connection_init", "payload": { "Authorization": format!("Bearer {token}") } });
    socket.send(Message::text(init.to_string())).await?;
    let ack = socket.next().await.context("an answer")??;
    ensure!(ack.to_text()?.contains("connection_ack"), "{ack}");
    let payload = json!({ "query": query, "variables": variables });
    let follow = json!({ "type": "subscribe", "id": "1", "payload": payload });
    socket.send(Message::text(follow.to_string())).await?;
    Ok(socket)
}
