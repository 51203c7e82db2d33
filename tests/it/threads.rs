//! Stories of mails that belong together.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tagwire::messages::threads::thread_rest;
use tagwire::users::Plan;

use crate::deeds::{array, each, text};
use crate::sharing::{SHARE, share};
use crate::support::dovecot::{ALICE, BOB, Dovecot};
use crate::support::mailbox::{borrowed, connect, follow, settings, until, until_state};
use crate::support::{Person, TestApp};

const THREADS: &str = "query($filter: MessageFilter, $first: Int, $after: String, $last: Int, $before: String) {
    threads(filter: $filter, first: $first, after: $after, last: $last, before: $before) { totalCount
        nodes { id subject snippet messageCount unreadCount lastMessageAt participants { name address }
                messages { totalCount nodes { snippet receivedAt thread { id } } } }
        edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
const NODE: &str =
    "query($id: ID!) { node(id: $id) { id ... on Thread { subject messageCount } } nodes(ids: [$id]) { id } }";
const DISCONNECT: &str =
    "mutation($id: ID!) { disconnectMailAccount(id: $id, deleteMessages: true) { userErrors { code } } }";

/// A mail that says its name.
fn letter(name: &str, from: &str, subject: &str, references: &[&str]) -> Vec<u8> {
    let references: Vec<String> = references.iter().map(|id| format!("<{id}@test>")).collect();
    let references =
        if references.is_empty() { String::new() } else { format!("References: {}\r\n", references.join("\r\n ")) };
    format!(
        "From: {from}\r\nTo: Alice <alice@crm.test>\r\nSubject: {subject}\r\nMessage-ID: <{name}@test>\r\n{references}\
         Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\n{name}\r\n"
    )
    .into_bytes()
}

/// The one thread with a mail that says this.
async fn thread_with(person: &Person, name: &str) -> Value {
    let threads = person.query(THREADS, json!({})).await["threads"]["nodes"].take();
    let with = |thread: &&Value| array(&thread["messages"]["nodes"]).iter().any(|mail| mail["snippet"] == name);
    let found: Vec<&Value> = array(&threads).iter().filter(with).collect();
    assert_eq!(found.len(), 1, "{name} among {threads:#}");
    found[0].clone()
}

/// What the mails of each thread say.
async fn partition(person: &Person, account: &Value) -> BTreeSet<Vec<String>> {
    let listed =
        "query($ids: [ID!]) { messages(first: 200, filter: { accountIds: $ids }) { nodes { snippet thread { id } } } }";
    let listed = person.query(listed, json!({ "ids": [account] })).await["messages"]["nodes"].take();
    let mut threads: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mail in array(&listed) {
        threads.entry(text(&mail["thread"]["id"])).or_default().push(text(&mail["snippet"]));
    }
    for mails in threads.values_mut() {
        mails.sort_unstable();
    }
    threads.into_values().collect()
}

async fn rows(test: &TestApp, table: &str) -> i64 {
    let conn = test.app.db.writer();
    let counted = conn.query_one_raw(sea_orm::Statement::from_string(
        conn.get_database_backend(),
        format!("SELECT COUNT(*) AS rows FROM {table}"),
    ));
    counted.await.unwrap().unwrap().try_get("", "rows").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_come_before_what_they_answer_are_joined_by_it() {
    let server = Dovecot::start();
    for (user, _) in [ALICE, BOB] {
        server.deliver_at(user, "INBOX", &letter("one", "Jan <jan@a.test>", "Offer", &[]), 1_790_000_000);
        server.deliver_at(user, "INBOX", &letter("three", "mia@b.test", "AW: Offer", &["two"]), 1_790_000_100);
        // Whoever forges references under a subject of his own joins nothing; nor does the same subject alone.
        server.deliver_at(
            user,
            "INBOX",
            &letter("forged", "eve@e.test", "Win", &["one", "two", "three"]),
            1_790_000_200,
        );
        server.deliver_at(user, "INBOX", &letter("same", "zoe@c.test", "Offer", &[]), 1_790_000_300);
    }
    let boxes = [ALICE, BOB];
    let telling = Cell::new(0);
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let mailbox = boxes[telling.replace(telling.get() + 1)];
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let stranger = test.workspace(Plan::Free).await.ann;
        let mut socket = follow(ann).await;
        assert_eq!(connect(ann, server.imaps_port(), mailbox).await["userErrors"], json!([]));
        until_state(&mut socket, "LIVE").await;
        let before = ann.query(THREADS, json!({})).await["threads"].take();
        assert_eq!(each(&before["nodes"], "snippet"), ["same", "forged", "three", "one"]);
        assert_eq!(before["totalCount"], 4);

        server.deliver(mailbox.0, "INBOX", &letter("two", "jan@a.test", "Re: Offer", &["one"]));
        let told = until(&mut socket, "change", |data| data["changes"]["action"] == "UPDATED").await;
        let offer = thread_with(ann, "two").await;
        assert_eq!(each(&offer["messages"]["nodes"], "snippet"), ["two", "three", "one"]);
        assert!(array(&offer["messages"]["nodes"]).iter().all(|mail| mail["thread"]["id"] == offer["id"]));
        assert_eq!(offer["messages"]["totalCount"], 3);
        // What moved is told, and is where the rest is: here the younger of two that were as great.
        assert!(["AW: Offer", "Offer"].contains(&told["changes"]["node"]["subject"].as_str().unwrap()));
        assert_eq!(offer["subject"], "Re: Offer");
        assert_eq!(offer["lastMessageAt"], offer["messages"]["nodes"][0]["receivedAt"]);
        assert_eq!((&offer["messageCount"], &offer["unreadCount"]), (&json!(3), &json!(3)));
        let participants = json!([
            { "name": "Jan", "address": "jan@a.test" },
            { "name": "Alice", "address": "alice@crm.test" },
            { "name": null, "address": "mia@b.test" },
        ]);
        let mut there = offer["participants"].clone();
        // As first seen, whoever wrote it so.
        there[0]["address"] = json!(text(&there[0]["address"]).to_lowercase());
        assert_eq!(there, participants);
        let after = ann.query(THREADS, json!({})).await["threads"].take();
        assert_eq!(each(&after["nodes"], "snippet"), ["two", "same", "forged"]);

        // Reading it shows.
        server.add_flag(mailbox.0, "INBOX", 1, "\\Seen");
        until(&mut socket, "change", |data| data["changes"]["node"]["seen"] == true).await;
        assert_eq!(thread_with(ann, "two").await["unreadCount"], 2);
        let unseen = ann.query(THREADS, json!({ "filter": { "unseen": false } })).await["threads"].take();
        assert_eq!(each(&unseen["nodes"], "snippet"), ["two"], "by any of its mails");

        // Nobody else learns of it.
        for other in [&bob, &stranger] {
            let threads = other.query(THREADS, json!({})).await["threads"].take();
            assert_eq!((&threads["totalCount"], &threads["nodes"]), (&json!(0), &json!([])));
            let node = other.query(NODE, json!({ "id": offer["id"] })).await;
            assert_eq!(node, json!({ "node": null, "nodes": [null] }));
        }
        let node = ann.query(NODE, json!({ "id": offer["id"] })).await;
        assert_eq!(node["node"], json!({ "id": offer["id"], "subject": "Re: Offer", "messageCount": 3 }));

        // With the mailbox all of it goes.
        let account = ann.query("{ mailAccounts { id } }", json!({})).await["mailAccounts"][0]["id"].take();
        assert_eq!(
            ann.query(DISCONNECT, json!({ "id": account })).await["disconnectMailAccount"]["userErrors"],
            json!([])
        );
        assert_eq!(ann.query(NODE, json!({ "id": offer["id"] })).await, json!({ "node": null, "nodes": [null] }));
        while rows(test, "mail_thread_key").await + rows(test, "mail_account").await > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Mails in an order in which nobody sends them.
fn tangle() -> Vec<Vec<u8>> {
    vec![
        letter("a3", "jan@a.test", "Re: Plan", &["a1", "a2"]),
        letter("b2", "mia@b.test", "Re[2]: Plan", &["b1"]),
        letter("a1", "jan@a.test", "Plan", &[]),
        letter("bare", "jan@a.test", "", &["b1"]),
        letter("c1", "jan@a.test", "[team] Plan", &["a1"]),
        letter("b1", "mia@b.test", "PLAN", &[]),
        letter("c2", "jan@a.test", "Re: [team] Re: Plan", &["gone"]),
        letter("c3", "jan@a.test", "[team] Re: Plan", &["c1", "gone"]),
        letter("d2", "jan@a.test", "回复：Plan", &["d1", "a2"]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_mails_make_the_same_threads_in_any_order() {
    let server = Dovecot::start();
    server.deliver_all(ALICE.0, "INBOX", tangle());
    server.deliver_all(BOB.0, "INBOX", tangle().into_iter().rev().take(4));
    let first = Cell::new(true);
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        let mut socket = follow(ann).await;
        for mailbox in [ALICE, BOB] {
            assert_eq!(connect(ann, server.imaps_port(), mailbox).await["userErrors"], json!([]));
            until_state(&mut socket, "LIVE").await;
        }
        // The second time all of it is history.
        if first.replace(false) {
            for late in tangle().into_iter().take(5) {
                server.deliver(BOB.0, "INBOX", &late);
                until(&mut socket, "mail", |_| true).await;
            }
        }
        let accounts = ann.query("{ mailAccounts { id email } }", json!({})).await["mailAccounts"].take();
        let expected = BTreeSet::from(
            [vec!["a1", "a3", "d2"], vec!["b1", "b2", "bare"], vec!["c1", "c2", "c3"]]
                .map(|mails| mails.into_iter().map(str::to_owned).collect::<Vec<_>>()),
        );
        for account in array(&accounts) {
            assert_eq!(partition(ann, &account["id"]).await, expected, "{account}");
        }
        // Two mailboxes are two worlds, in one list.
        assert_eq!(ann.query(THREADS, json!({})).await["threads"]["totalCount"], 6);
        let one = json!({ "filter": { "accountIds": [accounts[0]["id"]] } });
        let one = ann.query(THREADS, one).await["threads"].take();
        assert_eq!((&one["totalCount"], each(&one["nodes"], "id").len()), (&json!(3), 3));

        // Mail from before there were threads gets the same.
        let conn = test.app.db.writer();
        conn.execute_unprepared("UPDATE mail_message SET thread = NULL").await.unwrap();
        conn.execute_unprepared("DELETE FROM mail_thread_key").await.unwrap();
        assert_eq!(thread_rest(&test.app.db, &test.app.clock).await.unwrap(), 18);
        for account in array(&accounts) {
            assert_eq!(partition(ann, &account["id"]).await, expected);
        }
        assert_eq!(thread_rest(&test.app.db, &test.app.clock).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_sees_of_a_thread_what_they_see_of_its_mails() {
    let server = Dovecot::start();
    server.deliver_at(ALICE.0, "INBOX", &letter("one", "jan@a.test", "Offer", &[]), 1_790_000_000);
    server.deliver_at(ALICE.0, "INBOX", &letter("two", "mia@b.test", "Re: Offer", &["one"]), 1_790_000_001);
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let mut socket = follow(ann).await;
        assert_eq!(connect(ann, server.imaps_port(), ALICE).await["userErrors"], json!([]));
        until_state(&mut socket, "LIVE").await;
        let own = thread_with(ann, "two").await;
        let as_seen = async || {
            let threads = bob.query(THREADS, json!({})).await["threads"].take();
            assert_eq!(threads["totalCount"], array(&threads["nodes"]).len());
            threads["nodes"][0].clone()
        };
        assert_eq!(as_seen().await, Value::Null);
        for (level, subject, snippet) in
            [("METADATA", None, None), ("SUBJECT", Some("Re: Offer"), None), ("FULL", Some("Re: Offer"), Some("two"))]
        {
            ann.does(SHARE, share(&bob, "INBOX", level)).await;
            let seen = as_seen().await;
            assert_eq!((&seen["subject"], &seen["snippet"]), (&json!(subject), &json!(snippet)), "{level}");
            for field in ["id", "messageCount", "unreadCount", "lastMessageAt", "participants"] {
                assert_eq!(seen[field], own[field], "{field} at {level}");
            }
        }
        // What is marked private is no part of it.
        let mark = "mutation($id: ID!) { setMessagePrivate(id: $id, private: true) { userErrors { code } } }";
        let newest =
            ann.query("{ messages(first: 1) { nodes { id } } }", json!({})).await["messages"]["nodes"][0]["id"].take();
        ann.does(mark, json!({ "id": newest })).await;
        let seen = as_seen().await;
        assert_eq!((&seen["id"], &seen["subject"], &seen["snippet"]), (&own["id"], &json!("Offer"), &json!("one")));
        assert_eq!((&seen["messageCount"], &seen["unreadCount"]), (&json!(1), &json!(1)));
        assert_eq!(each(&seen["participants"], "address"), ["jan@a.test", "alice@crm.test"]);
        assert_eq!(seen["messages"]["totalCount"], 1);
        assert_eq!(seen["lastMessageAt"], own["messages"]["nodes"][1]["receivedAt"]);
        assert_eq!(thread_with(ann, "two").await["messageCount"], 2);
    })
    .await;
}

/// All threads by pages; forward, or from the end backward.
async fn by_pages(person: &Person, filter: &Value, size: usize, backward: bool) -> Vec<String> {
    let (mut found, mut place): (Vec<Vec<String>>, Value) = (Vec::new(), Value::Null);
    loop {
        let asked = if backward {
            json!({ "filter": filter, "last": size, "before": place })
        } else {
            json!({ "filter": filter, "first": size, "after": place })
        };
        let page = person.query(THREADS, asked).await["threads"].take();
        let (more, next) = if backward { ("hasPreviousPage", "startCursor") } else { ("hasNextPage", "endCursor") };
        found.push(each(&page["nodes"], "snippet"));
        if page["pageInfo"][more] == false {
            if backward {
                found.reverse();
            }
            let all: Vec<String> = found.concat();
            assert_eq!(page["totalCount"], all.len());
            return all;
        }
        place = page["pageInfo"][next].clone();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_an_inbox_cover_each_thread_once_in_order() {
    let server = Dovecot::start();
    for (n, at) in (0..21_u64).zip(1_790_000_000..) {
        // Seven threads of three mails, taking turns, in two mailboxes.
        let (thread, turn) = (n % 7, n / 7);
        let subject = format!("Thread {thread}");
        let (name, root) = (format!("{thread}-{turn}"), format!("{thread}-0"));
        let references: &[&str] = if turn == 0 { &[] } else { &[&root] };
        let mail = letter(&name, "jan@a.test", &subject, references);
        let folder = if turn == 0 && thread < 3 { "Archive" } else { "INBOX" };
        server.deliver_at(ALICE.0, folder, &mail, at);
        server.deliver_at(BOB.0, "INBOX", &letter(&format!("bob-{n}"), "jan@a.test", "Other", &[]), at - 100);
    }
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        let mut socket = follow(ann).await;
        for mailbox in [ALICE, BOB] {
            assert_eq!(connect(ann, server.imaps_port(), mailbox).await["userErrors"], json!([]));
            until_state(&mut socket, "LIVE").await;
        }
        let account = ann.query("{ mailAccounts { id email } }", json!({})).await["mailAccounts"][0]["id"].take();
        let alices: Vec<String> = (0..7).rev().map(|thread| format!("{thread}-2")).collect();
        for filter in [json!({ "accountIds": [account] }), json!({ "accountIds": [account], "folderRole": "INBOX" })] {
            for size in [1, 2, 3, 7, 50] {
                assert_eq!(by_pages(ann, &filter, size, false).await, alices);
                assert_eq!(by_pages(ann, &filter, size, true).await, alices);
            }
        }
        // Of both mailboxes.
        let both = by_pages(ann, &json!({}), 50, false).await;
        assert_eq!(both.len(), 28);
        assert_eq!(both[..7], alices[..]);
        assert_eq!(both[7..], (0..21).rev().map(|n| format!("bob-{n}")).collect::<Vec<_>>());
        for size in [3, 5] {
            assert_eq!(by_pages(ann, &json!({}), size, false).await, both);
            assert_eq!(by_pages(ann, &json!({}), size, true).await, both);
        }
        // A thread matches by any of its mails, and stands where its newest does.
        let archived = json!({ "folderRole": "ARCHIVE" });
        assert_eq!(by_pages(ann, &archived, 2, false).await, ["2-2", "1-2", "0-2"]);
        assert_eq!(by_pages(ann, &archived, 2, true).await, ["2-2", "1-2", "0-2"]);
        assert_eq!(by_pages(ann, &json!({ "hasAttachment": true }), 2, false).await, [""; 0]);
        assert_eq!(by_pages(ann, &json!({ "accountIds": ["never"] }), 2, false).await, [""; 0]);

        // The mails of a thread, by pages too.
        let mails =
            "query($id: ID!, $after: String) { node(id: $id) { ... on Thread { messages(first: 2, after: $after) {
            totalCount nodes { snippet } pageInfo { hasNextPage endCursor } } } } }";
        let id = thread_with(ann, "4-2").await["id"].take();
        let page = ann.query(mails, json!({ "id": id })).await["node"]["messages"].take();
        assert_eq!(
            (each(&page["nodes"], "snippet"), &page["totalCount"]),
            (vec!["4-2".into(), "4-1".into()], &json!(3))
        );
        let rest = json!({ "id": id, "after": page["pageInfo"]["endCursor"] });
        let rest = ann.query(mails, rest).await["node"]["messages"].take();
        assert_eq!(each(&rest["nodes"], "snippet"), ["4-0"]);
        assert_eq!(rest["pageInfo"]["hasNextPage"], false);
        let last = "query($id: ID!) { node(id: $id) { ... on Thread { messages(last: 2) { nodes { snippet } } } } }";
        let last = ann.query(last, json!({ "id": id })).await["node"]["messages"].take();
        assert_eq!(each(&last["nodes"], "snippet"), ["4-1", "4-0"]);
        // Mistakes are told.
        let bad = ann.response(THREADS, json!({ "after": "nonsense" })).await;
        assert_eq!(bad["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
        let bad = ann.response(
            "query($id: ID!) { node(id: $id) { ... on Thread { messages(first: -1) { totalCount } } } }",
            json!({ "id": id }),
        );
        assert_eq!(bad.await["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    })
    .await;
}
