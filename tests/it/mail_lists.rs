//! Stories of mail in lists, and of what hangs on it.

use serde_json::{Value, json};
use tagwire::users::Plan;

use crate::deeds::ADD;
use crate::support::dovecot::{ALICE, Dovecot};
use crate::support::mailbox::{borrowed, connect, follow, mail, settings, until, until_state};
use crate::support::{Person, TestApp};

const BY_LAST_MESSAGE: &str = "query($direction: OrderDirection!, $first: Int, $after: String, $tag: String) {
    contacts(first: $first, after: $after, filter: { tag: { name: $tag } },
             orderBy: { field: LAST_MESSAGE_AT, direction: $direction }) {
        nodes { name } pageInfo { hasNextPage endCursor } } }";

/// Names in the order of their newest mail, by pages of two.
async fn by_last_message(person: &Person, direction: &str) -> Vec<String> {
    let (mut names, mut after) = (Vec::new(), Value::Null);
    loop {
        let asked = json!({ "direction": direction, "first": 2, "after": after, "tag": "all" });
        let page = person.query(BY_LAST_MESSAGE, asked).await["contacts"].take();
        names.extend(page["nodes"].as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap().to_owned()));
        if page["pageInfo"]["hasNextPage"] == false {
            return names;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_come_in_the_order_of_their_last_mail_as_far_as_one_sees_it() {
    let server = Dovecot::start();
    for (at, from) in (1_790_000_000..).zip(["jan@a.test", "mia@b.test", "jan@work.test", "zoe@c.test"]) {
        server.deliver_at(ALICE.0, "INBOX", &mail(from, "hello"), at);
    }
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let emails =
            |addresses: &[&str]| addresses.iter().map(|address| json!({ "address": address })).collect::<Vec<_>>();
        for (name, addresses) in [
            ("Nobody", &[] as &[&str]),
            ("Jan", &["jan@a.test", "jan@work.test"]),
            ("Silent", &["silent@d.test"]),
            ("Mia", &["mia@b.test"]),
            ("Zoe", &["zoe@c.test"]),
        ] {
            let input = json!({ "name": name, "emails": emails(addresses), "tags": ["all"] });
            ann.does(ADD, json!({ "input": input })).await;
        }
        let mut socket = follow(ann).await;
        assert_eq!(connect(ann, server.imaps_port(), ALICE).await["userErrors"], json!([]));
        until_state(&mut socket, "LIVE").await;

        // Those without mail are last, in the order of their ids, as in any list.
        assert_eq!(by_last_message(ann, "DESC").await, ["Zoe", "Jan", "Mia", "Silent", "Nobody"]);
        assert_eq!(by_last_message(ann, "ASC").await, ["Nobody", "Silent", "Mia", "Jan", "Zoe"]);
        // Bob sees none of Ann's mail, and learns nothing of it by the order.
        assert_eq!(by_last_message(&bob, "DESC").await, ["Zoe", "Mia", "Silent", "Jan", "Nobody"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_a_mail_is_found_by_its_id_by_who_may_see_the_mail() {
    let server = Dovecot::start();
    let letter = "From: jan@a.test\r\nTo: alice@crm.test\r\nSubject: offer\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n\
        --b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"offer.pdf\"\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n--b--\r\n";
    server.deliver(ALICE.0, "INBOX", letter.as_bytes());
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let mut socket = follow(ann).await;
        assert_eq!(connect(ann, server.imaps_port(), ALICE).await["userErrors"], json!([]));
        until_state(&mut socket, "LIVE").await;
        let listed =
            "{ messages(filter: { hasAttachment: true }) { nodes { attachments { id filename contentType size } } } }";
        let listed = ann.query(listed, json!({})).await["messages"]["nodes"][0]["attachments"][0].take();
        assert_eq!(listed["filename"], "offer.pdf");
        assert_eq!(listed["size"], 9);
        let one = "query($id: ID!) { node(id: $id) { ... on Attachment { id filename contentType size } } }";
        assert_eq!(ann.query(one, json!({ "id": listed["id"] })).await["node"], listed);
        assert!(bob.query(one, json!({ "id": listed["id"] })).await["node"].is_null());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_event_asked_the_same_way_shows_each_only_their_own_mail() {
    let server = Dovecot::start();
    server.deliver(ALICE.0, "INBOX", &mail("jan@a.test", "hello"));
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let input = json!({ "name": "Jan", "emails": [{ "address": "jan@a.test" }] });
        let jan = ann.does(ADD, json!({ "input": input })).await["contact"]["id"].take();
        let mut socket = follow(ann).await;
        assert_eq!(connect(ann, server.imaps_port(), ALICE).await["userErrors"], json!([]));
        until_state(&mut socket, "LIVE").await;

        let document = "subscription($after: Cursor) { tagChanged(after: $after) { ... on ContactTagsChanged {
            contact { name messages { totalCount nodes { subject } } } } } }";
        let plain = "subscription($after: Cursor) { tagChanged(after: $after) { ... on ContactTagsChanged { contact { name } } } }";
        let mut sockets = Vec::new();
        for person in [ann, &bob, ann, &bob] {
            let mut socket = person.socket().await;
            let after = json!({ "after": person.cursor().await });
            socket.subscribe("mail", document, after.clone()).await;
            socket.subscribe("plain", plain, after).await;
            sockets.push(socket);
        }
        let tag = json!({ "input": { "contactIds": [jan], "names": ["hot"] } });
        bob.does(crate::deeds::TAG, tag).await;
        for (socket, messages) in sockets.iter_mut().zip([
            json!({ "totalCount": 1, "nodes": [{ "subject": "hello" }] }),
            json!({ "totalCount": 0, "nodes": [] }),
        ].iter().cycle()) {
            let wanted = |data: &Value| data["tagChanged"]["contact"].is_object();
            let seen = until(socket, "mail", wanted).await;
            assert_eq!(seen["tagChanged"]["contact"], json!({ "name": "Jan", "messages": messages }));
        }
    })
    .await;
}
