//! A password that is like no other text is given, in all ways that fail and one that works. Then everything that was written is
//! searched for it.

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};
use tagwire::users::Plan;

use crate::support::dovecot::{ALICE, Dovecot};
use crate::support::mailbox::{borrowed, connect, follow, mail, settings, until, until_state};
use crate::support::process::Process;
use crate::support::scripted_imap::{ScriptedImap, Step};
use crate::support::{Person, TestApp};

const CONNECT: &str = "mutation($input: ConnectMailAccountInput!) { connectMailAccount(input: $input) {
    mailAccount { id problem { message } events(first: 50) { nodes { message } } } userErrors { code message path remedy } } }";

/// The one that works, and the one that does not.
const RIGHT: &str = "canary-right-5c1e09";
const WRONG: &str = "canary-wrong-a7f342";

/// Everything by which one of them could be told.
fn tells() -> Vec<Vec<u8>> {
    let plain = ["canary-right", "canary-wrong"].map(str::to_owned);
    let encoded = [RIGHT, WRONG].map(|secret| STANDARD.encode(format!("\0{}\0{secret}", ALICE.0)));
    let hexadecimal = [RIGHT, WRONG].map(|secret| secret.bytes().map(hex).collect::<Vec<_>>().concat());
    let all = plain.into_iter().chain(encoded).chain([RIGHT, WRONG].map(|secret| STANDARD.encode(secret)));
    all.chain(hexadecimal).map(String::into_bytes).collect()
}

fn hex(byte: u8) -> String {
    format!("{byte:02x}")
}

fn is_clean(what: &str, bytes: &[u8]) {
    for tell in tells() {
        let found = bytes.windows(tell.len()).position(|window| window == tell);
        if let Some(at) = found {
            let around = bytes.get(at.saturating_sub(200)..(at + 200).min(bytes.len())).unwrap_or_default();
            panic!("a secret stands in {what}: {}", String::from_utf8_lossy(around));
        }
    }
}

fn files_are_clean(folder: &Path) -> usize {
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += files_are_clean(&path);
        } else {
            is_clean(&path.display().to_string(), &std::fs::read(&path).unwrap());
            files += 1;
        }
    }
    files
}

/// A mail server that takes one password from everybody, beside those of its users.
fn server() -> Dovecot {
    Dovecot::start_with(&format!("passdb {{\n driver = static\n args = password={RIGHT}\n}}\n"))
}

/// Servers that repeat what they were sent, as some do.
async fn parrots() -> Vec<ScriptedImap> {
    let greeting = Step::Say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready");
    let login = Step::Expect("LOGIN");
    let mut servers = Vec::new();
    for answer in [
        "{tag} NO [AUTHENTICATIONFAILED] LOGIN alice canary-wrong-a7f342 is not right",
        "{tag} NO [UNAVAILABLE] try again later: canary-wrong-a7f342",
        "{tag} BAD LOGIN \"alice@crm.test\" \"canary-wrong-a7f342\"",
        "* BYE canary-wrong-a7f342",
    ] {
        servers.push(ScriptedImap::start(vec![vec![greeting.clone(), login.clone(), Step::Say(answer)]]).await);
    }
    servers
}

async fn fail_in_all_ways(ann: &Person, server: &Dovecot, parrots: &[ScriptedImap]) {
    let ask = async |input: Value| {
        let answer = ann.response(CONNECT, json!({ "input": input })).await;
        is_clean("an answer", answer.to_string().as_bytes());
        assert!(answer["data"]["connectMailAccount"]["mailAccount"].is_null(), "{answer}");
    };
    let given = |password: &str, host: &str, port: u16, security: &str| json!({ "email": ALICE.0, "password": password, "imapHost": host, "imapPort": port, "imapSecurity": security });
    let (tls, plain) = (server.imaps_port(), server.imap_port());
    ask(given(WRONG, "localhost", tls, "TLS")).await;
    ask(given(WRONG, "localhost", plain, "STARTTLS")).await;
    ask(given(WRONG, "localhost", plain, "TLS")).await;
    ask(given(WRONG, "127.0.0.1", tls, "TLS")).await;
    ask(given(WRONG, "8.8.8.8", 143, "PLAINTEXT")).await;
    ask(given(WRONG, "no-such-host.test", 993, "TLS")).await;
    ask(given(&format!("{WRONG}\r\nx"), "localhost", tls, "TLS")).await;
    ask(given(&format!("{WRONG}ü"), "localhost", tls, "TLS")).await;
    ask(json!({ "email": "nobody", "password": WRONG })).await;
    ask(json!({ "email": "a@no-such-domain.test", "password": WRONG })).await;
    for parrot in parrots {
        ask(given(WRONG, "127.0.0.1", parrot.port(), "PLAINTEXT")).await;
    }
    // Requests that are no requests.
    for document in [
        format!("mutation {{ connectMailAccount(input: {{ email: 5, password: \"{WRONG}\" }}) {{ nothing }} }}"),
        format!("mutation {{ connectMailAccount(input: {{ password: \"{WRONG}\" "),
        format!(
            "mutation {{ signIn(input: {{ email: \"{}\", password: \"{WRONG}\" }}) {{ token userErrors {{ message }} }} }}",
            ann.email
        ),
    ] {
        is_clean("an answer", ann.response(&document, json!({})).await.to_string().as_bytes());
    }
    let wrong = json!({ "input": { "email": ALICE.0, "password": { "secret": WRONG } } });
    is_clean("an answer", ann.response(CONNECT, wrong).await.to_string().as_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_written_anywhere() {
    for format in ["text", "json"] {
        let mut server = server();
        server.deliver(ALICE.0, "INBOX", &mail("jan@bedrijf.test", "hello"));
        let parrots = parrots().await;
        let mut set = settings(&server);
        let ports = parrots.iter().map(ScriptedImap::port).chain([server.imaps_port()]);
        set[0].1 += &ports.map(|port| format!(",127.0.0.1:{port}")).collect::<Vec<_>>().concat();
        set.push(("TAGWIRE_LOG", "trace".to_owned()));
        set.push(("TAGWIRE_LOG_FORMAT", format.to_owned()));
        set.push(("TAGWIRE_DISCOVERY_ISPDB_URL", "off".to_owned()));
        let folder = tempfile::tempdir().unwrap();
        let process = Process::start(folder.path(), &borrowed(&set));
        let ann = process.workspace_with(folder.path(), &borrowed(&set)).await;
        fail_in_all_ways(&ann, &server, &parrots).await;
        let mut socket = follow(&ann).await;
        let payload = connect(&ann, server.imaps_port(), (ALICE.0, RIGHT)).await;
        assert_eq!(payload["userErrors"], json!([]));
        until_state(&mut socket, "LIVE").await;
        // The sync fails too.
        server.stop();
        until_state(&mut socket, "RETRYING").await;
        let state = ann.response(
            "{ mailAccounts { email state problem { message } events(first: 50) { nodes { message } } } }",
            json!({}),
        );
        is_clean("an answer", state.await.to_string().as_bytes());
        let log = process.log();
        assert!(log.contains("is tried again"), "{log}");
        is_clean("the log", log.as_bytes());
        process.kill();
        assert!(files_are_clean(folder.path()) > 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_holds_secrets_sealed_only() {
    let server = server();
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let mut socket = follow(&ann).await;
        connect(&ann, server.imaps_port(), (ALICE.0, WRONG)).await;
        assert_eq!(connect(&ann, server.imaps_port(), (ALICE.0, RIGHT)).await["userErrors"], json!([]));
        until_state(&mut socket, "LIVE").await;
        let db = test.app.db.writer();
        let backend = db.get_database_backend();
        let (tables, row) = if backend == DbBackend::Sqlite {
            ("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'", "")
        } else {
            ("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'", "t::text")
        };
        let tables = db.query_all_raw(Statement::from_string(backend, tables)).await.unwrap();
        let mut read = 0;
        for table in tables {
            let table: String = table.try_get("", "name").unwrap();
            let text = if row.is_empty() { columns_of(db, &table).await } else { row.to_owned() };
            let rows = Statement::from_string(backend, format!("SELECT {text} AS line FROM \"{table}\" t"));
            for line in db.query_all_raw(rows).await.unwrap() {
                let line: Option<String> = line.try_get("", "line").unwrap();
                is_clean(&table, line.unwrap_or_default().to_lowercase().as_bytes());
                read += 1;
            }
        }
        assert!(read > 10, "{read} rows");
        let gone = "mutation($id: ID!) { disconnectMailAccount(id: $id) { userErrors { code } } }";
        let account = ann.query("{ mailAccounts { id } }", json!({})).await["mailAccounts"][0]["id"].take();
        ann.query(gone, json!({ "id": account })).await;
        let _told = tokio::time::timeout(Duration::from_secs(20), until(&mut socket, "account", |_| true)).await;
    })
    .await;
}

/// All columns of a table of SQLite in one text, bytes as hexadecimal digits.
async fn columns_of(db: &impl ConnectionTrait, table: &str) -> String {
    let columns = Statement::from_string(DbBackend::Sqlite, format!("SELECT name FROM pragma_table_info('{table}')"));
    let names = db.query_all_raw(columns).await.unwrap();
    let texts = names.iter().map(|row| row.try_get::<String>("", "name").unwrap()).map(|name| {
        format!("coalesce(CASE typeof(\"{name}\") WHEN 'blob' THEN hex(\"{name}\") ELSE \"{name}\" END, '')")
    });
    texts.collect::<Vec<_>>().join(" || ' ' || ")
}
