//! Answers with messages that end early, lack something, or cannot be read.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::Notify;

use super::{Scene, subjects, tell};
use crate::support::mailbox::mail;
use crate::support::scripted_mailbox::{Fault, Mailbox, Persona};

const PERSONAS: [Persona; 2] = [Persona::Full, Persona::Office365];

fn sixty(mailbox: &mut Mailbox) {
    mailbox.fill("INBOX", subjects(1..=60));
}

/// 1 and 2, beside `mail_faults`: what came is kept, the rest is read later.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_ends_early_is_taken_as_far_as_it_came() {
    let ends = [|| Fault::Ends(7, "NO [UNAVAILABLE] later"), || Fault::Closes(7), || Fault::Bye(7, "later")];
    for end in ends {
        tell(Persona::Full, sixty, async |scene: &mut Scene<'_>| {
            scene.server.plan("BODY.PEEK", end());
            scene.connects().await;
            let told = scene.is("RETRYING").await;
            assert!(told["problem"]["message"].is_string());
            assert_eq!(scene.holds().await.len(), 7);
            scene.looks().await;
            scene.is("LIVE").await;
            scene.agrees().await;
            // Each was read once.
            let bodies = scene.server.with(|mailbox| mailbox.commands.clone());
            assert!(bodies.iter().filter(|command| command.contains("BODY.PEEK")).count() >= 2);
        })
        .await;
    }
}

/// 3
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_ends_as_a_folder_is_opened_is_no_empty_folder() {
    tell(Persona::Full, sixty, async |scene: &mut Scene<'_>| {
        scene.is_connected().await;
        scene.server.plan("EXAMINE \"INBOX\"", Fault::Closes(0));
        scene.looks().await;
        scene.is("RETRYING").await;
        assert_eq!(scene.holds().await, scene.server.with(|mailbox| mailbox.holds()));
        scene.looks().await;
        scene.is("LIVE").await;
        assert_eq!(scene.holds().await, scene.server.with(|mailbox| mailbox.holds()));
    })
    .await;
}

/// 5
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_an_answer_lacks_is_asked_for_again() {
    for persona in PERSONAS {
        tell(persona, sixty, async |scene: &mut Scene<'_>| {
            scene.server.plan("BODY.PEEK", Fault::LeavesOut(33));
            scene.is_connected().await;
            scene.agrees().await;
            assert_eq!(scene.mailbox().await["progress"]["skipped"], 0);
        })
        .await;
    }
}

/// 5, where it is not sent the second time either: it is remembered, and read later.
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_does_not_come_is_remembered_and_comes_later() {
    tell(Persona::Full, sixty, async |scene: &mut Scene<'_>| {
        scene.server.plan("BODY.PEEK", Fault::LeavesOut(33));
        scene.server.plan("BODY.PEEK", Fault::LeavesOut(33));
        scene.is_connected().await;
        assert_eq!(scene.holds().await.len(), 59);
        scene.test.app.clock.advance(Duration::from_mins(2));
        scene.looks().await;
        scene.agrees().await;
    })
    .await;
}

/// 6
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_goes_before_it_is_read_is_not_waited_for() {
    for persona in PERSONAS {
        tell(persona, sixty, async |scene: &mut Scene<'_>| {
            let gone = Fault::changes(|mailbox| mailbox.folder("INBOX").expunge(33));
            scene.server.plan("BODY.PEEK", gone);
            scene.is_connected().await;
            scene.agrees().await;
            assert_eq!(scene.mailbox().await["progress"], json!({ "stored": 59, "total": 59, "skipped": 0 }));
        })
        .await;
    }
}

/// 10
#[tokio::test(flavor = "multi_thread")]
async fn uids_in_any_order_with_an_expunge_between_pages_lose_nothing() {
    let filling = |mailbox: &mut Mailbox| mailbox.fill("INBOX", subjects(1..=150));
    for persona in PERSONAS {
        tell(persona, filling, async |scene: &mut Scene<'_>| {
            scene.server.plan("RFC822.SIZE", Fault::Backwards);
            scene.server.plan("BODY.PEEK", Fault::Backwards);
            let gone = Fault::changes(|mailbox| {
                mailbox.folder("INBOX").expunge(140);
                mailbox.folder("INBOX").expunge(20);
            });
            scene.server.plan("BODY.PEEK", gone);
            scene.is_connected().await;
            scene.agrees().await;
        })
        .await;
    }
}

/// 36
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_whose_answer_cannot_be_read_is_stepped_over_and_the_rest_read() {
    // Not IMAP, and a panic of the parser.
    for garbage in ["* 9 FETCH (UID 33  BODY[] oops", "* 9 FETCH (UID 33 INTERNALDATE NIL)"] {
        for on in ["BODY.PEEK", "RFC822.SIZE"] {
            tell(Persona::Full, sixty, async |scene: &mut Scene<'_>| {
                scene.server.with(|mailbox| mailbox.folder("INBOX").message(33).garbled = Some((on, garbage)));
                scene.is_connected().await;
                assert_eq!(scene.holds().await.len(), 59);
                assert_eq!(scene.mailbox().await["progress"]["skipped"], 1);
                // Bounded, and over.
                assert!(scene.server.with(|mailbox| mailbox.connections) < 40);
                // New mail comes all the same.
                scene.delivers("INBOX", "new");
                assert_eq!(scene.hears().await, "new");
                // Once the server can, it comes.
                scene.server.with(|mailbox| mailbox.folder("INBOX").message(33).garbled = None);
                scene.test.app.clock.advance(Duration::from_mins(2));
                scene.looks().await;
                scene.agrees().await;
            })
            .await;
        }
    }
}

/// 35
#[tokio::test(flavor = "multi_thread")]
async fn odd_bytes_are_stored_and_the_folder_goes_on() {
    let odd = |mailbox: &mut Mailbox| {
        let mails: [&[u8]; 8] = [
            b"Subject: nul\0here\r\nFrom: a\0b@x.test\r\n\r\nbody\0body\r\n",
            b"Subject: \xcf\xf0\xe8\xe2\xe5\xf2\r\nFrom: \xff\xfe <a@x.test>\r\n\r\n\xcf\xf0\r\n",
            b"\x80\x81\x82",
            b"",
            b"\r\n\r\n",
            b"Date: yesterday, perhaps\r\nSubject: no date\r\n\r\nx",
            b"Content-Type: multipart/mixed; boundary=b\r\nSubject: never closed\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p",
            b"Message-ID: \r\nSubject: =?utf-8?B?////?= =?x?q?=00?=\r\nTo: ,,;<>@@\r\n\r\nx",
        ];
        for bytes in mails {
            mailbox.add("INBOX", bytes.to_vec());
        }
        let part = "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n".repeat(10_000);
        let parts = format!("Content-Type: multipart/mixed; boundary=b\r\nSubject: parts\r\n\r\n{part}--b--\r\n");
        mailbox.add("INBOX", parts.into_bytes());
        mailbox.add("INBOX", format!("Subject: {}\r\n\r\nlong", "x".repeat(400_000)).into_bytes());
        mailbox.fill("INBOX", subjects(1..=3));
    };
    tell(Persona::Full, odd, async |scene: &mut Scene<'_>| {
        scene.is_connected().await;
        // Two of them are the same nothing; every other is a mail.
        let progress = scene.mailbox().await["progress"].take();
        assert_eq!(progress, json!({ "stored": 13, "total": 13, "skipped": 0 }));
        scene.delivers("INBOX", "new");
        assert_eq!(scene.hears().await, "new");
    })
    .await;
}

/// 38
#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_that_is_given_up_leaves_nothing_to_the_next() {
    tell(Persona::Full, sixty, async |scene: &mut Scene<'_>| {
        let never = Arc::new(Notify::new());
        scene.server.plan("BODY.PEEK", Fault::Waits(Arc::clone(&never)));
        scene.connects().await;
        scene.server.until(|mailbox| mailbox.count("BODY.PEEK") == 1).await;
        let deed = |name: &str| format!("mutation($id: ID!) {{ {name}(id: $id) {{ userErrors {{ code }} }} }}");
        scene.ann.does(&deed("pauseMailAccount"), json!({ "id": scene.account })).await;
        scene.is("PAUSED").await;
        never.notify_one();
        assert_eq!(scene.holds().await.len(), 0);
        let before = scene.server.with(|mailbox| mailbox.connections);
        scene.ann.does(&deed("resumeMailAccount"), json!({ "id": scene.account })).await;
        scene.is("LIVE").await;
        assert!(scene.server.with(|mailbox| mailbox.connections) > before, "on another connection");
        scene.agrees().await;
    })
    .await;
}

/// 41
#[tokio::test(flavor = "multi_thread")]
async fn new_mail_is_told_while_the_history_is_read() {
    tell(Persona::Full, sixty, async |scene: &mut Scene<'_>| {
        let go_on = Arc::new(Notify::new());
        scene.server.plan("BODY.PEEK", Fault::Waits(Arc::clone(&go_on)));
        scene.connects().await;
        scene.server.until(|mailbox| mailbox.count("BODY.PEEK") == 1 && mailbox.count("IDLE") == 1).await;
        let start = std::time::Instant::now();
        scene.server.with(|mailbox| mailbox.deliver("INBOX", mail("jan@bedrijf.test", "new")));
        assert_eq!(scene.hears().await, "new");
        eprintln!("new mail was told after {:?}, while a history waited", start.elapsed());
        assert_eq!(scene.mailbox().await["state"], "BACKFILLING");
        go_on.notify_one();
        scene.is("LIVE").await;
        scene.agrees().await;
    })
    .await;
}
