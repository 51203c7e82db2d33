//! Many mailboxes in one process: `cargo bench --bench many_accounts [MAILBOXES] [postgres://USER@HOST:PORT/DATABASE]`.
//!
//! One server in this process, with one mailbox that is connected so many times; SQLite with every commit on disk. Prints how long it
//! took until all were read, how far apart the first and the last were, how many signed in within a second, the most connections, the
//! most memory of this process (the server's share included), and how soon new mail reached a subscriber meanwhile.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a program that measures"
)]

#[expect(dead_code, reason = "made for the tests, which use all of it")]
mod support;

#[expect(dead_code, reason = "made for other programs too")]
mod somebody;

use std::time::{Duration, Instant};

use support::scripted_mailbox::{Persona, ScriptedMailbox};
use tagwire::app::App;
use tagwire::changes::Kind;
use tagwire::clock::Clock;
use tagwire::config::{Config, Source};
use tagwire::mail_accounts::{self, Security, State};

/// Mails in the inbox and in the folder Work.
const MAILS: [usize; 2] = [200, 100];

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run());
}

async fn run() {
    let mailboxes = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(500_usize);
    let server = ScriptedMailbox::start(Persona::Office365).await;
    server.with(|mailbox| {
        mailbox.fill("INBOX", (0..MAILS[0]).map(|n| format!("mail {n}")));
        mailbox.fill("Work", (0..MAILS[1]).map(|n| format!("work {n}")));
    });
    let folder = tempfile::tempdir().unwrap();
    let settings = Source::of([
        ("TAGWIRE_DATA_DIR", folder.path().display().to_string()),
        ("TAGWIRE_DATABASE_URL", somebody::database(folder.path()).await),
        ("TAGWIRE_ALLOWED_PRIVATE_HOSTS", format!("localhost:{}", server.port())),
    ]);
    let app = App::build(Config::read(&settings).unwrap(), Clock::system()).await.unwrap();
    let running = app.clone();
    tokio::spawn(async move { running.run().await });
    let cx = somebody::sign_in(&app).await;

    let mut follower = app.feed.follow(&cx, None).await.unwrap();
    let began = Instant::now();
    for n in 0..mailboxes {
        somebody::connect(&app, &cx, (&format!("user{n}@crm.test"), "secret"), server.port(), Security::Plaintext)
            .await;
    }
    println!("connected {mailboxes} mailboxes in {:.1?}", began.elapsed());
    let counting = server.clone();
    let counter = tokio::spawn(async move {
        let mut counted = Vec::new();
        while counted.last().is_none_or(|(_, sign_ins)| *sign_ins < 2 * mailboxes) {
            counted.push((Instant::now(), counting.count("LOGIN")));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        counted
    });
    // Half a minute in, while most of it is being read, new mail comes to all.
    let news = server.clone();
    let delivered = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(30)).await;
        news.with(|mailbox| mailbox.deliver("INBOX", support::mailbox::mail("mia@b.test", "news")));
        Instant::now()
    });
    let (mut first, mut arrived, mut delays) = (None, 0, Vec::new());
    loop {
        let change = follower.next().await.unwrap();
        match change.kind {
            Kind::Message if change.body.arrived => {
                arrived += 1;
                if delivered.is_finished() {
                    delays.push(Instant::now());
                }
            }
            Kind::MailAccount => {
                let accounts = mail_accounts::list(&cx, &app.db).await.unwrap();
                let live = accounts.iter().filter(|account| account.state == Some(State::Live)).count();
                if live > 0 && first.is_none() {
                    first = Some(began.elapsed());
                }
                if live == mailboxes && arrived >= mailboxes {
                    break;
                }
            }
            _ => {}
        }
    }
    let delivered = delivered.await.unwrap();
    println!("first live after {:.1?}, all after {:.1?}", first.unwrap(), began.elapsed());
    let mut delays: Vec<_> = delays.into_iter().map(|at| at.duration_since(delivered)).collect();
    delays.sort_unstable();
    assert_eq!(arrived, mailboxes, "each mail is announced once");
    let at = |share: usize| delays[(delays.len() - 1) * share / 100];
    println!("new mail while history was read: median {:.1?}, p99 {:.1?}, most {:.1?}", at(50), at(99), at(100));
    println!("most memory: {}", somebody::memory());
    let counted = counter.await.unwrap();
    // A machine that is busy looks late: only what is less than a second apart tells how many there were within one.
    let within = |begin: &(Instant, usize)| {
        let near = counted.iter().filter(|later| later.0 >= begin.0 && later.0 - begin.0 < Duration::from_secs(1));
        near.map(|later| later.1 - begin.1).max().unwrap_or_default()
    };
    println!("most sign-ins within a second: {}", counted.iter().map(within).max().unwrap_or_default());
    println!("connections in all: {}", server.with(|mailbox| mailbox.connections));
}
