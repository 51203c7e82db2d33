//! The IMAP connection with a real server.

use std::future::pending;
use std::time::Duration;

use tagwire::mail_sync::imap::{
    AllowedHosts, Credentials, IdleOutcome, ImapConn, ImapError, Known, Part, Password, ResponseCode, Security,
    SpecialUse, Target, Timeouts, UidSet, Untagged, client_config,
};

use crate::support::dovecot::{ALICE, BOB, Dovecot};

const MESSAGE: &[u8] = b"From: a@x.test\r\nSubject: one\r\n\r\nHello\r\n";

fn credentials((user, password): (&str, &str)) -> Credentials {
    Credentials::Password { user: user.to_owned(), password: Password::new(password.to_owned()) }
}

async fn connect(server: &Dovecot, host: &str, security: Security) -> Result<ImapConn, ImapError> {
    let port = if security == Security::Tls { server.imaps_port() } else { server.imap_port() };
    let target = Target { host: host.to_owned(), port, security };
    let allowed = AllowedHosts::parse(&format!("{host}:{port}")).unwrap();
    let tls = client_config(Some(&server.ca_file())).unwrap();
    ImapConn::connect(&target, &allowed, &tls, Timeouts::default()).await
}

async fn signed_in(server: &Dovecot) -> ImapConn {
    let mut conn = connect(server, "localhost", Security::Tls).await.unwrap();
    conn.login(&credentials(ALICE)).await.unwrap();
    conn
}

#[tokio::test]
async fn people_sign_in_over_every_kind_of_connection() {
    let server = Dovecot::start();
    for security in [Security::Tls, Security::StartTls, Security::Plaintext] {
        for person in [ALICE, BOB] {
            let mut conn = connect(&server, "localhost", security).await.unwrap();
            conn.login(&credentials(person)).await.unwrap();
            assert!(conn.has("IDLE") && conn.has_condstore() && !conn.has("AUTH=PLAIN"), "{security:?}");
            conn.logout().await;
        }
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_apart_and_may_be_corrected() {
    let server = Dovecot::start();
    let mut conn = connect(&server, "localhost", Security::Tls).await.unwrap();
    let refused = conn.login(&credentials((ALICE.0, "wrong"))).await.unwrap_err();
    assert_eq!(refused.code(), Some(&ResponseCode::AuthenticationFailed), "{refused:?}");
    assert!(refused.keeps_connection() && conn.is_usable());
    conn.login(&credentials(ALICE)).await.unwrap();
}

#[tokio::test]
async fn a_certificate_must_be_of_a_known_authority_and_for_the_host() {
    let server = Dovecot::start();
    for security in [Security::Tls, Security::StartTls] {
        let error = connect(&server, "127.0.0.1", security).await.unwrap_err();
        assert!(matches!(error, ImapError::Certificate(_)), "{error:?}");
    }
    let target = Target { host: "localhost".to_owned(), port: server.imaps_port(), security: Security::Tls };
    let allowed = AllowedHosts::parse(&format!("localhost:{}", target.port)).unwrap();
    let public_only = client_config(None).unwrap();
    let error = ImapConn::connect(&target, &allowed, &public_only, Timeouts::default()).await.unwrap_err();
    assert!(matches!(error, ImapError::Certificate(_)), "{error:?}");
}

#[tokio::test]
async fn a_private_host_looks_like_one_that_is_not_there() {
    let server = Dovecot::start();
    let tls = client_config(None).unwrap();
    let target = Target { host: "localhost".to_owned(), port: server.imaps_port(), security: Security::Tls };
    let refused = ImapConn::connect(&target, &AllowedHosts::default(), &tls, Timeouts::default()).await.unwrap_err();
    let nowhere = Target { host: "no-such-host.invalid".to_owned(), ..target.clone() };
    let unknown = ImapConn::connect(&nowhere, &AllowedHosts::default(), &tls, Timeouts::default()).await.unwrap_err();
    assert_eq!(refused.to_string(), unknown.to_string());
    // A host that may be connected to is told apart.
    let silent = Target { port: 1, ..target };
    let allowed = AllowedHosts::parse("localhost:1").unwrap();
    let unreachable = ImapConn::connect(&silent, &allowed, &tls, Timeouts::default()).await.unwrap_err();
    assert!(matches!(unreachable, ImapError::Unreachable), "{unreachable:?}");
}

#[tokio::test]
async fn folders_are_listed_with_their_names_and_uses() {
    let server = Dovecot::start();
    for folder in ["Projekte/Größe", "Tom & Jerry", "a \"b\" c"] {
        server.create_folder(ALICE.0, folder);
    }
    let mut conn = signed_in(&server).await;
    let folders = conn.list_folders().await.unwrap();
    let find = |name: &str| folders.iter().find(|folder| folder.display_name() == name).unwrap();
    assert!(find("INBOX").is_inbox());
    assert_eq!(find("Sent").special_use, Some(SpecialUse::Sent));
    assert_eq!(find("Spam").special_use, Some(SpecialUse::Junk));
    assert!(!find("Projekte").selectable);
    assert_eq!(find("INBOX").delimiter.as_deref(), Some("/"));
    for name in ["Projekte/Größe", "Tom & Jerry", "a \"b\" c"] {
        conn.examine(&find(name).name).await.unwrap();
        assert_eq!(conn.status(&find(name).name).await.unwrap().messages, Some(0));
    }
    let missing = conn.examine("Nowhere").await.unwrap_err();
    assert!(matches!(missing, ImapError::No { .. }) && conn.is_usable(), "{missing:?}");
    server.delete_folder(ALICE.0, "Tom & Jerry");
    assert!(conn.list_folders().await.unwrap().iter().all(|folder| folder.display_name() != "Tom & Jerry"));
}

#[tokio::test]
async fn messages_are_read_without_a_trace() {
    let server = Dovecot::start();
    server.deliver_all(ALICE.0, "INBOX", (0..20).map(|_| MESSAGE.to_vec()));
    let mut conn = signed_in(&server).await;
    let folder = conn.examine("INBOX").await.unwrap();
    assert_eq!((folder.exists, folder.uid_next), (20, Some(21)));
    assert!(folder.highest_modseq.is_some());

    let mut items = Vec::new();
    conn.fetch_metadata(&UidSet::from(1), |item| items.push(item)).await.unwrap();
    assert_eq!(items.iter().filter_map(|item| item.uid).collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());
    assert!(items.iter().all(|item| item.size == Some(39) && item.internal_date.is_some() && item.modseq.is_some()));

    let mut bodies = Vec::new();
    conn.fetch_messages(&[3, 4, 9].into_iter().collect(), Part::Whole, |item| bodies.push(item)).await.unwrap();
    assert_eq!(bodies.len(), 3);
    assert!(bodies.iter().all(|item| item.body.as_deref() == Some(MESSAGE)));

    let mut start = None;
    let part = Part::Chunk { offset: 0, length: 10 };
    conn.fetch_bodies(&UidSet::range(2..=2), part, |item| start = item.body).await.unwrap();
    assert_eq!(start.as_deref(), MESSAGE.get(..10));

    let mut flags = Vec::new();
    conn.fetch_flags(&UidSet::from(1), None, |item| flags.push(item.flags.unwrap())).await.unwrap();
    assert!(flags.len() == 20 && flags.iter().all(|flags| !flags.contains(&"\\Seen".to_owned())));
    assert!(conn.take_news().is_empty());
}

#[tokio::test]
async fn only_flags_that_changed_are_read() {
    let server = Dovecot::start();
    server.deliver_all(ALICE.0, "INBOX", (0..5).map(|_| MESSAGE.to_vec()));
    let mut conn = signed_in(&server).await;
    let before = conn.examine("INBOX").await.unwrap().highest_modseq;
    server.add_flag(ALICE.0, "INBOX", 4, "\\Flagged");
    let mut changed = Vec::new();
    conn.examine("INBOX").await.unwrap();
    conn.fetch_flags(&UidSet::from(1), before, |item| changed.push((item.uid, item.flags))).await.unwrap();
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert_eq!(changed.first().unwrap().0, Some(4));
}

#[tokio::test]
async fn what_changed_is_told_as_the_folder_is_opened() {
    let server = Dovecot::start();
    server.deliver_all(ALICE.0, "INBOX", (0..9).map(|_| MESSAGE.to_vec()));
    let mut conn = signed_in(&server).await;
    let before = conn.examine("INBOX").await.unwrap();
    let mod_seq = before.highest_modseq.unwrap();
    let known = Known { uid_validity: before.uid_validity, mod_seq, uids: 1..=9 };
    let (_, nothing) = conn.examine_since("INBOX", &known).await.unwrap();
    let nothing = nothing.unwrap();
    assert!(nothing.vanished.is_empty() && nothing.flags.is_empty(), "{nothing:?}");
    server.add_flag(ALICE.0, "INBOX", 4, "\\Flagged");
    server.expunge(ALICE.0, "INBOX", 2);
    server.expunge(ALICE.0, "INBOX", 9);
    // Also with the folder open, and another.
    for other in ["Sent", "INBOX"] {
        conn.examine(other).await.unwrap();
        let (now, changes) = conn.examine_since("INBOX", &known).await.unwrap();
        let changes = changes.unwrap();
        assert_eq!(changes.vanished.to_string(), "2,9");
        assert_eq!(changes.flags.iter().map(|item| item.uid).collect::<Vec<_>>(), [Some(4)]);
        assert!(now.highest_modseq.unwrap() > mod_seq);
    }
    // Of another life of the UIDs nothing is told.
    let stale = Known { uid_validity: before.uid_validity + 1, ..known };
    assert_eq!(conn.examine_since("INBOX", &stale).await.unwrap().1, None);
}

#[tokio::test]
async fn a_delivered_mail_ends_the_wait() {
    let server = Dovecot::start();
    server.deliver(ALICE.0, "INBOX", MESSAGE);
    let mut conn = signed_in(&server).await;
    conn.examine("INBOX").await.unwrap();
    assert_eq!(conn.idle(Duration::from_millis(50), pending()).await.unwrap(), IdleOutcome::Elapsed);
    assert_eq!(conn.idle(Duration::from_mins(9), async {}).await.unwrap(), IdleOutcome::Interrupted);

    let (outcome, ()) = tokio::join!(conn.idle(Duration::from_secs(30), pending()), async {
        server.deliver(ALICE.0, "INBOX", MESSAGE);
    });
    assert_eq!(outcome.unwrap(), IdleOutcome::News);
    assert!(conn.take_news().events.contains(&Untagged::Exists(2)));
    assert_eq!(conn.status("INBOX").await.unwrap().messages, Some(2));
}

#[tokio::test]
async fn expunges_and_flags_of_others_are_news() {
    let server = Dovecot::start();
    server.deliver_all(ALICE.0, "INBOX", (0..3).map(|_| MESSAGE.to_vec()));
    let mut conn = signed_in(&server).await;
    conn.examine("INBOX").await.unwrap();
    server.add_flag(ALICE.0, "INBOX", 3, "\\Seen");
    server.remove_flag(ALICE.0, "INBOX", 3, "\\Seen");
    server.add_flag(ALICE.0, "INBOX", 1, "\\Seen");
    server.move_message(ALICE.0, "INBOX", 2, "Archive");
    let mut events = Vec::new();
    while !events.iter().any(|event| matches!(event, Untagged::Vanished { uids, .. } if uids.contains(&(2..=2))))
        || !events.iter().any(|event| matches!(event, Untagged::Fetch(item) if item.seq == 1 && item.flags.is_some()))
    {
        assert_eq!(conn.idle(Duration::from_secs(30), pending()).await.unwrap(), IdleOutcome::News);
        events.extend(conn.take_news().events);
    }
    assert_eq!(conn.status("Archive").await.unwrap().messages, Some(1));
    server.expunge(ALICE.0, "Archive", 1);
    assert_eq!(conn.status("Archive").await.unwrap().messages, Some(0));
}

#[tokio::test]
async fn a_restarted_server_ends_the_connection_and_may_change_uid_validity() {
    let mut server = Dovecot::start();
    server.deliver_all(ALICE.0, "INBOX", (0..3).map(|_| MESSAGE.to_vec()));
    let mut conn = signed_in(&server).await;
    let before = conn.examine("INBOX").await.unwrap();
    server.reset_uid_validity(ALICE.0, "INBOX");
    let lost = conn.status("INBOX").await.unwrap_err();
    assert!(matches!(lost, ImapError::Bye { .. } | ImapError::Lost(_)), "{lost:?}");
    assert!(matches!(conn.status("INBOX").await, Err(ImapError::Unusable)));
    let after = signed_in(&server).await.examine("INBOX").await.unwrap();
    assert_ne!(before.uid_validity, after.uid_validity);
    assert_eq!(before.exists, after.exists);
}
