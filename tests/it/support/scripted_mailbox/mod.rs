//! A small IMAP server over a mailbox in memory, which behaves like a chosen provider and fails where a story plans it.
//!
//! Start reading at `ScriptedMailbox`; `contents` is what it holds, `session` and `fetch` what it answers, `fault` how it fails.

mod contents;
mod fault;
mod fetch;
mod session;

use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use contents::{Mailbox, Persona};
pub use fault::Fault;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Longer than anything waited for here takes.
const PATIENCE: Duration = Duration::from_secs(40);

/// A running server. It ends with the runtime.
#[derive(Clone)]
pub struct ScriptedMailbox {
    port: u16,
    mailbox: Arc<Mutex<Mailbox>>,
    changed: watch::Sender<u64>,
}

impl ScriptedMailbox {
    /// Starts with an empty mailbox.
    pub async fn start(persona: Persona) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mailbox = Arc::new(Mutex::new(Mailbox::new(persona)));
        let server = Self { port, mailbox, changed: watch::Sender::new(0) };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                let connection = session::Session::new(serving.clone());
                tokio::spawn(connection.serve(stream));
            }
        });
        server
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Looks at the mailbox, or changes it; whoever waits for news hears of it.
    pub fn with<T>(&self, change: impl FnOnce(&mut Mailbox) -> T) -> T {
        let done = change(&mut self.mailbox.lock().unwrap());
        self.changed.send_modify(|changes| *changes += 1);
        done
    }

    /// Plans a fault for the next command that contains a text. Several for the same happen one after the other.
    pub fn plan(&self, on: &'static str, fault: Fault) {
        self.with(|mailbox| mailbox.faults.push((on, fault)));
    }

    /// How many commands came that contain a text.
    pub fn count(&self, text: &str) -> usize {
        self.mailbox.lock().unwrap().count(text)
    }

    /// Waits until the mailbox is so.
    pub async fn until(&self, so: impl Fn(&Mailbox) -> bool) {
        let mut changed = self.changed.subscribe();
        let waiting = async {
            while !so(&self.mailbox.lock().unwrap()) {
                changed.changed().await.unwrap();
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(waited.is_ok(), "not in time; the commands were {:#?}", self.mailbox.lock().unwrap().commands);
    }
}
