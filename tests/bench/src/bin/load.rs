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

const Q3: &str = "query ($search: String!) { tags(search: $search, first: 10) { nodes { id name contactCount } } }";

const Q4: &str = "query ($a: ID!, $b: ID!, $c: ID!) { contacts(first: 50, filter: {or: [ \
    {and: [{tag: {id: $a}}, {tag: {id: $b}}]}, {not: {tag: {id: $c}}}]}) { totalCount nodes { id name } } }";

/// Three letters: about fifty contacts.
const TEXT: &str = "query ($text: String!) { contacts(filter: {text: $text}, first: 50) { nodes { id name } } }";

const FACETS: &str = "query ($tag: ID!) { tagFacets(filter: {tag: {id: $tag}}, first: 20) { tag { id name } count } }";

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
    /// Tags in the workspace
    #[arg(long, default_value_t = 500)]
    tags: u32,
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
enum What {
    Q1,
    Q3,
    Q4,
    Text,
    Facets,
    M1,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Tagwire,
    Limit,
    /// A limit that also counts and logs.
    LimitLogged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ask(What, Of);

const ASKS: [Ask; 13] = [
    Ask(What::Q1, Of::Tagwire),
    Ask(What::Q1, Of::Limit),
    Ask(What::Q3, Of::Tagwire),
    Ask(What::Q3, Of::Limit),
    Ask(What::Q4, Of::Tagwire),
    Ask(What::Q4, Of::Limit),
    Ask(What::Text, Of::Tagwire),
    Ask(What::Text, Of::Limit),
    Ask(What::Facets, Of::Tagwire),
    Ask(What::Facets, Of::Limit),
    Ask(What::M1, Of::Tagwire),
    Ask(What::M1, Of::Limit),
    Ask(What::M1, Of::LimitLogged),
];

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::Q1 => "q1",
            Self::Q3 => "q3",
            Self::Q4 => "q4",
            Self::Text => "text",
            Self::Facets => "facets",
            Self::M1 => "m1",
        }
    }

    fn document(self) -> &'static str {
        match self {
            Self::Q1 => Q1,
            Self::Q3 => Q3,
            Self::Q4 => Q4,
            Self::Text => TEXT,
            Self::Facets => FACETS,
            Self::M1 => M1,
        }
    }
}

/// The same question to Tagwire and to the limit.
struct Question {
    what: What,
    graphql: String,
    plain: String,
}

impl Question {
    fn draw(what: What, seeded: &Seeded) -> Self {
        let pick = |ids: &[uuid::Uuid]| ids.get(rand::random_range(0..ids.len())).copied().unwrap_or_default();
        let tag = |tag| id::encode(TagId(tag));
        let (variables, plain) = match what {
            What::Q1 | What::Facets => {
                let of = pick(&seeded.tags);
                (json!({ "tag": tag(of) }), json!({ "tag": of }))
            }
            What::Q3 => {
                let search = json!({ "search": format!("tag {:03}", rand::random_range(0..50)) });
                (search.clone(), search)
            }
            What::Text => {
                let text = json!({ "text": format!("{:03x}", rand::random_range(0..4096)) });
                (text.clone(), text)
            }
            What::Q4 => {
                let [a, b, c] = [(); 3].map(|()| pick(&seeded.tags));
                (json!({ "a": tag(a), "b": tag(b), "c": tag(c) }), json!({ "tags": [a, b, c] }))
            }
            What::M1 => {
                let (contact, of) = (pick(&seeded.contacts), pick(&seeded.tags));
                let variables = json!({ "contact": id::encode(ContactId(contact)), "tag": tag(of) });
                (variables, json!({ "contact": contact, "tag": of }))
            }
        };
        let graphql = json!({ "query": what.document(), "variables": variables }).to_string();
        Self { what, graphql, plain: plain.to_string() }
    }

    /// Path, token and body for one of the servers.
    fn to<'q>(&'q self, of: Of, seeded: &'q Seeded) -> (String, Option<&'q str>, &'q str) {
        let token = seeded.tokens.get(rand::random_range(0..seeded.tokens.len())).map(String::as_str);
        match of {
            Of::Tagwire => ("/graphql".to_owned(), token, &self.graphql),
            Of::Limit => (format!("/{}", self.what.name()), None, &self.plain),
            Of::LimitLogged => (format!("/{}-logged", self.what.name()), None, &self.plain),
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    say("Filling the database");
    let seeded = Arc::new(seed::seed(&arguments.postgres, arguments.contacts, arguments.tags).await?);
    let (tagwire, limit) = (Server::tagwire(&seeded).await?, Server::limit(&seeded).await?);
    say(&format!("tagwire has process {}, the limit {}", tagwire.pid()?, limit.pid()?));
    same(&seeded, &tagwire, &limit).await?;
    let asks: Vec<Ask> = ASKS
        .into_iter()
        .filter(|ask| arguments.only.is_empty() || arguments.only.iter().any(|only| only == ask.0.name()))
        .collect();
    let mut rates: Vec<Vec<f64>> = vec![Vec::new(); asks.len()];
    let time = Duration::from_secs(arguments.seconds);
    // The first round warms up: plans, caches, documents.
    for round in 0..=arguments.rounds {
        for (ask, rates) in asks.iter().zip(&mut rates) {
            let server = if ask.1 == Of::Tagwire { &tagwire } else { &limit };
            let before = server.cpu()?;
            let answered = turn(*ask, server, &seeded, arguments.connections, time).await?;
            #[expect(clippy::cast_precision_loss, reason = "a number of requests")]
            let rate = answered as f64 / time.as_secs_f64();
            let each = server.cpu()?.saturating_sub(before).as_micros() / u128::from(answered.max(1));
            say(&format!(
                "round {round}: {:?} of {:?} {rate:.0} requests/s, {each} µs of the server's processor each",
                ask.0, ask.1
            ));
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
        ("Q1", What::Q1, Of::Limit),
        ("Q3", What::Q3, Of::Limit),
        ("Q4", What::Q4, Of::Limit),
        ("Text", What::Text, Of::Limit),
        ("Facets", What::Facets, Of::Limit),
        ("M1", What::M1, Of::Limit),
        ("M1, beside a limit that counts and logs", What::M1, Of::LimitLogged),
    ] {
        if let (Some(ours), Some(limit)) = (median(Ask(ask, Of::Tagwire)), median(Ask(ask, limit))) {
            say(&format!("{what}: {ours:.0} of {limit:.0} requests/s = {:.2}", ours / limit));
        }
    }
    say(&format!("Memory of tagwire after this: {} MiB", tagwire.memory()? / 1024));
    Ok(())
}

/// Both answer the same.
async fn same(seeded: &Seeded, tagwire: &Server, limit: &Server) -> anyhow::Result<()> {
    let (mut ours, mut theirs) = (Connection::open(tagwire.address).await?, Connection::open(limit.address).await?);
    for what in [What::Q1, What::Q3, What::Q4, What::Text, What::Facets] {
        for _ in 0..10 {
            let question = Question::draw(what, seeded);
            let (path, token, body) = question.to(Of::Tagwire, seeded);
            let a = ours.ask(&path, token, body).await?;
            let (path, token, body) = question.to(Of::Limit, seeded);
            let b = theirs.ask(&path, token, body).await?;
            ensure!(a == b, "the answers differ:\n{a}\n{b}");
        }
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
                let question = Question::draw(ask.0, &seeded);
                let (path, token, body) = question.to(ask.1, &seeded);
                let answer = connection.post(&path, token, body).await?;
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
