//! What servers say when one signs in, or asks too much.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Scene, subjects, tell};
use crate::support::scripted_mailbox::{Fault, Mailbox, Persona};

/// A command, and how it is answered.
type Throttling = (&'static str, fn() -> Fault);

const THROTTLED: [Throttling; 4] = [
    ("LOGIN", || Fault::Ends(0, "NO Request is throttled. Suggested Backoff Time: 300000 milliseconds")),
    ("LOGIN", || Fault::Ends(0, "BAD Request is throttled. Suggested Backoff Time: 300000 milliseconds")),
    ("LOGIN", || Fault::Bye(0, "Request is throttled. Suggested Backoff Time: 300000 milliseconds")),
    ("EXAMINE", || Fault::Bye(0, "Request is throttled. Suggested Backoff Time: 300000 milliseconds")),
];

fn five(mailbox: &mut Mailbox) {
    mailbox.fill("INBOX", subjects(1..=5));
}

/// Ends the session, and waits until that is told.
async fn ends_session(scene: &mut Scene<'_>) {
    scene.server.with(|mailbox| mailbox.hang_ups += 1);
    scene.is("RETRYING").await;
}

fn seconds(told: &Value) -> i64 {
    let at = told["nextAttemptAt"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    at.timestamp() - crate::support::test_app::MORNING.0 / 1_000_000
}

/// 25
#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_account_waits_as_long_as_the_server_says() {
    for (on, throttled) in THROTTLED {
        tell(Persona::Office365, five, async |scene: &mut Scene<'_>| {
            scene.is_connected().await;
            ends_session(scene).await;
            scene.server.plan(on, throttled());
            scene.test.app.clock.advance(Duration::from_secs(5));
            let mailbox = loop {
                let told = scene.mailbox().await;
                if told["state"] == "RETRYING" && seconds(&told) >= 300 {
                    break told;
                }
                scene.socket.next().await;
            };
            assert_ne!(mailbox["problem"]["code"], "MAIL_AUTHENTICATION_FAILED");
            assert!((300..=310).contains(&seconds(&mailbox)), "{mailbox}");
            let logins = scene.server.count("LOGIN");
            scene.test.app.clock.advance(Duration::from_secs(290));
            assert_eq!(scene.mailbox().await["state"], "RETRYING");
            assert_eq!(scene.server.count("LOGIN"), logins, "no storm");
            scene.test.app.clock.advance(Duration::from_secs(60));
            scene.is("LIVE").await;
        })
        .await;
    }
}

/// 26
#[tokio::test(flavor = "multi_thread")]
async fn an_account_over_its_quota_waits_and_its_password_is_not_doubted() {
    for (on, line) in [
        ("BODY.PEEK", "NO [OVERQUOTA] Account exceeded command or bandwidth limits"),
        ("LOGIN", "NO [ALERT] Too many simultaneous connections. (Failure)"),
        ("LOGIN", "NO [UNAVAILABLE] Invalid credentials, or not"),
    ] {
        tell(Persona::Gmail, five, async |scene: &mut Scene<'_>| {
            if on == "LOGIN" {
                // Behind the attempt with which it is connected.
                scene.server.plan("LOGIN", Fault::Says("* OK welcome"));
            }
            scene.server.plan(on, Fault::Ends(0, line));
            scene.connects().await;
            let told = scene.is("RETRYING").await;
            assert_ne!(told["problem"]["code"], "MAIL_AUTHENTICATION_FAILED", "{told}");
            let wait = seconds(&scene.mailbox().await);
            assert!(if line.contains("OVERQUOTA") { wait >= 900 } else { wait > 0 }, "{wait}");
            scene.looks().await;
            scene.is("LIVE").await;
        })
        .await;
    }
}

/// 27
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_needs_an_app_password_stops_at_once_and_says_so() {
    const TEXT: &str = "NO [ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)";
    tell(Persona::Gmail, five, async |scene: &mut Scene<'_>| {
        scene.server.plan("LOGIN", Fault::Ends(0, TEXT));
        let refused = scene.tries_to_connect().await;
        assert_eq!(refused["userErrors"][0]["code"], "APP_PASSWORD_REQUIRED", "{refused}");
        scene.is_connected().await;
        ends_session(scene).await;
        scene.server.plan("LOGIN", Fault::Ends(0, TEXT));
        let logins = scene.server.count("LOGIN");
        scene.looks().await;
        scene.is("NEEDS_ATTENTION").await;
        let mailbox = scene.mailbox().await;
        assert_eq!(mailbox["problem"]["code"], "APP_PASSWORD_REQUIRED");
        scene.test.app.clock.advance(Duration::from_hours(1));
        assert_eq!(scene.server.count("LOGIN"), logins + 1, "it does not try on");
    })
    .await;
}

/// 36: a list of what the server can do that cannot be read.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_understood_is_told_of_in_plain_words() {
    tell(Persona::Full, five, async |scene: &mut Scene<'_>| {
        scene.server.with(|mailbox| mailbox.capabilities = Some("IMAP4rev1  IDLE"));
        let refused = scene.tries_to_connect().await;
        let error = &refused["userErrors"][0];
        assert_eq!(error["message"], "The mail server sends answers that cannot be understood.", "{refused}");
        assert_eq!(scene.server.with(|mailbox| mailbox.connections), 1, "it is tried once");
        assert_eq!(scene.ann.query("{ mailAccounts { id } }", json!({})).await["mailAccounts"], json!([]));
    })
    .await;
}
