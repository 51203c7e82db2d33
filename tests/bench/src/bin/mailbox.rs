//! A large mailbox as its owner reads it, and a colleague who has one of her own and a share of it: how long first pages take.
//!
//! The mail comes from a private Dovecot through the sync; into SQLite, or into a PostgreSQL database made anew.

#[path = "../../../it/support/dovecot.rs"]
#[expect(dead_code, clippy::unwrap_used, clippy::expect_used, reason = "made for the tests, which use all of it")]
mod dovecot;

use std::time::Duration;

use anyhow::{Context, ensure};
use bench::http::Connection;
use bench::say;
use bench::seed;
use bench::server::Server;
use bench::spread::Spread;
use clap::Parser;
use dovecot::{ALICE, BOB, Dovecot};
use sea_orm::{ConnectionTrait, Database, Statement};
use serde_json::{Value, json};
use tokio::time::Instant;

/// Those who write, each of them a contact.
const SENDERS: usize = 500;

/// Different words in all mail; the first far more often than the last.
const WORDS: usize = 20_000;

/// Words of a mail.
const LENGTH: usize = 150;

const LIST: &str =
    "nodes { id subject snippet receivedAt seen from { name address } } pageInfo { hasNextPage endCursor }";
const INBOX: &str = "nodes { id subject snippet messageCount unreadCount lastMessageAt participants { name address } } \
    pageInfo { hasNextPage endCursor }";

/// Measures first pages of a large mailbox.
#[derive(Parser)]
struct Arguments {
    /// A PostgreSQL server; a database `tagwire_bench` is made there anew. SQLite when left out
    #[arg(long)]
    postgres: Option<String>,
    /// Mails in the large mailbox; the colleague's own has a tenth of it
    #[arg(long, default_value_t = 200_000)]
    messages: usize,
    /// How often each page is asked for
    #[arg(long, default_value_t = 30)]
    times: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    say("Writing the mail");
    let mail = Dovecot::start();
    for (folder, from, to) in [("INBOX", 0, 75), ("Sent", 75, 85), ("Archive", 85, 100)] {
        let numbers = arguments.messages * from / 100..arguments.messages * to / 100;
        mail.deliver_all(ALICE.0, folder, numbers.map(|number| message(number, folder)));
    }
    mail.deliver_all(BOB.0, "INBOX", (0..arguments.messages / 10).map(|number| message(number + (1 << 30), "INBOX")));

    let folder = tempfile::tempdir()?;
    let database_url = match &arguments.postgres {
        Some(server) => seed::database(server).await?,
        None => format!("sqlite://{}", folder.path().join("tagwire.sqlite").display()),
    };
    let (seeded, app) = seed::people(database_url).await?;
    app.db.close().await;
    let settings = [
        ("TAGWIRE_CA_FILE", mail.ca_file().display().to_string()),
        ("TAGWIRE_ALLOWED_PRIVATE_HOSTS", format!("localhost:{}", mail.imaps_port())),
    ];
    let server = Server::tagwire_with(&seeded, &settings).await?;
    say(&format!("tagwire has process {}", server.pid()?));
    let [ann, ben, ..] = seeded.tokens.as_slice() else { anyhow::bail!("two users are needed") };
    let mut asking = Asking { connection: Connection::open(server.address).await?, times: arguments.times };
    asking.contacts(ann).await?;
    for (token, user, count) in [(ann, ALICE, arguments.messages), (ben, BOB, arguments.messages / 10)] {
        let began = Instant::now();
        asking.connect(token, user, mail.imaps_port()).await?;
        asking.until_live(token).await?;
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let rate = count as f64 / began.elapsed().as_secs_f64();
        say(&format!("read {count} mails: {rate:.0} a second; {} MiB", server.memory()? / 1024));
    }
    let began = Instant::now();
    until_indexed(&seeded.database_url).await?;
    say(&format!("in the index {:.1?} later", began.elapsed()));
    // The server has closed the one before, which said nothing for long.
    asking.connection = Connection::open(server.address).await?;
    asking.share(ann, ben).await?;
    for (who, token) in [("owner", ann), ("colleague", ben)] {
        asking.pages(who, token).await?;
    }
    say(&format!("{} MiB", server.memory()? / 1024));
    Ok(())
}

/// Until all mail is found by its words.
async fn until_indexed(database_url: &str) -> anyhow::Result<()> {
    let db = Database::connect(database_url).await?;
    let waiting = "SELECT 1 AS waiting FROM mail_message WHERE search_place IS NULL LIMIT 1";
    let waiting = Statement::from_string(db.get_database_backend(), waiting);
    while db.query_one_raw(waiting.clone()).await?.is_some() {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

struct Asking {
    connection: Connection,
    times: usize,
}

impl Asking {
    async fn ask(&mut self, token: &str, query: &str, variables: Value) -> anyhow::Result<Value> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let mut answer = self.connection.ask("/graphql", Some(token), &body).await?;
        ensure!(answer.get("errors").is_none(), "{answer}");
        Ok(answer["data"].take())
    }

    /// One for each who writes; every fifth is hot.
    async fn contacts(&mut self, token: &str) -> anyhow::Result<()> {
        let make = "mutation ($input: CreateContactInput!) { createContact(input: $input) { userErrors { message } } }";
        for number in 0..SENDERS {
            let tags: &[&str] = if number % 5 == 0 { &["hot"] } else { &["cold"] };
            let emails = [json!({ "address": address(number) })];
            let input = json!({ "name": format!("Sender {number}"), "emails": emails, "tags": tags });
            self.ask(token, make, json!({ "input": input })).await?;
        }
        Ok(())
    }

    async fn connect(&mut self, token: &str, (email, password): (&str, &str), port: u16) -> anyhow::Result<()> {
        let connect = "mutation ($input: ConnectMailAccountInput!) { connectMailAccount(input: $input) \
            { mailAccount { id } userErrors { message } } }";
        let input = json!({ "email": email, "password": password, "provider": "IMAP", "imapHost": "localhost", "imapPort": port });
        let answer = self.ask(token, connect, json!({ "input": input })).await?;
        ensure!(answer["connectMailAccount"]["mailAccount"].is_object(), "{answer}");
        Ok(())
    }

    async fn until_live(&mut self, token: &str) -> anyhow::Result<()> {
        let query = "{ mailAccounts { state problem { message } } }";
        loop {
            let answer = self.ask(token, query, json!({})).await?;
            let account = &answer["mailAccounts"][0];
            ensure!(account["problem"].is_null(), "{account}");
            if account["state"] == "LIVE" {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn share(&mut self, owner: &str, grantee: &str) -> anyhow::Result<()> {
        let me = self.ask(grantee, "{ viewer { id } }", json!({})).await?;
        let share = "mutation ($input: ShareInput!) { share(input: $input) { userErrors { message } } }";
        let input = json!({ "granteeId": me["viewer"]["id"], "resource": "INBOX", "level": "FULL" });
        let answer = self.ask(owner, share, json!({ "input": input })).await?;
        ensure!(answer["share"]["userErrors"] == json!([]), "{answer}");
        Ok(())
    }

    /// Times each kind of page.
    async fn pages(&mut self, who: &str, token: &str) -> anyhow::Result<()> {
        let found = self
            .ask(token, "{ contacts(filter: { text: \"Sender 5\" }, first: 1) { nodes { id } } }", json!({}))
            .await?;
        let contact = found["contacts"]["nodes"][0]["id"].as_str().context("a contact")?.to_owned();
        let filters = [
            ("all", json!({})),
            ("the inbox", json!({ "folderRole": "INBOX" })),
            ("sent", json!({ "folderRole": "SENT" })),
            ("unread", json!({ "unseen": true })),
            ("read", json!({ "unseen": false })),
            ("with attachments", json!({ "hasAttachment": true })),
            ("of a contact", json!({ "contactId": contact })),
            ("of hot contacts", json!({ "contactQuery": "#hot" })),
            ("before", json!({ "until": "2026-01-01T00:00:00Z" })),
            ("a word of most", json!({ "text": word(0) })),
            ("a word of some", json!({ "text": word(1_000) })),
            ("a word of few", json!({ "text": word(WORDS - 7) })),
            ("two words", json!({ "text": format!("{} {}", word(20), word(700)) })),
            ("one letter", json!({ "text": "b" })),
            ("two letters", json!({ "text": "ba" })),
            ("a word and a folder", json!({ "text": word(50), "folderRole": "SENT" })),
            ("a word of hot contacts", json!({ "text": word(50), "contactQuery": "#hot" })),
            ("nothing", json!({ "text": "zzzzzz" })),
        ];
        for (name, filter) in filters {
            for (kind, fields) in [("messages", LIST), ("threads", INBOX)] {
                let query =
                    format!("query ($filter: MessageFilter) {{ {kind}(filter: $filter, first: 50) {{ {fields} }} }}");
                let variables = json!({ "filter": filter });
                let data = self.time(&format!("{who}: {kind}, {name}"), token, &query, &variables).await?;
                if let Some(after) = data[kind]["pageInfo"]["endCursor"].as_str() {
                    let next = query
                        .replace("$filter: MessageFilter", "$filter: MessageFilter, $after: String")
                        .replace("first: 50", "first: 50, after: $after");
                    let variables = json!({ "filter": filter, "after": after });
                    self.time(&format!("{who}: {kind}, {name}, next"), token, &next, &variables).await?;
                }
            }
        }
        for (name, query) in [
            ("accounts and folders", "{ mailAccounts { id email folders { id name role messageCount unreadCount } } }"),
            ("how many messages", "{ messages(first: 1) { totalCount } }"),
            ("how many unread threads", "{ threads(first: 1, filter: { unseen: true }) { totalCount } }"),
            (
                "contacts by last message",
                "{ contacts(first: 50, orderBy: { field: LAST_MESSAGE_AT, direction: DESC }) { nodes { id name lastMessageAt } } }",
            ),
        ] {
            self.time(&format!("{who}: {name}"), token, query, &json!({})).await?;
        }
        Ok(())
    }

    async fn time(&mut self, name: &str, token: &str, query: &str, variables: &Value) -> anyhow::Result<Value> {
        let first = Instant::now();
        let data = match self.ask(token, query, variables.clone()).await {
            Ok(data) => data,
            Err(error) => {
                say(&format!("{name}: {error}"));
                return Ok(Value::Null);
            }
        };
        let cold = first.elapsed().as_secs_f64() * 1e3;
        let rows = data.as_object().and_then(|data| data.values().next()).and_then(|list| list["nodes"].as_array());
        let rows = rows.map_or(String::new(), |nodes| format!(" ({} rows)", nodes.len()));
        let times = if cold > 2_000.0 { 3 } else { self.times };
        let mut spent = Vec::with_capacity(times);
        for _ in 0..times {
            let began = Instant::now();
            self.ask(token, query, variables.clone()).await?;
            spent.push(began.elapsed());
        }
        say(&format!("{name}{rows}: first {cold:.1} ms, then {}", Spread::of(spent)));
        Ok(data)
    }
}

fn address(number: usize) -> String {
    format!("sender{number}@example.test")
}

/// Word number so and so: syllables, so that words share beginnings.
fn word(number: usize) -> String {
    const SYLLABLES: [&str; 20] = [
        "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va", "we", "xi",
        "yo", "za",
    ];
    let mut rest = number + 400;
    let mut word = String::new();
    while rest > 0 {
        word.push_str(SYLLABLES.get(rest % 20).copied().unwrap_or_default());
        rest /= 20;
    }
    word
}

/// A mail of about a kilobyte and a half. Every third answers an earlier one, every tenth has a file.
fn message(number: usize, folder: &str) -> Vec<u8> {
    let mut state = number as u64 + 1;
    let mut draw = || {
        // Knuth's generator; the upper bits are the good ones.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        #[expect(clippy::cast_precision_loss, reason = "chance")]
        let even = (state >> 11) as f64 / (1_u64 << 53) as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "within the words"
        )]
        let number = (WORDS as f64 * even * even * even) as usize;
        word(number)
    };
    let mut words = |count: usize| {
        let mut text = String::new();
        for n in 0..count {
            text.push_str(&draw());
            text.push_str(if n % 10 == 9 { "\r\n" } else { " " });
        }
        text
    };
    let other = address(number % SENDERS);
    let (from, to) = if folder == "Sent" { (ALICE.0.to_owned(), other) } else { (other, ALICE.0.to_owned()) };
    let answered = if number % 3 == 2 {
        format!("In-Reply-To: <{}@bench.test>\r\n", number - 1 - number % 7)
    } else {
        String::new()
    };
    let (subject, body) = (words(5), words(LENGTH));
    let (day, minute) = (number % 28 + 1, number / 28 % 1440);
    let date = format!("{day:02} Nov 2025 {:02}:{:02}:00 +0000", minute / 60, minute % 60);
    let file = if number.is_multiple_of(10) {
        "--b\r\nContent-Type: application/pdf; name=offer.pdf\r\nContent-Disposition: attachment; filename=offer.pdf\r\n\
         Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n"
    } else {
        ""
    };
    format!(
        "From: Somebody <{from}>\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{number}@bench.test>\r\n{answered}Date: {date}\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         {body}\r\n{file}--b--\r\n"
    )
    .into_bytes()
}
