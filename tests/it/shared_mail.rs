//! Stories of mail that is shared with colleagues, with a real mail server.

use entity::private_reading;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tagwire::access::Right;
use tagwire::graphql::id;
use tagwire::users::Plan;

use crate::deeds::{ADD, SET_RIGHTS, array, each, text};
use crate::sharing::{SHARE, UNSHARE, share};
use crate::support::dovecot::{ALICE, BOB, Dovecot};
use crate::support::mailbox::{borrowed, connect, follow, mail, settings, until, until_state};
use crate::support::{Person, Socket, TestApp};

const MAIL: &str = "query($filter: MessageFilter) { messages(filter: $filter, first: 50) { totalCount nodes {
    id access private subject snippet text html sentAt seen attachments { id filename }
    from { name address contact { name } } to { address } folders { name messageCount unreadCount }
    account { id email owner { name } provider authentication state problem { code } lastSuccessAt nextAttemptAt progress { stored } } } } }";
const MARK: &str = "mutation($id: ID!, $private: Boolean!) { setMessagePrivate(id: $id, private: $private) {
    message { id private } userErrors { code message path } } }";
const NODE: &str = "query($id: ID!) { node(id: $id) { __typename id } }";
const ORDER: &str = "{ contacts(orderBy: { field: LAST_MESSAGE_AT, direction: DESC }) { nodes { name messages { totalCount nodes { subject } } } } }";

fn letter(subject: &str) -> Vec<u8> {
    format!(
        "From: Jan <jan@a.test>\r\nTo: alice@crm.test\r\nSubject: {subject}\r\nMessage-ID: <{subject}@test>\r\n\
        Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>See the file.</p>\r\n\
        --b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"offer.pdf\"\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n--b--\r\n"
    )
    .into_bytes()
}

async fn seen(person: &Person) -> Value {
    person.query(MAIL, json!({})).await["messages"].take()
}

async fn total(person: &Person) -> i64 {
    let seen = seen(person).await;
    assert_eq!(seen["totalCount"], array(&seen["nodes"]).len());
    seen["totalCount"].as_i64().unwrap()
}

/// Of Ann's mailbox, somebody sees at this level the offer with its file, and a later mail.
async fn seen_at(bob: &Person, level: &str, account: &Value, (offer, file): (&Value, &Value)) {
    let mail = seen(bob).await;
    assert_eq!(mail["totalCount"], 2);
    let found = &mail["nodes"][1];
    assert_eq!((&found["id"], &found["access"]), (offer, &json!(level)));
    assert_eq!(found["from"], json!([{ "name": "Jan", "address": "jan@a.test", "contact": { "name": "Jan" } }]));
    assert_eq!(found["folders"], json!([{ "name": "INBOX", "messageCount": 2, "unreadCount": 2 }]));
    assert_eq!(found["subject"], if level == "METADATA" { Value::Null } else { json!("offer") });
    let full = level == "FULL";
    for field in ["snippet", "text", "html"] {
        assert_eq!(found[field].is_string(), full, "{field} at {level}");
    }
    assert_eq!(array(&found["attachments"]).len(), usize::from(full));
    let node = bob.query(NODE, json!({ "id": file })).await;
    assert_eq!(node["node"].is_object(), full, "a file by its id at {level}");
    let filtered = bob.query(MAIL, json!({ "filter": { "hasAttachment": true } })).await["messages"].take();
    assert_eq!(filtered["totalCount"], 1);
    assert_eq!(
        found["account"],
        json!({ "id": account, "email": ALICE.0, "owner": { "name": "Ann" },
        "provider": null, "authentication": null, "state": null, "problem": null, "lastSuccessAt": null,
        "nextAttemptAt": null, "progress": null })
    );
    // Lists of contacts follow, and show no more of the mail.
    let order = bob.query(ORDER, json!({})).await["contacts"]["nodes"].take();
    assert_eq!(each(&order, "name"), ["Mia", "Jan", "Silent"]);
    let subject = &order[1]["messages"]["nodes"][0]["subject"];
    assert_eq!(*subject, if level == "METADATA" { Value::Null } else { json!("offer") });
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_is_private_until_it_is_shared_and_then_seen_at_its_level() {
    let server = Dovecot::start();
    server.deliver_at(ALICE.0, "INBOX", &letter("offer"), 1_790_000_000);
    server.deliver_at(ALICE.0, "INBOX", &mail("mia@b.test", "hello"), 1_790_000_001);
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let eva = company.user("Eva", &[Right::ViewPrivateMail]).await;
        for (name, address) in [("Mia", "mia@b.test"), ("Jan", "jan@a.test"), ("Silent", "silent@c.test")] {
            ann.does(ADD, json!({ "input": { "name": name, "emails": [{ "address": address }] } })).await;
        }
        let mut socket = follow(ann).await;
        let account = connect(ann, server.imaps_port(), ALICE).await["mailAccount"]["id"].take();
        until_state(&mut socket, "LIVE").await;
        let own = seen(ann).await;
        let offer = &own["nodes"][1];
        assert_eq!((&offer["subject"], &offer["access"]), (&json!("offer"), &json!("FULL")));
        let (offer, file) = (offer["id"].clone(), offer["attachments"][0]["id"].clone());

        // Private by default: to an Admin's colleagues and to who may view private mail.
        for person in [&bob, &eva] {
            assert_eq!(total(person).await, 0);
            assert_eq!(person.query("{ mailAccounts { id } }", json!({})).await["mailAccounts"], json!([]));
            assert!(person.query(NODE, json!({ "id": offer })).await["node"].is_null());
            assert_eq!(person.fails(MARK, json!({ "id": offer, "private": true })).await, "NOT_FOUND id");
        }

        for level in ["METADATA", "SUBJECT", "FULL"] {
            ann.does(SHARE, share(&bob, "INBOX", level)).await;
            seen_at(&bob, level, &account, (&offer, &file)).await;
        }
        let listed = "{ mailAccounts { id email folders { name } } }";
        assert_eq!(bob.query(listed, json!({})).await, ann.query(listed, json!({})).await);
        // Seen, and nobody's but its owner's to steer.
        for mutation in ["pauseMailAccount", "resumeMailAccount", "syncMailAccount"] {
            let document = format!("mutation($id: ID!) {{ {mutation}(id: $id) {{ userErrors {{ code path }} }} }}");
            assert_eq!(bob.fails(&document, json!({ "id": account })).await, "NOT_FOUND id");
        }
        let disconnect =
            "mutation($id: ID!) { disconnectMailAccount(id: $id, deleteMessages: true) { userErrors { code path } } }";
        assert_eq!(bob.fails(disconnect, json!({ "id": account })).await, "NOT_FOUND id");
        assert_eq!(bob.fails(MARK, json!({ "id": offer, "private": true })).await, "FORBIDDEN id");

        // What is marked private is its owner's, and of those with the right whose inbox it is shared with.
        assert_eq!(ann.does(MARK, json!({ "id": offer, "private": true })).await["message"]["private"], true);
        assert_eq!(total(&bob).await, 1);
        assert_eq!(
            seen(&bob).await["nodes"][0]["folders"][0],
            json!({ "name": "INBOX", "messageCount": 1, "unreadCount": 1 })
        );
        let filtered = bob.query(MAIL, json!({ "filter": { "hasAttachment": true } })).await;
        assert_eq!(filtered["messages"], json!({ "totalCount": 0, "nodes": [] }));
        for id in [&offer, &file] {
            assert!(bob.query(NODE, json!({ "id": id })).await["node"].is_null());
        }
        let order = bob.query(ORDER, json!({})).await["contacts"]["nodes"].take();
        assert_eq!(each(&order, "name"), ["Mia", "Silent", "Jan"]);
        assert_eq!(order[2]["messages"]["totalCount"], 0);
        assert_eq!(total(ann).await, 2);
        assert_eq!(total(&eva).await, 0, "the right opens nothing that is not shared");
        ann.does(SHARE, share(&eva, "INBOX", "SUBJECT")).await;
        let mail = seen(&eva).await;
        assert_eq!((&mail["totalCount"], &mail["nodes"][1]["subject"]), (&json!(2), &json!("offer")));
        assert_eq!((&mail["nodes"][1]["private"], &mail["nodes"][1]["text"]), (&json!(true), &Value::Null));
        // Reading what is private is on record: who, and of which message.
        let record = async || private_reading::Entity::find().all(test.app.db.reader()).await.unwrap();
        ann.does(SHARE, share(&eva, "INBOX", "FULL")).await;
        for person in [ann, &eva, &bob, &eva] {
            seen(person).await;
        }
        let read: Vec<_> = record().await.iter().map(|row| (id::encode(row.message).0, row.viewer)).collect();
        assert_eq!(read, [(text(&offer), eva.id)]);
        let before = ann.cursor().await;
        ann.does(MARK, json!({ "id": offer, "private": true })).await;
        assert_eq!(ann.cursor().await, before, "the same again changes nothing");
        ann.does(MARK, json!({ "id": offer, "private": false })).await;
        assert_eq!(total(&bob).await, 2);

        let share = ann.does(SHARE, share(&bob, "INBOX", "FULL")).await["share"]["id"].take();
        ann.does(UNSHARE, json!({ "id": share })).await;
        assert_eq!(total(&bob).await, 0);
        assert!(bob.query(NODE, json!({ "id": file })).await["node"].is_null());
        assert_eq!(bob.query(listed, json!({})).await["mailAccounts"], json!([]));
        ann.does(disconnect, json!({ "id": account })).await;
        while !record().await.is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_in_two_mailboxes_is_seen_by_the_copy_one_may_see() {
    let server = Dovecot::start();
    server.deliver(ALICE.0, "INBOX", &letter("offer"));
    server.deliver(BOB.0, "INBOX", &letter("offer"));
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob, cleo) = (&company.ann, company.user("Bob", &[]).await, company.user("Cleo", &[]).await);
        for (person, mailbox) in [(ann, ALICE), (&bob, BOB)] {
            let mut socket = follow(person).await;
            connect(person, server.imaps_port(), mailbox).await;
            until_state(&mut socket, "LIVE").await;
        }
        let copies = async |person: &Person| {
            let seen = seen(person).await;
            assert_eq!(seen["totalCount"], array(&seen["nodes"]).len());
            let mut copies: Vec<_> = array(&seen["nodes"])
                .iter()
                .map(|one| (text(&one["account"]["email"]), text(&one["access"]), one["subject"].clone()))
                .collect();
            copies.sort_by(|one, other| one.0.cmp(&other.0));
            copies
        };
        let copy =
            |(mailbox, _): (&str, &str), level: &str, subject: Value| (mailbox.to_owned(), level.to_owned(), subject);
        ann.does(SHARE, share(&cleo, "INBOX", "METADATA")).await;
        ann.does(SHARE, share(&bob, "INBOX", "SUBJECT")).await;
        assert_eq!(copies(&cleo).await, [copy(ALICE, "METADATA", Value::Null)]);
        assert_eq!(copies(&bob).await, [copy(ALICE, "SUBJECT", json!("offer")), copy(BOB, "FULL", json!("offer"))]);
        assert_eq!(copies(ann).await, [copy(ALICE, "FULL", json!("offer"))]);
        bob.does(SHARE, share(&cleo, "INBOX", "FULL")).await;
        assert_eq!(copies(&cleo).await, [copy(ALICE, "METADATA", Value::Null), copy(BOB, "FULL", json!("offer"))]);
        // What Ann says of her copy says nothing of Bob's.
        let own = seen(ann).await["nodes"][0]["id"].take();
        ann.does(MARK, json!({ "id": own, "private": true })).await;
        assert_eq!(copies(&cleo).await, [copy(BOB, "FULL", json!("offer"))]);
        assert_eq!(copies(&bob).await, [copy(BOB, "FULL", json!("offer"))]);
    })
    .await;
}

/// All that is told of mail on a socket before an event of which this holds, with that event.
async fn heard(socket: &mut Socket, last: impl Fn(&Value) -> bool) -> Vec<Value> {
    let mut heard = Vec::new();
    loop {
        let event = until(socket, "all", |_| true).await["changes"].take();
        let done = last(&event);
        if event["kind"] == "MESSAGE" || event["kind"] == "SHARE" || done {
            heard.push(json!([event["kind"], event["action"], event["node"]["access"], event["node"]["subject"]]));
        }
        if done {
            return heard;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sharing_and_its_end_act_on_open_subscriptions() {
    let server = Dovecot::start();
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let eva = company.user("Eva", &[Right::ViewPrivateMail]).await;
        let mut own = follow(ann).await;
        connect(ann, server.imaps_port(), ALICE).await;
        until_state(&mut own, "LIVE").await;
        let mut sockets = Vec::new();
        for person in [&bob, &eva] {
            let mut socket = person.socket().await;
            let document = "subscription { changes(kinds: [MESSAGE, SHARE, CONTACT]) { kind action nodeId node {
                ... on Message { access subject } ... on Contact { name } } } }";
            socket.subscribe("all", document, json!({})).await;
            // Without the object: may be one text for all who see the same.
            let document = "subscription { messageReceived { messageId } }";
            socket.subscribe("ids", document, json!({})).await;
            socket.subscribe("here", "{ viewer { id } }", json!({})).await;
            until(&mut socket, "here", |_| true).await;
            sockets.push(socket);
        }
        let [to_bob, to_eva] = sockets.as_mut_slice() else { panic!("two sockets") };
        let arrives = async |own: &mut Socket| {
            let subject = format!("new {:08x}", rand::random::<u32>());
            server.deliver(ALICE.0, "INBOX", &mail("jan@a.test", &subject));
            let wanted = |data: &Value| data["messageReceived"]["message"]["subject"] == subject.as_str();
            (until(own, "mail", wanted).await["messageReceived"]["messageId"].take(), subject)
        };
        let mut number = 0;
        let mut mark = async || {
            number += 1;
            let name = format!("mark {number}");
            ann.adds(&name, &[]).await;
            name
        };
        let at = |name: String| move |event: &Value| event["node"]["name"] == name.as_str();
        let told = |kind: &str, action: &str, access: Value, subject: Value| json!([kind, action, access, subject]);
        let marked = || told("CONTACT", "CREATED", Value::Null, Value::Null);

        arrives(&mut own).await;
        let name = mark().await;
        assert_eq!(heard(to_bob, at(name)).await, [marked()], "nothing is shared yet");

        // The same document, at the same time, at two levels.
        let share_of_bob = ann.does(SHARE, share(&bob, "INBOX", "METADATA")).await["share"]["id"].take();
        ann.does(SHARE, share(&eva, "INBOX", "FULL")).await;
        let (_, subject) = arrives(&mut own).await;
        let name = mark().await;
        let shared = || told("SHARE", "CREATED", Value::Null, Value::Null);
        let mail_at = |action: &str, level: &str, subject: Value| told("MESSAGE", action, json!(level), subject);
        let expected = [shared(), mail_at("CREATED", "METADATA", Value::Null), marked()];
        assert_eq!(heard(to_bob, at(name.clone())).await, expected);
        let expected = [shared(), mail_at("CREATED", "FULL", json!(subject)), marked()];
        assert_eq!(heard(to_eva, at(name)).await, expected);

        // Another level holds from then on.
        ann.does(SHARE, share(&bob, "INBOX", "SUBJECT")).await;
        let (second, subject) = arrives(&mut own).await;
        let name = mark().await;
        let changed = told("SHARE", "UPDATED", Value::Null, Value::Null);
        assert_eq!(heard(to_bob, at(name)).await, [changed, mail_at("CREATED", "SUBJECT", json!(subject)), marked()]);

        // What is marked private goes, for who may not see it, and comes back.
        ann.does(MARK, json!({ "id": second, "private": true })).await;
        ann.does(MARK, json!({ "id": second, "private": false })).await;
        let name = mark().await;
        let gone = told("MESSAGE", "REMOVED", Value::Null, Value::Null);
        let expected = [gone.clone(), mail_at("CREATED", "SUBJECT", json!(subject)), marked()];
        assert_eq!(heard(to_bob, at(name.clone())).await, expected);
        let at_full = |action: &str| mail_at(action, "FULL", json!(subject));
        let expected = [at_full("CREATED"), at_full("UPDATED"), at_full("UPDATED"), marked()];
        assert_eq!(heard(to_eva, at(name)).await, expected);
        let rights = json!({ "input": { "userId": id::encode(eva.id).to_string(), "rights": [] } });
        ann.does(SET_RIGHTS, rights).await;
        ann.does(MARK, json!({ "id": second, "private": true })).await;
        let name = mark().await;
        assert_eq!(heard(to_eva, at(name)).await, [gone, marked()], "without the right");

        // Not one more after its end, on no subscription.
        ann.does(UNSHARE, json!({ "id": share_of_bob })).await;
        let (third, _) = arrives(&mut own).await;
        server.add_flag(ALICE.0, "INBOX", 1, "\\Flagged");
        until(&mut own, "change", |data| data["changes"]["node"]["flagged"] == true).await;
        server.remove_flag(ALICE.0, "INBOX", 1, "\\Flagged");
        until(&mut own, "change", |data| data["changes"]["node"]["flagged"] == false).await;
        let name = mark().await;
        let ended = told("SHARE", "REMOVED", Value::Null, Value::Null);
        let heard = heard(to_bob, at(name)).await;
        let (last, before) = heard.split_last().unwrap();
        assert_eq!(last, &marked());
        assert_eq!(before.iter().filter(|one| one[0] == "SHARE").collect::<Vec<_>>(), [&ended]);
        assert_eq!(before.last(), Some(&ended), "{before:?}");
        to_bob.subscribe("later", "{ viewer { id } }", json!({})).await;
        loop {
            let message = to_bob.next().await;
            assert_ne!(message["payload"]["data"]["messageReceived"]["messageId"], third);
            if message["id"] == "later" {
                break;
            }
        }
    })
    .await;
}
