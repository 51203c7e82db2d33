//! A client of the server as any other program would be one: GraphQL over HTTP, subscriptions as server-sent events.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use axum::body::Body;
use futures_util::{Stream, StreamExt, stream};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// Most bytes of an answer.
const ANSWER: usize = 16 << 20;

/// Somebody who asks the server.
#[derive(Clone)]
pub struct Client {
    server: SocketAddr,
    token: Option<String>,
}

impl Client {
    /// Nobody yet.
    pub fn new(server: SocketAddr) -> Self {
        Self { server, token: None }
    }

    /// Signs in; the token is kept.
    pub async fn sign_in(&mut self, email: &str, password: &str) -> anyhow::Result<String> {
        let document = "mutation SignIn($input: SignInInput!) {
            payload: signIn(input: $input) { token userErrors { code message } } }";
        let payload = self.change(document, json!({ "input": { "email": email, "password": password } })).await?;
        let token = payload["token"].as_str().context("Signing in gave no token")?.to_owned();
        self.token = Some(token.clone());
        Ok(token)
    }

    /// Runs a query or mutation; its data.
    pub async fn ask(&self, document: &str, variables: Value) -> anyhow::Result<Value> {
        let answer = self.send(document, &variables, "application/graphql-response+json").await?;
        let bytes = axum::body::to_bytes(Body::new(answer.into_body()), ANSWER).await?;
        data(&bytes)
    }

    /// Runs a mutation whose payload is named `payload` in the document.
    ///
    /// # Errors
    /// For a refusal too.
    pub async fn change(&self, document: &str, variables: Value) -> anyhow::Result<Value> {
        let mut data = self.ask(document, variables).await?;
        if let Some(refusal) = data["payload"]["userErrors"].get(0) {
            bail!("{}", refusal["message"].as_str().unwrap_or("refused without a message"));
        }
        Ok(data["payload"].take())
    }

    /// Follows a subscription; the data of each event.
    pub async fn follow(
        &self,
        document: &str,
        variables: Value,
    ) -> anyhow::Result<impl Stream<Item = anyhow::Result<Value>> + use<>> {
        let answer = self.send(document, &variables, "text/event-stream").await?;
        let is_stream = answer
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
        if !is_stream {
            let bytes = axum::body::to_bytes(Body::new(answer.into_body()), ANSWER).await?;
            data(&bytes)?;
            bail!("The server answered a subscription with something else");
        }
        let chunks = Body::new(answer.into_body()).into_data_stream().boxed();
        Ok(stream::unfold((chunks, Vec::new()), |(mut chunks, mut unread)| async move {
            loop {
                while let Some(end) = unread.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = unread.drain(..=end).collect();
                    if let Some(json) = line.strip_prefix(b"data: ").filter(|json| !json.trim_ascii().is_empty()) {
                        return Some((data(json), (chunks, unread)));
                    }
                }
                match chunks.next().await? {
                    Ok(chunk) => unread.extend_from_slice(&chunk),
                    Err(error) => return Some((Err(error.into()), (stream::empty().boxed(), Vec::new()))),
                }
            }
        }))
    }

    async fn send(&self, document: &str, variables: &Value, accept: &str) -> anyhow::Result<Response<Incoming>> {
        let stream = TcpStream::connect(self.server).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let mut request = Request::post("/graphql")
            .header(header::HOST, self.server.to_string())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, accept);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = json!({ "query": document, "variables": variables }).to_string();
        Ok(sender.send_request(request.body(Body::from(body))?).await?)
    }
}

/// The data of a response.
fn data(response: &[u8]) -> anyhow::Result<Value> {
    let mut response: Value = serde_json::from_slice(response).context("The server's answer is no JSON")?;
    if let Some(error) = response["errors"].get(0) {
        bail!("{}", error["message"].as_str().unwrap_or("an error without a message"));
    }
    Ok(response["data"].take())
}
