//! A mailbox on a real server, as its owner connects and follows it.

use std::time::Duration;

use serde_json::{Value, json};

use super::dovecot::Dovecot;
use super::{Person, Socket};

/// Longer than anything waited for here takes.
const PATIENCE: Duration = Duration::from_secs(40);

/// Settings under which a private server can be reached.
pub fn settings(server: &Dovecot) -> Vec<(&'static str, String)> {
    vec![
        (
            "TAGWIRE_ALLOWED_PRIVATE_HOSTS",
            format!("localhost:{},localhost:{}", server.imaps_port(), server.imap_port()),
        ),
        ("TAGWIRE_CA_FILE", server.ca_file().display().to_string()),
    ]
}

/// Borrowed as `TestApp` takes them.
pub fn borrowed<'a>(settings: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    settings.iter().map(|(key, value)| (*key, value.as_str())).collect()
}

const CONNECT: &str = "mutation($input: ConnectMailAccountInput!) { connectMailAccount(input: $input) { \
    mailAccount { id state email } userErrors { code message path conflictingId } } }";

/// Asks to connect a mailbox over TLS; the payload.
pub async fn connect(person: &Person, port: u16, (email, password): (&str, &str)) -> Value {
    let input = json!({ "email": email, "password": password, "imapHost": "localhost", "imapPort": port });
    person.query(CONNECT, json!({ "input": input })).await["connectMailAccount"].take()
}

/// A socket that follows one's mailboxes (`account`), the mail that arrives (`mail`) and changes of mail (`change`).
pub async fn follow(person: &Person) -> Socket {
    let mut socket = person.socket().await;
    let account = "subscription { mailAccountChanged { mailAccount { id state progress { stored total skipped } problem { code message } } } }";
    socket.subscribe("account", account, json!({})).await;
    let mail = "subscription { messageReceived { cursor messageId message { id subject } } }";
    socket.subscribe("mail", mail, json!({})).await;
    let change = "subscription { changes(kinds: [MESSAGE]) { action nodeId node { ... on Message { subject seen flagged folders { name } } } } }";
    socket.subscribe("change", change, json!({})).await;
    // Answered behind the subscriptions: from here on they follow.
    socket.subscribe("here", "{ viewer { id } }", json!({})).await;
    until(&mut socket, "here", |_| true).await;
    socket
}

/// The data of the first message for `id` that is wanted. Others are passed over.
pub async fn until(socket: &mut Socket, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut heard = Vec::new();
    let end = tokio::time::Instant::now() + PATIENCE;
    loop {
        let message = tokio::time::timeout_at(end, socket.next()).await;
        let message = message.unwrap_or_else(|_| panic!("nothing that was waited for among {heard:#?}"));
        heard.push(message.to_string());
        assert_ne!(message["type"], "error", "{message}");
        if message["type"] == "next" && message["id"] == id {
            let data = &message["payload"]["data"];
            assert!(data.is_object(), "{message}");
            if wanted(data) {
                return data.clone();
            }
        }
    }
}

/// Waits until the mailbox is in a state; what was told then.
pub async fn until_state(socket: &mut Socket, state: &str) -> Value {
    until(socket, "account", |data| data["mailAccountChanged"]["mailAccount"]["state"] == state).await
}

/// Subjects of all mail the person sees, in order.
pub async fn subjects(person: &Person) -> Vec<String> {
    let mut subjects = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = "query($after: String) { messages(first: 200, after: $after) { totalCount nodes { subject } pageInfo { hasNextPage endCursor } } }";
        let data = person.query(page, json!({ "after": after })).await;
        let messages = &data["messages"];
        let nodes = messages["nodes"].as_array().unwrap();
        subjects.extend(nodes.iter().map(|node| node["subject"].as_str().unwrap().to_owned()));
        if messages["pageInfo"]["hasNextPage"] == false {
            assert_eq!(messages["totalCount"], subjects.len());
            subjects.sort_unstable();
            return subjects;
        }
        after = messages["pageInfo"]["endCursor"].clone();
    }
}

/// A mail from somebody.
pub fn mail(from: &str, subject: &str) -> Vec<u8> {
    format!(
        "From: {from}\r\nTo: alice@crm.test\r\nSubject: {subject}\r\nMessage-ID: <{subject}@test>\r\n\
         Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\nThis is {subject}.\r\n"
    )
    .into_bytes()
}
