//! The connection and the one way commands are run on it. Owns: tags, deadlines, and never being used after a failure.
//! Does not own: what single commands mean (`login`, `folders`, `fetch`, `idle`).
//! Start reading at [`ImapConn::connect`], then `exec`.

use std::collections::HashSet;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_imap::Client;
use futures_util::FutureExt;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;

use super::answer::{Reply, Status, Untagged};
use super::code::ResponseCode;
use super::error::ImapError;
use super::guard::Guard;
use super::news::News;
use super::resync::Resync;
use super::transport::Transport;
use super::uid_set::UidSet;
use crate::crash_point;
use crate::hosts::{self, AllowedHosts, plain_host};

/// How the connection is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314; usually port 993).
    Tls,
    /// TLS by the STARTTLS command; without it the connection is given up.
    StartTls,
    /// No TLS: anybody between reads along. For hosts that the operator named only.
    Plaintext,
}

/// The server to connect to, as the user gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Security.
    pub security: Security,
}

/// How long to wait for what. The defaults are those that long-lived mail clients settled on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For finding the host; a refusal of the host takes exactly this long.
    pub lookup: Duration,
    /// For all attempts to connect together, and again for the TLS handshake.
    pub connect: Duration,
    /// For the greeting.
    pub greeting: Duration,
    /// For a command but a fetch.
    pub command: Duration,
    /// For a whole fetch.
    pub fetch: Duration,
    /// For the end of IDLE.
    pub done: Duration,
    /// Without a byte in either direction, but in IDLE.
    pub silence: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            lookup: Duration::from_secs(6),
            connect: Duration::from_secs(20),
            greeting: Duration::from_secs(16),
            command: Duration::from_mins(1),
            fetch: Duration::from_mins(10),
            done: Duration::from_secs(15),
            silence: Duration::from_mins(1),
        }
    }
}

/// A command that ended with OK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// What the server adds for programs.
    pub code: Option<ResponseCode>,
    /// What it adds for people.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ready,
    /// A command is under way. Stays so when it fails or its future is dropped: then nobody knows which answers are
    /// still to come, and the connection is not used again.
    Busy,
}

/// A connection to an IMAP server. It reads only: no command that changes anything at the server exists here.
pub struct ImapConn {
    client: Client<Guard<Transport>>,
    state: State,
    last_tag: u32,
    capabilities: HashSet<String>,
    news: News,
    /// Whether the open folder keeps modification sequences.
    pub(super) folder_has_modseq: bool,
    /// Whether a folder is open, or may be.
    pub(super) folder_open: bool,
    pub(super) resync: Resync,
    pub(super) timeouts: Timeouts,
}

impl ImapConn {
    /// Connects, reads the greeting and secures the connection. Nothing secret is sent.
    ///
    /// # Errors
    /// [`ImapError::UnknownHost`] also for hosts that are refused; certificate, TLS, BYE and timeout errors as named.
    pub async fn connect(
        target: &Target,
        allowed: &AllowedHosts,
        tls: &Arc<ClientConfig>,
        timeouts: Timeouts,
    ) -> Result<Self, ImapError> {
        if target.security == Security::Plaintext && !allowed.contains(&target.host, target.port) {
            return Err(ImapError::Plaintext);
        }
        let found = allowed.resolve(&target.host, target.port, hosts::IMAP, timeouts.lookup).await;
        let addresses = found.map_err(|_refused| ImapError::UnknownHost)?;
        let host = plain_host(&target.host);
        let mut transport = Transport::open(&addresses, timeouts.connect, timeouts.silence).await?;
        if target.security == Security::Tls {
            let securing = transport.secure(&host, tls);
            transport = timeout(timeouts.connect, securing).await.map_err(|_| ImapError::Timeout)??;
        }
        let mut conn = Self::over(transport, timeouts);
        timeout(timeouts.greeting, conn.greeting(target.security)).await.map_err(|_| ImapError::Timeout)??;
        if target.security == Security::StartTls {
            conn = conn.start_tls(&host, tls).await?;
        }
        if conn.capabilities.is_empty() {
            conn.ask_capabilities().await?;
        }
        Ok(conn)
    }

    fn over(transport: Transport, timeouts: Timeouts) -> Self {
        Self {
            client: Client::new(Guard::new(transport)),
            state: State::Ready,
            last_tag: 0,
            capabilities: HashSet::new(),
            news: News::default(),
            folder_has_modseq: false,
            folder_open: false,
            resync: Resync::default(),
            timeouts,
        }
    }

    async fn greeting(&mut self, security: Security) -> Result<(), ImapError> {
        self.begin()?;
        match self.read().await? {
            // PREAUTH before STARTTLS would forbid it: somebody between may have made it up (RFC 9051 section 11.1).
            Reply::Notice { status: Status::PreAuth, .. } if security == Security::StartTls => {
                Err(ImapError::Tls("the server does not let the connection be secured".to_owned()))
            }
            Reply::Notice { status: Status::Ok | Status::PreAuth, code, .. } => {
                self.learn(code.as_ref());
                self.state = State::Ready;
                Ok(())
            }
            Reply::Notice { code, text, .. } => Err(ImapError::Bye { code, text }),
            _ => Err(ImapError::Parse("no greeting")),
        }
    }

    /// What arrived before the handshake is not trusted: bytes still unread are discarded, capabilities forgotten.
    async fn start_tls(mut self, host: &str, tls: &Arc<ClientConfig>) -> Result<Self, ImapError> {
        self.exec("STARTTLS", self.timeouts.command, Some).await.map_err(|error| match error {
            ImapError::No { text, .. } | ImapError::Bad { text, .. } => ImapError::Tls(text),
            other => other,
        })?;
        let transport = self.client.into_inner().into_inner();
        let securing = transport.secure(host, tls);
        let secured = timeout(self.timeouts.connect, securing).await.map_err(|_| ImapError::Timeout)??;
        Ok(Self::over(secured, self.timeouts))
    }

    /// Whether the server can do this; the name as in its CAPABILITY response, in capitals.
    #[must_use]
    pub fn has(&self, capability: &str) -> bool {
        self.capabilities.contains(capability)
    }

    /// Whether the server keeps modification sequences (RFC 7162).
    #[must_use]
    pub fn has_condstore(&self) -> bool {
        self.has("CONDSTORE") || self.has("QRESYNC")
    }

    /// Whether the connection may still be used. After a failure, or when a call's future was dropped, it may not.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.state == State::Ready
    }

    /// Changes of the open folder seen since the last call. Nothing else is told twice or lost: take it after each
    /// command and before each IDLE.
    pub fn take_news(&mut self) -> News {
        std::mem::take(&mut self.news)
    }

    /// The messages that went since they were last taken, out of the news (RFC 7162).
    pub fn take_vanished(&mut self) -> UidSet {
        self.news.take_vanished()
    }

    pub(super) fn news(&mut self) -> &mut News {
        &mut self.news
    }

    pub(super) fn learn(&mut self, code: Option<&ResponseCode>) {
        if let Some(ResponseCode::Capability(list)) = code {
            self.capabilities = list.iter().cloned().collect();
        }
    }

    pub(super) fn forget_capabilities(&mut self) {
        self.capabilities.clear();
    }

    pub(super) fn knows_capabilities(&self) -> bool {
        !self.capabilities.is_empty()
    }

    pub(super) async fn ask_capabilities(&mut self) -> Result<(), ImapError> {
        let mut names = None;
        self.exec("CAPABILITY", self.timeouts.command, |untagged| match untagged {
            Untagged::Capability(list) => {
                names = Some(list);
                None
            }
            other => Some(other),
        })
        .await?;
        self.capabilities = names.ok_or(ImapError::Missing("CAPABILITY"))?.into_iter().collect();
        Ok(())
    }

    /// Runs one command to its tagged answer. Each untagged response goes to `sink`, which takes what it asked for and
    /// hands back the rest; changes of the folder among that are kept as news.
    ///
    /// # Errors
    /// All but No and Bad end the connection. The end of the stream before the tag is [`ImapError::Lost`], never OK.
    pub(super) async fn exec(
        &mut self,
        command: &str,
        deadline: Duration,
        mut sink: impl FnMut(Untagged) -> Option<Untagged>,
    ) -> Result<Completion, ImapError> {
        self.begin()?;
        let run = async {
            let tag = self.send(command).await?;
            loop {
                match self.read().await? {
                    Reply::Continue => return Err(ImapError::Parse("a continuation that was not asked for")),
                    Reply::Tagged { tag: answered, status, code, text } if answered == tag => {
                        return self.finish(status, code, text);
                    }
                    other => {
                        self.route(other, &mut sink)?;
                    }
                }
            }
        };
        timeout(deadline, run).await.map_err(|_| ImapError::Timeout)?
    }

    /// Marks the connection as in use, for good unless `finish` ends it.
    pub(super) fn begin(&mut self) -> Result<(), ImapError> {
        if self.state != State::Ready {
            return Err(ImapError::Unusable);
        }
        self.state = State::Busy;
        Ok(())
    }

    /// Writes a command under a new tag. Written past the IMAP library, which logs what it writes, passwords too.
    pub(super) async fn send(&mut self, command: &str) -> Result<String, ImapError> {
        self.last_tag += 1;
        let tag = format!("T{}", self.last_tag);
        self.send_line(&format!("{tag} {command}")).await?;
        Ok(tag)
    }

    pub(super) async fn send_line(&mut self, line: &str) -> Result<(), ImapError> {
        if line.contains(['\r', '\n', '\0']) {
            return Err(ImapError::Unsendable);
        }
        // By its name only: what follows may be a password.
        let name = || line.split(' ').nth(1).unwrap_or("a line").to_owned();
        crash_point::pass(|| format!("before sending {}", name()));
        let stream = self.client.get_mut();
        let written = async {
            stream.write_all(format!("{line}\r\n").as_bytes()).await?;
            stream.flush().await
        };
        written.await.map_err(ImapError::from_io)?;
        crash_point::pass(|| format!("after sending {}", name()));
        Ok(())
    }

    /// The next response. May be dropped while it waits without losing any. The parser can panic on some servers'
    /// responses: that is an error of this connection and of nothing else.
    pub(super) async fn read(&mut self) -> Result<Reply, ImapError> {
        match AssertUnwindSafe(self.client.read_response()).catch_unwind().await {
            Ok(Ok(Some(response))) => Ok(Reply::from(response.parsed())),
            Ok(Ok(None)) => Err(ImapError::end_of_stream()),
            Ok(Err(error)) => Err(ImapError::from_io(error)),
            Err(_panic) => Err(ImapError::Panic),
        }
    }

    /// Handles a response that does not end the command; says whether it was news.
    pub(super) fn route(
        &mut self,
        reply: Reply,
        sink: &mut impl FnMut(Untagged) -> Option<Untagged>,
    ) -> Result<bool, ImapError> {
        let untagged = match reply {
            Reply::Notice { status: Status::Bye, code, text } => return Err(ImapError::Bye { code, text }),
            Reply::Tagged { .. } => return Err(ImapError::Parse("an answer to no command")),
            Reply::Notice { code: Some(code), .. } => Untagged::Code(code),
            Reply::Notice { .. } | Reply::Continue => return Ok(false),
            Reply::Untagged(untagged) => untagged,
        };
        Ok(sink(untagged).is_some_and(|rest| self.news.note(rest)))
    }

    pub(super) fn finish(
        &mut self,
        status: Status,
        code: Option<ResponseCode>,
        text: String,
    ) -> Result<Completion, ImapError> {
        crash_point::pass(|| "an answer was read".to_owned());
        let result = match status {
            Status::Ok => Ok(Completion { code, text }),
            Status::No => Err(ImapError::No { code, text }),
            Status::Bad => Err(ImapError::Bad { code, text }),
            Status::PreAuth | Status::Bye => return Err(ImapError::Parse("an answer that is none")),
        };
        self.state = State::Ready;
        result
    }

    pub(super) fn transport(&mut self) -> &mut Transport {
        self.client.get_mut().get_mut()
    }

    /// Says good-bye. The connection is over in any case.
    pub async fn logout(mut self) {
        if self.begin().is_ok() {
            let farewell = async {
                self.send("LOGOUT").await?;
                while self.read().await.is_ok() {}
                Ok::<(), ImapError>(())
            };
            // Either way the socket closes with the drop of `self`.
            let _ended = timeout(Duration::from_secs(2), farewell).await;
        }
    }
}

impl fmt::Debug for ImapConn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImapConn").field("state", &self.state).finish_non_exhaustive()
    }
}
