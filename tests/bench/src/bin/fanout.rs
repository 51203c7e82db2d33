//! How long a change of tags is under way to each of many websockets, and whether each hears of it once and in order; beside a bare
//! broadcast of the same bytes.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use bench::http::Connection;
use bench::say;
use bench::seed::{self, Seeded};
use bench::server::Server;
use bench::socket::{self, Socket};
use bench::spread::Spread;
use clap::Parser;
use entity::{ContactId, TagId};
use futures_util::StreamExt;
use serde_json::json;
use tagwire::graphql::id;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

const FOLLOW: &str = "subscription { tagChanged { cursor occurredAt actor { name } ... on ContactTagsChanged { \
    contactId addedIds contact { name tags { name group { name } } } } } }";

const TAG: &str = "mutation ($contact: ID!, $tag: ID!) { tagContacts(input: {contactIds: [$contact], tagIds: [$tag]}) { \
    changedCount userErrors { message } } }";

/// How long a change may take to all before it is missed.
const PATIENCE: Duration = Duration::from_secs(10);

/// Measures the fan-out of tag changes beside a bare broadcast.
#[derive(Parser)]
struct Arguments {
    /// A PostgreSQL server; a database `tagwire_bench` is made there anew
    #[arg(long)]
    postgres: String,
    /// Contacts in the workspace
    #[arg(long, default_value_t = 10_000)]
    contacts: i32,
    /// Tags in the workspace
    #[arg(long, default_value_t = 500)]
    tags: u32,
    /// Websockets that follow
    #[arg(long, default_value_t = 1000)]
    subscribers: usize,
    /// Changes measured
    #[arg(long, default_value_t = 50)]
    changes: usize,
    /// Milliseconds between a change that all have heard of and the next
    #[arg(long, default_value_t = 50)]
    pause: u64,
}

/// Which socket heard which text, and when.
type Heard = (usize, Instant, String);

/// What was measured of one server.
struct Measured {
    from_sending: Vec<Duration>,
    from_answer: Vec<Duration>,
    answers: Vec<Duration>,
    missed: usize,
    doubled: usize,
    foreign: usize,
    frame: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    say("Filling the database");
    let seeded = Arc::new(seed::seed(&arguments.postgres, arguments.contacts, arguments.tags).await?);
    let tagwire = Server::tagwire(&seeded).await?;
    say(&format!("tagwire has process {}", tagwire.pid()?));
    let ours = measure("tagwire", &tagwire, &seeded, &arguments, None).await?;
    drop(tagwire);
    let limit = Server::limit(&seeded).await?;
    let theirs = measure("limit", &limit, &seeded, &arguments, Some(&ours.frame)).await?;
    let heard = (ours.missed, ours.doubled, ours.foreign);
    let [a, b] = [ours.from_sending, theirs.from_sending].map(|times| Spread::of(times).at(990).as_secs_f64());
    say(&format!("p99 from sending: {:.1} times the limit's", a / b));
    ensure!(heard == (0, 0, 0), "not everybody heard of each change once");
    Ok(())
}

async fn measure(
    name: &str,
    server: &Server,
    seeded: &Arc<Seeded>,
    arguments: &Arguments,
    frame: Option<&str>,
) -> anyhow::Result<Measured> {
    let memory = server.memory()?;
    let (heard, mut inbox) = mpsc::unbounded_channel();
    for number in 0..arguments.subscribers {
        let token = seeded.tokens.get(number % seeded.tokens.len()).context("a token")?;
        let socket = socket::subscribe(server, token, FOLLOW, json!({})).await?;
        tokio::spawn(listen(number, socket, heard.clone()));
    }
    let mut asking = Connection::open(server.address).await?;
    let token = seeded.tokens.first().map(String::as_str);
    let mut contacts = seeded.contacts.iter();
    let mut measured = Measured {
        from_sending: Vec::new(),
        from_answer: Vec::new(),
        answers: Vec::new(),
        missed: 0,
        doubled: 0,
        foreign: 0,
        frame: frame.unwrap_or_default().to_owned(),
    };
    // A subscription is not acknowledged. Whoever hears of a change follows from then on; the first that all hear of begins.
    loop {
        let contact = next(&mut contacts)?;
        change(&mut asking, token, seeded, contact, frame).await?;
        let (texts, all) = gather(&mut inbox, contact, arguments.subscribers, Duration::from_secs(1)).await;
        if all {
            if let Some((_, _, text)) = texts.into_iter().next().filter(|_| frame.is_none()) {
                measured.frame = text.replace(&text_of(contact), PLACEHOLDER);
            }
            break;
        }
    }
    let attached = server.memory()?;
    let cpu = server.cpu()?;
    for _ in 0..arguments.changes {
        tokio::time::sleep(Duration::from_millis(arguments.pause)).await;
        let contact = next(&mut contacts)?;
        let sent = Instant::now();
        change(&mut asking, token, seeded, contact, frame).await?;
        let answered = Instant::now();
        measured.answers.push(answered - sent);
        let (texts, _) = gather(&mut inbox, contact, arguments.subscribers, PATIENCE).await;
        let mut times = vec![0_usize; arguments.subscribers];
        for (number, at, text) in texts {
            if !text.contains(&text_of(contact)) {
                measured.foreign += 1;
            } else if let Some(times) = times.get_mut(number) {
                *times += 1;
                measured.from_sending.push(at - sent);
                measured.from_answer.push(at.saturating_duration_since(answered));
            }
        }
        measured.missed += times.iter().filter(|times| **times == 0).count();
        measured.doubled += times.iter().filter(|times| **times > 1).count();
    }
    let deliveries = measured.from_sending.len().max(1);
    let each = server.cpu()?.saturating_sub(cpu).as_secs_f64() * 1e6 / f64::from(u32::try_from(deliveries)?);
    let kept = attached.saturating_sub(memory) / u64::try_from(arguments.subscribers.max(1))?;
    let Measured { missed, doubled, foreign, .. } = &measured;
    say(&format!(
        "{name}: {} subscribers, {} changes, {deliveries} deliveries",
        arguments.subscribers, arguments.changes
    ));
    say(&format!("  from sending the mutation to delivery: {}", Spread::of(measured.from_sending.clone())));
    say(&format!("  from its answer to delivery:           {}", Spread::of(measured.from_answer.clone())));
    say(&format!("  the mutation itself:                   {}", Spread::of(measured.answers.clone())));
    say(&format!("  {each:.1} µs of the server's processor a delivery, {kept} KiB a subscriber"));
    say(&format!("  missed {missed}, doubled {doubled}, foreign or late {foreign}"));
    Ok(measured)
}

/// Stands for the contact's id in a frame that is to be repeated.
const PLACEHOLDER: &str = "{contact}";

fn next<'a>(contacts: &mut impl Iterator<Item = &'a Uuid>) -> anyhow::Result<Uuid> {
    contacts.next().copied().context("more changes than contacts")
}

fn text_of(contact: Uuid) -> String {
    id::encode(ContactId(contact)).0
}

/// Makes a change: of a contact's tags, or, with a frame, the broadcast of that frame.
async fn change(
    asking: &mut Connection,
    token: Option<&str>,
    seeded: &Seeded,
    contact: Uuid,
    frame: Option<&str>,
) -> anyhow::Result<()> {
    if let Some(frame) = frame {
        asking.post("/broadcast", None, &frame.replace(PLACEHOLDER, &text_of(contact))).await?;
        return Ok(());
    }
    // One of these is new to the contact.
    for tag in seeded.tags.iter().rev() {
        let variables = json!({ "contact": text_of(contact), "tag": id::encode(TagId(*tag)) });
        let answer =
            asking.ask("/graphql", token, &json!({ "query": TAG, "variables": variables }).to_string()).await?;
        match answer.pointer("/data/tagContacts/changedCount").and_then(serde_json::Value::as_i64) {
            Some(1) => return Ok(()),
            Some(0) => {}
            _ => bail!("{answer}"),
        }
    }
    bail!("a contact has all tags")
}

/// Hears until every socket has heard of a contact, or for so long. What came twice has come by a moment later.
async fn gather(
    inbox: &mut mpsc::UnboundedReceiver<Heard>,
    contact: Uuid,
    subscribers: usize,
    patience: Duration,
) -> (Vec<Heard>, bool) {
    let (mut texts, text, mut heard_of_it) = (Vec::new(), text_of(contact), 0);
    let mut deadline = Instant::now() + patience;
    while let Ok(Some(heard)) = tokio::time::timeout_at(deadline, inbox.recv()).await {
        heard_of_it += usize::from(heard.2.contains(&text));
        texts.push(heard);
        if heard_of_it == subscribers {
            deadline = Instant::now() + Duration::from_millis(20);
        }
    }
    (texts, heard_of_it >= subscribers)
}

async fn listen(number: usize, mut socket: Socket, heard: mpsc::UnboundedSender<Heard>) {
    while let Some(Ok(message)) = socket.next().await {
        let at = Instant::now();
        if let Message::Text(text) = message
            && text.contains("\"next\"")
            && heard.send((number, at, text.to_string())).is_err()
        {
            return;
        }
    }
}
