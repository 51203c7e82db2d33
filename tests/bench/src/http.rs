//! One HTTP/1.1 connection that is kept alive. Only what these servers answer with: a status, a `content-length`, a body.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// A connection to a server.
pub struct Connection(BufReader<TcpStream>);

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Posts JSON, and gives the answer's body.
    ///
    /// # Errors
    /// Also for any status but 200.
    pub async fn post(&mut self, path: &str, token: Option<&str>, body: &str) -> anyhow::Result<Vec<u8>> {
        let authorization = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\naccept: application/json\r\n\
             {authorization}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0.get_mut().write_all(request.as_bytes()).await?;
        let mut status = String::new();
        self.0.read_line(&mut status).await?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await?;
            let line = line.trim();
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().context("a content-length")?;
            }
        }
        let mut answer = vec![0; length];
        self.0.read_exact(&mut answer).await?;
        ensure!(status.contains(" 200 "), "{} {}", status.trim(), String::from_utf8_lossy(&answer));
        Ok(answer)
    }

    /// As `post`, read as JSON.
    pub async fn ask(&mut self, path: &str, token: Option<&str>, body: &str) -> anyhow::Result<Value> {
        Ok(serde_json::from_slice(&self.post(path, token, body).await?)?)
    }
}
