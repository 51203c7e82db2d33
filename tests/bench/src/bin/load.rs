//! Requests a second of Tagwire and of the limit, in turns within one run, so that what else the machine does meets both.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::ensure;
use bench::http::Connection;
use bench::say;
use bench::seed::{self, Seeded};
use bench::server::Server;
use clap::Parser;
use entity::{ContactId, TagId};
use serde_json::json;
use tagwire::graphql::id;
use tokio::time::Instant;

const Q1: &str = "query ($tag: ID!) { contacts(filter: {tag: {id: $tag}}, first: 50) { \
    nodes { id name tags { id name group { name } } } pageInfo { hasNextPage } } }";

const M1: &str = "mutation ($contact: ID!, $tag: ID!) { tagContacts(input: {contactIds: [$contact], tagIds: [$tag]}) { \
    changedCount tags { id name } userErrors { message } } }";

/// Measures Tagwire beside the limit.
#[derive(Parser)]
struct Arguments {
    /// A PostgreSQL server; a database `tagwire_bench` is made there anew
    #[arg(long)]
    postgres: String,
    /// Contacts in the workspace
    #[arg(long, default_value_t = 100_000)]
    contacts: i32,
    /// Connections that ask at once
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Turns of each measure
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of a turn
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Measure only these, such as `q1`
    #[arg(long)]
    only: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Q1,
    LimitQ1,
    M1,
    LimitM1,
    LimitM1Logged,
}

const ASKS: [Ask; 5] = [Ask::Q1, Ask::LimitQ1, Ask::M1, Ask::LimitM1, Ask::LimitM1Logged];

impl Ask {
    fn name(self) -> &'static str {
        match self {
            Self::Q1 | Self::LimitQ1 => "q1",
            Self::M1 | Self::LimitM1 | Self::LimitM1Logged => "m1",
        }
    }

    /// Path, token and body of one request.
    fn request(self, seeded: &Seeded) -> (&'static str, Option<&str>, String) {
        let pick = |ids: &[uuid::Uuid]| ids.get(rand::random_range(0..ids.len())).copied().unwrap_or_default();
        let (contact, tag) = (pick(&seeded.contacts), pick(&seeded.tags));
        let plain = json!({ "contact": contact, "tag": tag }).to_string();
        let variables = json!({ "contact": id::encode(ContactId(contact)), "tag": id::encode(TagId(tag)) });
        let token = seeded.tokens.get(rand::random_range(0..seeded.tokens.len())).map(String::as_str);
        let graphql = |query| json!({ "query": query, "variables": variables }).to_string();
        match self {
            Self::Q1 => ("/graphql", token, graphql(Q1)),
            Self::LimitQ1 => ("/q1", None, plain),
            Self::M1 => ("/graphql", token, graphql(M1)),
            Self::LimitM1 => ("/m1", None, plain),
            Self::LimitM1Logged => ("/m1-logged", None, plain),
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    say("Filling the database");
    let seeded = Arc::new(seed::seed(&arguments.postgres, arguments.contacts).await?);
    let (tagwire, limit) = (Server::tagwire(&seeded).await?, Server::limit(&seeded).await?);
    say(&format!("tagwire has process {}, the limit {}", tagwire.pid()?, limit.pid()?));
    same(&seeded, &tagwire, &limit).await?;
    let asks: Vec<Ask> = ASKS
        .into_iter()
        .filter(|ask| arguments.only.is_empty() || arguments.only.iter().any(|only| only == ask.name()))
        .collect();
    let mut rates: Vec<Vec<f64>> = vec![Vec::new(); asks.len()];
    let time = Duration::from_secs(arguments.seconds);
    // The first round warms up: plans, caches, documents.
    for round in 0..=arguments.rounds {
        for (ask, rates) in asks.iter().zip(&mut rates) {
            let server = if matches!(ask, Ask::Q1 | Ask::M1) { &tagwire } else { &limit };
            let before = server.cpu()?;
            let answered = turn(*ask, server, &seeded, arguments.connections, time).await?;
            #[expect(clippy::cast_precision_loss, reason = "a number of requests")]
            let rate = answered as f64 / time.as_secs_f64();
            let each = server.cpu()?.saturating_sub(before).as_micros() / u128::from(answered.max(1));
            say(&format!("round {round}: {ask:?} {rate:.0} requests/s, {each} µs of the server's processor each"));
            if round > 0 {
                rates.push(rate);
            }
        }
    }
    let median = |ask: Ask| {
        let mut rates = rates.get(asks.iter().position(|known| *known == ask)?)?.clone();
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied()
    };
    for (what, ask, limit) in [
        ("Q1", Ask::Q1, Ask::LimitQ1),
        ("M1", Ask::M1, Ask::LimitM1),
        ("M1, beside a limit that counts and logs", Ask::M1, Ask::LimitM1Logged),
    ] {
        if let (Some(ours), Some(limit)) = (median(ask), median(limit)) {
            say(&format!("{what}: {ours:.0} of {limit:.0} requests/s = {:.2}", ours / limit));
        }
    }
    say(&format!("Memory of tagwire after this: {} MiB", tagwire.memory()? / 1024));
    Ok(())
}

/// Both answer the same.
async fn same(seeded: &Seeded, tagwire: &Server, limit: &Server) -> anyhow::Result<()> {
    let (mut ours, mut theirs) = (Connection::open(tagwire.address).await?, Connection::open(limit.address).await?);
    for tag in seeded.tags.iter().step_by(50) {
        let body = json!({ "query": Q1, "variables": { "tag": id::encode(TagId(*tag)) } }).to_string();
        let a = ours.ask("/graphql", seeded.tokens.first().map(String::as_str), &body).await?;
        let b = theirs.ask("/q1", None, &json!({ "tag": tag }).to_string()).await?;
        ensure!(a == b, "the answers differ:\n{a}\n{b}");
    }
    Ok(())
}

/// Asks on all connections for a while. Returns the number of answers.
async fn turn(
    ask: Ask,
    server: &Server,
    seeded: &Arc<Seeded>,
    connections: usize,
    time: Duration,
) -> anyhow::Result<u64> {
    let answered = Arc::new(AtomicU64::new(0));
    let end = Instant::now() + time;
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let (answered, seeded) = (Arc::clone(&answered), Arc::clone(seeded));
        let mut connection = Connection::open(server.address).await?;
        tasks.push(tokio::spawn(async move {
            while Instant::now() < end {
                let (path, token, body) = ask.request(&seeded);
                let answer = connection.post(path, token, &body).await?;
                ensure!(answer.starts_with(br#"{"data":"#), "{}", String::from_utf8_lossy(&answer));
                answered.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(answered.load(Ordering::Relaxed))
}
