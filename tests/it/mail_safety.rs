//! Hosts that users name are no way into the network, no server costs more than it may, and no password goes where it may be read.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tagwire::hosts::{AllowedHosts, Dns, HostError, IMAP};
use tagwire::mail_sync::imap::{ImapConn, ImapError, Security, Target, Timeouts, client_config};
use tagwire::users::Plan;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::dns_server::{DnsServer, Record};
use crate::support::dovecot::{ALICE, Dovecot};
use crate::support::mailbox::{borrowed, settings};
use crate::support::{Person, TestApp};

const CONNECT: &str = "mutation($input: ConnectMailAccountInput!) { connectMailAccount(input: $input) {
    mailAccount { id } userErrors { code message path remedy } } }";
const PASSWORD: &str = "never-to-be-seen-8d1f";

async fn connect(person: &Person, host: &str, port: u16, security: &str) -> (Value, Duration) {
    let began = Instant::now();
    let input =
        json!({ "email": ALICE.0, "password": PASSWORD, "imapHost": host, "imapPort": port, "imapSecurity": security });
    let mut answer = person.query(CONNECT, json!({ "input": input })).await;
    (answer["connectMailAccount"].take(), began.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_host_that_is_refused_gives_one_answer_in_one_time() {
    let dns = DnsServer::start().await;
    dns.is_here("inside.test");
    dns.has("metadata.test", Record::Address("169.254.169.254".parse().unwrap()));
    dns.has("mapped.test", Record::Address("::ffff:10.0.0.1".parse().unwrap()));
    let resolver = dns.address().to_string();
    for settings in [&[][..], &[("TAGWIRE_DISCOVERY_DNS", resolver.as_str())]] {
        let test = TestApp::on_sqlite(settings).await;
        let ann = test.workspace(Plan::Free).await.ann;
        let hosts = [
            "127.0.0.1",
            "127.0.0.1.",
            "169.254.169.254",
            "::ffff:7f00:1",
            "[::ffff:7f00:1]",
            "0x7f.1",
            "localhost.",
            "inside.test",
            "metadata.test",
            "mapped.test",
            "nowhere.test",
        ];
        let answers = join_all(hosts.iter().map(|host| connect(&ann, host, 993, "TLS"))).await;
        let wrong_port = connect(&ann, "nowhere.test", 25, "TLS").await;
        let (expected, _) = &wrong_port;
        assert_eq!(expected["userErrors"][0]["code"], "MAIL_SERVER_UNREACHABLE");
        assert_eq!(expected["userErrors"][0]["path"], json!(["input", "imapHost"]));
        for (host, (answer, took)) in hosts.iter().zip(&answers) {
            assert_eq!(answer, expected, "{host}");
            assert!(*took >= Duration::from_secs(3) && *took < Duration::from_secs(8), "{host}: {took:?}");
        }
        test.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resolver_that_lies_the_second_time_is_asked_once() {
    let dns = DnsServer::start().await;
    // Of the internet by the registry, and routed to nobody; then this machine.
    dns.has("rebind.test", Record::Address("3ffe::1".parse().unwrap()));
    dns.then_has("rebind.test", Record::Address("127.0.0.1".parse().unwrap()));
    let hosts = AllowedHosts::default().with_dns(Dns::new(Some(dns.address())));
    let target = Target { host: "rebind.test".to_owned(), port: 993, security: Security::Tls };
    let short = Duration::from_millis(500);
    let timeouts = Timeouts { lookup: Duration::from_secs(3), connect: short, greeting: short, ..Timeouts::default() };
    let error = ImapConn::connect(&target, &hosts, &client_config(None).unwrap(), timeouts).await.unwrap_err();
    assert!(matches!(error, ImapError::Unreachable), "{error:?}");
    assert_eq!(dns.looks("rebind.test"), 1, "what was checked is what is connected to");
    // A new attempt is checked anew.
    let again = hosts.resolve("rebind.test", 993, IMAP, Duration::from_secs(1)).await;
    assert_eq!(again, Err(HostError));
    assert_eq!(dns.looks("rebind.test"), 2);

    // An answer with an address of each kind gives the public one only.
    dns.has("both.test", Record::Address("8.8.8.8".parse().unwrap()));
    dns.has("both.test", Record::Address("10.0.0.1".parse().unwrap()));
    dns.has("both.test", Record::Address("::1".parse().unwrap()));
    let found = hosts.resolve("both.test", 993, IMAP, Duration::from_secs(3)).await.unwrap();
    assert_eq!(found, ["8.8.8.8:993".parse().unwrap()]);
}

/// A server that sends what it likes, and keeps what it hears.
struct Rude {
    port: u16,
    sent: Arc<AtomicUsize>,
    heard: Arc<Mutex<Vec<u8>>>,
}

#[derive(Clone, Copy)]
enum Manner {
    /// Says this, then listens.
    Says(&'static str),
    /// Says this, then sends as much as is taken.
    Floods(&'static str),
    /// A byte a second.
    Drips,
}

impl Rude {
    async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sent, heard) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counted, kept) = (Arc::clone(&sent), Arc::clone(&heard));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(behave(socket, manner, Arc::clone(&counted), Arc::clone(&kept)));
            }
        });
        Self { port, sent, heard }
    }

    fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap()).into_owned()
    }
}

async fn behave(socket: TcpStream, manner: Manner, sent: Arc<AtomicUsize>, heard: Arc<Mutex<Vec<u8>>>) {
    let (mut from, mut to) = socket.into_split();
    tokio::spawn(async move {
        let mut bytes = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut bytes).await {
            heard.lock().unwrap().extend_from_slice(&bytes[..length]);
        }
    });
    match manner {
        Manner::Says(text) => {
            let _sent = to.write_all(text.as_bytes()).await;
            std::future::pending::<()>().await;
        }
        Manner::Floods(text) => {
            let _sent = to.write_all(text.as_bytes()).await;
            let block = [b'x'; 8 << 10];
            while sent.load(Ordering::Relaxed) < 1 << 30 && to.write_all(&block).await.is_ok() {
                sent.fetch_add(block.len(), Ordering::Relaxed);
            }
        }
        Manner::Drips => {
            while to.write_all(b"*").await.is_ok() {
                sent.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_sends_without_end_is_given_up_in_time_and_memory() {
    let manners = [
        Manner::Floods("* OK "),
        Manner::Floods("* OK ready\r\n* 1 FETCH (BODY[] {4294967295}\r\n"),
        Manner::Floods("* LIST () \"/\" {4294967295}\r\n"),
        Manner::Drips,
        Manner::Says("HTTP/1.1 400 Bad Request\r\n\r\n"),
        Manner::Says("220 mail.test ESMTP\r\n"),
        Manner::Says(""),
    ];
    let servers = join_all(manners.map(Rude::start)).await;
    let allowed: Vec<_> = servers.iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
    let allowed = allowed.join(",");
    let test = TestApp::on_sqlite(&[("TAGWIRE_ALLOWED_PRIVATE_HOSTS", &allowed)]).await;
    let ann = test.workspace(Plan::Free).await.ann;
    let ways = ["PLAINTEXT", "STARTTLS", "TLS"];
    let asked = servers.iter().flat_map(|server| ways.map(|way| (server, way)));
    let answers = asked.map(|(server, way)| {
        let ann = &ann;
        async move { (server, way, connect(ann, "127.0.0.1", server.port, way).await) }
    });
    for (server, way, (answer, took)) in join_all(answers).await {
        let error = &answer["userErrors"][0];
        let code = error["code"].as_str().unwrap();
        assert!(["MAIL_SERVER_UNREACHABLE", "MAIL_SERVER_REFUSED"].contains(&code), "{way}: {answer}");
        assert!(took < Duration::from_secs(10), "{way}: {took:?}");
        assert!(!error["message"].as_str().unwrap().contains("xxxx"), "{error}");
        let sent = server.sent.load(Ordering::Relaxed);
        assert!(sent < 128 << 20, "{way}: {sent} bytes were taken");
    }
    assert_eq!(ann.query("{ mailAccounts { id } }", json!({})).await["mailAccounts"], json!([]));
    test.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_connection_says_which_part_failed_and_no_password_was_sent() {
    let server = Dovecot::start();
    let bare = Rude::start(Manner::Says("* OK [CAPABILITY IMAP4rev1] ready\r\n")).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let mut kept = settings(&server);
    let ports = [server.imaps_port(), bare.port, closed];
    kept[0].1 += &ports.map(|port| format!(",127.0.0.1:{port}")).concat();
    let test = TestApp::on_sqlite(&borrowed(&kept)).await;
    let ann = test.workspace(Plan::Free).await.ann;
    let mut sentences = Vec::new();
    for (host, port, security, field, code) in [
        ("no-such-host.test", 993, "TLS", "imapHost", "MAIL_SERVER_UNREACHABLE"),
        ("127.0.0.1", closed, "TLS", "imapPort", "MAIL_SERVER_UNREACHABLE"),
        ("127.0.0.1", bare.port, "TLS", "imapSecurity", "MAIL_SERVER_UNREACHABLE"),
        ("127.0.0.1", server.imaps_port(), "TLS", "imapHost", "MAIL_SERVER_UNREACHABLE"),
        // Asked for although the server is not one that the operator named.
        ("8.8.8.8", 143, "PLAINTEXT", "imapSecurity", "MAIL_SERVER_REFUSED"),
        ("localhost", server.imaps_port(), "TLS", "password", "MAIL_AUTHENTICATION_FAILED"),
    ] {
        let (answer, took) = connect(&ann, host, port, security).await;
        let error = &answer["userErrors"][0];
        assert_eq!((&error["code"], &error["path"][1]), (&json!(code), &json!(field)), "{host} {port}: {answer}");
        assert!(took < Duration::from_secs(10), "{took:?}");
        sentences.push(error["message"].as_str().unwrap().to_owned());
    }
    let mut distinct = sentences.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), sentences.len(), "{sentences:#?}");
    assert!(!bare.heard().contains(PASSWORD));

    // A server that does not want to be secured hears nothing secret either.
    let (refused, _) = connect(&ann, "127.0.0.1", bare.port, "STARTTLS").await;
    assert_eq!(refused["userErrors"].as_array().unwrap().len(), 1);
    assert!(bare.heard().contains("STARTTLS"), "{}", bare.heard());
    assert!(!bare.heard().contains(PASSWORD));
    test.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_only_tries_hosts_is_stopped() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let allowed = format!("127.0.0.1:{closed}");
    let test = TestApp::on_sqlite(&[("TAGWIRE_ALLOWED_PRIVATE_HOSTS", &allowed)]).await;
    let company = test.workspace(Plan::Free).await;
    for _ in 0..30 {
        let (answer, _) = connect(&company.ann, "127.0.0.1", closed, "TLS").await;
        assert_eq!(answer["userErrors"][0]["code"], "MAIL_SERVER_UNREACHABLE");
    }
    let (answer, _) = connect(&company.ann, "127.0.0.1", closed, "TLS").await;
    assert_eq!(answer["userErrors"][0]["code"], "RATE_LIMITED");
    let bob = company.user("Bob", &[]).await;
    assert_eq!(connect(&bob, "127.0.0.1", closed, "TLS").await.0["userErrors"][0]["code"], "MAIL_SERVER_UNREACHABLE");
    test.app.clock.advance(Duration::from_secs(60));
    let (answer, _) = connect(&company.ann, "127.0.0.1", closed, "TLS").await;
    assert_eq!(answer["userErrors"][0]["code"], "MAIL_SERVER_UNREACHABLE");
    test.stop().await;
}
