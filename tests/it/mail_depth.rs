//! Stories of what is easily missed in a mailbox: far down, elsewhere, or left out by the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use tagwire::users::Plan;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::support::TestApp;
use crate::support::dovecot::{ALICE, Dovecot};
use crate::support::mailbox::{borrowed, connect, follow, mail, settings, subjects, until, until_state};

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_far_down_or_goes_elsewhere_is_told_without_asking() {
    let server = Dovecot::start();
    server.deliver_all(ALICE.0, "INBOX", (1..=400).map(|n| mail("jan@bedrijf.test", &format!("mail {n}"))));
    let uid = std::cell::Cell::new(3);
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let mut socket = follow(&company.ann).await;
        connect(&company.ann, server.imaps_port(), ALICE).await;
        until_state(&mut socket, "LIVE").await;
        // Each telling has mails of its own.
        let [read, moved] = [uid.get(), uid.get() + 1];
        uid.set(uid.get() + 2);
        server.add_flag(ALICE.0, "INBOX", read, "\\Seen");
        let seen = until(&mut socket, "change", |data| data["changes"]["node"]["seen"] == true).await;
        assert_eq!(seen["changes"]["node"]["subject"], format!("mail {read}"));
        server.move_message(ALICE.0, "INBOX", moved, "Archive");
        let there = json!([{ "name": "Archive" }]);
        let change = until(&mut socket, "change", |data| data["changes"]["node"]["folders"] == there).await;
        assert_eq!(change["changes"]["action"], "UPDATED");
        assert_eq!(change["changes"]["node"]["subject"], format!("mail {moved}"));
        assert_eq!(subjects(&company.ann).await.len(), 400);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_the_server_leaves_out_of_a_list_is_found() {
    let server = Dovecot::start();
    server.deliver_all(ALICE.0, "INBOX", (1..=30).map(|n| mail("jan@bedrijf.test", &format!("mail {n}"))));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(forgetful(listener, server.imap_port()));
    let allowed = format!("localhost:{port}");
    let settings = [("TAGWIRE_ALLOWED_PRIVATE_HOSTS", allowed.as_str())];
    TestApp::in_real_time(&settings, async |test| {
        let company = test.workspace(Plan::Free).await;
        let mut socket = follow(&company.ann).await;
        let connect = "mutation($input: ConnectMailAccountInput!) { connectMailAccount(input: $input) { userErrors { message } } }";
        let input = json!({ "email": ALICE.0, "password": ALICE.1, "imapHost": "localhost", "imapPort": port,
            "imapSecurity": "PLAINTEXT" });
        let made = company.ann.query(connect, json!({ "input": input })).await;
        assert_eq!(made["connectMailAccount"]["userErrors"], json!([]));
        until_state(&mut socket, "LIVE").await;
        assert_eq!(subjects(&company.ann).await.len(), 30);
    })
    .await;
}

/// A way to the server on which the first list of messages with their sizes lacks the message with UID 7.
async fn forgetful(listener: TcpListener, server: u16) {
    let left_out = Arc::new(AtomicBool::new(false));
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
        let (from_client, mut to_client) = client.into_split();
        let (from_server, mut to_server) = server.into_split();
        tokio::spawn(async move {
            let mut from_client = from_client;
            let _ended = tokio::io::copy(&mut from_client, &mut to_server).await;
        });
        let left_out = Arc::clone(&left_out);
        tokio::spawn(async move {
            let mut from_server = BufReader::new(from_server);
            let mut line = Vec::new();
            while from_server.read_until(b'\n', &mut line).await.is_ok_and(|length| length > 0) {
                let text = String::from_utf8_lossy(&line);
                let listed = text.contains("(UID 7 ") && text.contains("RFC822.SIZE");
                let forgotten = listed && !left_out.swap(true, Ordering::Relaxed);
                if !forgotten && to_client.write_all(&line).await.is_err() {
                    return;
                }
                line.clear();
            }
        });
    }
}
