//! Mail is with the contacts whose addresses are on it, whichever of them changes, and that can be proven.

use std::process::{Command, Output};

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tagwire::users::Plan;

use crate::deeds::{ADD, DELETE, EDIT, array, each, text};
use crate::support::dovecot::{ALICE, Dovecot};
use crate::support::mailbox::{borrowed, connect, follow, mail, settings, until_state};
use crate::support::{Person, TestApp};

const MAIL: &str =
    "{ messages(first: 50) { nodes { id subject from { address contact { name } } contacts { name } } } }";
const OF_CONTACT: &str = "query($id: ID!) { contact(id: $id) { messages { totalCount nodes { subject } } } }";
const WHY_LINKED: &str = "query($message: ID!, $contact: ID!) { whyLinked(messageId: $message, contactId: $contact) {
    linked message links { role participant { name address contact { name } } } } }";
const WHY_NOT: &str =
    "query($id: ID!) { whyNotVisible(messageId: $id) { visible reason message since blocked { id } } }";
const CHANGES: &str = "query($after: Cursor!) { changes(after: $after, first: 200, kinds: [CONTACT]) {
    changes { action nodeId } } }";

fn with_addresses(id: &str, addresses: &[&str]) -> Value {
    let emails: Vec<_> = addresses.iter().map(|address| json!({ "address": address })).collect();
    json!({ "input": { "id": id, "emails": emails } })
}

/// The contacts on the mail with a subject, by name.
async fn contacts_on(person: &Person, subject: &str) -> Vec<String> {
    let all = person.query(MAIL, json!({})).await;
    let mail = array(&all["messages"]["nodes"]).iter().find(|mail| mail["subject"] == subject).expect("the mail");
    let on = each(&mail["contacts"], "name");
    // What is said of who sent it agrees.
    let sender = &mail["from"][0]["contact"];
    assert_eq!(sender["name"].as_str(), on.first().map(String::as_str), "{mail}");
    on
}

async fn mail_of(person: &Person, contact: &str) -> Vec<String> {
    let found = person.query(OF_CONTACT, json!({ "id": contact })).await;
    let subjects = each(&found["contact"]["messages"]["nodes"], "subject");
    assert_eq!(found["contact"]["messages"]["totalCount"], subjects.len());
    subjects
}

async fn changes(person: &Person, after: &Value) -> Vec<(String, String)> {
    let page = person.query(CHANGES, json!({ "after": after })).await;
    let changes = array(&page["changes"]["changes"]).iter();
    changes.map(|change| (text(&change["action"]), text(&change["nodeId"]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_follows_addresses_from_contact_to_contact() {
    let server = Dovecot::start();
    server.deliver(ALICE.0, "INBOX", &mail("Jan <JAN@a.test>", "from jan"));
    server.deliver(ALICE.0, "INBOX", &mail("mia@b.test", "from mia"));
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let mut socket = follow(ann).await;
        assert_eq!(connect(ann, server.imaps_port(), ALICE).await["userErrors"], json!([]));
        until_state(&mut socket, "LIVE").await;
        let all = ann.query(MAIL, json!({})).await;
        let message = array(&all["messages"]["nodes"]).iter().find(|mail| mail["subject"] == "from jan").unwrap();
        let message = text(&message["id"]);
        let asked = |contact: &str| json!({ "message": message, "contact": contact });

        assert_eq!(contacts_on(ann, "from jan").await, [""; 0]);
        let jan = text(&ann.does(ADD, json!({ "input": { "name": "Jan" } })).await["contact"]["id"]);
        let mia = text(&ann.does(ADD, json!({ "input": { "name": "Mia" } })).await["contact"]["id"]);
        let why = ann.query(WHY_LINKED, asked(&jan)).await["whyLinked"].take();
        assert_eq!(why, json!({ "linked": false, "message": "No address of Jan is on this message.", "links": [] }));

        // An address is added: all stored mail comes at once, also within the same request.
        let document = "mutation($input: UpdateContactInput!) { updateContact(input: $input) {
            contact { messages { totalCount nodes { contacts { name } } } } userErrors { code } } }";
        let given = ann.does(document, with_addresses(&jan, &["jan@A.test"])).await;
        assert_eq!(given["contact"]["messages"]["totalCount"], 1);
        assert_eq!(given["contact"]["messages"]["nodes"][0]["contacts"], json!([{ "name": "Jan" }]));
        assert_eq!(contacts_on(ann, "from jan").await, ["Jan"]);
        assert_eq!(contacts_on(ann, "from mia").await, [""; 0]);
        let why = ann.query(WHY_LINKED, asked(&jan)).await["whyLinked"].take();
        assert_eq!(why["linked"], true);
        assert_eq!(why["links"][0]["role"], "FROM");
        assert_eq!(
            why["links"][0]["participant"],
            json!({ "name": "Jan", "address": "jan@A.test", "contact": { "name": "Jan" } })
        );

        // It moves: one change of each contact tells it.
        let before = ann.cursor().await;
        ann.does(EDIT, with_addresses(&jan, &[])).await;
        assert_eq!((contacts_on(ann, "from jan").await.len(), mail_of(ann, &jan).await.len()), (0, 0));
        ann.does(EDIT, with_addresses(&mia, &["mia@b.test", "jan@a.test"])).await;
        let told = [&jan, &mia].map(|contact| ("UPDATED".to_owned(), contact.clone()));
        assert_eq!(changes(ann, &before).await, told);
        assert_eq!(contacts_on(ann, "from jan").await, ["Mia"]);
        assert_eq!(mail_of(ann, &mia).await.len(), 2);
        assert_eq!(mail_of(ann, &jan).await, [""; 0]);
        assert_eq!(ann.query(WHY_LINKED, asked(&jan)).await["whyLinked"]["linked"], false);

        // Who sees nothing of the mail learns nothing by asking.
        assert_eq!(mail_of(&bob, &mia).await, [""; 0]);
        let stranger = test.workspace(Plan::Free).await.ann;
        let unknown = json!({ "visible": false, "reason": "UNKNOWN", "message": "There is no such message for you.",
            "since": null, "blocked": null });
        for other in [&bob, &stranger] {
            assert!(other.query(WHY_LINKED, asked(&mia)).await["whyLinked"].is_null());
            for id in [message.as_str(), "garbage", mia.as_str()] {
                assert_eq!(other.query(WHY_NOT, json!({ "id": id })).await["whyNotVisible"], unknown);
            }
        }
        assert_eq!(ann.query(WHY_NOT, json!({ "id": message })).await["whyNotVisible"]["reason"], "VISIBLE");
        let of_none = json!({ "message": message, "contact": "garbage" });
        assert!(ann.query(WHY_LINKED, of_none).await["whyLinked"].is_null());

        // A contact goes: its addresses are free.
        let before = ann.cursor().await;
        ann.does(DELETE, json!({ "id": mia })).await;
        assert_eq!(changes(ann, &before).await, [("REMOVED".to_owned(), mia.clone())]);
        assert_eq!(contacts_on(ann, "from jan").await, [""; 0]);
        assert!(ann.query(WHY_LINKED, asked(&mia)).await["whyLinked"].is_null());
        ann.does(EDIT, with_addresses(&jan, &["jan@a.test", "mia@b.test"])).await;
        assert_eq!(mail_of(ann, &jan).await.len(), 2);

        // What the server no longer has is not seen, and its owner is told why.
        let gone = format!("UPDATE mail_message SET hidden = TRUE, gone_at = {}", test.app.clock.now().0);
        test.app.db.writer().execute_unprepared(&gone).await.unwrap();
        let why = ann.query(WHY_NOT, json!({ "id": message })).await["whyNotVisible"].take();
        assert_eq!((&why["visible"], &why["reason"]), (&json!(false), &json!("GONE_FROM_SERVER")));
        assert!(why["since"].is_string());
        assert_eq!(bob.query(WHY_NOT, json!({ "id": message })).await["whyNotVisible"], unknown);
    })
    .await;
}

fn check_links(test: &TestApp, arguments: &[&str]) -> Output {
    let config = &test.app.config;
    let mut command = Command::new(env!("CARGO_BIN_EXE_tagwire"));
    command.current_dir(&config.data_dir).env_clear().arg("check-links").args(arguments);
    command.env("TAGWIRE_DATA_DIR", &config.data_dir).env("TAGWIRE_DATABASE_URL", &config.database_url);
    command.output().expect("tagwire runs")
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_proven_from_the_mail_itself() {
    let server = Dovecot::start();
    for n in 0..150 {
        let crowd: Vec<_> = (0..n % 7).map(|k| format!("Person {k} <p{k}.{n}@Crowd.test>")).collect();
        let letter = format!(
            "From: \"Sender {n}\" <S{n}@a.test>, other@b.test\r\nTo: {}\r\nCc: undisclosed-recipients:;\r\n\
             Reply-To: <reply@a.test>\r\nSubject: {n}\r\nMessage-ID: <{n}@test>\r\n\r\nHello.\r\n",
            crowd.join(", ")
        );
        server.deliver(ALICE.0, "INBOX", letter.as_bytes());
    }
    server.deliver(ALICE.0, "INBOX", b"\xff\xfe broken \x00\r\nFrom: @@\r\n\r\n");
    server.deliver(ALICE.0, "INBOX", "From: Füße <info@bücher.example>\r\nTo: <@>, x\r\n\r\n".as_bytes());
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        let other = test.workspace(Plan::Free).await;
        let mut socket = follow(ann).await;
        connect(ann, server.imaps_port(), ALICE).await;
        until_state(&mut socket, "LIVE").await;
        let input = json!({ "name": "Jan", "emails": [{ "address": "s3@A.test" }, { "address": "P1.5@crowd.test" }] });
        ann.does(ADD, json!({ "input": input })).await;

        let sound = check_links(test, &[]);
        let said = String::from_utf8_lossy(&sound.stdout).into_owned();
        assert!(sound.status.success() && said.contains("The links of all 152 messages"), "{said}{sound:?}");

        let conn = test.app.db.writer();
        let run = async |sql: &str| assert!(conn.execute_unprepared(sql).await.unwrap().rows_affected() > 0, "{sql}");
        let message = "(SELECT id FROM mail_message WHERE subject = '13')";
        for (damage, words) in [
            (
                format!("UPDATE mail_participant SET role = 'CC' WHERE position = 0 AND message = {message}"),
                "should be From s13@a.test",
            ),
            (
                format!(
                    "UPDATE mail_participant SET address = (SELECT id FROM address WHERE address_key = 's3@a.test') \
                    WHERE position = 1 AND message = {message}"
                ),
                "should be From other@b.test and is From s3@a.test",
            ),
            (format!("DELETE FROM mail_participant WHERE position = 2 AND message = {message}"), "is missing: "),
            (
                format!("UPDATE mail_participant SET received_at = 1 WHERE position = 3 AND message = {message}"),
                "another time",
            ),
            (
                "UPDATE address SET address = 'somebody@else.test' WHERE address_key = 's20@a.test'".to_owned(),
                "another address's key",
            ),
        ] {
            run(&damage).await;
            let found = check_links(test, &["--workspace", &tagwire::graphql::id::encode(company.id)]);
            assert_eq!(found.status.code(), Some(1), "{found:?}");
            let said = String::from_utf8_lossy(&found.stdout).into_owned();
            assert!(said.lines().any(|line| line.starts_with("workspace ") && line.contains(words)), "{words}: {said}");
        }
        // Another workspace is another matter; one that is not there is said to be so.
        let other = check_links(test, &["--workspace", &tagwire::graphql::id::encode(other.id)]);
        assert!(other.status.success(), "{other:?}");
        let unknown = check_links(test, &["--workspace", "AQGiDCmmfnAdjGDouyqQwFg"]);
        assert!(!unknown.status.success() && String::from_utf8_lossy(&unknown.stderr).contains("no workspace"));
    })
    .await;
}
