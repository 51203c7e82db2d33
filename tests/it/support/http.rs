//! Requests byte for byte, and their answers whole.

use axum::body::{Body, Bytes};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// A request to be sent.
pub struct Call {
    authority: String,
    path: String,
    method: Method,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// A request to the API at a server.
pub fn graphql(url: &str) -> Call {
    call(Method::POST, url, "/graphql")
}

/// Any request to a server.
pub fn call(method: Method, url: &str, path: &str) -> Call {
    let authority = url.strip_prefix("http://").expect("plain HTTP").to_owned();
    Call { authority, path: path.to_owned(), method, headers: HeaderMap::new(), body: Vec::new() }
}

impl Call {
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header"));
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Sends JSON.
    pub async fn json(self, body: &Value) -> Answer {
        self.header("content-type", "application/json").body(body.to_string()).send().await
    }

    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// Sends it, and gives the answer with a body that is still to come.
    pub async fn open(self) -> hyper::Response<hyper::body::Incoming> {
        let stream = TcpStream::connect(&self.authority).await.expect("the server listens");
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("the server speaks HTTP");
        tokio::spawn(connection);
        let mut request = hyper::Request::new(Body::from(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = self.path.parse().expect("a path");
        *request.headers_mut() = self.headers;
        request.headers_mut().insert("host", HeaderValue::from_str(&self.authority).expect("an authority"));
        sender.send_request(request).await.expect("an answer")
    }

    pub async fn send(self) -> Answer {
        let (parts, body) = self.open().await.into_parts();
        let body = axum::body::to_bytes(Body::new(body), usize::MAX).await.expect("a whole body");
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a header of text"))
    }

    /// `extensions.code` of the first error.
    pub fn code(&self) -> String {
        self.json()["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
    }
}
