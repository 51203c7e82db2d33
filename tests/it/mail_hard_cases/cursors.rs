//! How far a folder is read, when its server counts in odd ways.

use std::time::Duration;

use serde_json::json;
use tagwire::mail_accounts;
use uuid::Uuid;

use super::{Scene, subjects, tell};
use crate::support::mailbox::mail;
use crate::support::scripted_mailbox::{Fault, Mailbox, Persona};

const PERSONAS: [Persona; 2] = [Persona::Full, Persona::Office365];

fn ten(mailbox: &mut Mailbox) {
    mailbox.fill("INBOX", subjects(1..=10));
}

/// 7
#[tokio::test(flavor = "multi_thread")]
async fn uids_that_never_were_are_passed_over_once() {
    for persona in PERSONAS {
        let filling = |mailbox: &mut Mailbox| {
            ten(mailbox);
            mailbox.folder("INBOX").uid_next = 420_000;
        };
        tell(persona, filling, async |scene: &mut Scene<'_>| {
            scene.is_connected().await;
            scene.agrees().await;
            // The tail grows without a mail.
            scene.server.with(|mailbox| mailbox.folder("INBOX").uid_next = 900_000);
            scene.is_looked_over().await;
            let before = scene.server.count("RFC822.SIZE");
            scene.is_looked_over().await;
            assert_eq!(scene.server.count("RFC822.SIZE"), before, "it is known that nothing is there");
            scene.delivers("INBOX", "new");
            assert_eq!(scene.hears().await, "new");
        })
        .await;
    }
}

/// 8
#[tokio::test(flavor = "multi_thread")]
async fn flags_that_move_ahead_of_unread_mail_skip_none_of_it() {
    for persona in [Persona::Full, Persona::Gmail] {
        tell(persona, ten, async |scene: &mut Scene<'_>| {
            scene.is_connected().await;
            // The flags of the same look are taken over, the new mail is not sent.
            scene.server.plan("BODY.PEEK", Fault::Ends(0, "NO [UNAVAILABLE] later"));
            scene.server.with(|mailbox| {
                mailbox.folder("INBOX").flag(3, &["\\Seen"]);
                mailbox.deliver("INBOX", mail("jan@bedrijf.test", "new"));
                mailbox.folder("INBOX").flag(4, &["\\Seen"]);
            });
            scene.is("RETRYING").await;
            scene.looks().await;
            assert_eq!(scene.hears().await, "new");
            scene.agrees().await;
            scene.has_seen(2).await;
        })
        .await;
    }
}

/// 9
#[tokio::test(flavor = "multi_thread")]
async fn a_range_beyond_the_last_mail_gives_it_once_more_and_nothing_is_told() {
    for persona in PERSONAS {
        tell(persona, ten, async |scene: &mut Scene<'_>| {
            scene.server.with(|mailbox| mailbox.gives_last = true);
            scene.is_connected().await;
            let since = scene.ann.cursor().await;
            // A server that tells of a mail that is not there.
            scene.server.plan("IDLE", Fault::Says("* 10 EXISTS"));
            scene.is_looked_over().await;
            scene.is_looked_over().await;
            scene.server.until(|mailbox| mailbox.count("UID FETCH 11:4294967295") > 0).await;
            scene.is_looked_over().await;
            assert_eq!(scene.told(&since).await, [""; 0]);
            assert_eq!(scene.holds().await.len(), 10);
        })
        .await;
    }
}

/// 12
#[tokio::test(flavor = "multi_thread")]
async fn other_uids_in_the_middle_of_everything_change_nothing_for_people() {
    for persona in PERSONAS {
        tell(persona, ten, async |scene: &mut Scene<'_>| {
            // In the middle of the history. The server ends the connection that waits.
            scene.server.plan("BODY.PEEK", Fault::changes(|mailbox| mailbox.folder("INBOX").renumber()));
            scene.connects().await;
            scene.is("RETRYING").await;
            scene.looks().await;
            scene.is("LIVE").await;
            scene.agrees().await;
            let ids = "{ messages { nodes { id subject } } }";
            let (before, since) = (scene.ann.query(ids, json!({})).await, scene.ann.cursor().await);
            // While it is waited.
            scene.server.with(|mailbox| mailbox.folder("INBOX").renumber());
            scene.is("RETRYING").await;
            scene.looks().await;
            scene.is("LIVE").await;
            assert_eq!(scene.ann.query(ids, json!({})).await, before);
            assert_eq!(scene.told(&since).await, [""; 0], "neither gone nor new");
            scene.delivers("INBOX", "new");
            assert_eq!(scene.hears().await, "new");
        })
        .await;
    }
}

/// 13
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_whose_uids_never_last_rests_and_the_others_live() {
    for (restless, lively) in [("Work", "INBOX"), ("INBOX", "Work")] {
        let filling = |mailbox: &mut Mailbox| {
            ten(mailbox);
            mailbox.fill("Work", subjects(11..=20));
            mailbox.folder(restless).restless = true;
        };
        tell(Persona::Full, filling, async |scene: &mut Scene<'_>| {
            scene.connects().await;
            let told = loop {
                let told = scene.mailbox().await;
                let message = told["problem"]["message"].as_str().unwrap_or_default();
                if message.contains(restless) && message.contains("again and again") {
                    break told;
                }
                scene.looks().await;
                scene.rests(Duration::from_millis(100)).await;
            };
            assert_eq!(told["state"], "RETRYING");
            let opened = format!("EXAMINE \"{restless}\"");
            let before = scene.server.count(&opened);
            assert!(before < 30, "{before}");
            scene.delivers(lively, "new");
            scene.looks().await;
            assert_eq!(scene.hears().await, "new");
            // An hour later it is looked at again: by now it is well.
            scene.server.with(|mailbox| mailbox.folder(restless).restless = false);
            scene.test.app.clock.advance(Duration::from_mins(61));
            scene.looks().await;
            scene.is("LIVE").await;
            scene.agrees().await;
        })
        .await;
    }
}

/// 29
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_lost_its_lease_stores_nothing() {
    tell(Persona::Full, ten, async |scene: &mut Scene<'_>| {
        scene.is_connected().await;
        let since = scene.ann.cursor().await;
        let db = &scene.test.app.db;
        let go_on = std::sync::Arc::new(tokio::sync::Notify::new());
        scene.server.plan("BODY.PEEK", Fault::Waits(std::sync::Arc::clone(&go_on)));
        let bodies = scene.server.count("BODY.PEEK");
        scene.delivers("INBOX", "new");
        scene.server.until(|mailbox| mailbox.count("BODY.PEEK") > bodies).await;
        // Another node takes the mailbox, while this one waits for the mail.
        let taken = mail_accounts::claim(db, Uuid::from_u128(1), true).await.unwrap();
        assert_eq!(taken.len(), 1);
        go_on.notify_one();
        // It hears that its lease is gone, and ends its connections.
        scene.looks().await;
        assert_eq!(scene.told(&since).await, [""; 0]);
        assert_eq!(scene.holds().await.len(), 10);
        for lease in taken {
            mail_accounts::release(db, &lease).await.unwrap();
        }
        scene.looks().await;
        assert_eq!(scene.hears().await, "new");
        assert_eq!(scene.told(&since).await, ["CREATED"]);
    })
    .await;
}

/// A server that counts backwards has lost its records: everything is compared.
#[tokio::test(flavor = "multi_thread")]
async fn modification_sequences_that_begin_anew_are_no_reason_to_believe_that_nothing_changed() {
    tell(Persona::Full, ten, async |scene: &mut Scene<'_>| {
        scene.is_connected().await;
        scene.server.with(|mailbox| {
            let inbox = mailbox.folder("INBOX");
            inbox.flag(3, &["\\Flagged"]);
            inbox.mod_seq = 2;
            inbox.messages.iter_mut().for_each(|message| message.mod_seq = 1);
        });
        scene.looks().await;
        let flagged = |data: &serde_json::Value| data["changes"]["node"]["flagged"] == true;
        let told = crate::support::mailbox::until(&mut scene.socket, "change", flagged).await;
        assert_eq!(told["changes"]["node"]["subject"], "old 003");
    })
    .await;
}
