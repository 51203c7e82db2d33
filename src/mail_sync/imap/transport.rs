//! Bytes to and from the server, plain or in TLS. Owns: the socket and its options.
//! Does not own: which address may be connected to (`hosts`), the trusted certificates (`tls`).
//! Start reading at [`Transport`].

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls_pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;

use super::error::ImapError;

/// A dead peer is noticed after 60 + 4 x 15 seconds of silence.
const KEEPALIVE_AFTER: Duration = Duration::from_mins(1);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(15);
const KEEPALIVE_TRIES: u32 = 4;

type Tcp = Pin<Box<TimeoutStream<TcpStream>>>;

/// A connected socket that fails when the server neither sends nor takes anything for too long.
pub(super) enum Transport {
    Plain(Tcp),
    Tls(Box<TlsStream<Tcp>>),
}

impl Transport {
    /// Connects to the first address that answers; each has an equal share of `connect`. `silence` is the longest time
    /// without a byte in either direction.
    pub(super) async fn open(
        addresses: &[SocketAddr],
        connect: Duration,
        silence: Duration,
    ) -> Result<Self, ImapError> {
        let share = connect / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        for address in addresses {
            let attempt = tokio::time::timeout(share, TcpStream::connect(address));
            if let Ok(Ok(socket)) = attempt.await {
                let keepalive = TcpKeepalive::new()
                    .with_time(KEEPALIVE_AFTER)
                    .with_interval(KEEPALIVE_EVERY)
                    .with_retries(KEEPALIVE_TRIES);
                SockRef::from(&socket).set_tcp_keepalive(&keepalive).map_err(ImapError::Lost)?;
                socket.set_nodelay(true).map_err(ImapError::Lost)?;
                let mut stream = TimeoutStream::new(socket);
                stream.set_read_timeout(Some(silence));
                stream.set_write_timeout(Some(silence));
                return Ok(Self::Plain(Box::pin(stream)));
            }
        }
        Err(ImapError::Unreachable)
    }

    /// Secures the connection; the certificate must be valid for `host`, a name or an address.
    pub(super) async fn secure(self, host: &str, config: &Arc<ClientConfig>) -> Result<Self, ImapError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| ImapError::Unreachable)?;
        match self {
            Self::Plain(tcp) => {
                let stream = TlsConnector::from(Arc::clone(config)).connect(name, tcp).await;
                Ok(Self::Tls(Box::new(stream.map_err(ImapError::from_handshake)?)))
            }
            Self::Tls(_) => Err(ImapError::Unusable),
        }
    }

    /// Sets how long the server may send nothing; without one it may be silent for ever, as in IDLE.
    pub(super) fn set_read_silence(&mut self, silence: Option<Duration>) {
        let tcp = match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(stream) => stream.get_mut().0,
        };
        tcp.as_mut().set_read_timeout_pinned(silence);
    }
}

impl AsyncRead for Transport {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, out),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, out),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
