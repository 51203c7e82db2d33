//! Killed at any moment, the server goes on where it was: nothing that was told is lost, nothing comes twice.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::deeds::{TAG, UNTAG, array, each, text};
use crate::support::Person;
use crate::support::dovecot::{ALICE, Dovecot};
use crate::support::mailbox::{borrowed, connect, mail, settings, until_state};
use crate::support::process::Process;

/// What clients know to be so, over all lives of the server.
#[derive(Default)]
struct Known {
    /// How far each contact has come, in steps that were acknowledged.
    contacts: Mutex<HashMap<String, usize>>,
    begun: AtomicUsize,
    /// Mail that was pushed, and the cursor of the last.
    heard: Mutex<(Value, Vec<String>)>,
    /// Mail delivered since the mailbox is connected.
    delivered: Mutex<Vec<String>>,
}

/// The tags of contact `number` after each step.
fn steps(number: &str) -> [Vec<String>; 3] {
    let hot = "hot".to_owned();
    let own = format!("tag {}", number.len());
    [vec![hot.clone()], vec![hot, own.clone()], vec![own]]
}

/// Adds contacts, and tags and untags them, until the server is gone.
async fn write(ann: Person, known: Arc<Known>) {
    loop {
        let name = format!("contact {}", known.begun.fetch_add(1, Ordering::Relaxed));
        let acknowledged = |step| known.contacts.lock().unwrap().insert(name.clone(), step);
        let id = ann.adds(&name, &["hot"]).await;
        acknowledged(0);
        ann.does(TAG, json!({ "input": { "contactIds": [id], "names": [steps(&name)[2][0]] } })).await;
        acknowledged(1);
        ann.does(UNTAG, json!({ "input": { "contactIds": [id], "names": ["hot"] } })).await;
        acknowledged(2);
    }
}

/// Hears of new mail from where it stopped hearing, until the server is gone or `until` so many were heard.
async fn hear(ann: Person, known: Arc<Known>, until: usize) {
    let document = "subscription($after: Cursor) { messageReceived(after: $after) { cursor message { subject } } }";
    let mut socket = ann.socket().await;
    let after = known.heard.lock().unwrap().0.clone();
    socket.subscribe("mail", document, json!({ "after": after })).await;
    while known.heard.lock().unwrap().1.len() < until {
        let told = socket.event("mail").await["messageReceived"].take();
        let mut heard = known.heard.lock().unwrap();
        heard.0 = told["cursor"].clone();
        heard.1.push(text(&told["message"]["subject"]));
    }
}

/// Hears of all new mail that was delivered.
async fn hear_all(ann: &Person, known: &Arc<Known>, server: &Process) {
    let delivered = known.delivered.lock().unwrap().clone();
    let hearing = hear(ann.clone(), Arc::clone(known), delivered.len());
    if tokio::time::timeout(Duration::from_mins(1), hearing).await.is_err() {
        let heard = known.heard.lock().unwrap().1.clone();
        let unheard: Vec<_> = delivered.iter().filter(|subject| !heard.contains(subject)).collect();
        panic!("of {} never heard of {unheard:?}:\n{}", delivered.len(), server.log());
    }
}

fn deliver(server: &Dovecot, known: &Known) {
    let mut delivered = known.delivered.lock().unwrap();
    let subject = format!("new {}", delivered.len());
    server.deliver(ALICE.0, "INBOX", &mail("jan@bedrijf.test", &subject));
    delivered.push(subject);
}

/// All nodes of a connection.
async fn all(ann: &Person, field: &str, selection: &str) -> Vec<Value> {
    let document = format!(
        "query($after: String) {{ page: {field}(first: 200, after: $after) {{ totalCount nodes {{ {selection} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    );
    let (mut nodes, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = ann.query(&document, json!({ "after": after })).await["page"].take();
        nodes.extend(array(&page["nodes"]).iter().cloned());
        if page["pageInfo"]["hasNextPage"] == false {
            assert_eq!(page["totalCount"], nodes.len());
            return nodes;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// Ids that the change log says were created, behind a cursor.
async fn created(ann: &Person, mut after: Value, kind: &str) -> Vec<String> {
    let document = "query($after: Cursor!, $kinds: [ChangeKind!]) { changes(after: $after, first: 200, kinds: $kinds) { \
        endCursor hasMore changes { action nodeId } } }";
    let mut ids = Vec::new();
    loop {
        let page = ann.query(document, json!({ "after": after, "kinds": [kind] })).await["changes"].take();
        let changes = array(&page["changes"]).iter().filter(|change| change["action"] == "CREATED");
        ids.extend(changes.map(|change| text(&change["nodeId"])));
        if page["hasMore"] == false {
            ids.sort_unstable();
            return ids;
        }
        after = page["endCursor"].clone();
    }
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort_unstable();
    texts
}

async fn count(ann: &Person) -> u64 {
    ann.query("{ messages { totalCount } }", json!({})).await["messages"]["totalCount"].as_u64().unwrap()
}

/// Two kills; twenty where `TAGWIRE_TEST_LONG` is set.
#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_everything_it_loses_and_doubles_nothing() {
    let (kills, history) = if std::env::var_os("TAGWIRE_TEST_LONG").is_some() { (20, 10_000) } else { (2, 2_000) };
    let mailbox = Dovecot::start();
    let old: Vec<String> = (0..history).map(|number| format!("old {number}")).collect();
    mailbox.deliver_all(ALICE.0, "INBOX", old.iter().map(|subject| mail("Jan Jansen <jan@bedrijf.test>", subject)));
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&mailbox);
    let known = Arc::new(Known::default());

    let mut server = Process::start(folder.path(), &borrowed(&settings));
    let mut ann = server.workspace(folder.path()).await;
    let start = ann.cursor().await;
    known.heard.lock().unwrap().0 = start.clone();
    assert_eq!(connect(&ann, mailbox.imaps_port(), ALICE).await["userErrors"], json!([]));
    // New is what comes from here on, however soon.
    deliver(&mailbox, &known);
    for kill in 0..kills {
        let clients = [
            tokio::spawn(write(ann.clone(), Arc::clone(&known))),
            tokio::spawn(write(ann.clone(), Arc::clone(&known))),
            tokio::spawn(hear(ann.clone(), Arc::clone(&known), usize::MAX)),
        ];
        // The first half while the history comes, each a little later in it; then at any time.
        let share = u64::try_from(history).unwrap() * (kill + 1) / (kills / 2 + 2);
        let due = if kill <= kills / 2 { rand::random_range(1..=share) } else { 0 };
        while count(&ann).await < due {
            deliver(&mailbox, &known);
        }
        deliver(&mailbox, &known);
        let moment = Duration::from_millis(rand::random_range(0..if due > 0 { 30 } else { 1_500 }));
        tokio::time::sleep(moment).await;
        assert!(clients.iter().all(|client| !client.is_finished()), "all were served to the last");
        server.kill();
        clients.iter().for_each(tokio::task::JoinHandle::abort);
        deliver(&mailbox, &known);

        server = Process::start(folder.path(), &borrowed(&settings));
        ann = ann.moved(&server.url);
        let stored = count(&ann).await;
        assert!(kill > 0 || stored < old.len() as u64, "the first was in the middle: {stored} are stored");
    }
    hear_all(&ann, &known, &server).await;
    let mut socket = ann.socket().await;
    let document = "subscription { mailAccountChanged { mailAccount { state } } }";
    socket.subscribe("account", document, json!({})).await;
    let state = ann.query("{ mailAccounts { state } }", json!({})).await["mailAccounts"][0]["state"].take();
    if state != "LIVE" {
        until_state(&mut socket, "LIVE").await;
    }
    // Whatever came twice came before this one.
    deliver(&mailbox, &known);
    hear_all(&ann, &known, &server).await;

    let new = known.delivered.lock().unwrap().clone();
    assert_eq!(sorted(known.heard.lock().unwrap().1.clone()), sorted(new.clone()));
    let messages = all(&ann, "messages", "id subject text").await;
    let subjects: Vec<String> = messages.iter().map(|message| text(&message["subject"])).collect();
    assert_eq!(sorted(subjects), sorted([old, new].concat()), "{}", server.log());
    for message in &messages {
        let body = format!("This is {}.", text(&message["subject"]));
        assert!(text(&message["text"]).contains(&body), "{message}");
    }
    let arrived = messages.iter().filter(|message| text(&message["subject"]).starts_with("new"));
    let arrived: Vec<String> = arrived.map(|message| text(&message["id"])).collect();
    assert_eq!(created(&ann, start.clone(), "MESSAGE").await, sorted(arrived));

    let contacts = all(&ann, "contacts", "id name tags { name }").await;
    let acknowledged = known.contacts.lock().unwrap().clone();
    assert!(!acknowledged.is_empty());
    let mut found = HashSet::new();
    for contact in &contacts {
        let name = text(&contact["name"]);
        // What was sent last may have been done although nobody heard of it.
        let least = acknowledged.get(&name).copied();
        let range = least.map_or(0..=0, |step| step..=(step + 1).min(2));
        let tags = sorted(each(&contact["tags"], "name"));
        assert!(range.map(|step| steps(&name)[step].clone()).any(|step| step == tags), "{contact}: {least:?}");
        assert!(found.insert(name), "{contact} is there twice");
    }
    assert!(acknowledged.keys().all(|name| found.contains(name)), "no acknowledged contact is lost");
    assert_eq!(created(&ann, start, "CONTACT").await, sorted(each(&Value::from(contacts), "id")));
}
