//! Many live lists of contacts on one workspace that changes all the time: how soon each hears of what enters and leaves it, and what
//! that costs.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context;
use bench::http::Connection;
use bench::say;
use bench::seed;
use bench::server::Server;
use bench::socket::{self, Socket};
use bench::spread::Spread;
use clap::Parser;
use entity::{ContactId, TagId};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tagwire::graphql::id;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

const LIVE: &str = "subscription ($query: String!) { contactsLive(filter: {query: $query}, first: 50) { __typename \
    ... on ContactsSnapshot { totalCount contacts { id name tags { name } } } \
    ... on ContactEntered { contactId contact { name tags { name } } } \
    ... on ContactUpdated { contactId contact { name tags { name } } } ... on ContactLeft { contactId } } }";

const TAG: &str = "mutation ($contact: ID!, $tag: ID!) { tagContacts(input: {contactIds: [$contact], tagIds: [$tag]}) { \
    changedCount } }";

/// How long the last events may be under way.
const REST: Duration = Duration::from_secs(1);

/// Measures live lists.
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
    /// Lists, each on a websocket and with a filter of its own
    #[arg(long, default_value_t = 200)]
    lists: usize,
    /// Changes measured
    #[arg(long, default_value_t = 500)]
    changes: usize,
    /// Changes a second
    #[arg(long, default_value_t = 50)]
    rate: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    say("Filling the database");
    let seeded = seed::seed(&arguments.postgres, arguments.contacts, arguments.tags).await?;
    let server = Server::tagwire(&seeded).await?;
    let (before, began) = (server.memory()?, Instant::now());
    let (heard, mut inbox) = mpsc::unbounded_channel();
    for number in 0..arguments.lists {
        let name = |step: usize| format!("#\"Tag {:04}\"", (number * 7 + step * 131) % 500);
        let query = format!("({} or {}) not {}", name(0), name(1), name(2));
        let token = seeded.tokens.get(number % seeded.tokens.len()).context("a token")?;
        let socket = socket::subscribe(&server, token, LIVE, json!({ "query": query })).await?;
        tokio::spawn(listen(socket, heard.clone()));
    }
    for _ in 0..arguments.lists {
        inbox.recv().await.context("a snapshot")?;
    }
    say(&format!("{} snapshots in {:.2?}", arguments.lists, began.elapsed()));
    let kept = server.memory()?.saturating_sub(before);

    let (mut asking, token) = (Connection::open(server.address).await?, seeded.tokens.first().map(String::as_str));
    let (cpu, began) = (server.cpu()?, Instant::now());
    let mut sent: HashMap<String, Instant> = HashMap::new();
    let mut answers = Vec::new();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / u32::try_from(arguments.rate)?);
    for contact in seeded.contacts.iter().take(arguments.changes) {
        ticks.tick().await;
        let contact = id::encode(ContactId(*contact)).0;
        let tag = seeded.tags.get(rand::random_range(0..seeded.tags.len())).copied().unwrap_or(Uuid::nil());
        let variables = json!({ "contact": contact, "tag": id::encode(TagId(tag)) });
        let at = Instant::now();
        sent.insert(contact, at);
        asking.ask("/graphql", token, &json!({ "query": TAG, "variables": variables }).to_string()).await?;
        answers.push(at.elapsed());
    }
    let took = began.elapsed();
    let used = server.cpu()?.saturating_sub(cpu);
    let mut delays = Vec::new();
    while let Ok(Some((at, contact))) = tokio::time::timeout(REST, inbox.recv()).await {
        delays.extend(contact.and_then(|contact| sent.get(&contact)).map(|sent| at - *sent));
    }
    say(&format!("{} changes in {took:.1?}: {} events to {} lists", arguments.changes, delays.len(), arguments.lists));
    say(&format!("  from sending the mutation to the event: {}", Spread::of(delays)));
    say(&format!("  the mutation itself:                    {}", Spread::of(answers)));
    say(&format!(
        "  {:.0} % of one processor, {} KiB a list",
        100.0 * used.as_secs_f64() / took.as_secs_f64(),
        kept / u64::try_from(arguments.lists.max(1))?
    ));
    Ok(())
}

/// When which contact was told of; none for a snapshot.
async fn listen(mut socket: Socket, heard: mpsc::UnboundedSender<(Instant, Option<String>)>) {
    while let Some(Ok(message)) = socket.next().await {
        let at = Instant::now();
        let Message::Text(text) = message else { continue };
        let Ok(message) = serde_json::from_str::<Value>(&text) else { continue };
        if message["type"] != "next" {
            continue;
        }
        let contact = message["payload"]["data"]["contactsLive"]["contactId"].as_str().map(str::to_owned);
        if heard.send((at, contact)).is_err() {
            return;
        }
    }
}
