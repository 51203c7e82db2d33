//! The hard cases of syncing a mailbox, each by name, on both databases.
//!
//! | case | here | also |
//! |---|---|---|
//! | 1, 2 an answer ends early | `fetching` | `mail_faults`, with a real server |
//! | 3 the end of a connection is no empty folder | `fetching` | `imap_faults` |
//! | 4 a listing refused or empty; 34 one that lacks a folder | `folders` | |
//! | 5 a mail left out of an answer | `fetching` | `mail_depth`: out of a list |
//! | 6 a mail goes before it is read; 10 UIDs in any order | `fetching` | |
//! | 7 UIDs that never were; 8 flags ahead of mail; 9 the last UID again | `cursors` | |
//! | 12 other UIDs; 13 at each opening | `cursors` | `mail_sync`, with a real server |
//! | 15 the highest UID expunged; 16 VANISHED anywhere; 17 of everything; 18 ENABLED empty | `vanished` | `imap_connection` |
//! | 19 news before the wait; 20 no wait, or silence; 21 the token ends | `idling` | `imap_faults` |
//! | 25 throttled; 26 over quota; 27 an app password is wanted | `signing_in` | |
//! | 28 an end at any step | | `mail_crash_sweep`, `mail_crash` |
//! | 29 a lost lease | `cursors` | |
//! | 30 one mail in many folders; 31 moves; 32 ids that are none | `identity` | `mail_sync`, `mail_depth` |
//! | 35 odd bytes; 36 unreadable answers | `fetching`, `signing_in` | `messages::mime` |
//! | 38 a fetch given up; 41 news during the history | `fetching` | `imap_faults` |
//! | 39 hosts inside | `hosts` | `imap::host` |
//! | 42 the order of changes | | `resuming`, `live` |
//!
//! 22 to 24 are of accounts that sign in by token, 40 is of many accounts.

mod cursors;
mod fetching;
mod folders;
mod hosts;
mod identity;
mod idling;
mod signing_in;
mod vanished;

use std::time::Duration;

use serde_json::{Value, json};
use tagwire::users::Plan;

use crate::deeds::{array, text};
use crate::support::mailbox::{follow, mail, until, until_state};
use crate::support::scripted_mailbox::{Mailbox, Persona, ScriptedMailbox};
use crate::support::{Person, Socket, TestApp};

/// Longer than anything waited for here takes.
const PATIENCE: Duration = Duration::from_secs(40);

/// What a story has at hand.
struct Scene<'a> {
    test: &'a TestApp,
    ann: Person,
    socket: Socket,
    server: &'a ScriptedMailbox,
    account: Value,
}

/// Tells a story of a mailbox with that filling. The clock stands until the story moves it, so that nothing is looked at again by
/// itself.
async fn tell(persona: Persona, filling: impl Fn(&mut Mailbox), story: impl AsyncFn(&mut Scene<'_>)) {
    let server = ScriptedMailbox::start(persona).await;
    let host = format!("127.0.0.1:{}", server.port());
    TestApp::on_each_database_with(&[("TAGWIRE_ALLOWED_PRIVATE_HOSTS", &host)], async |test| {
        server.with(|mailbox| {
            *mailbox = Mailbox::new(persona);
            filling(mailbox);
        });
        let ann = test.workspace(Plan::Free).await.ann;
        let socket = follow(&ann).await;
        let mut scene = Scene { test, ann, socket, server: &server, account: Value::Null };
        story(&mut scene).await;
    })
    .await;
}

fn subjects(numbers: std::ops::RangeInclusive<u32>) -> impl Iterator<Item = String> {
    numbers.map(|number| format!("old {number:03}"))
}

impl Scene<'_> {
    /// Asks to connect the mailbox; the payload.
    async fn tries_to_connect(&self) -> Value {
        let document = "mutation($input: ConnectMailAccountInput!) { connectMailAccount(input: $input) { mailAccount { id } \
            userErrors { code message path } } }";
        let input = json!({ "email": "alice@crm.test", "password": "secret", "imapHost": "127.0.0.1",
            "imapPort": self.server.port(), "imapSecurity": "PLAINTEXT" });
        self.ann.query(document, json!({ "input": input })).await["connectMailAccount"].take()
    }

    /// Connects the mailbox.
    async fn connects(&mut self) {
        let payload = self.tries_to_connect().await;
        assert_eq!(payload["userErrors"], json!([]));
        self.account = payload["mailAccount"]["id"].clone();
    }

    /// Connects the mailbox and waits until it is live.
    async fn is_connected(&mut self) {
        self.connects().await;
        self.is("LIVE").await;
    }

    /// Waits until the mailbox is in a state; what was told then.
    async fn is(&mut self, state: &str) -> Value {
        until_state(&mut self.socket, state).await["mailAccountChanged"]["mailAccount"].take()
    }

    /// Asks to look now.
    async fn looks(&self) {
        let document = "mutation($id: ID!) { syncMailAccount(id: $id) { userErrors { code } } }";
        self.ann.does(document, json!({ "id": self.account })).await;
    }

    /// The mailbox as the API tells it now.
    async fn mailbox(&self) -> Value {
        let document = "{ mailAccounts { state nextAttemptAt problem { code message remedy helpUrl } progress { stored total skipped } } }";
        self.ann.query(document, json!({})).await["mailAccounts"][0].take()
    }

    /// Subjects with the folders they are in, in order.
    async fn holds(&self) -> Vec<(String, Vec<String>)> {
        let document = "{ messages(first: 200) { nodes { subject folders { name } } } }";
        let found = self.ann.query(document, json!({})).await;
        let mut held: Vec<_> = array(&found["messages"]["nodes"])
            .iter()
            .map(|message| {
                let mut folders: Vec<_> =
                    array(&message["folders"]).iter().map(|folder| text(&folder["name"])).collect();
                folders.sort();
                (text(&message["subject"]), folders)
            })
            .collect();
        held.sort();
        held
    }

    /// Waits until what is stored is so.
    async fn becomes(&mut self, so: impl Fn(&[(String, Vec<String>)]) -> bool) {
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            let stored = self.holds().await;
            if so(&stored) {
                return;
            }
            if tokio::time::timeout_at(end, self.socket.next()).await.is_err() {
                let (held, commands) = self.server.with(|mailbox| (mailbox.holds(), mailbox.commands.clone()));
                panic!("stored is {stored:#?}\nthe server has {held:#?}\nafter {commands:#?}");
            }
        }
    }

    /// Waits until the same is stored as the server has. What has no place is on its way out.
    async fn agrees(&mut self) {
        let server = self.server;
        let placed = |held: &[(String, Vec<String>)]| {
            held.iter().filter(|(_, folders)| !folders.is_empty()).cloned().collect::<Vec<_>>()
        };
        self.becomes(|stored| placed(stored) == server.with(|mailbox| mailbox.holds())).await;
    }

    /// The subject of the next mail that is announced.
    async fn hears(&mut self) -> String {
        text(&until(&mut self.socket, "mail", |_| true).await["messageReceived"]["message"]["subject"])
    }

    /// A mail comes now; its UID.
    fn delivers(&self, folder: &str, subject: &str) -> u32 {
        self.server.with(|mailbox| mailbox.deliver(folder, mail("jan@bedrijf.test", subject)))
    }

    /// What was told of messages since a cursor, in order.
    async fn told(&self, since: &Value) -> Vec<String> {
        let document = "query($after: Cursor!) { changes(after: $after, first: 200, kinds: [MESSAGE]) { changes { action nodeId } } }";
        let page = self.ann.query(document, json!({ "after": since })).await["changes"].take();
        array(&page["changes"]).iter().map(|change| text(&change["action"])).collect()
    }

    /// Has everything looked at, and waits for that: the archive comes last, and the inbox is waited at again.
    async fn is_looked_over(&self) {
        let before = ["IDLE", "EXAMINE \"Archive\""].map(|text| (text, self.server.count(text)));
        self.looks().await;
        self.server.until(|mailbox| before.iter().all(|(text, count)| mailbox.count(text) > *count)).await;
    }

    /// Waits for something to be told, at most so long.
    async fn rests(&mut self, longest: Duration) {
        let _told = tokio::time::timeout(longest, self.socket.next()).await;
    }

    /// Waits until so many mails are read.
    async fn has_seen(&mut self, count: usize) {
        let document = "{ messages(first: 200) { nodes { seen } } }";
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            let found = self.ann.query(document, json!({})).await;
            if array(&found["messages"]["nodes"]).iter().filter(|message| message["seen"] == true).count() == count {
                return;
            }
            tokio::time::timeout_at(end, self.socket.next()).await.expect("so many are read in time");
        }
    }
}
