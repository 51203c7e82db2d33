//! Stories of caring for a mailbox: pausing, disconnecting, connecting again, and what becomes of its bytes.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tagwire::blobs::Blobs;
use tagwire::users::Plan;

use crate::deeds::{array, each, text};
use crate::support::dovecot::{ALICE, Dovecot};
use crate::support::edited_way::EditedWay;
use crate::support::mailbox::{borrowed, connect, follow, mail, settings, subjects, until, until_state};
use crate::support::{Person, TestApp};

const PAUSE: &str = "mutation($id: ID!) { pauseMailAccount(id: $id) { mailAccount { state } userErrors { code } } }";
const RESUME: &str = "mutation($id: ID!) { resumeMailAccount(id: $id) { mailAccount { state } userErrors { code } } }";
const DISCONNECT: &str =
    "mutation($id: ID!, $delete: Boolean!) { disconnectMailAccount(id: $id, deleteMessages: $delete) {
    deletedId userErrors { code } } }";
const MAIL: &str = "{ messages(first: 200) { nodes { id subject text account { id state } } } }";

/// Connects a mailbox without TLS; its id.
pub async fn connect_to(person: &Person, port: u16, (email, password): (&str, &str)) -> Value {
    let input = json!({ "email": email, "password": password, "imapHost": "localhost", "imapPort": port,
        "imapSecurity": "PLAINTEXT" });
    let document = "mutation($input: ConnectMailAccountInput!) { connectMailAccount(input: $input) {
        mailAccount { id } userErrors { code message } } }";
    person.does(document, json!({ "input": input })).await["mailAccount"]["id"].clone()
}

/// Looks for news now.
pub async fn look(person: &Person, account: &Value) {
    let document = "mutation($id: ID!) { syncMailAccount(id: $id) { userErrors { code } } }";
    person.does(document, json!({ "id": account })).await;
}

/// Waits for something that nobody tells of.
async fn eventually(what: &str, limit: Duration, mut is_so: impl FnMut() -> bool) {
    let end = tokio::time::Instant::now() + limit;
    while !is_so() {
        assert!(tokio::time::Instant::now() < end, "{what} within {limit:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The files of all packs.
fn packs(test: &TestApp) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![test.app.config.data_dir.join("blobs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

/// How many rows a statement counts.
async fn rows(test: &TestApp, sql: &str) -> i64 {
    let db = test.app.db.reader();
    let row = db.query_one_raw(sea_orm::Statement::from_string(db.get_database_backend(), sql)).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_ends_the_sync_at_once() {
    let server = Dovecot::start();
    let way = EditedWay::to(server.imap_port(), |line| Some(line.to_owned())).await;
    server.deliver(ALICE.0, "INBOX", &mail("jan@bedrijf.test", "before"));
    let number = AtomicU32::new(0);
    let allowed = format!("localhost:{}", way.port());
    TestApp::in_real_time(&[("TAGWIRE_ALLOWED_PRIVATE_HOSTS", &allowed)], async |test| {
        let ann = &test.workspace(Plan::Free).await.ann;
        let mut socket = follow(ann).await;
        let account = connect_to(ann, way.port(), ALICE).await;
        until_state(&mut socket, "LIVE").await;
        assert!(way.open() > 0);
        let paused = ann.does(PAUSE, json!({ "id": account })).await;
        assert_eq!(paused["mailAccount"]["state"], "PAUSED");
        eventually("no connection is left", Duration::from_secs(2), || way.open() == 0).await;
        let subject = format!("while paused {}", number.fetch_add(1, Ordering::Relaxed));
        server.deliver(ALICE.0, "INBOX", &mail("jan@bedrijf.test", &subject));
        // Asking for news does not end a pause, nor does a second pause change anything.
        look(ann, &account).await;
        ann.does(PAUSE, json!({ "id": account })).await;
        assert_eq!(way.open(), 0);
        assert!(!subjects(ann).await.contains(&subject));
        ann.does(RESUME, json!({ "id": account })).await;
        let told = until(&mut socket, "mail", |_| true).await;
        assert_eq!(told["messageReceived"]["message"]["subject"], subject.as_str());
        let events = ann.query("{ mailAccounts { events { nodes { kind } } } }", json!({})).await;
        let kinds = each(&events["mailAccounts"][0]["events"]["nodes"], "kind");
        let steps: Vec<_> = kinds.iter().filter(|kind| ["PAUSED", "RESUMED"].contains(&kind.as_str())).collect();
        assert_eq!(steps, ["RESUMED", "PAUSED"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_is_connected_again_goes_on_where_it_was() {
    let server = Dovecot::start();
    server.deliver_all(ALICE.0, "INBOX", (0..30).map(|n| mail("jan@bedrijf.test", &format!("mail {n}"))));
    let number = AtomicU32::new(0);
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let ann = &test.workspace(Plan::Free).await.ann;
        let mut socket = follow(ann).await;
        let account = connect(ann, server.imaps_port(), ALICE).await["mailAccount"]["id"].take();
        until_state(&mut socket, "LIVE").await;
        let before = ann.query(MAIL, json!({})).await;
        ann.does(DISCONNECT, json!({ "id": account, "delete": false })).await;
        assert_eq!(ann.query("{ mailAccounts { id } }", json!({})).await["mailAccounts"], json!([]));
        // Its mail stays readable, text and all.
        let kept = ann.query(MAIL, json!({})).await;
        assert_eq!(each(&kept["messages"]["nodes"], "text"), each(&before["messages"]["nodes"], "text"));
        assert!(kept["messages"]["nodes"][0]["account"]["state"].is_null());
        // Nothing can be done with it meanwhile.
        let refused = ann.payload(PAUSE, json!({ "id": account })).await;
        assert_eq!(refused["userErrors"][0]["code"], "NOT_FOUND");

        let subject = format!("meanwhile {}", number.fetch_add(1, Ordering::Relaxed));
        server.deliver(ALICE.0, "INBOX", &mail("jan@bedrijf.test", &subject));
        let again = connect(ann, server.imaps_port(), ALICE).await["mailAccount"]["id"].take();
        assert_eq!(again, account);
        let told = until(&mut socket, "mail", |_| true).await;
        assert_eq!(told["messageReceived"]["message"]["subject"], subject.as_str());
        until_state(&mut socket, "LIVE").await;
        let after = ann.query(MAIL, json!({})).await;
        let ids = |data: &Value| each(&data["messages"]["nodes"], "id");
        assert_eq!(ids(&after).len(), ids(&before).len() + 1, "nothing came twice");
        assert!(ids(&before).iter().all(|id| ids(&after).contains(id)));

        // What was kept can still go, later.
        ann.does(DISCONNECT, json!({ "id": account, "delete": false })).await;
        ann.does(DISCONNECT, json!({ "id": account, "delete": true })).await;
        assert!(subjects(ann).await.is_empty());
        let gone = ann.payload(DISCONNECT, json!({ "id": account, "delete": true })).await;
        assert_eq!(gone["userErrors"][0]["code"], "NOT_FOUND");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_is_to_go_with_its_mailbox_goes_from_everywhere() {
    let server = Dovecot::start();
    server.deliver_all(ALICE.0, "INBOX", (0..60).map(|n| mail("jan@bedrijf.test", &format!("secret {n}"))));
    let number = AtomicU32::new(0);
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        // A colleague has the same mailbox: what is his stays.
        let mut his = follow(&bob).await;
        connect(&bob, server.imaps_port(), ALICE).await;
        until_state(&mut his, "LIVE").await;
        let others = packs(test);
        let his_mail = bob.query(MAIL, json!({})).await;
        let mut socket = follow(ann).await;
        let account = connect(ann, server.imaps_port(), ALICE).await["mailAccount"]["id"].take();
        until_state(&mut socket, "LIVE").await;
        let subject = format!("secret news {}", number.fetch_add(1, Ordering::Relaxed));
        server.deliver(ALICE.0, "INBOX", &mail("jan@bedrijf.test", &subject));
        until(&mut socket, "mail", |_| true).await;
        let held = subjects(ann).await.len();

        ann.does(DISCONNECT, json!({ "id": account, "delete": true })).await;
        assert!(subjects(ann).await.is_empty());
        let node = ann.query("query($id: ID!) { node(id: $id) { id } }", json!({ "id": account })).await;
        assert!(node["node"].is_null());
        until(&mut his, "mail", |_| true).await;
        let packs_left = || {
            let left = packs(test);
            // His own, and that of the news he got.
            left.len() == others.len() + 1 && others.iter().all(|pack| left.contains(pack))
        };
        eventually("only his packs are left", Duration::from_secs(20), packs_left).await;
        for (table, left) in [("mail_account", 1), ("mail_message", i64::try_from(held).unwrap())] {
            assert_eq!(rows(test, &format!("SELECT COUNT(*) FROM {table}")).await, left, "{table}");
        }
        let told = "SELECT COUNT(*) FROM change_log WHERE CAST(body AS TEXT) LIKE '%secret%'";
        assert_eq!(rows(test, told).await, 0, "the log never held more than ids");
        let texts = |data: &Value| {
            let nodes =
                array(&data["messages"]["nodes"]).iter().filter(|node| !text(&node["subject"]).contains("news"));
            nodes.map(|node| text(&node["text"])).collect::<Vec<_>>()
        };
        assert_eq!(texts(&bob.query(MAIL, json!({})).await), texts(&his_mail));

        // Connected again it is another mailbox, read from its beginning, once.
        let again = connect(ann, server.imaps_port(), ALICE).await["mailAccount"]["id"].take();
        assert_ne!(again, account);
        until_state(&mut socket, "LIVE").await;
        assert_eq!(subjects(ann).await.len(), held);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_is_written_anew_without_what_was_erased() {
    let server = Dovecot::start();
    server.deliver_all(ALICE.0, "INBOX", (0..40).map(|n| mail("jan@bedrijf.test", &format!("mail {n}"))));
    TestApp::on_each_database_with(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        for person in [ann, &bob] {
            let mut socket = follow(person).await;
            connect(person, server.imaps_port(), ALICE).await;
            until_state(&mut socket, "LIVE").await;
        }
        let account = ann.query("{ mailAccounts { id } }", json!({})).await["mailAccounts"][0]["id"].take();
        // As an earlier version had it: the same bytes of two people in one pack. Half of his mail lies in hers.
        let hers = |column: &str| {
            format!("(SELECT hers.{column} FROM mail_message hers JOIN mail_account a ON a.id = hers.account AND a.id <> mail_message.account \
                WHERE hers.hash = mail_message.hash)")
        };
        let share = format!(
            "UPDATE mail_message SET pack = {}, pack_offset = {}, pack_length = {} \
             WHERE account = (SELECT id FROM mail_account ORDER BY id DESC LIMIT 1) AND subject LIKE '%1%'",
            hers("pack"), hers("pack_offset"), hers("pack_length")
        );
        test.app.db.writer().execute_unprepared(&share).await.unwrap();
        let before = bob.query(MAIL, json!({})).await;
        let size = |files: &[PathBuf]| files.iter().map(|file| std::fs::metadata(file).unwrap().len()).sum::<u64>();
        let (files, bytes) = (packs(test), size(&packs(test)));

        ann.does(DISCONNECT, json!({ "id": account, "delete": true })).await;
        // First the new pack is there and named, then, when nobody can be reading it any more, the old one goes.
        let named = async || rows(test, "SELECT COUNT(DISTINCT pack) FROM mail_message").await;
        let upkeep = async || rows(test, "SELECT COUNT(*) FROM mail_pack_upkeep").await;
        let end = tokio::time::Instant::now() + Duration::from_secs(20);
        while rows(test, "SELECT COUNT(*) FROM mail_account").await > 1 || packs(test).iter().all(|file| files.contains(file)) {
            assert!(tokio::time::Instant::now() < end, "a pack is written anew");
            test.app.clock.advance(Duration::from_secs(10));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(bob.query(MAIL, json!({})).await, before);
        let end = tokio::time::Instant::now() + Duration::from_secs(20);
        while upkeep().await > 0 {
            assert!(tokio::time::Instant::now() < end, "nothing is left to do");
            test.app.clock.advance(Duration::from_mins(11));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let left = packs(test);
        assert_eq!(i64::try_from(left.len()).unwrap(), named().await);
        assert!(size(&left) < bytes, "what was hers is gone");
        assert_eq!(bob.query(MAIL, json!({})).await, before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn packs_whose_transaction_never_came_go_a_day_later() {
    let server = Dovecot::start();
    server.deliver_all(ALICE.0, "INBOX", (0..10).map(|n| mail("jan@bedrijf.test", &format!("mail {n}"))));
    TestApp::on_each_database_with(&borrowed(&settings(&server)), async |test| {
        let ann = &test.workspace(Plan::Free).await.ann;
        let mut socket = follow(ann).await;
        connect(ann, server.imaps_port(), ALICE).await;
        until_state(&mut socket, "LIVE").await;
        let (before, named) = (ann.query(MAIL, json!({})).await, packs(test));
        let blobs = Blobs::local(&test.app.config.data_dir.join("blobs")).unwrap();
        let lost = blobs.write_pack(vec!["Subject: lost\r\n\r\nNobody knows it.".into()]).await.unwrap().remove(0).pack;
        let is_there =
            |name: &str, files: &[PathBuf]| files.iter().any(|file: &PathBuf| file.ends_with(Path::new(name)));
        assert!(is_there(&lost, &packs(test)));
        let end = tokio::time::Instant::now() + Duration::from_secs(20);
        while rows(test, "SELECT COUNT(*) FROM mail_pack_upkeep").await == 0 {
            assert!(tokio::time::Instant::now() < end, "it is found");
            test.app.clock.advance(Duration::from_mins(1));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        test.app.clock.advance(Duration::from_hours(23));
        assert!(is_there(&lost, &packs(test)), "its transaction may still come");
        let end = tokio::time::Instant::now() + Duration::from_secs(20);
        while is_there(&lost, &packs(test)) {
            assert!(tokio::time::Instant::now() < end, "it goes");
            test.app.clock.advance(Duration::from_mins(10));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(named.iter().all(|pack| packs(test).contains(pack)));
        assert_eq!(
            each(&ann.query(MAIL, json!({})).await["messages"]["nodes"], "text"),
            each(&before["messages"]["nodes"], "text")
        );
    })
    .await;
}
