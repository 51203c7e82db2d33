//! The process ends at each step of a sync, once before and once after each commit, pack and line on the wire. Started again, it comes
//! to the same as its mailbox, and has told of each new mail once.
//!
//! A few of the steps; all of them where `TAGWIRE_TEST_LONG` is set.

use std::path::Path;
use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tagwire::clock::Clock;

use crate::deeds::{array, text};
use crate::support::Person;
use crate::support::mailbox::{follow, mail};
use crate::support::process::Process;
use crate::support::scripted_mailbox::{Fault, Mailbox, Persona, ScriptedMailbox};

/// Steps that are tried where not all are.
const SOME: usize = 12;

/// Longer than it takes to come to the same as the mailbox.
const PATIENCE: Duration = Duration::from_secs(60);

/// A workspace with a mailbox that was connected and never read, to begin from again and again.
struct Beginning {
    folder: tempfile::TempDir,
    /// Empty for SQLite.
    database: String,
    ann: Person,
    cursor: Value,
    /// Why the last look was not the last.
    last_difference: std::sync::Mutex<String>,
}

/// The mailbox of the story: histories, and what happens then, one after the other.
fn mailbox() -> Mailbox {
    let mut mailbox = Mailbox::new(Persona::Full);
    "01-Jan-2020 10:00:00 +0000".clone_into(&mut mailbox.date);
    for (folder, numbers) in [("INBOX", 1..=12), ("Sent", 13..=16), ("Work", 17..=20)] {
        mailbox.fill(folder, numbers.map(|number| format!("old {number}")));
    }
    let deliver = |mailbox: &mut Mailbox, folder: &str, subject: &str| {
        let now = chrono::DateTime::from_timestamp_micros(Clock::system().now().0).unwrap();
        mailbox.date = now.format("%d-%b-%Y %H:%M:%S +0000").to_string();
        mailbox.deliver(folder, mail("jan@bedrijf.test", subject));
    };
    mailbox.script.push_back(Box::new(move |mailbox| deliver(mailbox, "INBOX", "new 1")));
    mailbox.script.push_back(Box::new(|mailbox| mailbox.folder("INBOX").flag(3, &["\\Seen"])));
    mailbox.script.push_back(Box::new(|mailbox| mailbox.folder("INBOX").expunge(4)));
    mailbox.script.push_back(Box::new(move |mailbox| {
        deliver(mailbox, "Work", "new 2");
        mailbox.move_to("INBOX", 5, "Work");
    }));
    mailbox.script.push_back(Box::new(move |mailbox| deliver(mailbox, "INBOX", "new 3")));
    mailbox
}

const ANNOUNCED: [&str; 3] = ["new 1", "new 2", "new 3"];

fn settings(server: &ScriptedMailbox, database: &str) -> Vec<(&'static str, String)> {
    let host = format!("127.0.0.1:{}", server.port());
    let mut settings = vec![("TAGWIRE_ALLOWED_PRIVATE_HOSTS", host)];
    if !database.is_empty() {
        settings.push(("TAGWIRE_DATABASE_URL", database.to_owned()));
    }
    settings
}

fn start(folder: &Path, settings: &[(&'static str, String)]) -> Process {
    Process::start(folder, &crate::support::mailbox::borrowed(settings))
}

async fn begin(server: &ScriptedMailbox, database: String) -> Beginning {
    // Behind the trial nobody is let in: the sync begins when the story does.
    server.with(|held| *held = mailbox());
    server.plan("LOGOUT", Fault::changes(|mailbox| mailbox.closed = true));
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(server, &database);
    let process = start(folder.path(), &settings);
    // The workspace is made on the same database.
    let ann = process.workspace_with(folder.path(), &crate::support::mailbox::borrowed(&settings)).await;
    let cursor = ann.cursor().await;
    let document = "mutation($input: ConnectMailAccountInput!) { connectMailAccount(input: $input) { userErrors { code message } } }";
    let input = json!({ "email": "alice@crm.test", "password": "secret", "imapHost": "127.0.0.1",
        "imapPort": server.port(), "imapSecurity": "PLAINTEXT" });
    ann.does(document, json!({ "input": input })).await;
    process.kill();
    Beginning { folder, database, ann, cursor, last_difference: std::sync::Mutex::default() }
}

impl Beginning {
    /// A copy of it: its folder, and its database.
    async fn copy(&self, number: usize) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        copy(self.folder.path(), folder.path());
        if self.database.is_empty() {
            return (folder, String::new());
        }
        let (server, name) = self.database.rsplit_once('/').unwrap();
        let database = format!("{name}_{number}");
        let admin = sea_orm::Database::connect(format!("{server}/postgres")).await.unwrap();
        admin.execute_unprepared(&format!("CREATE DATABASE {database} TEMPLATE {name}")).await.unwrap();
        (folder, format!("{server}/{database}"))
    }

    /// Tells the story with an end at a step, 0 for none; how many steps were passed.
    async fn tell(&self, server: &ScriptedMailbox, step: usize) -> usize {
        let (folder, database) = self.copy(step).await;
        server.with(|held| *held = mailbox());
        let log = folder.path().join("steps");
        let mut settings = settings(server, &database);
        settings.push(("TAGWIRE_CRASH_AT", step.to_string()));
        settings.push(("TAGWIRE_CRASH_LOG", log.display().to_string()));
        free(&database).await;
        let mut process = start(folder.path(), &settings);
        // To its end, or until all has happened and nothing has for a while.
        let mut seen = (0, 0);
        while !process.has_ended() {
            tokio::time::sleep(Duration::from_millis(if seen.0 == 0 { 1_500 } else { 50 })).await;
            let now = server.with(|mailbox| (mailbox.script.len(), mailbox.commands.len()));
            if now.0 == 0 && now == seen {
                break;
            }
            seen = now;
        }
        let ended = process.has_ended();
        let first = process.log();
        process.kill();
        let steps = std::fs::read_to_string(&log).unwrap();
        let last = steps.lines().last().unwrap_or_default().to_owned();
        eprintln!(
            "{} {}ended at {last}",
            if database.is_empty() { "SQLite" } else { "PostgreSQL" },
            if ended { "" } else { "not " }
        );

        settings.truncate(settings.len() - 2);
        free(&database).await;
        let process = start(folder.path(), &settings);
        let ann = self.ann.moved(&process.url);
        let mut socket = follow(&ann).await;
        let settling = async {
            loop {
                let differs = self.differs(&ann, server).await;
                let Some(differs) = differs else { return };
                // Each change is told; a look from time to time is for what was told before.
                let _told = tokio::time::timeout(Duration::from_secs(1), socket.next()).await;
                *self.last_difference.lock().unwrap() = differs;
            }
        };
        let settled = tokio::time::timeout(PATIENCE, settling).await;
        assert!(
            settled.is_ok(),
            "ended at {last}, it does not become the same: {}\nbefore:\n{first}\nafter:\n{}\nthe server heard {:#?}",
            self.last_difference.lock().unwrap(),
            process.log(),
            server.with(|mailbox| mailbox.commands.clone())
        );
        process.kill();
        drop_database(&database).await;
        steps.lines().count()
    }

    /// How what is stored differs from the mailbox; none when it is the same, all of it was told, and nothing twice.
    async fn differs(&self, ann: &Person, server: &ScriptedMailbox) -> Option<String> {
        let document = "query($after: Cursor!) { mailAccounts { state } \
            messages(first: 200) { totalCount nodes { id subject seen text folders { name } } } \
            changes(after: $after, first: 200, kinds: [MESSAGE]) { hasMore changes { action nodeId } } }";
        let found = ann.query(document, json!({ "after": self.cursor })).await;
        let (left, held, seen) = server.with(|mailbox| {
            let seen =
                mailbox.folder("INBOX").messages.iter().any(|message| message.uid == 3 && !message.flags.is_empty());
            (mailbox.script.len(), mailbox.holds(), seen)
        });
        let messages = array(&found["messages"]["nodes"]);
        let mut stored: Vec<(String, Vec<String>)> = Vec::new();
        for message in messages {
            let mut folders: Vec<_> = array(&message["folders"]).iter().map(|folder| text(&folder["name"])).collect();
            folders.sort();
            let subject = text(&message["subject"]);
            assert!(text(&message["text"]).contains(&format!("This is {subject}.")), "{message}");
            if !folders.is_empty() {
                stored.push((subject, folders));
            }
        }
        stored.sort();
        let subject = |id: &Value| {
            let found = messages.iter().find(|message| message["id"] == *id);
            found.map_or_else(|| id.to_string(), |message| text(&message["subject"]))
        };
        let changes = array(&found["changes"]["changes"]);
        let mut told: Vec<String> = changes
            .iter()
            .filter(|change| change["action"] == "CREATED")
            .map(|change| subject(&change["nodeId"]))
            .collect();
        told.sort();
        let mut once = told.clone();
        once.dedup();
        assert_eq!(told, once, "told twice");
        assert!(changes.iter().all(|change| change["action"] != "REMOVED"), "a move is a move: {changes:?}");
        let is_seen = messages.iter().any(|message| message["subject"] == "old 3" && message["seen"] == true);
        let state = &found["mailAccounts"][0]["state"];
        let same = left == 0 && stored == held && told == ANNOUNCED && is_seen == seen && state == "LIVE";
        (!same).then(|| format!("{state}, {left} to happen; told {told:?}, stored {stored:?}, the server has {held:?}"))
    }
}

/// On PostgreSQL a node that is gone holds its leases for a while; here it is known to be gone.
async fn free(database: &str) {
    if !database.is_empty() {
        let db = sea_orm::Database::connect(database).await.unwrap();
        db.execute_unprepared("UPDATE mail_account SET lease_until = NULL").await.unwrap();
        db.close().await.unwrap();
    }
}

async fn drop_database(database: &str) {
    if let Some((server, name)) = database.rsplit_once('/') {
        let admin = sea_orm::Database::connect(format!("{server}/postgres")).await.unwrap();
        admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

async fn sweep(database: String, offset: usize) {
    let server = ScriptedMailbox::start(Persona::Full).await;
    let beginning = begin(&server, database).await;
    let all = beginning.tell(&server, 0).await;
    assert!(all > 100, "only {all} steps");
    let stride = if std::env::var_os("TAGWIRE_TEST_LONG").is_some() { 1 } else { all / (SOME / 2) };
    for step in (1..=all).skip(if stride == 1 { 0 } else { offset * stride / 2 }).step_by(stride) {
        beginning.tell(&server, step).await;
    }
    drop_database(&beginning.database).await;
}

/// 28
#[tokio::test(flavor = "multi_thread")]
async fn an_end_at_any_step_loses_and_doubles_nothing_on_sqlite() {
    sweep(String::new(), 0).await;
}

/// 28
#[tokio::test(flavor = "multi_thread")]
async fn an_end_at_any_step_loses_and_doubles_nothing_on_postgresql() {
    let Ok(admin) = std::env::var("TAGWIRE_TEST_POSTGRES") else {
        eprintln!("TAGWIRE_TEST_POSTGRES is not set: nothing was told");
        return;
    };
    let name = format!("tagwire_{:016x}", rand::random::<u64>());
    let connection = sea_orm::Database::connect(&admin).await.unwrap();
    connection.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    let (before, _) = admin.rsplit_once('/').unwrap();
    sweep(format!("{before}/{name}"), 1).await;
}
