//! Stories of connected mailboxes, with a real mail server.

use serde_json::json;
use tagwire::users::Plan;

use crate::support::TestApp;
use crate::support::dovecot::{ALICE, BOB, Dovecot};
use crate::support::mailbox::{borrowed, connect, follow, mail, settings, subjects, until, until_state};

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_is_read_and_news_is_pushed_once() {
    let server = Dovecot::start();
    let history = (0..60).map(|n| mail("Jan Jansen <Jan@Bedrijf.test>", &format!("old {n}")));
    server.deliver_all(ALICE.0, "INBOX", history);
    server.deliver(ALICE.0, "Archive", &mail("piet@elders.test", "archived"));
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        let bob = company.user("Bob", &[]).await;
        let mut socket = follow(ann).await;
        let before = subjects(ann).await.len();
        assert_eq!(before, 0);
        let payload = connect(ann, server.imaps_port(), ALICE).await;
        assert_eq!(payload["userErrors"], json!([]));
        let live = until_state(&mut socket, "LIVE").await;
        let progress = &live["mailAccountChanged"]["mailAccount"]["progress"];
        assert_eq!(progress["stored"], progress["total"]);
        assert_eq!(progress["skipped"], 0);
        let held = server.doveadm(&["search", "-u", ALICE.0, "all"]).lines().count();
        assert_eq!(subjects(ann).await.len(), held);

        let unique = format!("new {:08x}", rand::random::<u32>());
        server.deliver(ALICE.0, "INBOX", &mail("jan@bedrijf.test", &unique));
        let data = until(&mut socket, "mail", |_| true).await;
        // History is not told mail by mail: the first that is told is the new one.
        assert_eq!(data["messageReceived"]["message"]["subject"], unique.as_str());
        assert_eq!(subjects(ann).await.iter().filter(|subject| **subject == unique).count(), 1);

        // Nobody else sees any of it.
        assert!(subjects(&bob).await.is_empty());
        let id = &data["messageReceived"]["messageId"];
        assert!(bob.query("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await["node"].is_null());
        let account = &payload["mailAccount"]["id"];
        let pause = "mutation($id: ID!) { pauseMailAccount(id: $id) { userErrors { code } } }";
        let refused = bob.query(pause, json!({ "id": account })).await;
        assert_eq!(refused["pauseMailAccount"]["userErrors"][0]["code"], "NOT_FOUND");

        // A contact gets the mail of its addresses, also what was there before it.
        let create = "mutation { createContact(input: { name: \"Jan\", emails: [{ address: \"JAN@bedrijf.test\" }] }) { contact { messages(first: 5) { totalCount nodes { from { name address contact { name } } contacts { name } text html } } } } }";
        let contact = ann.query(create, json!({})).await;
        let messages = &contact["createContact"]["contact"]["messages"];
        assert!(messages["totalCount"].as_i64().unwrap() >= 61, "{messages}");
        assert_eq!(messages["nodes"][0]["contacts"][0]["name"], "Jan");
        assert!(messages["nodes"][0]["text"].as_str().unwrap().contains("This is"));
        // Leave the mailbox as the second telling expects it.
        let disconnect = "mutation($id: ID!) { disconnectMailAccount(id: $id, deleteMessages: true) { deletedId userErrors { code } } }";
        let gone = ann.query(disconnect, json!({ "id": account })).await;
        assert_eq!(gone["disconnectMailAccount"]["userErrors"], json!([]));
        assert!(subjects(ann).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_moves_and_removals_are_taken_over() {
    for round in 0..2 {
        let mut server = Dovecot::start();
        let kept = settings(&server);
        for n in 1..=5 {
            server.deliver(ALICE.0, "INBOX", &mail("jan@bedrijf.test", &format!("mail {n}")));
        }
        // Told twice: each time another mail moves.
        let moving = std::cell::Cell::new(2);
        let story = async |test: &TestApp| {
            let company = test.workspace(Plan::Free).await;
            let mut socket = follow(&company.ann).await;
            connect(&company.ann, server.imaps_port(), ALICE).await;
            until_state(&mut socket, "LIVE").await;
            assert_eq!(subjects(&company.ann).await.len(), 5);
            if round == 0 {
                server.add_flag(ALICE.0, "INBOX", 2, "\\Seen");
                let seen = until(&mut socket, "change", |data| data["changes"]["node"]["seen"] == true).await;
                assert_eq!(seen["changes"]["node"]["subject"], "mail 2");
                server.remove_flag(ALICE.0, "INBOX", 2, "\\Seen");
                until(&mut socket, "change", |data| data["changes"]["node"]["seen"] == false).await;
            } else {
                moving.set(moving.get() + 1);
                server.move_message(ALICE.0, "INBOX", moving.get(), "Archive");
                let accounts = company.ann.query("{ mailAccounts { id } }", json!({})).await;
                let look = "mutation($id: ID!) { syncMailAccount(id: $id) { userErrors { code } } }";
                company.ann.query(look, json!({ "id": accounts["mailAccounts"][0]["id"] })).await;
                let moved = until(&mut socket, "change", |data| {
                    data["changes"]["node"]["folders"] == json!([{ "name": "Archive" }])
                })
                .await;
                assert_eq!(moved["changes"]["action"], "UPDATED");
                assert_eq!(moved["changes"]["node"]["subject"], format!("mail {}", moving.get()));
                // A move is no end and no beginning.
                assert_eq!(subjects(&company.ann).await.len(), 5);
            }
        };
        TestApp::in_real_time(&borrowed(&kept), story).await;
        server.stop();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_uids_change_nothing_for_people() {
    let server = std::cell::RefCell::new(Dovecot::start());
    let kept = settings(&server.borrow());
    let port = server.borrow().imaps_port();
    for n in 1..=20 {
        server.borrow().deliver(ALICE.0, "INBOX", &mail("jan@bedrijf.test", &format!("mail {n}")));
    }
    TestApp::in_real_time(&borrowed(&kept), async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        let mut socket = follow(ann).await;
        connect(ann, port, ALICE).await;
        until_state(&mut socket, "LIVE").await;
        let ids = "{ messages(first: 50) { nodes { id subject } } }";
        let before = ann.query(ids, json!({})).await;
        // Stops the server, and starts it again.
        server.borrow_mut().reset_uid_validity(ALICE.0, "INBOX");
        until_state(&mut socket, "RETRYING").await;
        let accounts = ann.query("{ mailAccounts { id } }", json!({})).await;
        let look = "mutation($id: ID!) { syncMailAccount(id: $id) { userErrors { code } } }";
        ann.query(look, json!({ "id": accounts["mailAccounts"][0]["id"] })).await;
        until_state(&mut socket, "LIVE").await;
        assert_eq!(ann.query(ids, json!({})).await, before);
        // What comes next is the first that is told.
        let unique = format!("after {:08x}", rand::random::<u32>());
        server.borrow().deliver(ALICE.0, "INBOX", &mail("jan@bedrijf.test", &unique));
        let data = until(&mut socket, "mail", |_| true).await;
        assert_eq!(data["messageReceived"]["message"]["subject"], unique.as_str());
        let uid = server.borrow().doveadm(&["search", "-u", ALICE.0, "subject", &unique]);
        let uid = uid.split_whitespace().last().unwrap().parse().unwrap();
        server.borrow().expunge(ALICE.0, "INBOX", uid);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_connected_is_refused_in_plain_words() {
    let server = Dovecot::start();
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        let wrong = connect(ann, server.imaps_port(), (ALICE.0, "not the password")).await;
        assert_eq!(wrong["userErrors"][0]["code"], "MAIL_AUTHENTICATION_FAILED");
        assert_eq!(wrong["userErrors"][0]["path"], json!(["input", "password"]));
        let connect_to = async |host: &str, port: i32| {
            let input = json!({ "email": "a@b.test", "password": "x", "imapHost": host, "imapPort": port });
            let document = "mutation($input: ConnectMailAccountInput!) { connectMailAccount(input: $input) { mailAccount { id } userErrors { code message } } }";
            ann.query(document, json!({ "input": input })).await["connectMailAccount"].take()
        };
        // Private hosts look like hosts that are not there.
        let private = connect_to("127.0.0.1", i32::from(server.imap_port())).await;
        let nowhere = connect_to("no-such-host.invalid", 993).await;
        assert_eq!(private["userErrors"][0]["code"], "MAIL_SERVER_UNREACHABLE");
        assert_eq!(private, nowhere);
        assert_eq!(connect_to("", 993).await["userErrors"][0]["code"], "INVALID");
        assert_eq!(connect_to("localhost", 0).await["userErrors"][0]["code"], "INVALID");
        assert_eq!(ann.query("{ mailAccounts { id } }", json!({})).await["mailAccounts"], json!([]));
        // The same mailbox twice.
        assert_eq!(connect(ann, server.imaps_port(), BOB).await["userErrors"], json!([]));
        let again = connect(ann, server.imaps_port(), BOB).await;
        assert_eq!(again["userErrors"][0]["code"], "CONFLICT");
        assert!(again["userErrors"][0]["conflictingId"].is_string());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_is_only_read() {
    let logs = tempfile::tempdir().unwrap();
    let folder = logs.path().join("alice@crm.test");
    std::fs::create_dir(&folder).unwrap();
    for path in [logs.path(), &folder] {
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    }
    let server = Dovecot::start_with(&format!("protocol imap {{\n rawlog_dir = {}/%u\n}}\n", logs.path().display()));
    for n in 1..=3 {
        server.deliver(ALICE.0, "INBOX", &mail("jan@bedrijf.test", &format!("mail {n}")));
    }
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let mut socket = follow(&company.ann).await;
        connect(&company.ann, server.imaps_port(), ALICE).await;
        until_state(&mut socket, "LIVE").await;
        // The very same mail once more would not be new.
        let unique = format!("one more {:08x}", rand::random::<u32>());
        server.deliver(ALICE.0, "INBOX", &mail("jan@bedrijf.test", &unique));
        until(&mut socket, "mail", |_| true).await;
    })
    .await;
    let mut commands = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "in") {
            for line in String::from_utf8_lossy(&std::fs::read(&path).unwrap()).lines() {
                // "TIME TAG COMMAND …"; a line that continues IDLE has no tag.
                let words: Vec<&str> = line.split_whitespace().skip(1).collect();
                if words.as_slice() == ["DONE"] {
                    continue;
                }
                let uid = words.get(1) == Some(&"UID");
                let command = words.get(if uid { 2 } else { 1 }).copied().unwrap_or_default();
                assert!(command != "FETCH" || !line.contains("BODY["), "not by PEEK: {line}");
                commands.insert(command.to_owned());
            }
        }
    }
    assert!(commands.contains("EXAMINE") && commands.contains("FETCH") && commands.contains("IDLE"), "{commands:?}");
    let reading = ["CAPABILITY", "EXAMINE", "FETCH", "ID", "IDLE", "LIST", "LOGIN", "LOGOUT", "NOOP", "STATUS"];
    let writing: Vec<_> = commands.iter().filter(|command| !reading.contains(&command.as_str())).collect();
    assert!(writing.is_empty(), "{writing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_mailbox_is_as_one_that_never_existed() {
    let server = Dovecot::start();
    server.deliver(ALICE.0, "INBOX", &mail("jan@bedrijf.test", "secret"));
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let owner = test.workspace(Plan::Free).await.ann;
        let stranger = test.workspace(Plan::Free).await.ann;
        let mut socket = follow(&owner).await;
        connect(&owner, server.imaps_port(), ALICE).await;
        until_state(&mut socket, "LIVE").await;
        let create = "mutation { createContact(input: { name: \"Jan\", emails: [{ address: \"jan@bedrijf.test\" }] }) { contact { id } } }";
        let contact = owner.query(create, json!({})).await["createContact"]["contact"]["id"].take();
        let ids = "{ mailAccounts { id folders { id role } } messages(first: 1) { nodes { id } } }";
        let data = owner.query(ids, json!({})).await;
        let account = &data["mailAccounts"][0];
        let folders = account["folders"].as_array().unwrap();
        let inbox = folders.iter().find(|folder| folder["role"] == "INBOX").unwrap();
        let message = &data["messages"]["nodes"][0]["id"];

        let list = "query($filter: MessageFilter) { messages(filter: $filter) { totalCount nodes { id } } }";
        for (member, id) in [("accountIds", &account["id"]), ("folderId", &inbox["id"]), ("contactId", &contact)] {
            let value = |id: &serde_json::Value| if member == "accountIds" { json!([id]) } else { id.clone() };
            let asked = json!({ "filter": { member: value(id) } });
            assert!(owner.query(list, asked.clone()).await["messages"]["totalCount"].as_i64().unwrap() >= 1);
            let never = json!({ "filter": { member: value(&json!("never")) } });
            assert_eq!(stranger.query(list, asked).await, stranger.query(list, never).await, "{member}");
        }
        for id in [&account["id"], &inbox["id"], message] {
            let node = stranger.query("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await;
            assert!(node["node"].is_null());
        }
        let fields = "{ mailAccount { id } userErrors { code message path } }";
        for mutation in ["pauseMailAccount", "resumeMailAccount", "syncMailAccount"] {
            let document = format!("mutation($id: ID!) {{ {mutation}(id: $id) {fields} }}");
            let foreign = stranger.query(&document, json!({ "id": account["id"] })).await;
            assert_eq!(foreign, stranger.query(&document, json!({ "id": "never" })).await);
            assert_eq!(foreign[mutation]["userErrors"][0]["code"], "NOT_FOUND");
        }
        let document = "mutation($id: ID!) { setMessagePrivate(id: $id, private: true) { message { id } userErrors { code message path } } }";
        let foreign = stranger.query(document, json!({ "id": message })).await;
        assert_eq!(foreign, stranger.query(document, json!({ "id": "never" })).await);
        let document = "mutation($id: ID!) { disconnectMailAccount(id: $id, deleteMessages: true) { deletedId userErrors { code message path } } }";
        let foreign = stranger.query(document, json!({ "id": account["id"] })).await;
        assert_eq!(foreign, stranger.query(document, json!({ "id": "never" })).await);
        assert!(subjects(&owner).await.contains(&"secret".to_owned()));

        // Who follows a foreign mailbox hears nothing of it.
        let mut deaf = stranger.socket().await;
        let follow_one = "subscription($id: ID!) { mailAccountChanged(id: $id) { mailAccountId } }";
        deaf.subscribe("account", follow_one, json!({ "id": account["id"] })).await;
        let arrivals = "subscription($ids: [ID!]) { messageReceived(accountIds: $ids) { messageId } }";
        deaf.subscribe("mail", arrivals, json!({ "ids": [account["id"]] })).await;
        let unique = format!("new {:08x}", rand::random::<u32>());
        server.deliver(ALICE.0, "INBOX", &mail("jan@bedrijf.test", &unique));
        until(&mut socket, "mail", |data| data["messageReceived"]["message"]["subject"] == unique.as_str()).await;
        deaf.subscribe("here", "{ viewer { id } }", json!({})).await;
        let first = deaf.next().await;
        assert_eq!(first["id"], "here", "{first}");
    })
    .await;
}
