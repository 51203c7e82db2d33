//! Contacts made of people who write, or are written to.

use serde_json::{Value, json};
use tagwire::users::Plan;

use crate::deeds::{ADD, BLOCK, array, each, text};
use crate::support::dovecot::{ALICE, BOB, Dovecot};
use crate::support::mailbox::{borrowed, connect, follow, mail, settings, until, until_state};
use crate::support::{Person, Socket, TestApp};

const CHOOSE: &str = "mutation($input: SetContactCreationInput!) { setContactCreation(input: $input) {
    mailAccount { contactCreation } userErrors { code path } } }";
const WHY: &str = "query($address: EmailAddress!) { whyNoContact(address: $address) {
    reason text contact { name } mailAccount { email } message { subject } blocked { pattern } } }";
const CONTACTS: &str = "{ contacts(first: 100) { totalCount nodes { name emails { address }
    history(first: 5) { nodes { action summary actor { name } } } } } }";
const SYNC: &str = "mutation($id: ID!) { syncMailAccount(id: $id) { userErrors { code } } }";

async fn account(person: &Person) -> Value {
    person.query("{ mailAccounts { id } }", json!({})).await["mailAccounts"][0]["id"].take()
}

async fn choose(person: &Person, creation: &str) {
    let input = json!({ "input": { "id": account(person).await, "contactCreation": creation } });
    assert_eq!(person.does(CHOOSE, input).await["mailAccount"]["contactCreation"], creation);
}

async fn names(person: &Person) -> Vec<String> {
    each(&person.query(CONTACTS, json!({})).await["contacts"]["nodes"], "name")
}

/// Why no contact was made of an address, for each of the person's mailboxes.
async fn why(person: &Person, address: &str) -> Vec<String> {
    each(&person.query(WHY, json!({ "address": address })).await["whyNoContact"], "reason")
}

/// A mail with further fields.
fn letter(from: &str, to: &str, subject: &str, fields: &str) -> Vec<u8> {
    format!("From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@test>\r\n{fields}\r\nThis is {subject}.\r\n")
        .into_bytes()
}

/// Hears of contacts that are made.
async fn hear_of_contacts(socket: &mut Socket) {
    let document = "subscription { changes(kinds: [CONTACT]) { action actor { name } node { ... on Contact { name messages { totalCount } } } } }";
    socket.subscribe("contact", document, json!({})).await;
    socket.subscribe("there", "{ viewer { id } }", json!({})).await;
    until(socket, "there", |_| true).await;
}

async fn received(socket: &mut Socket, subject: &str) {
    until(socket, "mail", |data| data["messageReceived"]["message"]["subject"] == subject).await;
}

async fn until_contact(socket: &mut Socket, name: &str) -> Value {
    until(socket, "contact", |data| data["changes"]["node"]["name"] == name).await["changes"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_are_made_of_correspondence_as_its_owner_chooses() {
    let server = Dovecot::start();
    server.deliver_at(ALICE.0, "INBOX", &mail("Old Friend <old@a.test>", "history"), 1_790_000_000);
    let round = std::cell::Cell::new(0);
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        round.set(round.get() + 1);
        let n = round.get();
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, &company.user("Bob", &[]).await);
        let mut socket = follow(ann).await;
        hear_of_contacts(&mut socket).await;
        assert_eq!(connect(ann, server.imaps_port(), ALICE).await["userErrors"], json!([]));
        until_state(&mut socket, "LIVE").await;

        // Nobody, until it is chosen.
        let setting = ann.query("{ mailAccounts { contactCreation } }", json!({})).await;
        assert_eq!(setting["mailAccounts"][0]["contactCreation"], "NEVER");
        let early = format!("early{n}");
        server.deliver(ALICE.0, "INBOX", &letter(&format!("{early}@a.test"), ALICE.0, &early, ""));
        received(&mut socket, &early).await;
        assert_eq!(names(ann).await, [""; 0]);
        assert_eq!(why(ann, &format!("{early}@a.test")).await, ["NEVER"]);
        // Others have no say in it.
        let foreign = json!({ "input": { "id": account(ann).await, "contactCreation": "SENT" } });
        assert_eq!(bob.fails(CHOOSE, foreign).await, "NOT_FOUND input.id");
        assert_eq!(why(bob, "jan@a.test").await, ["NO_MAILBOX"]);

        choose(ann, "SENT").await;
        choose(ann, "SENT").await;
        let wrote = format!("wrote{n}");
        server.deliver(ALICE.0, "INBOX", &letter(&format!("{wrote}@a.test"), ALICE.0, &wrote, ""));
        received(&mut socket, &wrote).await;
        assert_eq!(names(ann).await, [""; 0]);
        assert_eq!(why(ann, &format!("{wrote}@a.test")).await, ["ONLY_RECEIVED"]);
        assert_eq!(why(ann, "old@a.test").await, ["BEFORE_CHOICE"]);
        assert_eq!(why(ann, "never.heard.of@a.test").await, ["NO_MAIL"]);
        let to = format!("\"To, Person\" <To.{n}@b.test>, no-reply@b.test, {}", ann.email);
        let sent = letter("alice@crm.test", &to, &format!("sent {n}"), &format!("Cc: copied.{n}@c.test\r\n"));
        server.deliver(ALICE.0, "Sent", &sent);
        ann.does(SYNC, json!({ "id": account(ann).await })).await;
        let told = until_contact(&mut socket, "To, Person").await;
        assert_eq!((&told["action"], &told["actor"]), (&json!("CREATED"), &Value::Null));
        assert_eq!(told["node"]["messages"]["totalCount"], 1);
        assert_eq!(names(ann).await, [format!("copied.{n}"), "To, Person".to_owned()]);
        let made = ann.query(CONTACTS, json!({})).await["contacts"]["nodes"][1].take();
        assert_eq!(made["emails"], json!([{ "address": format!("To.{n}@b.test") }]));
        let summary = "The contact “To, Person” was added from mail.";
        assert_eq!(made["history"]["nodes"], json!([{ "action": "CREATED", "summary": summary, "actor": null }]));
        assert_eq!(why(ann, &format!("to.{n}@B.test")).await, ["CONTACT_EXISTS"]);
        assert_eq!(why(ann, "no-reply@b.test").await, ["NO_REPLY"]);
        assert_eq!(why(ann, &ann.email).await, ["OWN_ADDRESS"]);
        assert_eq!(why(ann, "alice@crm.test").await, ["OWN_ADDRESS"]);
        assert_eq!(why(ann, "nonsense").await, ["NOT_AN_ADDRESS"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_write_become_contacts_and_lists_and_machines_do_not() {
    let server = Dovecot::start();
    let round = std::cell::Cell::new(0);
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        round.set(round.get() + 1);
        let n = round.get();
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, &company.user("Bob", &[]).await);
        let mut socket = follow(ann).await;
        hear_of_contacts(&mut socket).await;
        assert_eq!(connect(ann, server.imaps_port(), ALICE).await["userErrors"], json!([]));
        until_state(&mut socket, "LIVE").await;
        choose(ann, "SENT_AND_RECEIVED").await;
        ann.does(BLOCK, json!({ "input": { "pattern": "bad.test", "scope": "USER" } })).await;
        let from = |who: &str| format!("{who}{n}@d.test");
        for (who, fields) in [
            ("list", "List-Id: <news.d.test>\r\n"),
            ("offer", "List-Unsubscribe: <https://d.test/leave>\r\n"),
            ("robot", "Auto-Submitted: auto-generated\r\n"),
            ("crowd", "Precedence: bulk\r\n"),
        ] {
            server.deliver(ALICE.0, "INBOX", &letter(&from(who), ALICE.0, &format!("{who}{n}"), fields));
        }
        server.deliver(ALICE.0, "INBOX", &letter(&format!("x{n}@bad.test"), ALICE.0, &format!("blocked{n}"), ""));
        server.deliver(
            ALICE.0,
            "INBOX",
            &letter(&format!("MAILER-DAEMON{n}@d.test"), ALICE.0, &format!("bounce{n}"), ""),
        );
        let fields = format!("Cc: bystander{n}@d.test\r\nReply-To: answers{n}@d.test\r\n");
        let name = format!("Nice Person {n}");
        server.deliver(
            ALICE.0,
            "INBOX",
            &letter(&format!("{name} <{}>", from("nice")), ALICE.0, &format!("nice{n}"), &fields),
        );
        let told = until_contact(&mut socket, &name).await;
        assert_eq!(told["node"]["messages"]["totalCount"], 1);
        let spam = letter(&from("spam"), ALICE.0, &format!("spam{n}"), "");
        server.deliver(ALICE.0, "Spam", &spam);
        ann.does(SYNC, json!({ "id": account(ann).await })).await;
        received(&mut socket, &format!("spam{n}")).await;
        assert_eq!(names(ann).await, [name.as_str()]);
        for (address, reason) in [
            (from("list"), "LIST"),
            (from("offer"), "LIST"),
            (from("robot"), "AUTOMATIC"),
            (from("crowd"), "AUTOMATIC"),
            (from("spam"), "JUNK"),
            (from("bystander"), "BYSTANDER"),
            (from("answers"), "BYSTANDER"),
            (format!("x{n}@bad.test"), "BLOCKED"),
            (format!("mailer-daemon{n}@d.test"), "NO_REPLY"),
        ] {
            assert_eq!(why(ann, &address).await, [reason], "{address}");
        }
        let full = ann.query(WHY, json!({ "address": from("list") })).await["whyNoContact"][0].take();
        assert_eq!(full["message"]["subject"], format!("list{n}"));
        assert_eq!(full["mailAccount"]["email"], ALICE.0);
        // Of another's mail nothing is told.
        assert_eq!(why(bob, &from("list")).await, ["NO_MAILBOX"]);

        // Who is there already, under another name, stays as they are.
        let known = json!({ "name": "Known", "emails": [{ "address": from("known") }] });
        ann.does(ADD, json!({ "input": known })).await;
        server.deliver(
            ALICE.0,
            "INBOX",
            &letter(&format!("Other <{}>", from("known")), ALICE.0, &format!("known{n}"), ""),
        );
        received(&mut socket, &format!("known{n}")).await;
        assert_eq!(names(ann).await, ["Known", name.as_str()]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_mailboxes_that_see_somebody_at_once_make_one_contact() {
    let server = Dovecot::start();
    let round = std::cell::Cell::new(0);
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        round.set(round.get() + 1);
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, &company.user("Bob", &[]).await);
        let (mut anns, mut bobs) = (follow(ann).await, follow(bob).await);
        connect(ann, server.imaps_port(), ALICE).await;
        connect(bob, server.imaps_port(), BOB).await;
        until_state(&mut anns, "LIVE").await;
        until_state(&mut bobs, "LIVE").await;
        choose(ann, "SENT_AND_RECEIVED").await;
        choose(bob, "SENT_AND_RECEIVED").await;
        let people: Vec<String> = (0..12).map(|who| format!("who{who}.{}@e.test", round.get())).collect();
        for who in &people {
            for mailbox in [ALICE.0, BOB.0] {
                server.deliver(mailbox, "INBOX", &letter(&format!("{who}, Bob <{}>", BOB.0), mailbox, who, ""));
            }
        }
        for who in &people {
            for socket in [&mut anns, &mut bobs] {
                let wanted = |data: &Value| data["messageReceived"]["message"]["subject"] == who.as_str();
                until(socket, "mail", wanted).await;
            }
        }
        let found = ann.query(CONTACTS, json!({})).await["contacts"].take();
        let mut made: Vec<String> =
            array(&found["nodes"]).iter().map(|contact| text(&contact["emails"][0]["address"])).collect();
        made.sort_unstable();
        let mut wanted = people.clone();
        wanted.sort_unstable();
        assert_eq!(made, wanted);
        // Bob's mailbox is one within the workspace: Ann is told so only where she sees that no contact is made.
        assert_eq!(why(ann, BOB.0).await, ["OWN_ADDRESS"]);
    })
    .await;
}
