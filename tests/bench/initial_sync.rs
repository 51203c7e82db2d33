//! How fast a mailbox is read, and how soon new mail reaches a subscriber:
//! `cargo bench --bench initial_sync [MESSAGES] [postgres://USER@HOST:PORT/DATABASE]`.
//!
//! A private Dovecot over TLS, everything on this machine; SQLite with every commit on disk, or a database made anew beside the one
//! that is named. Every third mail answers an earlier one. Prints messages per second, the most memory this process had, what a look
//! costs that finds nothing new, and the time from the server's EXISTS line to the event at a follower of the feed: at rest, and while
//! a colleague's mailbox is read.
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

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dovecot::{ALICE, BOB, Dovecot};
use sea_orm::{ConnectionTrait, Statement};
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
        ("TAGWIRE_DATABASE_URL", somebody::database(folder.path()).await),
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
    until_indexed(&app).await;
    println!("all of it in the index after {:.1?}", began.elapsed());

    for folder in ["Work", "Work/Old", "Friends"] {
        server.create_folder(BOB.0, folder);
    }
    somebody::connect(&app, &cx, BOB, proxy.port, Security::Plaintext).await;
    until_live(&app, &cx, &mut follower).await;
    look(&app, &cx, &proxy).await;
    news(&server, &proxy, &mut follower, messages, "at rest").await;

    let colleague = somebody::colleague(&app, &cx).await;
    somebody::connect(&app, &colleague, ALICE, server.imaps_port(), Security::Tls).await;
    let state = async || mail_accounts::list(&colleague, &app.db).await.unwrap()[0].state;
    while state().await != Some(State::Backfilling) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    news(&server, &proxy, &mut follower, messages + NEWS, "beside a backfill").await;
    assert_eq!(state().await, Some(State::Backfilling), "it was read all the while: more messages are needed");
}

/// Tells how long a look at all folders takes that finds nothing new.
async fn look(app: &App, cx: &Cx, proxy: &Proxy) {
    let deps = app.mail_sync.deps();
    let account = async || {
        let accounts = mail_accounts::list(cx, &app.db).await.unwrap();
        accounts.into_iter().find(|account| account.email == BOB.0).unwrap()
    };
    let mut times = Vec::new();
    let mut commands = 0;
    for _ in 0..20 {
        let before = account().await;
        let sent = proxy.commands.load(Ordering::Relaxed);
        let began = Instant::now();
        mail_accounts::sync_now(cx, &app.db, &deps.signals, before.id).await.unwrap();
        while account().await.last_success_at == before.last_success_at {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        times.push(began.elapsed());
        commands = proxy.commands.load(Ordering::Relaxed) - sent;
    }
    times.sort_unstable();
    let folders = mail_accounts::folders_of_accounts(cx, &app.db, &[account().await.id]).await.unwrap().len();
    println!("nothing new: median {:.1?}; {folders} folders, {commands} commands", times[times.len() / 2]);
}

/// Tells how long new mails take from the server's line to a follower.
async fn news(server: &Dovecot, proxy: &Proxy, follower: &mut Follower, first: usize, when: &str) {
    let mut delays = Vec::new();
    for n in 0..NEWS {
        server.deliver(BOB.0, "INBOX", &mail(first + n));
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
    println!("EXISTS to subscriber {when}: median {:.1?}, p90 {:.1?}, most {:.1?}", at(50), at(90), at(100));
}

fn mail(n: usize) -> Vec<u8> {
    let answered = if n % 3 == 2 { format!("In-Reply-To: <{}@bench.test>\r\n", n / 2) } else { String::new() };
    let head = format!(
        "From: Sender {} <sender{}@example.test>\r\nTo: alice@crm.test\r\nSubject: Message number {n}\r\nMessage-ID: <{n}@bench.test>\r\n{answered}\
         Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
        n % 500,
        n % 500,
    );
    let mut mail = head.into_bytes();
    let mut state = n as u64 + 1;
    while mail.len() < SIZE {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        mail.extend_from_slice(word(state).as_bytes());
        mail.extend_from_slice(if state >> 60 == 0 { b"\r\n" } else { b" " });
    }
    mail.extend_from_slice(b"\r\n");
    mail
}

/// Until all that is stored is found by its words.
async fn until_indexed(app: &App) {
    let waiting = "SELECT 1 AS waiting FROM mail_message WHERE search_place IS NULL LIMIT 1";
    let waiting = Statement::from_string(app.db.backend(), waiting);
    while app.db.reader().query_one_raw(waiting.clone()).await.unwrap().is_some() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// One of 20 000 words, the first far more often than the last, as in people's texts.
fn word(drawn: u64) -> String {
    const SYLLABLES: [&str; 20] = [
        "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va", "we", "xi",
        "yo", "za",
    ];
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "chance")]
    let mut rest = (20_000.0 * ((drawn >> 11) as f64 / (1_u64 << 53) as f64).powi(3)) as usize + 400;
    let mut word = String::new();
    while rest > 0 {
        word.push_str(SYLLABLES[rest % 20]);
        rest /= 20;
    }
    word
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

/// Passes connections on to a server, notes when it last said EXISTS, and counts the commands.
struct Proxy {
    port: u16,
    exists: Arc<Mutex<Option<Instant>>>,
    commands: Arc<AtomicUsize>,
}

impl Proxy {
    async fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let exists = Arc::new(Mutex::new(None));
        let commands = Arc::new(AtomicUsize::new(0));
        let (noted, counted) = (Arc::clone(&exists), Arc::clone(&commands));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = server.into_split();
                let (noted, counted) = (Arc::clone(&noted), Arc::clone(&counted));
                tokio::spawn(async move {
                    let mut bytes = vec![0; 64 << 10];
                    while let Ok(read @ 1..) = from_client.read(&mut bytes).await {
                        counted.fetch_add(memchr::memchr_iter(b'\n', &bytes[..read]).count(), Ordering::Relaxed);
                        if to_server.write_all(&bytes[..read]).await.is_err() {
                            break;
                        }
                    }
                });
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
        Self { port, exists, commands }
    }
}
