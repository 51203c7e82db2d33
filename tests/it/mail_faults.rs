//! Stories of mailboxes whose server, or the way to it, fails in the middle of an answer.

use std::cell::Cell;
use std::time::Duration;

use serde_json::{Value, json};
use tagwire::users::Plan;

use crate::support::dovecot::{ALICE, Dovecot};
use crate::support::faulty_way::{Fault, FaultyWay};
use crate::support::mailbox::{borrowed, connect, follow, mail, settings, subjects, until, until_state};
use crate::support::{Person, Socket, TestApp};

const UNAVAILABLE: &str = "NO [UNAVAILABLE] Try again later";
const BAD: &str = "BAD Something went wrong";

/// Connects a mailbox over a way that can be watched and broken.
async fn connect_by(way: &FaultyWay, person: &Person) -> Value {
    let (email, password) = ALICE;
    let server = json!({ "imapHost": "localhost", "imapPort": way.port(), "imapSecurity": "PLAINTEXT" });
    let mut input = json!({ "email": email, "password": password });
    input.as_object_mut().unwrap().extend(server.as_object().unwrap().clone());
    let document = "mutation($input: ConnectMailAccountInput!) { connectMailAccount(input: $input) { mailAccount { id } userErrors { code } } }";
    let connected = person.does(document, json!({ "input": input })).await;
    connected["mailAccount"]["id"].clone()
}

async fn look(person: &Person, account: &Value) {
    let document = "mutation($id: ID!) { syncMailAccount(id: $id) { userErrors { code } } }";
    person.does(document, json!({ "id": account })).await;
}

/// Has it tried again at once whenever it fails, until it is live; how often it told of a failure. It may tell of one twice,
/// and of none that was over at once.
async fn until_live_again(socket: &mut Socket, person: &Person, account: &Value) -> usize {
    let mut failures = 0;
    loop {
        let told = until(socket, "account", |data| {
            let state = &data["mailAccountChanged"]["mailAccount"]["state"];
            state == "LIVE" || state == "RETRYING"
        });
        let told = told.await["mailAccountChanged"]["mailAccount"].take();
        if told["state"] == "LIVE" {
            assert_eq!(told["problem"], Value::Null);
            return failures;
        }
        assert!(told["problem"]["message"].is_string(), "{told}");
        failures += 1;
        look(person, account).await;
    }
}

/// The state in which the mailbox is now.
async fn state(person: &Person) -> Value {
    person.query("{ mailAccounts { state } }", json!({})).await["mailAccounts"][0]["state"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_end_in_the_middle_lose_and_double_nothing() {
    let server = Dovecot::start();
    let way = FaultyWay::to(server.imap_port()).await;
    let history = (0..300).map(|number| mail("jan@bedrijf.test", &format!("old {number:03}")));
    server.deliver_all(ALICE.0, "INBOX", history);
    let hosts = format!("localhost:{}", way.port());
    let news = Cell::new(0);
    TestApp::in_real_time(&[("TAGWIRE_ALLOWED_PRIVATE_HOSTS", &hosts)], async |test| {
        let ann = &test.workspace(Plan::Free).await.ann;
        let mut socket = follow(ann).await;
        // Into the history: in the first message, after the first, in the middle of a group, several times.
        let faults = [
            (0, Fault::CutInside),
            (1, Fault::CutBetween),
            (60, Fault::CutInside),
            (20, Fault::Refused(UNAVAILABLE)),
            (30, Fault::Refused(BAD)),
            (49, Fault::CutBetween),
        ];
        for (after, fault) in faults {
            way.fail(after, fault);
        }
        let account = connect_by(&way, ann).await;
        assert!(until_live_again(&mut socket, ann, &account).await > 0, "it told of failures");
        assert!(way.is_sound());
        let mut held: Vec<_> = (0..300).map(|number| format!("old {number:03}")).collect();
        held.extend((0..news.get()).map(|number| format!("new {number}")));
        held.sort_unstable();
        assert_eq!(subjects(ann).await, held);

        // Into new mail: it is told when it is there, once.
        for fault in [Fault::CutInside, Fault::CutBetween, Fault::Refused(UNAVAILABLE), Fault::Refused(BAD)] {
            way.fail(0, fault);
            let subject = format!("new {}", news.replace(news.get() + 1));
            server.deliver(ALICE.0, "INBOX", &mail("jan@bedrijf.test", &subject));
            until_state(&mut socket, "RETRYING").await;
            look(ann, &account).await;
            let told = until(&mut socket, "mail", |_| true).await;
            assert_eq!(told["messageReceived"]["message"]["subject"], subject.as_str());
            // Told before the mail or behind it: the inbox and the rest are read side by side.
            if state(ann).await != "LIVE" {
                until_state(&mut socket, "LIVE").await;
            }
            assert!(way.is_sound());
            held.push(subject);
        }
        held.sort_unstable();
        assert_eq!(subjects(ann).await, held);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_removed_on_the_server_is_hidden_ten_minutes_later() {
    let server = Dovecot::start();
    for number in 1..=6 {
        server.deliver(ALICE.0, "INBOX", &mail("jan@bedrijf.test", &format!("mail {number}")));
    }
    let gone = Cell::new(0);
    TestApp::on_each_database_with(&borrowed(&settings(&server)), async |test| {
        let ann = &test.workspace(Plan::Free).await.ann;
        let mut socket = follow(ann).await;
        let account = connect(ann, server.imaps_port(), ALICE).await["mailAccount"]["id"].take();
        until_state(&mut socket, "LIVE").await;
        let before = subjects(ann).await;
        gone.set(gone.get() + 2);
        let subject = format!("mail {}", gone.get());
        server.expunge(ALICE.0, "INBOX", gone.get());
        look(ann, &account).await;
        // First it lies nowhere: it may be on its way to another folder.
        let lost = until(&mut socket, "change", |data| data["changes"]["node"]["folders"] == json!([])).await;
        assert_eq!(
            (&lost["changes"]["action"], &lost["changes"]["node"]["subject"]),
            (&json!("UPDATED"), &json!(subject))
        );
        assert_eq!(subjects(ann).await, before);
        test.app.clock.advance(Duration::from_mins(11));
        look(ann, &account).await;
        let hidden = until(&mut socket, "change", |data| data["changes"]["action"] == "REMOVED").await;
        assert_eq!(hidden["changes"]["node"], Value::Null);
        let left: Vec<String> = before.into_iter().filter(|kept| *kept != subject).collect();
        assert_eq!(subjects(ann).await, left);
    })
    .await;
}
