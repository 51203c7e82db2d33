//! Connections: accepted, kept within bounds, and brought to an end.
//!
//! Owns sockets' options and time limits, and the order of stopping. Start reading at `serve`.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_io_timeout::TimeoutWriter;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::caller::Peer;
use super::{Http, router};
use crate::app::App;

/// How long a request's head may take, and a connection may idle between requests.
const HEAD: Duration = Duration::from_secs(30);

/// Bytes of a request's head, and of what waits to be written on one connection.
const BUFFER: usize = 64 << 10;

/// A connection whose other end takes nothing for so long is dropped.
const WRITE: Duration = Duration::from_secs(30);

/// From the signal to stop until connections are cut: less than the 30 s in which the process is gone.
const STOP: Duration = Duration::from_secs(25);

/// Waited when the system has no room for another connection.
const CROWDED: Duration = Duration::from_millis(100);

/// Serves until told to stop, and what runs in the background with it. Returns when every connection is closed, at most 25 s after
/// `shutdown`.
///
/// Stopping: `/ready` says no and new websockets are refused at once, while requests are still taken; open websockets are closed with
/// 1001; then the listener closes and running requests finish.
pub async fn serve(app: App, listener: TcpListener, shutdown: CancellationToken) {
    let http = Http::new(app.clone());
    let routes = router(http.clone());
    let running = app.clone();
    let background = tokio::spawn(async move { running.run().await });
    let connections = TaskTracker::new();
    let finish = CancellationToken::new();
    let stop = async {
        shutdown.cancelled().await;
        let deadline = Instant::now() + STOP;
        tracing::info!(sockets = http.inner.open.len(), requests = connections.len(), "Stopping");
        http.inner.draining.store(true, Ordering::Relaxed);
        http.inner.closing.cancel();
        http.inner.open.close();
        // A socket that cannot even be closed is cut with the connections.
        let _ = tokio::time::timeout_at(deadline, http.inner.open.wait()).await;
        deadline
    };
    let deadline = tokio::select! {
        never = accept(&listener, &routes, &connections, &finish) => match never {},
        deadline = stop => deadline,
    };
    drop(listener);
    finish.cancel();
    connections.close();
    if tokio::time::timeout_at(deadline, connections.wait()).await.is_err() {
        tracing::warn!(left = connections.len(), "Connections did not end in time and are cut");
    }
    app.importing.cut().await;
    app.work.end(deadline).await;
    background.abort();
    // Ended for good: what it was writing is rolled back, not half done later.
    let _ = background.await;
    app.end().await;
}

async fn accept(
    listener: &TcpListener,
    routes: &Router,
    connections: &TaskTracker,
    finish: &CancellationToken,
) -> Infallible {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                prepare(&stream);
                connections.spawn(connection(stream, peer, routes.clone(), finish.clone()));
            }
            Err(error) => {
                // Of one connection that went away, or of too many open files: neither is the end.
                tracing::debug!(%error, "A connection could not be accepted");
                tokio::time::sleep(CROWDED).await;
            }
        }
    }
}

/// Small messages at once; and another end that silently went away is noticed.
fn prepare(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(60)).with_interval(Duration::from_secs(15));
    let set = stream.set_nodelay(true).and_then(|()| socket.set_tcp_keepalive(&keepalive));
    #[cfg(target_os = "linux")]
    let set = set.and_then(|()| socket.set_tcp_user_timeout(Some(WRITE)));
    if let Err(error) = set {
        tracing::debug!(%error, "A connection's options could not be set");
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, routes: Router, finish: CancellationToken) {
    let mut stream = TimeoutWriter::new(stream);
    stream.set_timeout(Some(WRITE));
    let service = routes.map_request(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        request.map(axum::body::Body::new)
    });
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(service))
            .with_upgrades()
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = finish.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "A connection ended early");
    }
}
