//! Waiting for news, with servers that do it in odd ways.

use std::time::Duration;

use super::{Scene, subjects, tell};
use crate::support::scripted_mailbox::{Fault, Mailbox, Persona};

fn five(mailbox: &mut Mailbox) {
    mailbox.fill("INBOX", subjects(1..=5));
}

/// 19
#[tokio::test(flavor = "multi_thread")]
async fn mail_that_comes_before_the_wait_begins_is_told_at_once() {
    for persona in [Persona::Full, Persona::Office365] {
        tell(persona, five, async |scene: &mut Scene<'_>| {
            scene.is_connected().await;
            for lines in ["* 6 EXISTS", "* FLAGS (\\Seen)\n* 7 EXISTS"] {
                scene.server.plan("IDLE", Fault::Says(lines));
                // As the look is over and the wait begins: the server tells of it before it says that it waits.
                let subject = format!("new {lines}").replace('\n', " ");
                let delivered = subject.clone();
                let arrives = Fault::changes_after(move |mailbox| {
                    mailbox.deliver("INBOX", crate::support::mailbox::mail("jan@bedrijf.test", &delivered));
                });
                scene.server.plan("EXAMINE \"INBOX\"", arrives);
                scene.looks().await;
                assert_eq!(scene.hears().await, subject);
            }
            scene.agrees().await;
        })
        .await;
    }
}

/// 20
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_wait_is_asked_from_time_to_time() {
    let refusing = |mailbox: &mut Mailbox| {
        five(mailbox);
        for _ in 0..100 {
            mailbox.faults.push(("IDLE", Fault::Ends(0, "NO too many wait already")));
        }
    };
    let without = |mailbox: &mut Mailbox| {
        five(mailbox);
        mailbox.capabilities = Some("IMAP4rev1");
    };
    for filling in [&refusing as &dyn Fn(&mut Mailbox), &without] {
        tell(Persona::Office365, filling, async |scene: &mut Scene<'_>| {
            scene.is_connected().await;
            scene.delivers("INBOX", "new");
            let asked = scene.server.count("EXAMINE \"INBOX\"");
            // The watcher may just be on its way to its pause.
            let looks = || scene.server.until(|mailbox| mailbox.count("EXAMINE \"INBOX\"") > asked);
            while tokio::time::timeout(Duration::from_millis(20), looks()).await.is_err() {
                scene.test.app.clock.advance(Duration::from_mins(1));
            }
            assert_eq!(scene.hears().await, "new");
            assert_eq!(scene.mailbox().await["state"], "LIVE");
        })
        .await;
    }
}

/// 20: a connection on which nothing is heard any more is found out when the wait is ended, which is every four minutes or when
/// somebody asks.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_fell_silent_is_left_for_another_connection() {
    tell(Persona::Full, five, async |scene: &mut Scene<'_>| {
        scene.is_connected().await;
        scene.is_looked_over().await;
        scene.server.plan("IDLE", Fault::Silence(0));
        scene.is_looked_over().await;
        scene.delivers("INBOX", "new");
        scene.looks().await;
        scene.is("RETRYING").await;
        scene.looks().await;
        assert_eq!(scene.hears().await, "new");
        if scene.mailbox().await["state"] != "LIVE" {
            scene.is("LIVE").await;
        }
    })
    .await;
}

/// 21
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_with_its_token_begins_anew_without_a_word() {
    tell(Persona::Office365, five, async |scene: &mut Scene<'_>| {
        scene.is_connected().await;
        scene.is_looked_over().await;
        scene.server.plan("IDLE", Fault::Bye(0, "Session invalidated - AccessTokenExpired"));
        let (connections, waits) = scene.server.with(|mailbox| (mailbox.connections, mailbox.count("IDLE")));
        scene.looks().await;
        scene.server.until(|mailbox| mailbox.connections > connections && mailbox.count("IDLE") > waits + 1).await;
        scene.delivers("INBOX", "new");
        // Whatever was told before the mail was told before this.
        loop {
            let message = scene.socket.next().await;
            let told = &message["payload"]["data"]["mailAccountChanged"]["mailAccount"];
            assert_ne!(told["state"], "RETRYING", "{message}");
            assert_ne!(told["state"], "NEEDS_ATTENTION", "{message}");
            if message["id"] == "mail" {
                break;
            }
        }
        let mailbox = scene.mailbox().await;
        assert_eq!((&mailbox["state"], mailbox["problem"].is_null()), (&"LIVE".into(), true), "{mailbox}");
    })
    .await;
}

/// However high the UIDs are that it could have, a new mail is asked for once.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_mail_costs_two_commands() {
    for persona in [Persona::Full, Persona::Gmail, Persona::Office365] {
        tell(persona, five, async |scene: &mut Scene<'_>| {
            scene.is_connected().await;
            scene.is_looked_over().await;
            let (before, waits) = scene.server.with(|mailbox| (mailbox.commands.len(), mailbox.count("IDLE")));
            scene.delivers("INBOX", "new");
            assert_eq!(scene.hears().await, "new");
            scene.server.until(|mailbox| mailbox.count("IDLE") > waits).await;
            let mut commands = scene.server.with(|mailbox| mailbox.commands[before..].to_vec());
            // The other folders may be looked at meanwhile.
            commands.retain(|command| command.contains("RFC822.SIZE") || command.contains("BODY.PEEK"));
            assert_eq!(commands.len(), 2, "{persona:?}: {commands:#?}");
        })
        .await;
    }
}
