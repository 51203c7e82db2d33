//! What servers with QRESYNC say to have gone.

use super::{Scene, subjects, tell};
use crate::support::scripted_mailbox::{Fault, Persona};

/// 15
#[tokio::test(flavor = "multi_thread")]
async fn the_highest_uid_is_expunged() {
    tell(
        Persona::Full,
        |mailbox| mailbox.fill("Work", subjects(1..=10)),
        async |scene: &mut Scene<'_>| {
            scene.is_connected().await;
            scene.server.with(|mailbox| mailbox.folder("Work").expunge(10));
            scene.looks().await;
            gone(scene, "old 010").await;
            // Told by the server, and not found out by comparing.
            assert_eq!(scene.server.count("UID FETCH 1:10 (UID FLAGS MODSEQ)"), 0);
            assert!(scene.server.count("(QRESYNC (7 ") > 0);
        },
    )
    .await;
}

/// 16
#[tokio::test(flavor = "multi_thread")]
async fn what_vanishes_in_several_lines_during_any_command_is_all_taken_over() {
    tell(
        Persona::Full,
        |mailbox| mailbox.fill("INBOX", subjects(1..=20)),
        async |scene: &mut Scene<'_>| {
            scene.is_connected().await;
            // While it is waited, in several lines.
            scene.server.with(|mailbox| {
                for uid in [3, 7, 20] {
                    mailbox.folder("INBOX").expunge(uid);
                }
            });
            gone(scene, "old 003").await;
            gone(scene, "old 007").await;
            gone(scene, "old 020").await;
            // While new mail is read: the answer to FETCH brings it, and the modification sequence of before does not cover it.
            let gone_meanwhile = Fault::changes(|mailbox| {
                mailbox.folder("INBOX").expunge(5);
                mailbox.folder("INBOX").expunge(6);
            });
            scene.server.plan("RFC822.SIZE", gone_meanwhile);
            scene.delivers("INBOX", "new");
            assert_eq!(scene.hears().await, "new");
            gone(scene, "old 005").await;
            gone(scene, "old 006").await;
        },
    )
    .await;
}

/// 17
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_nearly_everything_vanished_is_verified() {
    tell(
        Persona::Full,
        |mailbox| mailbox.fill("INBOX", subjects(1..=30)),
        async |scene: &mut Scene<'_>| {
            scene.is_connected().await;
            scene.server.with(|mailbox| {
                mailbox.claims_vanished = Some("1:26183");
                mailbox.folder("INBOX").flag(1, &["\\Seen"]);
                mailbox.folder("INBOX").expunge(30);
            });
            // What really went goes; nothing else does.
            gone(scene, "old 030").await;
            let placed = scene.holds().await.into_iter().filter(|(_, folders)| !folders.is_empty()).count();
            assert_eq!(placed, 29);
            // A folder that really was emptied is empty then.
            scene.server.with(|mailbox| {
                mailbox.claims_vanished = None;
                for uid in 1..=29 {
                    mailbox.folder("INBOX").expunge(uid);
                }
            });
            for number in 1..=29 {
                gone(scene, &format!("old {number:03}")).await;
            }
        },
    )
    .await;
}

/// 18
#[tokio::test(flavor = "multi_thread")]
async fn what_is_enabled_without_a_word_is_used_where_it_works() {
    tell(
        Persona::Unconfirmed,
        |mailbox| mailbox.fill("INBOX", subjects(1..=5)),
        async |scene: &mut Scene<'_>| {
            scene.is_connected().await;
            scene.server.with(|mailbox| mailbox.folder("INBOX").flag(2, &["\\Seen"]));
            seen(scene, "old 002").await;
            scene.server.with(|mailbox| mailbox.folder("INBOX").expunge(4));
            gone(scene, "old 004").await;
        },
    )
    .await;
}

/// 18, where the server takes the command for enabling and does not understand it afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_what_it_announced_is_asked_in_the_old_way() {
    tell(
        Persona::Full,
        |mailbox| mailbox.fill("INBOX", subjects(1..=5)),
        async |scene: &mut Scene<'_>| {
            scene.is_connected().await;
            scene.server.plan("QRESYNC (", Fault::Ends(0, "BAD what is that"));
            scene.server.with(|mailbox| mailbox.folder("INBOX").flag(2, &["\\Seen"]));
            seen(scene, "old 002").await;
            assert!(scene.server.count("CHANGEDSINCE") > 0);
        },
    )
    .await;
}

/// A look at a folder with nothing new costs one round trip.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_new_costs_one_command_for_each_folder() {
    for persona in [Persona::Full, Persona::Gmail] {
        let filling = |mailbox: &mut crate::support::scripted_mailbox::Mailbox| {
            mailbox.fill("INBOX", subjects(1..=5));
            mailbox.fill("Work", subjects(6..=9));
        };
        tell(persona, filling, async |scene: &mut Scene<'_>| {
            scene.is_connected().await;
            scene.is_looked_over().await;
            let before = scene.server.with(|mailbox| mailbox.commands.len());
            scene.is_looked_over().await;
            let mut commands = scene.server.with(|mailbox| mailbox.commands[before..].to_vec());
            // Whoever asks for a look has all folders counted besides.
            commands.retain(|command| !["IDLE", "DONE"].contains(&command.as_str()) && !command.ends_with(" (UID)"));
            assert!(commands.iter().all(|command| command.starts_with("EXAMINE")), "{commands:#?}");
        })
        .await;
    }
}

/// Waits until a mail has no place.
async fn gone(scene: &mut Scene<'_>, subject: &str) {
    scene.becomes(|held| held.contains(&(subject.to_owned(), Vec::new()))).await;
}

/// Waits until a mail is told to be read.
async fn seen(scene: &mut Scene<'_>, subject: &str) {
    let told =
        crate::support::mailbox::until(&mut scene.socket, "change", |data| data["changes"]["node"]["seen"] == true)
            .await;
    assert_eq!(told["changes"]["node"]["subject"], subject);
}
