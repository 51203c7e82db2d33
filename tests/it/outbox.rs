//! Letters that Tagwire sends arrive, whatever happens on the way.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tagwire::app::App;
use tagwire::config::Config;
use tagwire::post::Smtp;
use tagwire::users::Plan;

use crate::deeds::{array, text};
use crate::invitations::{INVITE, RESEND, REVOKE, delivery, follow, whom, with_mail};
use crate::support::TestApp;
use crate::support::smtp_sink::{Fault, SmtpSink};

const MINUTE: Duration = Duration::from_secs(60);

/// Another node on the same database, which sends.
async fn node(test: &TestApp, sink: &SmtpSink) -> App {
    let smtp = Smtp::parse(sink.url(), "crm@acme.test").unwrap();
    let config = Config { smtp: Some(smtp), ..Config::clone(&test.app.config) };
    App::build(config, test.app.clock.clone()).await.unwrap()
}

#[tokio::test]
async fn a_server_that_cannot_now_is_asked_again() {
    with_mail(async |test, sink| {
        let before = sink.mails().len();
        let ann = test.workspace(Plan::Free).await.ann;
        let mut follower = follow(&ann).await;
        sink.fail(Fault::Recipient("451 4.3.2 come back later"));
        sink.fail(Fault::Mail("452 4.3.1 disk full"));
        sink.fail(Fault::Lost);
        ann.does(INVITE, whom("Bob", "bob@later.test")).await;
        for (attempt, why, wait) in
            [(1, "come back later", MINUTE / 2), (2, "disk full", 2 * MINUTE), (3, "connection", 8 * MINUTE)]
        {
            // The invitation itself is told first.
            let queued = loop {
                let queued = delivery(&mut follower, "QUEUED").await;
                // What went wrong before stands there while the next attempt is under way.
                if queued["lastError"].as_str().is_some_and(|told| told.contains(why)) {
                    break queued;
                }
            };
            assert_eq!(queued["attempts"], attempt);
            test.app.clock.advance(wait);
        }
        let sent = delivery(&mut follower, "SENT").await;
        assert_eq!((&sent["attempts"], &sent["lastError"]), (&json!(4), &Value::Null));
        // Nobody knows whether what was cut off had arrived; a second copy is recognized by its id.
        let mails = sink.so_many(before + 2).await;
        assert_eq!(mails[before].data, mails[before + 1].data);
        assert!(mails[before].header("Message-ID").ends_with("@acme.test>"), "{}", mails[before].data);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_refuses_is_believed_and_why_is_told() {
    with_mail(async |test, sink| {
        let before = sink.mails().len();
        let ann = test.workspace(Plan::Free).await.ann;
        let mut follower = follow(&ann).await;
        sink.fail(Fault::Recipient("550 5.1.1 no such user"));
        let made = ann.does(INVITE, whom("Bob", "bob@nowhere.test")).await;
        let failed = delivery(&mut follower, "FAILED").await;
        assert!(text(&failed["lastError"]).contains("no such user"), "{failed}");
        assert_eq!((&failed["attempts"], &failed["sentAt"]), (&json!(1), &Value::Null));
        // Sent again it is another letter.
        ann.does(RESEND, json!({ "id": made["invitation"]["id"] })).await;
        assert_eq!(delivery(&mut follower, "SENT").await["attempts"], 1);
        sink.so_many(before + 1).await;
    })
    .await;
}

#[tokio::test]
async fn two_nodes_send_each_letter_once() {
    let sink = SmtpSink::start().await;
    TestApp::on_each_database(async |test| {
        let before = sink.mails().len();
        let ann = test.workspace(Plan::Free).await.ann;
        for number in 0..20 {
            ann.does(INVITE, whom("Somebody", &format!("somebody.{number}@both.test"))).await;
        }
        // One that was taken back is not sent.
        let made = ann.does(INVITE, whom("Nobody", "nobody@both.test")).await;
        ann.does(REVOKE, json!({ "id": made["invitation"]["id"] })).await;
        let mut follower = follow(&ann).await;
        let nodes = [node(test, &sink).await, node(test, &sink).await];
        let sending = nodes.clone().map(|node| tokio::spawn(async move { node.post.run().await }));
        for _ in 0..20 {
            delivery(&mut follower, "SENT").await;
        }
        let mails = sink.so_many(before + 20).await;
        let to: BTreeSet<_> = mails[before..].iter().flat_map(|mail| mail.to.clone()).collect();
        assert_eq!(to.len(), 20);
        let listed =
            ann.query("{ invitations(status: PENDING) { nodes { delivery { state attempts } } } }", json!({})).await;
        for one in array(&listed["invitations"]["nodes"]) {
            assert_eq!(one["delivery"], json!({ "state": "SENT", "attempts": 1 }));
        }
        for (sending, node) in sending.into_iter().zip(nodes) {
            sending.abort();
            node.db.close().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_node_that_ends_between_sending_and_writing_leaves_a_letter_that_is_sent_again() {
    let sink = SmtpSink::start().await;
    TestApp::on_each_database(async |test| {
        let before = sink.mails().len();
        let ann = test.workspace(Plan::Free).await.ann;
        ann.does(INVITE, whom("Bob", "bob@crash.test")).await;
        let mut follower = follow(&ann).await;
        sink.fail(Fault::Held);
        let first = node(test, &sink).await;
        let sending = tokio::spawn({
            let first = first.clone();
            async move { first.post.run().await }
        });
        sink.so_many(before + 1).await;
        sending.abort();
        let second = node(test, &sink).await;
        let sending = tokio::spawn({
            let second = second.clone();
            async move { second.post.run().await }
        });
        test.app.clock.advance(10 * MINUTE);
        assert_eq!(delivery(&mut follower, "SENT").await["attempts"], 2);
        let mails = sink.so_many(before + 2).await;
        assert_eq!(mails[before].data, mails[before + 1].data, "a copy, and it says so by its Message-ID");
        sending.abort();
        first.db.close().await;
        second.db.close().await;
    })
    .await;
}

#[tokio::test]
async fn letters_leave_over_tls_with_a_sign_in() {
    let sink = SmtpSink::with_starttls().await;
    let url = format!("smtp://mailer:s%40cret@localhost:{}?tls=required", sink.port());
    let settings = [
        ("TAGWIRE_SMTP_URL", url.as_str()),
        ("TAGWIRE_MAIL_FROM", "crm@acme.test"),
        ("TAGWIRE_CA_FILE", &sink.ca_file()),
    ];
    let test = TestApp::on_sqlite(&settings).await;
    let ann = test.workspace(Plan::Free).await.ann;
    ann.does(INVITE, whom("Bob", "bob@tls.test")).await;
    let mail = sink.so_many(1).await.pop().unwrap();
    // "\0mailer\0s@cret"
    assert_eq!((mail.secured, mail.signed_in.as_deref()), (true, Some("AG1haWxlcgBzQGNyZXQ=")));
    test.stop().await;

    // An authority that is not known is no server of ours.
    let test = TestApp::on_sqlite(&settings[..2]).await;
    let ann = test.workspace(Plan::Free).await.ann;
    let mut follower = follow(&ann).await;
    ann.does(INVITE, whom("Bob", "bob@tls.test")).await;
    let refused = loop {
        let queued = delivery(&mut follower, "QUEUED").await;
        if queued["lastError"] != Value::Null {
            break queued;
        }
    };
    assert!(text(&refused["lastError"]).contains("certificate"), "{refused}");
    sink.so_many(1).await;
    test.stop().await;
}
