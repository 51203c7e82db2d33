//! The IMAP connection with servers that fail: nothing is taken for success, nothing for emptiness.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tagwire::mail_sync::imap::{
    AllowedHosts, Credentials, FetchItem, IdleOutcome, ImapConn, ImapError, Part, Password, ResponseCode, Security,
    Target, Timeouts, UidSet, Untagged, client_config,
};
use tokio::sync::Notify;

use crate::support::scripted_imap::{ScriptedImap, Step, folder_open, logged_in};
use Step::{Break, Close, Expect, ExpectLine, Raw, Say, Stall, Tell, Wait};

const LONG: Duration = Duration::from_mins(1);

async fn connect(server: &ScriptedImap, timeouts: Timeouts) -> Result<ImapConn, ImapError> {
    connect_with(server, Security::Plaintext, timeouts).await
}

async fn connect_with(server: &ScriptedImap, security: Security, timeouts: Timeouts) -> Result<ImapConn, ImapError> {
    let target = Target { host: "127.0.0.1".to_owned(), port: server.port(), security };
    let allowed = AllowedHosts::parse(&format!("127.0.0.1:{}", server.port())).unwrap();
    ImapConn::connect(&target, &allowed, &client_config(None).unwrap(), timeouts).await
}

/// A server that goes on with `steps` after `start`, and a connection signed in to it.
async fn session(mut start: Vec<Step>, steps: Vec<Step>) -> (ScriptedImap, ImapConn) {
    start.extend(steps);
    let server = ScriptedImap::start(vec![start]).await;
    let mut conn = connect(&server, Timeouts::default()).await.unwrap();
    let password = Password::new("secret".to_owned());
    conn.login(&Credentials::Password { user: "alice".to_owned(), password }).await.unwrap();
    (server, conn)
}

/// A session whose folder is open.
async fn open_folder(steps: Vec<Step>) -> (ScriptedImap, ImapConn) {
    let (server, mut conn) = session(folder_open(), steps).await;
    assert_eq!(conn.examine("INBOX").await.unwrap().exists, 3);
    (server, conn)
}

/// The UIDs that came of a fetch, and how it ended.
async fn fetch_bodies(conn: &mut ImapConn) -> (Vec<u32>, Result<(), ImapError>) {
    let mut uids = Vec::new();
    let on_item = |item: FetchItem| uids.extend(item.uid);
    let result = conn.fetch_bodies(&UidSet::range(1..=9), Part::Whole, on_item).await.map(|_| ());
    (uids, result)
}

const TWO_BODIES: &str = "* 1 FETCH (UID 7 BODY[] {2}\nab)\n* 2 FETCH (UID 8 BODY[] \"cd\")";

#[tokio::test]
async fn a_fetch_refused_in_the_middle_keeps_what_came_and_the_connection() {
    let refusal = Say("{tag} NO [UNAVAILABLE] later");
    let (server, mut conn) = open_folder(vec![
        Expect("UID FETCH"),
        Say(TWO_BODIES),
        refusal,
        Expect("STATUS"),
        Say("* STATUS a (MESSAGES 3)\n{tag} OK x"),
    ])
    .await;
    let (uids, result) = fetch_bodies(&mut conn).await;
    assert_eq!(uids, [7, 8]);
    assert!(matches!(result, Err(ImapError::No { code: Some(ResponseCode::Unavailable), .. })), "{result:?}");
    assert_eq!(conn.status("a").await.unwrap().messages, Some(3));
    server.finish().await;
}

#[tokio::test]
async fn a_connection_that_ends_in_a_fetch_is_lost_not_finished() {
    for end in [Close, Break] {
        let (server, mut conn) = open_folder(vec![Expect("UID FETCH"), Say(TWO_BODIES), end]).await;
        let (_, result) = fetch_bodies(&mut conn).await;
        assert!(matches!(result, Err(ImapError::Lost(_))), "{result:?}");
        assert!(matches!(conn.list_folders().await, Err(ImapError::Unusable)));
        server.finish().await;
    }
}

#[tokio::test]
async fn a_connection_that_ends_inside_a_message_is_lost() {
    let half = Raw(b"* 1 FETCH (UID 7 BODY[] {100}\r\nabc".to_vec());
    let (_server, mut conn) = open_folder(vec![Expect("UID FETCH"), half, Close]).await;
    let (uids, result) = fetch_bodies(&mut conn).await;
    assert!(uids.is_empty() && matches!(result, Err(ImapError::Lost(_))), "{result:?}");
}

#[tokio::test]
async fn a_connection_that_ends_while_a_folder_is_opened_is_no_empty_folder() {
    let (_server, mut conn) = session(logged_in(), vec![Expect("EXAMINE"), Close]).await;
    assert!(matches!(conn.examine("INBOX").await, Err(ImapError::Lost(_))));
}

#[tokio::test]
async fn an_opened_folder_without_figures_is_no_empty_folder() {
    let steps = vec![Expect("EXAMINE"), Say("{tag} OK x"), Expect("EXAMINE"), Say("* 0 EXISTS\n{tag} OK x")];
    let (_server, mut conn) = session(logged_in(), steps).await;
    assert!(matches!(conn.examine("a").await, Err(ImapError::Missing("EXISTS"))));
    assert!(matches!(conn.examine("a").await, Err(ImapError::Missing("UIDVALIDITY"))));
    assert!(conn.is_usable());
}

#[tokio::test]
async fn a_refused_list_is_no_empty_list() {
    let steps = vec![Expect("LIST"), Say("* LIST () \"/\" a\n{tag} NO not now"), Expect("LIST"), Say("{tag} BAD what")];
    let (_server, mut conn) = session(logged_in(), steps).await;
    assert!(matches!(conn.list_folders().await, Err(ImapError::No { code: None, .. })));
    assert!(matches!(conn.list_folders().await, Err(ImapError::Bad { .. })));
}

#[tokio::test]
async fn a_message_not_asked_for_is_news_and_not_an_answer() {
    let answer = "* 4 EXISTS\n* 2 FETCH (FLAGS (\\Seen))\n* 3 FETCH (UID 10 RFC822.SIZE 5)\n* 1 FETCH (UID 7 RFC822.SIZE 4)\n{tag} OK x";
    let (_server, mut conn) = open_folder(vec![Expect("UID FETCH"), Say(answer)]).await;
    let mut uids = Vec::new();
    conn.fetch_metadata(&UidSet::range(1..=9), |item| uids.push(item.uid)).await.unwrap();
    assert_eq!(uids, [Some(7)]);
    let news = conn.take_news();
    assert_eq!(news.events.len(), 3);
    assert_eq!(news.events.first(), Some(&Untagged::Exists(4)));
}

#[tokio::test]
async fn mail_that_arrives_before_the_wait_begins_ends_it() {
    let steps = vec![
        Expect("IDLE"),
        Say("* 4 EXISTS\n* FLAGS (\\Seen)\n+ idling"),
        ExpectLine("DONE"),
        Say("* 5 EXISTS\n{tag} OK x"),
    ];
    let (server, mut conn) = open_folder(steps).await;
    assert_eq!(conn.idle(LONG, pending()).await.unwrap(), IdleOutcome::News);
    assert_eq!(conn.take_news().events, [Untagged::Exists(4), Untagged::Exists(5)]);
    server.finish().await;
}

#[tokio::test]
async fn mail_that_arrives_as_the_wait_ends_is_not_missed() {
    let steps = vec![Expect("IDLE"), Say("+ idling"), ExpectLine("DONE"), Say("* 4 EXISTS\n{tag} OK x")];
    let (_server, mut conn) = open_folder(steps).await;
    assert_eq!(conn.idle(Duration::from_millis(1), pending()).await.unwrap(), IdleOutcome::News);
}

#[tokio::test]
async fn news_not_taken_yet_comes_before_any_wait() {
    let steps = vec![Expect("STATUS"), Say("* 4 EXISTS\n* STATUS a (MESSAGES 4)\n{tag} OK x")];
    let (server, mut conn) = open_folder(steps).await;
    conn.status("a").await.unwrap();
    assert_eq!(conn.idle(LONG, pending()).await.unwrap(), IdleOutcome::News);
    server.finish().await;
}

#[tokio::test]
async fn a_wait_that_is_refused_leaves_the_connection_usable() {
    let steps = vec![Expect("IDLE"), Say("{tag} NO [LIMIT] too many"), Expect("LIST"), Say("{tag} OK x")];
    let (_server, mut conn) = open_folder(steps).await;
    let outcome = conn.idle(LONG, pending()).await.unwrap();
    assert!(matches!(outcome, IdleOutcome::Refused { code: Some(ResponseCode::Limit), .. }), "{outcome:?}");
    assert!(conn.list_folders().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_server_that_says_good_bye_or_goes_in_a_wait_is_noticed() {
    let farewell = "* BYE Session invalidated - AccessTokenExpired";
    let (_server, mut conn) = open_folder(vec![Expect("IDLE"), Say("+ idling"), Say(farewell)]).await;
    let error = conn.idle(LONG, pending()).await.unwrap_err();
    assert!(matches!(&error, ImapError::Bye { text, .. } if text.contains("AccessTokenExpired")), "{error:?}");
    let (_server, mut conn) = open_folder(vec![Expect("IDLE"), Say("+ idling"), Close]).await;
    assert!(matches!(conn.idle(LONG, pending()).await, Err(ImapError::Lost(_))));
}

#[tokio::test]
async fn responses_that_break_the_parser_end_one_connection_and_nothing_else() {
    for (line, panics) in [
        ("* 1 FETCH (UID 7 INTERNALDATE NIL RFC822.SIZE 4)", true),
        ("* OK [ALERT]é", true),
        ("* 1 FETCH (UID 7  RFC822.SIZE 4)", false),
        ("* 1 FETCH (UID 7 secret-mail-text", false),
        ("nonsense", false),
    ] {
        let (_server, mut conn) = open_folder(vec![Expect("UID FETCH"), Say(line), Say("{tag} OK x")]).await;
        let error = conn.fetch_metadata(&UidSet::from(1), |_| {}).await.unwrap_err();
        assert_eq!(matches!(error, ImapError::Panic), panics, "{line}: {error:?}");
        assert!(panics || matches!(error, ImapError::Parse(_)), "{line}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("secret-mail-text"));
        assert!(!conn.is_usable());
    }
}

#[tokio::test]
async fn a_literal_of_four_gigabytes_is_refused_at_once() {
    let (_server, mut conn) =
        open_folder(vec![Expect("UID FETCH"), Say("* 1 FETCH (UID 7 BODY[] {4294967295}"), Stall]).await;
    let (_, result) = fetch_bodies(&mut conn).await;
    assert!(matches!(result, Err(ImapError::Parse(_))), "{result:?}");
}

#[tokio::test]
async fn a_large_message_arrives_whole() {
    let body = vec![b'x'; 26 * 1024 * 1024];
    let mut bytes = format!("* 1 FETCH (UID 7 BODY[] {{{}}}\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(&body);
    bytes.extend_from_slice(b")\r\n");
    let (_server, mut conn) = open_folder(vec![Expect("UID FETCH"), Raw(bytes), Say("{tag} OK x")]).await;
    let mut received = None;
    conn.fetch_bodies(&UidSet::from(1), Part::Whole, |item| received = item.body).await.unwrap();
    assert!(received.unwrap() == body);
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up() {
    let short = Duration::from_millis(100);
    for timeouts in
        [Timeouts { fetch: short, ..Timeouts::default() }, Timeouts { silence: short, ..Timeouts::default() }]
    {
        let mut script = folder_open();
        script.extend([Expect("UID FETCH"), Say(TWO_BODIES), Stall]);
        let server = ScriptedImap::start(vec![script]).await;
        let mut conn = connect(&server, timeouts).await.unwrap();
        let password = Password::new("secret".to_owned());
        conn.login(&Credentials::Password { user: "alice".to_owned(), password }).await.unwrap();
        conn.examine("INBOX").await.unwrap();
        let (uids, result) = fetch_bodies(&mut conn).await;
        assert_eq!(uids, [7, 8]);
        assert!(matches!(result, Err(ImapError::Timeout)), "{result:?}");
        assert!(!conn.is_usable());
    }
}

#[tokio::test]
async fn a_silent_folder_is_waited_for_longer_than_a_silent_server() {
    let short = Duration::from_millis(50);
    let mut script = folder_open();
    script.extend([Expect("IDLE"), Say("+ idling"), ExpectLine("DONE"), Say("{tag} OK x")]);
    let server = ScriptedImap::start(vec![script]).await;
    let mut conn = connect(&server, Timeouts { silence: short, ..Timeouts::default() }).await.unwrap();
    let password = Password::new("secret".to_owned());
    conn.login(&Credentials::Password { user: "alice".to_owned(), password }).await.unwrap();
    conn.examine("INBOX").await.unwrap();
    assert_eq!(conn.idle(short * 6, pending()).await.unwrap(), IdleOutcome::Elapsed);
}

#[tokio::test]
async fn an_abandoned_call_makes_the_connection_unusable() {
    let asked = Arc::new(Notify::new());
    let (_server, mut conn) =
        open_folder(vec![Expect("UID FETCH"), Tell(Arc::clone(&asked)), Wait(Arc::new(Notify::new()))]).await;
    tokio::select! {
        _ = fetch_bodies(&mut conn) => panic!("the server does not answer"),
        () = asked.notified() => {}
    }
    assert!(!conn.is_usable());
    assert!(matches!(conn.status("a").await, Err(ImapError::Unusable)));
    assert!(matches!(conn.idle(LONG, pending()).await, Err(ImapError::Unusable)));
}

#[tokio::test]
async fn a_server_that_does_not_greet_is_told_apart() {
    let timeouts = Timeouts { greeting: Duration::from_millis(100), ..Timeouts::default() };
    for (step, expected) in
        [(Say("* BYE [UNAVAILABLE] too many"), "Bye"), (Stall, "Timeout"), (Close, "Lost"), (Say("220 mail"), "Parse")]
    {
        let server = ScriptedImap::start(vec![vec![step]]).await;
        let error = connect(&server, timeouts).await.unwrap_err();
        assert!(format!("{error:?}").starts_with(expected), "{error:?}");
    }
}

#[tokio::test]
async fn throttling_and_refusals_keep_their_words() {
    for (line, code, text) in [
        ("{tag} NO [ALERT] Application-specific password required", Some(ResponseCode::Alert), "Application-specific"),
        ("{tag} NO [THROTTLED] slow down", Some(ResponseCode::Throttled), "slow down"),
        ("{tag} NO LOGIN failed.", None, "LOGIN failed."),
        ("{tag} BAD Request is throttled. Suggested Backoff Time: 300000 milliseconds", None, "300000"),
    ] {
        let greeting = Say("* OK [CAPABILITY IMAP4rev1] ready");
        let server =
            ScriptedImap::start(vec![vec![greeting, Expect("LOGIN \"alice\" \"se\\\"cret\""), Say(line)]]).await;
        let mut conn = connect(&server, Timeouts::default()).await.unwrap();
        let password = Password::new("se\"cret".to_owned());
        let credentials = Credentials::Password { user: "alice".to_owned(), password };
        let error = conn.login(&credentials).await.unwrap_err();
        assert_eq!(error.code(), code.as_ref());
        assert!(error.to_string().contains(text), "{error}");
        server.finish().await;
    }
}

#[tokio::test]
async fn a_password_is_not_sent_where_the_server_takes_none() {
    let greeting = Say("* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] ready");
    let server = ScriptedImap::start(vec![vec![greeting, Stall]]).await;
    let mut conn = connect(&server, Timeouts::default()).await.unwrap();
    let password = Password::new("secret".to_owned());
    let error = conn.login(&Credentials::Password { user: "alice".to_owned(), password }).await.unwrap_err();
    assert_eq!(error.code(), Some(&ResponseCode::PrivacyRequired));
    assert!(server.commands().is_empty());
}

#[tokio::test]
async fn a_connection_that_cannot_be_secured_is_given_up_before_the_password() {
    for script in [
        vec![Say("* OK ready"), Expect("STARTTLS"), Say("{tag} NO not here")],
        vec![Say("* OK ready"), Expect("STARTTLS"), Say("{tag} BAD what")],
        vec![Say("* PREAUTH welcome"), Stall],
        vec![Say("* OK ready"), Expect("STARTTLS"), Say("{tag} OK begin\n* OK injected"), Say("no TLS at all"), Stall],
    ] {
        let server = ScriptedImap::start(vec![script]).await;
        let error = connect_with(&server, Security::StartTls, Timeouts::default()).await.unwrap_err();
        assert!(matches!(error, ImapError::Tls(_)), "{error:?}");
        assert!(server.commands().iter().all(|command| command.starts_with("STARTTLS")));
    }
}

#[tokio::test]
async fn a_message_is_handed_over_once_however_often_it_is_sent() {
    let twice = "* 1 FETCH (UID 7 BODY[] {2}\nab)\n* 1 FETCH (UID 7 BODY[] {2}\nab)\n{tag} OK x";
    let (_server, mut conn) = open_folder(vec![Expect("UID FETCH"), Say(twice)]).await;
    let (uids, result) = fetch_bodies(&mut conn).await;
    assert!(uids == [7] && result.is_ok());
}

#[tokio::test]
async fn news_of_one_folder_is_not_taken_for_news_of_the_next() {
    let answer = "* 2 EXPUNGE\n* OK [CLOSED] x\n* 9 EXISTS\n* OK [UIDVALIDITY 6] x\n{tag} OK open";
    let steps =
        vec![Expect("STATUS"), Say("* 4 EXISTS\n* STATUS a (MESSAGES 1)\n{tag} OK x"), Expect("EXAMINE"), Say(answer)];
    let (_server, mut conn) = open_folder(steps).await;
    conn.status("a").await.unwrap();
    assert_eq!(conn.examine("b").await.unwrap().exists, 9);
    assert!(conn.take_news().is_empty());
}
