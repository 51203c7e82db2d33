//! Every mail of a collection is stored and can be read. The collection is a folder that `TAGWIRE_TEST_MAIL_CORPUS` names.

use std::path::{Path, PathBuf};

use serde_json::json;
use tagwire::users::Plan;

use crate::support::TestApp;
use crate::support::dovecot::{ALICE, Dovecot};
use crate::support::mailbox::{borrowed, connect, follow, settings, until_state};

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mail_of_a_collection_is_stored_and_readable() {
    let Some(folder) = std::env::var_os("TAGWIRE_TEST_MAIL_CORPUS") else {
        eprintln!("TAGWIRE_TEST_MAIL_CORPUS is not set: no collection of mail was read");
        return;
    };
    let mails: Vec<Vec<u8>> = files(Path::new(&folder)).iter().map(|file| std::fs::read(file).unwrap()).collect();
    assert!(!mails.is_empty(), "the folder has no files");
    let server = Dovecot::start();
    server.deliver_all(ALICE.0, "INBOX", mails);
    let held = server.doveadm(&["search", "-u", ALICE.0, "mailbox", "INBOX", "all"]).lines().count();
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let mut socket = follow(&company.ann).await;
        connect(&company.ann, server.imaps_port(), ALICE).await;
        let live = until_state(&mut socket, "LIVE").await;
        let progress = &live["mailAccountChanged"]["mailAccount"]["progress"];
        assert_eq!(progress["skipped"], 0, "{progress}");
        let folders = company.ann.query("{ mailAccounts { folders { role messageCount } } }", json!({})).await;
        let folders = folders["mailAccounts"][0]["folders"].as_array().unwrap().clone();
        let inbox = folders.iter().find(|folder| folder["role"] == "INBOX").unwrap();
        assert_eq!(inbox["messageCount"], held);
        let mut after = serde_json::Value::Null;
        loop {
            let page = "query($after: String) { messages(first: 20, after: $after) { nodes { id subject snippet text html from { address } to { name } attachments { filename size } } pageInfo { hasNextPage endCursor } } }";
            let data = company.ann.query(page, json!({ "after": after })).await;
            assert!(data["messages"]["nodes"].as_array().unwrap().iter().all(|node| node["text"].is_string()));
            if data["messages"]["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = data["messages"]["pageInfo"]["endCursor"].clone();
        }
    })
    .await;
}
