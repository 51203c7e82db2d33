//! How fast a mailbox is read, and how soon new mail reaches a subscriber: `cargo bench --bench initial_sync [MESSAGES]`.
//!
//! A private Dovecot over TLS, SQLite with every commit on disk, everything on this machine. Prints messages per second, the most
//! memory this process had, and the time from the server's EXISTS line to the event at a follower of the feed.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a program that measures"
)]

#[path = "../it/support/dovecot.rs"]
#[expect(dead_code, reason = "made for the tests, which use all of it")]
mod dovecot;
mod somebody;

use std::sync::{Arc, Mutex};
use std::time::Instant;

use dovecot::{ALICE, BOB, Dovecot};
use tagwire::access::Cx;
use tagwire::app::App;
use tagwire::changes::Kind;
use tagwire::clock::Clock;
use tagwire::config::{Config, Source};
use tagwire::feed::Follower;
use tagwire::mail_accounts::{self, Security, State};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Bytes of a message.
const SIZE: usize = 10_000;

/// New mails whose way is timed.
const NEWS: usize = 40;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run());
}

async fn run() {
    let messages = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(20_000_usize);
    let server = Dovecot::start();
    server.deliver_all(ALICE.0, "INBOX", (0..messages).map(mail));
    let proxy = Proxy::start(server.imap_port()).await;
    let folder = tempfile::tempdir().unwrap();
    let settings = Source::of([
        ("TAGWIRE_DATA_DIR", folder.path().display().to_string()),
        ("TAGWIRE_CA_FILE", server.ca_file().display().to_string()),
        ("TAGWIRE_ALLOWED_PRIVATE_HOSTS", format!("localhost:{},localhost:{}", server.imaps_port(), proxy.port)),
    ]);
    let app = App::build(Config::read(&settings).unwrap(), Clock::system()).await.unwrap();
    let running = app.clone();
    tokio::spawn(async move { running.run().await });
    let cx = somebody::sign_in(&app).await;

    let mut follower = app.feed.follow(&cx, None).await.unwrap();
    let began = Instant::now();
    somebody::connect(&app, &cx, ALICE, server.imaps_port(), Security::Tls).await;
    until_live(&app, &cx, &mut follower).await;
    let took = began.elapsed();
    let progress = mail_accounts::list(&cx, &app.db).await.unwrap()[0].progress.unwrap();
    assert_eq!((progress.stored as usize, progress.skipped), (messages, 0));
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let rate = messages as f64 / took.as_secs_f64();
    println!("initial sync: {messages} messages of {SIZE} bytes in {took:.2?}: {rate:.0} messages/s");
    println!("most memory: {}", somebody::memory());

    somebody::connect(&app, &cx, BOB, proxy.port, Security::Plaintext).await;
    until_live(&app, &cx, &mut follower).await;
    let mut delays = Vec::new();
    for n in 0..NEWS {
        server.deliver(BOB.0, "INBOX", &mail(messages + n));
        loop {
            let change = follower.next().await.unwrap();
            if change.kind == Kind::Message && change.body.arrived {
                break;
            }
        }
        let announced = proxy.exists.lock().unwrap().expect("an EXISTS line");
        delays.push(announced.elapsed());
    }
    delays.sort_unstable();
    let at = |share: usize| delays[(delays.len() - 1) * share / 100];
    println!("EXISTS to subscriber: median {:.1?}, p90 {:.1?}, most {:.1?}", at(50), at(90), at(100));
}

fn mail(n: usize) -> Vec<u8> {
    let head = format!(
        "From: Sender {} <sender{}@example.test>\r\nTo: alice@crm.test\r\nSubject: Message number {n}\r\nMessage-ID: <{n}@bench.test>\r\n\
         Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
        n % 500,
        n % 500,
    );
    let mut mail = head.into_bytes();
    let mut state = n as u64 + 1;
    while mail.len() < SIZE {
        // Words that compress as text does.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let word = ["meeting", "offer", "invoice", "tomorrow", "customer", "delivery", "question", "regards"]
            [(state >> 61) as usize];
        mail.extend_from_slice(format!("{word} {} ", state >> 50).as_bytes());
        if state.is_multiple_of(11) {
            mail.extend_from_slice(b"\r\n");
        }
    }
    mail.extend_from_slice(b"\r\n");
    mail
}

async fn until_live(app: &App, cx: &Cx, follower: &mut Follower) {
    loop {
        let change = follower.next().await.unwrap();
        if change.kind == Kind::MailAccount {
            let accounts = mail_accounts::list(cx, &app.db).await.unwrap();
            if accounts.iter().all(|account| account.state == Some(State::Live)) {
                return;
            }
        }
    }
}

/// Passes a connection on to a server and notes when it last said EXISTS.
struct Proxy {
    port: u16,
    exists: Arc<Mutex<Option<Instant>>>,
}

impl Proxy {
    async fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let exists = Arc::new(Mutex::new(None));
        let noted = Arc::clone(&exists);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = server.into_split();
                tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
                let noted = Arc::clone(&noted);
                tokio::spawn(async move {
                    let mut bytes = vec![0; 64 << 10];
                    while let Ok(read @ 1..) = from_server.read(&mut bytes).await {
                        if bytes[..read].windows(6).any(|window| window == b"EXISTS") {
                            *noted.lock().unwrap() = Some(Instant::now());
                        }
                        if to_client.write_all(&bytes[..read]).await.is_err() {
                            break;
                        }
                    }
                });
            }
        });
        Self { port, exists }
    }
}
