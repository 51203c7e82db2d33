//! Stories of counting: nothing on the server is missing here without being told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tagwire::clock::Clock;
use tagwire::users::Plan;

use crate::deeds::{array, each, text};
use crate::mail_care::{connect_to, look};
use crate::support::dovecot::{ALICE, Dovecot};
use crate::support::edited_way::EditedWay;
use crate::support::mailbox::{borrowed, connect, mail, settings, subjects, until};
use crate::support::{Person, Socket, TestApp};

const FOLDERS: &str =
    "{ mailAccounts { id state historyDays progress { stored total skipped } folders { id name role synced messageCount
    coverage { onServer stored skipped pending excluded checkedAt }
    skipped { totalCount nodes { id uid reason subject from date retryAt } } } } }";
const FOLLOW: &str =
    "subscription { mailAccountChanged { mailAccount { id state progress { stored total skipped } problem { message }
    folders { name synced coverage { onServer stored skipped pending excluded } } } } }";
const UPDATE: &str = "mutation($input: UpdateMailAccountInput!) { updateMailAccount(input: $input) {
    mailAccount { id state historyDays folders { name synced } } userErrors { code path } } }";
const RETRY: &str = "mutation($id: ID!) { retrySkippedMessage(id: $id) {
    skippedMessage { id uid subject } userErrors { code path } } }";
const EVENTS: &str = "{ mailAccounts { events(first: 200) { totalCount nodes { id kind message occurredAt } } } }";

async fn follow(person: &Person) -> Socket {
    let mut socket = person.socket().await;
    socket.subscribe("account", FOLLOW, json!({})).await;
    // Answered behind the subscription: from here on it follows.
    socket.subscribe("here", "{ viewer { id } }", json!({})).await;
    until(&mut socket, "here", |_| true).await;
    socket
}

/// Waits until the mailbox is as wanted; whenever it is told live, all that is on the server is accounted for.
async fn until_account(socket: &mut Socket, wanted: impl Fn(&Value) -> bool) -> Value {
    let told = until(socket, "account", |data| {
        let account = &data["mailAccountChanged"]["mailAccount"];
        if account["state"] == "LIVE" {
            for folder in array(&account["folders"]).iter().filter(|folder| folder["synced"] == true) {
                let count = |field: &str| folder["coverage"][field].as_i64().unwrap_or_else(|| panic!("{account:#}"));
                assert_eq!(count("onServer"), count("stored") + count("skipped"), "{account:#}");
                assert_eq!(count("pending"), 0);
            }
        }
        wanted(account)
    });
    told.await["mailAccountChanged"]["mailAccount"].take()
}

async fn until_live(socket: &mut Socket) -> Value {
    until_account(socket, |account| account["state"] == "LIVE").await
}

/// A folder of the only mailbox.
async fn folder(person: &Person, name: &str) -> Value {
    let data = person.query(FOLDERS, json!({})).await;
    let folders = array(&data["mailAccounts"][0]["folders"]);
    folders.iter().find(|folder| folder["name"] == name).unwrap_or_else(|| panic!("no {name}: {data}")).clone()
}

fn figures(folder: &Value) -> [i64; 5] {
    ["onServer", "stored", "skipped", "pending", "excluded"].map(|field| folder["coverage"][field].as_i64().unwrap())
}

/// How many mails the coverage of a folder says there are, and nothing else.
fn of_folder(account: &Value, name: &str, stored: i64) -> bool {
    array(&account["folders"]).iter().any(|folder| {
        folder["name"] == name && folder["coverage"]["onServer"] == stored && folder["coverage"]["stored"] == stored
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_folder_is_counted_before_the_mailbox_is_live() {
    let server = Dovecot::start();
    server.deliver_all(ALICE.0, "INBOX", (0..300).map(|n| mail("jan@bedrijf.test", &format!("old {n}"))));
    server.deliver(ALICE.0, "Archive", &mail("piet@elders.test", "archived"));
    let number = AtomicU32::new(0);
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        let mut socket = follow(ann).await;
        let account = connect(ann, server.imaps_port(), ALICE).await["mailAccount"]["id"].take();
        until_live(&mut socket).await;
        let data = ann.query(FOLDERS, json!({})).await;
        for folder in array(&data["mailAccounts"][0]["folders"]) {
            let name = text(&folder["name"]);
            let held = server.doveadm(&["search", "-u", ALICE.0, "mailbox", &name, "all"]).lines().count();
            let held = i64::try_from(held).unwrap();
            assert_eq!(figures(folder), [held, held, 0, 0, 0], "{name}");
            assert_eq!(folder["messageCount"], held);
            assert_eq!(folder["skipped"], json!({ "totalCount": 0, "nodes": [] }));
        }
        // What comes and goes is counted when somebody asks.
        let before = figures(&folder(ann, "INBOX").await)[0];
        let subject = format!("new {}", number.fetch_add(1, Ordering::Relaxed));
        server.deliver(ALICE.0, "INBOX", &mail("jan@bedrijf.test", &subject));
        look(ann, &account).await;
        until_account(&mut socket, |account| of_folder(account, "INBOX", before + 1)).await;
        let found = server.doveadm(&["search", "-u", ALICE.0, "mailbox", "INBOX", "subject", &subject]);
        let uid = found.split_whitespace().last().unwrap().parse().unwrap();
        server.expunge(ALICE.0, "INBOX", uid);
        look(ann, &account).await;
        until_account(&mut socket, |account| of_folder(account, "INBOX", before)).await;
        // The log tells of it, to its owner alone.
        let events = ann.query(EVENTS, json!({})).await["mailAccounts"][0]["events"].take();
        let kinds = each(&events["nodes"], "kind");
        for kind in ["CONNECTED", "FOLDER_FOUND", "HISTORY_COMPLETED", "LIVE"] {
            assert!(kinds.iter().any(|told| told == kind), "{events:#}");
        }
        assert_eq!(kinds.last().unwrap(), "CONNECTED", "newest first");
        assert_eq!(events["totalCount"], kinds.len());
        let node = "query($id: ID!) { node(id: $id) { ... on MailAccountEvent { message } } }";
        let one = json!({ "id": events["nodes"][0]["id"] });
        assert_eq!(ann.query(node, one.clone()).await["node"]["message"], events["nodes"][0]["message"]);
        let bob = company.user("Bob", &[]).await;
        assert!(bob.query(node, one).await["node"].is_null());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_counts_wrong_is_not_believed() {
    let server = Dovecot::start();
    server.deliver_all(ALICE.0, "INBOX", (0..30).map(|n| mail("jan@bedrijf.test", &format!("mail {n}"))));
    let lie = |line: &str| {
        let counted = line.replace("* 30 EXISTS", "* 33 EXISTS").replace("(MESSAGES 30 ", "(MESSAGES 33 ");
        Some(counted)
    };
    let way = EditedWay::to(server.imap_port(), lie).await;
    let allowed = format!("localhost:{}", way.port());
    TestApp::in_real_time(&[("TAGWIRE_ALLOWED_PRIVATE_HOSTS", &allowed)], async |test| {
        let ann = &test.workspace(Plan::Free).await.ann;
        let mut socket = follow(ann).await;
        let account = connect_to(ann, way.port(), ALICE).await;
        let live = until_live(&mut socket).await;
        assert_eq!(live["progress"], json!({ "stored": 30, "total": 30, "skipped": 0 }));
        assert_eq!(figures(&folder(ann, "INBOX").await), [30, 30, 0, 0, 0]);
        // It stays so when it is counted again.
        let checked = folder(ann, "INBOX").await["coverage"]["checkedAt"].take();
        look(ann, &account).await;
        while folder(ann, "INBOX").await["coverage"]["checkedAt"] == checked {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(ann.query(FOLDERS, json!({})).await["mailAccounts"][0]["state"], "LIVE");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_cannot_be_read_is_listed_and_tried_again() {
    let server = Dovecot::start();
    server.deliver_all(ALICE.0, "INBOX", (1..=20).map(|n| mail("Jan Jansen <jan@bedrijf.test>", &format!("mail {n}"))));
    let broken = Arc::new(AtomicBool::new(true));
    let breaks = Arc::clone(&broken);
    let edit = move |line: &str| {
        // An answer that nobody can parse, with the message whose UID is 7.
        let with_body = line.contains("(UID 7 ") && line.contains("BODY[] {");
        Some(if with_body && breaks.load(Ordering::Relaxed) {
            line.replace("BODY[] {", "BODY[ {")
        } else {
            line.to_owned()
        })
    };
    let way = EditedWay::to(server.imap_port(), edit).await;
    let allowed = format!("localhost:{}", way.port());
    TestApp::in_real_time(&[("TAGWIRE_ALLOWED_PRIVATE_HOSTS", &allowed)], async |test| {
        broken.store(true, Ordering::Relaxed);
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let mut socket = follow(ann).await;
        connect_to(ann, way.port(), ALICE).await;
        let live = until_live(&mut socket).await;
        assert_eq!(live["progress"], json!({ "stored": 19, "total": 20, "skipped": 1 }));
        // Its headers may be read a moment later.
        let skipped = loop {
            let inbox = folder(ann, "INBOX").await;
            assert_eq!(figures(&inbox), [20, 19, 1, 0, 0]);
            assert_eq!(inbox["skipped"]["totalCount"], 1);
            if inbox["skipped"]["nodes"][0]["subject"].is_string() {
                break inbox["skipped"]["nodes"][0].clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!(skipped["uid"], "7");
        assert_eq!(skipped["subject"], "mail 7");
        assert_eq!(skipped["from"], "Jan Jansen <jan@bedrijf.test>");
        assert_eq!(skipped["date"], "2026-11-23T10:00:00.000000Z");
        // Which it is depends on who asks for it last.
        let reasons = ["the server's answer with it cannot be read", "the server lists it but does not send it"];
        assert!(reasons.contains(&text(&skipped["reason"]).as_str()), "{skipped}");
        assert!(skipped["retryAt"].is_string());
        // Its owner's alone.
        let id = json!({ "id": skipped["id"] });
        let node = "query($id: ID!) { node(id: $id) { ... on SkippedMessage { subject } } }";
        assert_eq!(ann.query(node, id.clone()).await["node"]["subject"], "mail 7");
        let stranger = test.workspace(Plan::Free).await.ann;
        for other in [&bob, &stranger] {
            assert!(other.query(node, id.clone()).await["node"].is_null());
            let foreign = other.payload(RETRY, id.clone()).await;
            assert_eq!(foreign, other.payload(RETRY, json!({ "id": "never" })).await);
            assert_eq!(foreign["userErrors"], json!([{ "code": "NOT_FOUND", "path": ["id"] }]));
        }
        // In vain as long as it is broken, then it is there.
        assert_eq!(ann.does(RETRY, id.clone()).await["skippedMessage"]["subject"], "mail 7");
        broken.store(false, Ordering::Relaxed);
        ann.does(RETRY, id.clone()).await;
        until_account(&mut socket, |account| of_folder(account, "INBOX", 20)).await;
        assert_eq!(subjects(ann).await.len(), 20);
        assert_eq!(ann.fails(RETRY, id).await, "NOT_FOUND id");
        let events = ann.query(EVENTS, json!({})).await;
        let kinds = each(&events["mailAccounts"][0]["events"]["nodes"], "kind");
        let at = |kind: &str| kinds.iter().position(|told| told == kind).unwrap_or_else(|| panic!("{events:#}"));
        assert!(at("MAIL_RECOVERED") < at("MAIL_SKIPPED"), "newest first");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_is_listed_when_counted_only_is_found_by_counting() {
    let server = Dovecot::start();
    server.deliver_all(ALICE.0, "INBOX", (1..=30).map(|n| mail("jan@bedrijf.test", &format!("mail {n}"))));
    let hidden = Arc::new(AtomicU32::new(0));
    let hides = Arc::clone(&hidden);
    let edit = move |line: &str| {
        // Never among flags, and not among sizes at first.
        let with_size = line.contains("(UID 7 ") && line.contains("RFC822.SIZE");
        let with_flags = line.contains("(UID 7 FLAGS") && !with_size;
        let hide = with_flags || with_size && hides.fetch_add(1, Ordering::Relaxed) < 1;
        (!hide).then(|| line.to_owned())
    };
    let way = EditedWay::to(server.imap_port(), edit).await;
    let allowed = format!("localhost:{}", way.port());
    TestApp::in_real_time(&[("TAGWIRE_ALLOWED_PRIVATE_HOSTS", &allowed)], async |test| {
        hidden.store(0, Ordering::Relaxed);
        let ann = &test.workspace(Plan::Free).await.ann;
        let mut socket = follow(ann).await;
        connect_to(ann, way.port(), ALICE).await;
        until_live(&mut socket).await;
        assert_eq!(subjects(ann).await.len(), 30);
        assert_eq!(figures(&folder(ann, "INBOX").await), [30, 30, 0, 0, 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_wanted_is_read_and_the_rest_is_counted_apart() {
    let server = Dovecot::start();
    let now = u64::try_from(Clock::system().now().0).unwrap() / 1_000_000;
    let days_ago = |days: u64| now - days * 24 * 60 * 60;
    server.deliver(ALICE.0, "INBOX", &mail("jan@bedrijf.test", "in the inbox"));
    // Old mail lies above and below new mail.
    for (subject, days) in [("old 1", 400), ("new 1", 3), ("old 2", 90), ("new 2", 20), ("old 3", 31)] {
        server.deliver_at(ALICE.0, "Archive", &mail("jan@bedrijf.test", subject), days_ago(days));
    }
    let round = AtomicU32::new(0);
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let round = round.fetch_add(1, Ordering::Relaxed);
        let held = || server.doveadm(&["search", "-u", ALICE.0, "all"]).lines().count();
        let ann = &test.workspace(Plan::Free).await.ann;
        let mut socket = follow(ann).await;
        let account = connect(ann, server.imaps_port(), ALICE).await["mailAccount"]["id"].take();
        until_live(&mut socket).await;
        assert_eq!(subjects(ann).await.len(), held());

        // A shorter history takes nothing away, and folders that are left out keep their mail.
        let update = async |change: Value| {
            let mut input = json!({ "id": account });
            input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            ann.does(UPDATE, json!({ "input": input })).await
        };
        let made = update(json!({ "folderIds": [], "historyDays": 30 })).await;
        assert_eq!(made["mailAccount"]["historyDays"], 30);
        let read: Vec<_> =
            array(&made["mailAccount"]["folders"]).iter().filter(|folder| folder["synced"] == true).collect();
        assert_eq!(read, [&json!({ "name": "INBOX", "synced": true })]);
        until_live(&mut socket).await;
        assert_eq!(subjects(ann).await.len(), held());
        assert!(folder(ann, "Archive").await["coverage"].is_null());
        assert_eq!(folder(ann, "Archive").await["messageCount"], 5);

        // A folder that comes later is told of, and read when it is chosen: as far back as is wanted.
        let name = format!("Later {round}");
        server.create_folder(ALICE.0, &name);
        for (subject, days) in [("older 1", 400), ("newer 1", 3), ("older 2", 90), ("newer 2", 20), ("older 3", 31)] {
            server.deliver_at(ALICE.0, &name, &mail("piet@elders.test", &format!("{subject} {round}")), days_ago(days));
        }
        update(json!({ "folderIds": [folder(ann, "Archive").await["id"]] })).await;
        let listed = |account: &Value| array(&account["folders"]).iter().any(|folder| folder["name"] == *name);
        until_account(&mut socket, |account| account["state"] == "LIVE" && listed(account)).await;
        let later = folder(ann, &name).await;
        assert_eq!((&later["synced"], &later["messageCount"]), (&json!(false), &json!(0)));
        update(json!({ "folderIds": [later["id"]] })).await;
        let is_read = |account: &Value, stored: i64| account["state"] == "LIVE" && of_folder(account, &name, stored);
        let live = until_account(&mut socket, |account| is_read(account, 2)).await;
        assert_eq!(figures(&folder(ann, &name).await), [2, 2, 0, 0, 3]);
        assert_eq!(live["progress"]["stored"], live["progress"]["total"]);

        // Old mail that comes now is no history.
        let uid = |folder: &str| {
            let found = server.doveadm(&["search", "-u", ALICE.0, "mailbox", folder, "subject", "old 1"]);
            found.split_whitespace().last().unwrap().parse().unwrap()
        };
        server.move_message(ALICE.0, "Archive", uid("Archive"), &name);
        look(ann, &account).await;
        until_account(&mut socket, |account| of_folder(account, &name, 3)).await;
        server.move_message(ALICE.0, &name, uid(&name), "Archive");
        look(ann, &account).await;
        until_account(&mut socket, |account| of_folder(account, &name, 2)).await;

        // Further back, more of it; then all.
        update(json!({ "historyDays": 100 })).await;
        until_account(&mut socket, |account| is_read(account, 4)).await;
        assert_eq!(figures(&folder(ann, &name).await), [4, 4, 0, 0, 1]);
        update(json!({ "historyDays": null })).await;
        until_account(&mut socket, |account| is_read(account, 5)).await;
        assert_eq!(figures(&folder(ann, &name).await), [5, 5, 0, 0, 0]);

        // What cannot be is refused, and changes nothing.
        let before = ann.query(FOLDERS, json!({})).await;
        let fails = async |change: Value| {
            let mut input = json!({ "id": account });
            input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            ann.fails(UPDATE, json!({ "input": input })).await
        };
        for days in [0, -1, 36_501, i32::MAX] {
            assert_eq!(fails(json!({ "historyDays": days })).await, "INVALID input.historyDays");
        }
        assert_eq!(fails(json!({ "folderIds": null })).await, "INVALID input.folderIds");
        assert_eq!(fails(json!({ "folderIds": [later["id"], "never"] })).await, "NOT_FOUND input.folderIds.1");
        assert_eq!(fails(json!({ "folderIds": [account] })).await, "NOT_FOUND input.folderIds.0");
        assert_eq!(ann.query(FOLDERS, json!({})).await, before);
        let stranger = test.workspace(Plan::Free).await.ann;
        for id in [&account, &json!("never")] {
            let input = json!({ "input": { "id": id, "historyDays": 5, "folderIds": [later["id"]] } });
            assert_eq!(stranger.fails(UPDATE, input).await, "NOT_FOUND input.id");
        }
        server.doveadm(&["mailbox", "delete", "-u", ALICE.0, &name]);
    })
    .await;
}
