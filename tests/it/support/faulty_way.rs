//! The way to a real IMAP server, which fails on demand in the middle of an answer with messages.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// What happens to an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends inside a message.
    CutInside,
    /// The connection ends between two messages.
    CutBetween,
    /// The rest of the messages does not come; the command is answered with this instead of OK.
    Refused(&'static str),
}

/// Faults that are still to happen, each with the number of messages that come through before it.
type Plan = Arc<Mutex<VecDeque<(usize, Fault)>>>;

/// Where a message begins in an answer: its line up to the count of its bytes.
const BODY: &[u8] = b"BODY[] {";

pub struct FaultyWay {
    port: u16,
    plan: Plan,
}

impl FaultyWay {
    /// Leads to a port of this machine.
    pub async fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let plan = Plan::default();
        let faults = Arc::clone(&plan);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, server, Arc::clone(&faults)));
            }
        });
        Self { port, plan }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Lets so many messages through from here on, then fails.
    pub fn fail(&self, after: usize, fault: Fault) {
        self.plan.lock().unwrap().push_back((after, fault));
    }

    /// Whether all has happened that was planned.
    pub fn is_sound(&self) -> bool {
        self.plan.lock().unwrap().is_empty()
    }
}

/// One connection, until one side or a fault ends it.
async fn pass(client: TcpStream, server: u16, plan: Plan) -> io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", server)).await?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let tag = Arc::new(Mutex::new(String::new()));
    tokio::select! {
        ended = commands(from_client, to_server, &tag) => ended,
        ended = answers(from_server, to_client, &tag, &plan) => ended,
    }
}

/// Passes commands on, and notes the tag of the last.
async fn commands(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, tag: &Mutex<String>) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        let sent = &buffer[..length];
        for line in String::from_utf8_lossy(sent).lines().filter(|line| line.contains(" UID FETCH ")) {
            line.split(' ').next().unwrap_or_default().clone_into(&mut tag.lock().unwrap());
        }
        to.write_all(sent).await?;
    }
}

/// Passes answers on, as far as the plan lets them.
async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, tag: &Mutex<String>, plan: &Plan) -> io::Result<()> {
    let mut pending = Vec::new();
    loop {
        if from.read_buf(&mut pending).await? == 0 {
            return Ok(());
        }
        if let Some((body, fault)) = next_fault(&pending, plan) {
            let line = pending[..body].windows(4).rposition(|four| four == b"\r\n* ").map_or(0, |at| at + 2);
            let passed = if fault == Fault::CutInside { body + BODY.len() + 10 } else { line };
            to.write_all(&pending[..passed.min(pending.len())]).await?;
            let Fault::Refused(refusal) = fault else { return Ok(()) };
            let tag = tag.lock().unwrap().clone();
            pending.drain(..line);
            swallow(&mut from, &mut pending, &tag).await?;
            to.write_all(format!("{tag} {refusal}\r\n").as_bytes()).await?;
        }
        // A line with a message may have come in part only: it waits for the rest.
        let whole = pending.windows(2).rposition(|two| two == b"\r\n").map_or(0, |at| at + 2);
        to.write_all(&pending[..whole]).await?;
        pending.drain(..whole);
    }
}

/// Where the next fault strikes in these bytes, if it does.
fn next_fault(bytes: &[u8], plan: &Plan) -> Option<(usize, Fault)> {
    let mut plan = plan.lock().unwrap();
    let mut bodies = bytes.windows(BODY.len()).enumerate().filter(|(_, window)| *window == BODY);
    loop {
        let (body, _) = bodies.next().filter(|(at, _)| bytes[*at..].contains(&b'}'))?;
        let (left, fault) = plan.front_mut()?;
        if *left == 0 {
            let fault = *fault;
            plan.pop_front();
            return Some((body, fault));
        }
        *left -= 1;
    }
}

/// Takes the rest of an answer, up to its last line.
async fn swallow(from: &mut OwnedReadHalf, pending: &mut Vec<u8>, tag: &str) -> io::Result<()> {
    let end = format!("\r\n{tag} OK");
    loop {
        if let Some(at) = pending.windows(end.len()).position(|window| window == end.as_bytes())
            && let Some(length) = pending[at + 2..].windows(2).position(|two| two == b"\r\n")
        {
            pending.drain(..at + 2 + length + 2);
            return Ok(());
        }
        if from.read_buf(pending).await? == 0 {
            return Ok(());
        }
    }
}
