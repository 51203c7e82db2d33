//! An IMAP server that follows a script, for faults no real server commits on demand.
//! It records every command it was sent.

use std::io;
use std::sync::{Arc, Mutex};

use socket2::SockRef;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// What the server does next.
#[derive(Clone)]
pub enum Step {
    /// Reads a line, which must contain the text; its first word becomes the tag.
    Expect(&'static str),
    /// Reads a line that is no command, such as DONE; the tag stays.
    ExpectLine(&'static str),
    /// Sends lines; each ends with CRLF, and `{tag}` stands for the tag.
    Say(&'static str),
    /// Sends bytes as they are.
    Raw(Vec<u8>),
    /// Closes the connection in order.
    Close,
    /// Breaks the connection (RST).
    Break,
    /// Says nothing more, and keeps the connection until the client ends it.
    Stall,
    /// Waits for the test.
    Wait(Arc<Notify>),
    /// Tells the test.
    Tell(Arc<Notify>),
}

pub struct ScriptedImap {
    port: u16,
    commands: Arc<Mutex<Vec<String>>>,
    server: JoinHandle<()>,
}

impl ScriptedImap {
    /// Serves one connection after the other, each with its own script.
    pub async fn start(scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let commands = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&commands);
        let server = tokio::spawn(async move {
            for script in scripts {
                let (stream, _) = listener.accept().await.unwrap();
                follow(stream, script, &record).await;
            }
        });
        Self { port, commands, server }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Every line the clients sent, without tags.
    pub fn commands(&self) -> Vec<String> {
        self.commands.lock().unwrap().clone()
    }

    /// Waits for the end of all scripts; fails when a client did not keep to one.
    pub async fn finish(self) {
        self.server.await.expect("the client kept to the script");
    }
}

/// Greeting and login of a server with these capabilities.
pub fn logged_in() -> Vec<Step> {
    vec![
        Step::Say("* OK [CAPABILITY IMAP4rev1 IDLE] ready"),
        Step::Expect("LOGIN"),
        Step::Say("{tag} OK [CAPABILITY IMAP4rev1 IDLE] done"),
    ]
}

/// `logged_in`, and a folder of three messages opened.
pub fn folder_open() -> Vec<Step> {
    let mut steps = logged_in();
    steps.push(Step::Expect("EXAMINE"));
    steps.push(Step::Say(
        "* FLAGS (\\Seen)\n* 3 EXISTS\n* 0 RECENT\n* OK [UIDVALIDITY 5] x\n* OK [UIDNEXT 10] x\n{tag} OK [READ-ONLY] open",
    ));
    steps
}

async fn follow(stream: TcpStream, script: Vec<Step>, record: &Mutex<Vec<String>>) {
    let mut stream = BufReader::new(stream);
    let mut tag = String::new();
    for step in script {
        match step {
            Step::Expect(text) => {
                let line = read_line(&mut stream).await.unwrap_or_else(|| panic!("no {text}: the client has gone"));
                let (first, command) = line.split_once(' ').unwrap_or((&line, ""));
                first.clone_into(&mut tag);
                record.lock().unwrap().push(command.to_owned());
                assert!(command.contains(text), "{command:?} is not {text:?}");
            }
            Step::ExpectLine(text) => {
                let line = read_line(&mut stream).await.unwrap_or_else(|| panic!("no {text}: the client has gone"));
                record.lock().unwrap().push(line.clone());
                assert!(line.contains(text), "{line:?} is not {text:?}");
            }
            Step::Say(lines) => {
                let text = lines.replace("{tag}", &tag).replace('\n', "\r\n") + "\r\n";
                // The client may have ended the connection; then a later step or the test tells.
                let _sent: io::Result<()> = stream.write_all(text.as_bytes()).await;
            }
            Step::Raw(bytes) => {
                let _sent: io::Result<()> = stream.write_all(&bytes).await;
            }
            Step::Close => return,
            Step::Break => {
                SockRef::from(stream.get_ref()).set_linger(Some(std::time::Duration::ZERO)).unwrap();
                return;
            }
            Step::Stall => while read_line(&mut stream).await.is_some() {},
            Step::Wait(signal) => signal.notified().await,
            Step::Tell(signal) => signal.notify_one(),
        }
    }
    let _closed: io::Result<()> = stream.shutdown().await;
}

async fn read_line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    match stream.read_line(&mut line).await {
        Ok(length) if length > 0 => Some(line.trim_end().to_owned()),
        _ => None,
    }
}
