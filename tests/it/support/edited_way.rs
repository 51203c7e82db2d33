//! The way to a real IMAP server, on which answers are edited line by line, and connections are counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

pub struct EditedWay {
    port: u16,
    open: Arc<AtomicUsize>,
}

impl EditedWay {
    /// Leads to a port of this machine. `edit` gets each line of the server without its end, and gives what is passed on; none for
    /// nothing.
    pub async fn to(server: u16, edit: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let open = Arc::new(AtomicUsize::new(0));
        let (edit, count) = (Arc::new(edit), Arc::clone(&open));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (edit, count) = (Arc::clone(&edit), Arc::clone(&count));
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    // Either side may end it at any time.
                    let _ended = pass(client, server, &*edit).await;
                    count.fetch_sub(1, Ordering::Relaxed);
                });
            }
        });
        Self { port, open }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Connections that are open now.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

async fn pass(
    client: TcpStream,
    server: u16,
    edit: &(impl Fn(&str) -> Option<String> + ?Sized),
) -> std::io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", server)).await?;
    let (mut from_client, mut to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let answers = async {
        let mut from_server = BufReader::new(from_server);
        let mut line = Vec::new();
        while from_server.read_until(b'\n', &mut line).await? > 0 {
            match std::str::from_utf8(&line).map(|text| text.strip_suffix("\r\n")) {
                Ok(Some(text)) => {
                    if let Some(text) = edit(text) {
                        to_client.write_all(format!("{text}\r\n").as_bytes()).await?;
                    }
                }
                _ => to_client.write_all(&line).await?,
            }
            line.clear();
        }
        Ok(())
    };
    tokio::select! {
        ended = tokio::io::copy(&mut from_client, &mut to_server) => ended.map(drop),
        ended = answers => ended,
    }
}
