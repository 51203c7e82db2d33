//! The key is replaced while mailboxes are synced, and nobody notices.

use std::process::Command;

use serde_json::{Value, json};
use tagwire::secrets::Rotation;
use tagwire::users::Plan;
use tagwire::{mail_accounts, post};

use crate::invitations::{INVITE, whom};
use crate::support::dovecot::{ALICE, BOB, Dovecot};
use crate::support::mailbox::{borrowed, connect, follow, mail, settings, until, until_state};
use crate::support::process::Process;
use crate::support::{Person, Socket, TestApp};

/// Lets the sync of a mailbox sign in anew.
async fn signs_in_again(ann: &Person, socket: &mut Socket, account: &Value) {
    for (deed, state) in [("pauseMailAccount", "PAUSED"), ("resumeMailAccount", "LIVE")] {
        let document = format!("mutation($id: ID!) {{ {deed}(id: $id) {{ userErrors {{ code message }} }} }}");
        let done = ann.query(&document, json!({ "id": account })).await;
        assert_eq!(done[deed]["userErrors"], json!([]));
        until_state(socket, state).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_goes_on_under_the_new_key() {
    let server = Dovecot::start();
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let mut socket = follow(&ann).await;
        let alice = connect(&ann, server.imaps_port(), ALICE).await["mailAccount"]["id"].take();
        until_state(&mut socket, "LIVE").await;

        let rotation = Rotation::begin(&test.app.config.secret_key_file).unwrap();
        assert_eq!(mail_accounts::reseal(&test.app.db, rotation.secrets()).await.unwrap(), 1);
        // Connected in the middle of it.
        let bob = connect(&ann, server.imaps_port(), BOB).await["mailAccount"]["id"].take();
        assert!(bob.is_string());
        assert_eq!(mail_accounts::reseal(&test.app.db, rotation.secrets()).await.unwrap(), 0);
        rotation.end().unwrap();
        signs_in_again(&ann, &mut socket, &alice).await;
        let unique = format!("after {:08x}", rand::random::<u32>());
        server.deliver(ALICE.0, "INBOX", &mail("jan@bedrijf.test", &unique));
        until(&mut socket, "mail", |data| data["messageReceived"]["message"]["subject"] == unique.as_str()).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rotate_keys_works_beside_the_server_and_the_next_start_needs_only_the_new_key() {
    let server = Dovecot::start();
    let set = settings(&server);
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path(), &borrowed(&set));
    let ann = process.workspace_with(folder.path(), &borrowed(&set)).await;
    let mut socket = follow(&ann).await;
    let alice = connect(&ann, server.imaps_port(), ALICE).await["mailAccount"]["id"].take();
    until_state(&mut socket, "LIVE").await;
    let keys = || std::fs::read_to_string(folder.path().join("data/secret.key")).unwrap();
    let before = keys();

    let mut rotate = Command::new(env!("CARGO_BIN_EXE_tagwire"));
    rotate.current_dir(folder.path()).env_clear().envs(set.iter().map(|(key, value)| (*key, value))).arg("rotate-keys");
    let said = tokio::task::spawn_blocking(move || rotate.output().unwrap()).await.unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let told = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(told.contains("1 stored secrets were encrypted"), "{told}");
    let after = keys();
    assert_ne!(before, after);
    assert_eq!(after.lines().filter(|line| !line.starts_with('#')).count(), 1, "the old key is gone");

    server.deliver(ALICE.0, "INBOX", &mail("jan@bedrijf.test", "while it ran"));
    until(&mut socket, "mail", |data| data["messageReceived"]["message"]["subject"] == "while it ran").await;
    signs_in_again(&ann, &mut socket, &alice).await;
    assert_eq!(connect(&ann, server.imaps_port(), BOB).await["userErrors"], json!([]));
    drop(socket);
    process.kill();

    let process = Process::start(folder.path(), &borrowed(&set));
    let ann = ann.moved(&process.url);
    let mut socket = follow(&ann).await;
    let accounts = ann.query("{ mailAccounts { id } }", json!({})).await;
    for account in accounts["mailAccounts"].as_array().unwrap() {
        signs_in_again(&ann, &mut socket, &account["id"]).await;
    }
}

#[tokio::test]
async fn letters_that_wait_for_a_mail_server_are_read_under_the_new_key() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        ann.does(INVITE, whom("Ben", "ben@acme.test")).await;
        let rotation = Rotation::begin(&test.app.config.secret_key_file).unwrap();
        for sealed in [1, 0] {
            assert_eq!(post::reseal(&test.app.db, rotation.secrets()).await.unwrap(), sealed);
        }
        rotation.end().unwrap();
    })
    .await;
}
