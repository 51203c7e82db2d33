//! Mail that somebody does not want to see.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tagwire::access::Right;
use tagwire::messages::blocks;
use tagwire::users::Plan;

use crate::deeds::{ADD, BLOCK, UNBLOCK, array, each, text};
use crate::support::dovecot::{ALICE, BOB, Dovecot};
use crate::support::mailbox::{borrowed, connect, follow, mail, settings, subjects, until, until_state};
use crate::support::{Person, TestApp};

const LIST: &str = "query($first: Int, $after: String) { blockList(first: $first, after: $after) {
    totalCount nodes { id pattern scope } pageInfo { hasNextPage endCursor } } }";
const PREVIEW: &str =
    "query($pattern: String!, $scope: BlockScope!) { blockPreview(pattern: $pattern, scope: $scope) }";
const WHY_NOT: &str = "query($id: ID!) { whyNotVisible(messageId: $id) { visible reason message blocked { id } } }";
const CHANGES: &str =
    "query($after: Cursor!) { changes(after: $after, first: 200) { changes { kind action nodeId } } }";

fn input(pattern: &str, scope: &str) -> Value {
    json!({ "input": { "pattern": pattern, "scope": scope } })
}

/// Patterns of the list that a person sees, newest first.
async fn patterns(person: &Person) -> Vec<String> {
    each(&person.query(LIST, json!({})).await["blockList"]["nodes"], "pattern")
}

/// What was told behind a cursor, by kind and action.
async fn told(person: &Person, after: &Value, kind: &str) -> Vec<String> {
    let page = person.query(CHANGES, json!({ "after": after })).await;
    let changes = array(&page["changes"]["changes"]).iter().filter(|change| change["kind"] == kind);
    changes.map(|change| text(&change["action"])).collect()
}

#[tokio::test]
async fn a_list_holds_addresses_and_domains_of_ones_own_and_of_the_workspace() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, &company.user("Bob", &[Right::ManageTags]).await);
        let minute = || test.app.clock.advance(Duration::from_secs(60));
        for wrong in ["", " ", "jansen", "@", "jan@", "jan jansen@a.test", "a.test/x", "*.a.test", "a\0.test"] {
            assert_eq!(ann.fails(BLOCK, input(wrong, "USER")).await, "INVALID input.pattern", "{wrong:?}");
        }
        let made = ann.does(BLOCK, input(" Spam@Bad.TEST ", "USER")).await;
        assert_eq!((&made["blocked"]["pattern"], &made["blocked"]["scope"]), (&json!("Spam@Bad.TEST"), &json!("USER")));
        assert_eq!(made["affectedCount"], 0);
        // The same again, however written, is the same entry.
        minute();
        for (pattern, same) in [("spam@bad.test", true), ("spam@BAD.test", true), ("bad.test", false)] {
            let again = ann.does(BLOCK, input(pattern, "USER")).await;
            assert_eq!(again["blocked"]["id"] == made["blocked"]["id"], same, "{pattern}");
        }
        minute();
        let idn = ann.does(BLOCK, input("@Bücher.example", "USER")).await["blocked"].take();
        assert_eq!(idn["pattern"], "Bücher.example");
        assert_eq!(ann.does(BLOCK, input("xn--bcher-kva.EXAMPLE", "USER")).await["blocked"]["id"], idn["id"]);

        // The workspace's list is for Admins to change and for all to see; another's own is nobody's business.
        assert_eq!(bob.fails(BLOCK, input("bad.test", "WORKSPACE")).await, "FORBIDDEN");
        minute();
        let shared = ann.does(BLOCK, input("bad.test", "WORKSPACE")).await["blocked"].take();
        minute();
        let bobs = bob.does(BLOCK, input("bad.test", "USER")).await["blocked"].take();
        assert_ne!(bobs["id"], shared["id"]);
        assert_eq!(patterns(ann).await, ["bad.test", "Bücher.example", "bad.test", "Spam@Bad.TEST"]);
        assert_eq!(patterns(bob).await, ["bad.test", "bad.test"]);
        let stranger = test.workspace(Plan::Free).await.ann;
        assert_eq!(patterns(&stranger).await, [""; 0]);
        let first = ann.query(LIST, json!({ "first": 3 })).await["blockList"].take();
        assert_eq!((&first["totalCount"], &first["pageInfo"]["hasNextPage"]), (&json!(4), &json!(true)));
        let rest = ann.query(LIST, json!({ "after": first["pageInfo"]["endCursor"] })).await["blockList"].take();
        assert_eq!(each(&rest["nodes"], "pattern"), ["Spam@Bad.TEST"]);

        let node = "query($id: ID!) { node(id: $id) { ... on BlockedAddress { id pattern scope } } }";
        assert_eq!(bob.query(node, json!({ "id": shared["id"] })).await["node"], shared);
        for (who, id) in [(bob, &idn["id"]), (&stranger, &shared["id"]), (ann, &bobs["id"])] {
            assert!(who.query(node, json!({ "id": id })).await["node"].is_null());
            assert_eq!(who.fails(UNBLOCK, json!({ "id": id })).await, "NOT_FOUND id");
        }
        assert_eq!(bob.fails(UNBLOCK, json!({ "id": shared["id"] })).await, "FORBIDDEN");

        let refused = async |who: &Person, pattern: &str, scope: &str| {
            let answer = who.response(PREVIEW, json!({ "pattern": pattern, "scope": scope })).await;
            text(&answer["errors"][0]["extensions"]["code"])
        };
        assert_eq!(refused(ann, "jansen", "USER").await, "BAD_USER_INPUT");
        assert_eq!(refused(bob, "a.test", "WORKSPACE").await, "FORBIDDEN");

        for id in [&idn["id"], &shared["id"]] {
            assert_eq!(ann.does(UNBLOCK, json!({ "id": id })).await["deletedId"], *id);
            assert_eq!(ann.fails(UNBLOCK, json!({ "id": id })).await, "NOT_FOUND id");
        }
        assert_eq!(patterns(ann).await, ["bad.test", "Spam@Bad.TEST"]);
        assert_eq!(patterns(bob).await, ["bad.test"]);
    })
    .await;
}

/// The id of the message with a subject.
async fn message(person: &Person, subject: &str) -> Value {
    let all = person.query("{ messages(first: 100) { nodes { id subject } } }", json!({})).await;
    let mut mails = array(&all["messages"]["nodes"]).iter();
    mails.find(|mail| mail["subject"] == subject).expect("the mail")["id"].clone()
}

/// How much mail of a contact a person sees.
async fn mail_of(person: &Person, contact: &Value) -> Value {
    let document = "query($id: ID!) { contact(id: $id) { messages { totalCount } } }";
    person.query(document, json!({ "id": contact })).await["contact"]["messages"]["totalCount"].take()
}

/// How much mail a person sees in the inbox.
async fn in_inbox(person: &Person) -> i64 {
    let all = person.query("{ mailAccounts { folders { name messageCount } } }", json!({})).await;
    let mut folders = array(&all["mailAccounts"][0]["folders"]).iter();
    folders.find(|folder| folder["name"] == "INBOX").expect("the inbox")["messageCount"].as_i64().unwrap()
}

/// A mail that Alice sent.
fn sent(to: &str, subject: &str) -> Vec<u8> {
    format!(
        "From: Alice <Alice@crm.test>\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@sent>\r\n\r\nHi.\r\n"
    )
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn blocked_mail_is_as_if_it_had_never_come() {
    let server = Dovecot::start();
    for (from, subject) in [
        ("Spam <SPAM@bad.test>", "spam"),
        ("x@deep.sub.bad.test", "below"),
        ("x@notbad.test", "other domain"),
        ("jan@a.test", "jan"),
        ("info@bücher.example", "books"),
    ] {
        server.deliver(ALICE.0, "INBOX", &mail(from, subject));
    }
    server.deliver(ALICE.0, "Sent", &sent("spam@bad.test", "to spam"));
    server.deliver(ALICE.0, "Sent", &sent("spam@bad.test, jan@a.test", "to both"));
    server.deliver(BOB.0, "INBOX", &mail("spam@bad.test", "spam for bob"));
    let round = std::cell::Cell::new(0);
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        round.set(round.get() + 1);
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, &company.user("Bob", &[]).await);
        let (mut socket, mut bobs) = (follow(ann).await, follow(bob).await);
        assert_eq!(connect(ann, server.imaps_port(), ALICE).await["userErrors"], json!([]));
        connect(bob, server.imaps_port(), BOB).await;
        until_state(&mut socket, "LIVE").await;
        until_state(&mut bobs, "LIVE").await;
        let all = subjects(ann).await;
        let spam = message(ann, "spam").await;
        let input_of = json!({ "input": { "name": "Spammer", "emails": [{ "address": "spam@bad.test" }] } });
        let spammer = ann.does(ADD, input_of).await["contact"]["id"].take();
        let stored = in_inbox(ann).await;
        assert_eq!(mail_of(ann, &spammer).await, 3);

        // What would be hidden: by its sender, below the domain too; of what Alice sent, what went to none but them.
        let preview = async |pattern: &str| {
            ann.query(PREVIEW, json!({ "pattern": pattern, "scope": "USER" })).await["blockPreview"].take()
        };
        assert_eq!(preview("BAD.test").await, 3);
        assert_eq!(preview("spam@bad.test").await, 2);
        assert_eq!(preview("xn--bcher-kva.example").await, 1);
        assert_eq!(preview("nobody.test").await, 0);
        assert_eq!(ann.fails(BLOCK, input("ALICE@crm.test", "USER")).await, "INVALID input.pattern");

        let before = ann.cursor().await;
        let made = ann.does(BLOCK, input("bad.test", "USER")).await;
        assert_eq!(made["affectedCount"], 3);
        assert_eq!(told(ann, &before, "MESSAGE").await, ["REMOVED"; 3]);
        assert_eq!(told(bob, &before, "MESSAGE").await, [""; 0]);
        let hidden = ["spam", "below", "to spam"];
        let rest: Vec<String> = all.iter().filter(|subject| !hidden.contains(&subject.as_str())).cloned().collect();
        assert_eq!(subjects(ann).await, rest);
        assert_eq!(in_inbox(ann).await, stored - 2);
        assert_eq!(mail_of(ann, &spammer).await, 1);
        assert_eq!(preview("bad.test").await, 0);
        let node = "query($id: ID!) { node(id: $id) { id } }";
        assert!(ann.query(node, json!({ "id": spam })).await["node"].is_null());
        let why = ann.query(WHY_NOT, json!({ "id": spam })).await["whyNotVisible"].take();
        assert_eq!((&why["reason"], &why["message"]), (&json!("BLOCKED"), &json!("You blocked bad.test.")));
        assert_eq!(why["blocked"]["id"], made["blocked"]["id"]);
        let unknown = bob.query(WHY_NOT, json!({ "id": spam })).await["whyNotVisible"].take();
        assert_eq!((&unknown["reason"], &unknown["blocked"]), (&json!("UNKNOWN"), &Value::Null));
        // Bob's mail is his own.
        assert!(subjects(bob).await.contains(&"spam for bob".to_owned()));

        // What comes is stored and not told; flags of it are not told either.
        let (bad, good) = (format!("bad {}", round.get()), format!("good {}", round.get()));
        server.deliver(ALICE.0, "INBOX", &mail("new@bad.test", &bad));
        server.deliver(ALICE.0, "INBOX", &mail("jan@a.test", &good));
        let received = until(&mut socket, "mail", |_| true).await;
        assert_eq!(received["messageReceived"]["message"]["subject"], good.as_str());
        assert!(!subjects(ann).await.contains(&bad));
        server.add_flag(ALICE.0, "INBOX", 1, "\\Flagged");
        server.add_flag(ALICE.0, "INBOX", 4, "\\Flagged");
        let flagged = until(&mut socket, "change", |data| data["changes"]["node"]["flagged"] == true).await;
        assert_eq!(flagged["changes"]["node"]["subject"], "jan");
        server.remove_flag(ALICE.0, "INBOX", 4, "\\Flagged");
        until(&mut socket, "change", |data| data["changes"]["node"]["flagged"] == false).await;
        let changes = ann.query(CHANGES, json!({ "after": before })).await["changes"]["changes"].take();
        let of_spam: Vec<_> = array(&changes).iter().filter(|change| change["nodeId"] == spam).collect();
        assert_eq!(of_spam.len(), 1, "{of_spam:?}");

        // The workspace's list is for everyone; of others' mail nothing is told, not even how much.
        let before = bob.cursor().await;
        let shared = ann.does(BLOCK, input("spam@bad.test", "WORKSPACE")).await;
        assert_eq!(shared["affectedCount"], 0);
        assert!(!subjects(bob).await.contains(&"spam for bob".to_owned()));
        assert_eq!(told(bob, &before, "MESSAGE").await, ["REMOVED"]);
        assert_eq!(mail_of(bob, &spammer).await, 0);

        // Unblocked, it is shown again unless another entry hides it; nothing of it is received.
        let before = ann.cursor().await;
        ann.does(UNBLOCK, json!({ "id": made["blocked"]["id"] })).await;
        assert_eq!(told(ann, &before, "MESSAGE").await, ["CREATED"; 2]);
        let now = subjects(ann).await;
        assert!(now.contains(&bad) && now.contains(&"below".to_owned()));
        assert!(!now.contains(&"spam".to_owned()) && !now.contains(&"to spam".to_owned()));
        let why = ann.query(WHY_NOT, json!({ "id": spam })).await["whyNotVisible"].take();
        assert_eq!(why["message"], "spam@bad.test is blocked in your workspace.");
        ann.does(UNBLOCK, json!({ "id": shared["blocked"]["id"] })).await;
        assert!(subjects(bob).await.contains(&"spam for bob".to_owned()));
        assert_eq!(mail_of(ann, &spammer).await, 3);
        let last = format!("last {}", round.get());
        server.deliver(ALICE.0, "INBOX", &mail("jan@a.test", &last));
        let received = until(&mut socket, "mail", |_| true).await;
        assert_eq!(received["messageReceived"]["message"]["subject"], last.as_str());
        // Blocked again, it is a new entry for the same.
        let again = ann.does(BLOCK, input("bad.test", "USER")).await;
        assert_ne!(again["blocked"]["id"], made["blocked"]["id"]);
        assert_eq!(again["affectedCount"], 4);
        // The mailbox is as it was, for the next database.
        server.remove_flag(ALICE.0, "INBOX", 1, "\\Flagged");
        server.doveadm(&["expunge", "-u", ALICE.0, "mailbox", "INBOX", "uid", "6:*"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_can_keep_its_own_mail_out_and_sees_what_it_sends() {
    let server = Dovecot::start();
    server.deliver(ALICE.0, "INBOX", &mail("bob@crm.test", "from a colleague"));
    server.deliver(ALICE.0, "INBOX", &mail("jan@a.test", "from jan"));
    server.deliver(ALICE.0, "Sent", &sent("bob@crm.test, eve@sub.crm.test", "among us"));
    server.deliver(ALICE.0, "Sent", &sent("bob@crm.test, jan@a.test", "to jan"));
    server.deliver(ALICE.0, "Sent", &sent("undisclosed-recipients:;", "to nobody"));
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let ann = &test.workspace(Plan::Free).await.ann;
        let mut socket = follow(ann).await;
        connect(ann, server.imaps_port(), ALICE).await;
        until_state(&mut socket, "LIVE").await;
        let made = ann.does(BLOCK, input("crm.test", "WORKSPACE")).await;
        assert_eq!(made["affectedCount"], 2);
        assert_eq!(subjects(ann).await, ["from jan", "to jan", "to nobody"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn much_mail_is_hidden_mailbox_by_mailbox_whatever_ends_the_process() {
    let server = Dovecot::start();
    server.deliver_all(ALICE.0, "INBOX", (0..600).map(|n| mail("news@bulk.test", &format!("news {n}"))));
    server.deliver(ALICE.0, "INBOX", &mail("jan@a.test", "jan"));
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let ann = &test.workspace(Plan::Free).await.ann;
        let mut socket = follow(ann).await;
        connect(ann, server.imaps_port(), ALICE).await;
        until_state(&mut socket, "LIVE").await;
        assert_eq!(subjects(ann).await.len(), 601);
        let before = ann.cursor().await;
        let made = ann.does(BLOCK, input("bulk.test", "USER")).await;
        assert_eq!(made["affectedCount"], 600);
        assert_eq!(told(ann, &before, "MESSAGE").await, [""; 0]);
        assert_eq!(told(ann, &before, "MAIL_ACCOUNT").await, ["UPDATED"]);
        assert_eq!(subjects(ann).await, ["jan"]);

        // As it is when a process ends in the middle of blocking.
        let conn = test.app.db.writer();
        let half = "UPDATE mail_message SET blocked = FALSE WHERE subject LIKE 'news 1%'";
        conn.execute_unprepared(half).await.unwrap();
        conn.execute_unprepared("UPDATE blocked_address SET state = 'APPLYING'").await.unwrap();
        let before = ann.cursor().await;
        blocks::settle_all(&test.app.db, &test.app.clock).await.unwrap();
        assert_eq!(subjects(ann).await, ["jan"]);
        assert_eq!(told(ann, &before, "MAIL_ACCOUNT").await, ["UPDATED"]);
        // And of unblocking: the entry is gone for people, and then for good.
        conn.execute_unprepared("UPDATE blocked_address SET state = 'REMOVING'").await.unwrap();
        assert_eq!(patterns(ann).await, [""; 0]);
        assert_eq!(ann.fails(UNBLOCK, json!({ "id": made["blocked"]["id"] })).await, "NOT_FOUND id");
        blocks::settle_all(&test.app.db, &test.app.clock).await.unwrap();
        assert_eq!(subjects(ann).await.len(), 601);
        let left = conn.execute_unprepared("DELETE FROM blocked_address").await.unwrap();
        assert_eq!(left.rows_affected(), 0);
        let disconnect =
            "mutation($id: ID!) { disconnectMailAccount(id: $id, deleteMessages: true) { userErrors { code } } }";
        let account = ann.query("{ mailAccounts { id } }", json!({})).await["mailAccounts"][0]["id"].take();
        ann.does(disconnect, json!({ "id": account })).await;
    })
    .await;
}
