//! Contacts that come from files.

use std::fmt::Write;
use std::time::Duration;

use hyper::StatusCode;
use serde_json::{Value, json};
use tagwire::access::{Cx, Right};
use tagwire::imports;
use tagwire::users::Plan;

use crate::deeds::{ADD, EDIT, SET_RIGHTS, TAG, UNTAG, array, each, text};
use crate::live::CHANGES;
use crate::support::http::{self, Answer};
use crate::support::{Person, TestApp};

/// Imports contacts.
pub const IMPORT: &str = "mutation($input: ImportContactsInput!) { importContacts(input: $input) {
    import { id state dryRun rows } userErrors { code path message conflictingId } } }";
/// Stops an import.
pub const CANCEL: &str =
    "mutation($id: ID!) { cancelImport(id: $id) { import { id state } userErrors { code path } } }";
const REPORT: &str =
    "query($id: ID!) { node(id: $id) { ... on ContactImport { state dryRun rows created updated skipped failed
    problems(first: 200) { totalCount nodes { row column message } } } } }";
const PROGRESS: &str = "subscription($after: Cursor) { changes(after: $after, kinds: [CONTACT_IMPORT]) {
    action node { ... on ContactImport { id state rows } } } }";
const ALL: &str = "{ contacts(first: 200) { nodes { name company jobTitle notes version emails { address label } phones { number label }
    tags { name } } } tags(first: 200) { nodes { name contactCount } } }";

/// A form with a file, as browsers send it.
pub fn form(variables: &Value, file: &[u8]) -> Vec<u8> {
    let operations = json!({ "query": IMPORT, "variables": variables });
    let mut body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n{operations}\r\n\
         --x\r\nContent-Disposition: form-data; name=\"map\"\r\n\r\n{{\"0\":[\"variables.input.file\"]}}\r\n\
         --x\r\nContent-Disposition: form-data; name=\"0\"; filename=\"contacts\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--x--\r\n");
    body
}

fn input(mut input: Value) -> Value {
    input["file"] = Value::Null;
    for (member, usual) in [("format", "CSV"), ("mode", "SKIP")] {
        if input[member].is_null() {
            input[member] = json!(usual);
        }
    }
    json!({ "input": input })
}

impl Person {
    /// Sends a file to be imported; the whole answer.
    pub async fn sends(&self, url: &str, file: &[u8], given: Value) -> Answer {
        http::graphql(url)
            .bearer(&self.token)
            .header("content-type", "multipart/form-data; boundary=x")
            .header("graphql-require-preflight", "1")
            .body(form(&input(given), file))
            .send()
            .await
    }

    /// Imports a file to its end; the report.
    pub async fn imports(&self, url: &str, file: &[u8], given: Value) -> Value {
        let after = self.cursor().await;
        let answer = self.sends(url, file, given).await.json();
        let payload = &answer["data"]["importContacts"];
        assert_eq!(payload["userErrors"], json!([]), "{answer}");
        let id = payload["import"]["id"].clone();
        let mut socket = self.socket().await;
        socket.subscribe("1", PROGRESS, json!({ "after": after })).await;
        while socket.event("1").await["changes"]["node"]["state"] == "RUNNING" {}
        self.query(REPORT, json!({ "id": id })).await["node"].take()
    }

    /// Tries to import a file; it must be refused. Code and path.
    async fn fails_to_import(&self, url: &str, file: &[u8], given: Value) -> String {
        let answer = self.sends(url, file, given).await.json();
        crate::deeds::refusal(&answer["data"]["importContacts"])
    }
}

fn counts(report: &Value) -> [i64; 5] {
    ["rows", "created", "updated", "skipped", "failed"].map(|count| report[count].as_i64().unwrap())
}

fn problems(report: &Value) -> Vec<(i64, String)> {
    let problem =
        |problem: &Value| (problem["row"].as_i64().unwrap(), problem["column"].as_str().unwrap_or_default().to_owned());
    array(&report["problems"]["nodes"]).iter().map(problem).collect()
}

#[tokio::test]
async fn people_bring_their_contacts_as_they_have_them() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let file = "Voornaam;Tussenvoegsel;Achternaam;Bedrijf;Functie;E-mail;E-mail 2;Telefoon (werk);Opmerkingen;Tags;Trefwoorden;Postcode\r\n\
                    Renée;de;Vries;Café 'Zon';Bakker;renee@zon.test;r@thuis.test;'+31 20 123;\"Vroeg; op\r\nen snel\";hot, nl;\"be; \"\"a, b\"\"\";1011\r\n\
                    \r\n\
                    Jan;;Jansen;;;jan@jansen.test;;;;;;\r\n;;;;;;;;;;;\r\n";
        let bytes = encoding_rs::WINDOWS_1252.encode(file).0;
        let before = ann.query(ALL, json!({})).await;
        let dry = ann.imports(&test.url, &bytes, json!({ "dryRun": true })).await;
        assert_eq!((counts(&dry), &dry["dryRun"], &dry["state"]), ([2, 2, 0, 0, 0], &json!(true), &json!("DONE")));
        assert_eq!(ann.query(ALL, json!({})).await, before, "a dry run changes nothing");

        let report = ann.imports(&test.url, &bytes, json!({})).await;
        assert_eq!((counts(&report), &report["state"]), ([2, 2, 0, 0, 0], &json!("DONE")));
        let all = ann.query(ALL, json!({})).await;
        assert_eq!(
            all["contacts"]["nodes"],
            json!([
                { "name": "Jan Jansen", "company": null, "jobTitle": null, "notes": "", "version": 1,
                  "emails": [{ "address": "jan@jansen.test", "label": null }], "phones": [], "tags": [] },
                { "name": "Renée de Vries", "company": "Café 'Zon'", "jobTitle": "Bakker", "notes": "Vroeg; op\r\nen snel", "version": 1,
                  "emails": [{ "address": "renee@zon.test", "label": null }, { "address": "r@thuis.test", "label": null }],
                  "phones": [{ "number": "+31 20 123", "label": null }],
                  "tags": [{ "name": "a, b" }, { "name": "be" }, { "name": "hot" }, { "name": "nl" }] },
            ])
        );
        assert!(array(&all["tags"]["nodes"]).iter().all(|tag| tag["contactCount"] == 1), "{all}");
    })
    .await;
}

#[tokio::test]
async fn a_broken_row_is_reported_and_stops_nothing() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let long = "x".repeat(300_000);
        let file = format!(
            "name,Mail,notes,tags\n\
             One,one@a.test,,\n\
             Two,no address,,\n\
             Three,three@a.test,\"never closed,\n\
             Four,four@a.test,,\n\
             Five,five@a.test,,,too,many\n\
             ,,only notes,\n\
             {long},six@a.test,,\n\
             Seven,seven@a.test,\"with \"\"quotes\"\"\nand lines\",\n\
             Eight,eight@a.test,,{}\n\
             Nine,nine@a.test\n",
            "t".repeat(101)
        );
        for dry_run in [true, false] {
            let report = ann.imports(&test.url, file.as_bytes(), json!({ "dryRun": dry_run })).await;
            assert_eq!(counts(&report), [10, 4, 0, 0, 6], "{report}");
            let expected = [(2, "Mail"), (3, ""), (5, ""), (6, "name"), (7, ""), (9, "tags")];
            assert_eq!(problems(&report), expected.map(|(row, column)| (row, column.to_owned())));
            assert_eq!(report["problems"]["totalCount"], 6);
        }
        let all = ann.query(ALL, json!({})).await;
        assert_eq!(each(&all["contacts"]["nodes"], "name"), ["Four", "Nine", "One", "Seven"]);
        assert_eq!(all["contacts"]["nodes"][3]["notes"], "with \"quotes\"\nand lines");
        let page = "query($id: ID!) { node(id: $id) { ... on ContactImport { problems(first: 2) { pageInfo { hasNextPage endCursor } } } } }";
        let cursor = ann.cursor().await;
        let answer = ann.sends(&test.url, file.as_bytes(), json!({ "dryRun": true })).await.json();
        let id = &answer["data"]["importContacts"]["import"]["id"];
        let mut socket = ann.socket().await;
        socket.subscribe("1", PROGRESS, json!({ "after": cursor })).await;
        while socket.event("1").await["changes"]["node"]["state"] == "RUNNING" {}
        let first = ann.query(page, json!({ "id": id })).await["node"]["problems"]["pageInfo"].take();
        assert_eq!(first["hasNextPage"], true);
        let next = "query($id: ID!, $after: String) { node(id: $id) { ... on ContactImport { problems(first: 200, after: $after) { nodes { row } } } } }";
        let rest = ann.query(next, json!({ "id": id, "after": first["endCursor"] })).await;
        // A dry run also tells of rows that would add nothing.
        let rows: Vec<&Value> = array(&rest["node"]["problems"]["nodes"]).iter().map(|problem| &problem["row"]).collect();
        assert_eq!(rows, [3, 4, 5, 6, 7, 8, 9, 10]);
    })
    .await;
}

#[tokio::test]
async fn the_same_file_again_adds_nothing_twice() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let file = "name,company,email,phone,tags\n\
                    Jan,Acme,jan@a.test,020 1,hot\nJan again,,JAN@a.test; jan2@a.test,,cold\n\
                    Nobody,Acme,,,hot\nNOBODY,acme,,030,nl\nEva,,eva@a.test,,\n\
                    Both,,jan@a.test; eva@a.test,,\n"
            .as_bytes();
        for mode in ["SKIP", "ADD", "REPLACE"] {
            let stranger = test.workspace(Plan::Free).await.ann;
            let dry = stranger.imports(&test.url, file, json!({ "mode": mode, "dryRun": true })).await;
            let first = stranger.imports(&test.url, file, json!({ "mode": mode })).await;
            let (changed, kept) = if mode == "SKIP" { (0, 2) } else { (2, 0) };
            assert_eq!(counts(&first), [6, 3, changed, kept, 1], "{mode}");
            // A dry run knows the file's own contacts by one address at a time.
            assert_eq!(counts(&dry)[..2], [6, 3], "{mode}");
            assert_eq!(problems(&first), [(6, "email".to_owned())]);
            let there = stranger.query(ALL, json!({})).await;
            let again = stranger.imports(&test.url, file, json!({ "mode": mode })).await;
            assert_eq!(counts(&again)[1], 0, "{mode}");
            let now = stranger.query(ALL, json!({})).await;
            assert_eq!(each(&now["contacts"]["nodes"], "name"), each(&there["contacts"]["nodes"], "name"), "{mode}");
            assert_eq!(now["tags"], there["tags"], "{mode}");
        }

        // What becomes of a contact that exists.
        let own = json!({ "name": "Jan", "company": "Acme", "notes": "mine", "emails": [{ "address": "jan@a.test", "label": "work" }],
            "phones": [{ "number": "020-1" }], "tags": ["hot"] });
        let id = text(&ann.does(ADD, json!({ "input": own })).await["contact"]["id"]);
        let file = "name,company,jobTitle,email,phone,tags\nJohn,Other,Boss,jan@a.test; new@a.test,020 1; 030 2,nl\n".as_bytes();
        let show = "query($id: ID!) { contact(id: $id) { name company jobTitle notes emails { address } phones { number } tags { name } } }";
        let shown = async || ann.query(show, json!({ "id": id })).await["contact"].take();
        let before = shown().await;
        assert_eq!(counts(&ann.imports(&test.url, file, json!({ "mode": "SKIP" })).await), [1, 0, 0, 1, 0]);
        assert_eq!(shown().await, before);
        for (updated, kept) in [(1, 0), (0, 1)] {
            assert_eq!(counts(&ann.imports(&test.url, file, json!({ "mode": "ADD" })).await), [1, 0, updated, kept, 0]);
            let added = json!({ "name": "Jan", "company": "Acme", "jobTitle": "Boss", "notes": "mine",
                "emails": [{ "address": "jan@a.test" }, { "address": "new@a.test" }],
                "phones": [{ "number": "020-1" }, { "number": "030 2" }], "tags": [{ "name": "hot" }, { "name": "nl" }] });
            assert_eq!(shown().await, added);
        }
        for (updated, kept) in [(1, 0), (0, 1)] {
            let report = ann.imports(&test.url, file, json!({ "mode": "REPLACE" })).await;
            assert_eq!(counts(&report), [1, 0, updated, kept, 0]);
            let replaced = json!({ "name": "John", "company": "Other", "jobTitle": "Boss", "notes": "mine",
                "emails": [{ "address": "jan@a.test" }, { "address": "new@a.test" }],
                "phones": [{ "number": "020 1" }, { "number": "030 2" }], "tags": [{ "name": "nl" }] });
            assert_eq!(shown().await, replaced);
        }
        let hot = ann.query("{ tags(search: \"hot\") { nodes { contactCount } } }", json!({})).await;
        assert_eq!(hot["tags"]["nodes"], json!([{ "contactCount": 0 }]));
    })
    .await;
}

#[tokio::test]
async fn progress_is_told_to_who_began_it_and_contacts_to_all() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[Right::ImportExport]).await);
        let after = json!({ "after": ann.cursor().await, "kinds": ["CONTACT", "CONTACT_IMPORT"] });
        let mut file = "name,email,tags\n".to_owned();
        for number in 0..250 {
            writeln!(file, "C{number},c{number}@a.test,tag {}", number % 7).unwrap();
        }
        let report = bob.imports(&test.url, file.as_bytes(), json!({})).await;
        assert_eq!(counts(&report), [250, 250, 0, 0, 0]);
        let mut anns = ann.socket().await;
        anns.subscribe("1", CHANGES, after.clone()).await;
        for _ in 0..250 {
            let told = anns.event("1").await["changes"].take();
            assert_eq!(
                (&told["kind"], &told["action"], &told["actor"]["name"]),
                (&json!("CONTACT"), &json!("CREATED"), &json!("Bob"))
            );
        }
        let mut bobs = bob.socket().await;
        let own = json!({ "after": after["after"], "kinds": ["CONTACT_IMPORT"] });
        bobs.subscribe("1", CHANGES, own).await;
        let mut last = Value::Null;
        for _ in 0..5 {
            last = bobs.event("1").await["changes"].take();
        }
        assert_eq!((&last["action"], &last["node"]["__typename"]), (&json!("UPDATED"), &json!("ContactImport")));
        let id = &last["nodeId"];
        assert_eq!(ann.query(REPORT, json!({ "id": id })).await["node"], Value::Null, "it is nobody else's");
        assert_eq!(ann.fails(CANCEL, json!({ "id": id })).await, "NOT_FOUND id");
        let tags = ann.query("{ tags(first: 200) { nodes { contactCount } } }", json!({})).await;
        let sum: i64 = array(&tags["tags"]["nodes"]).iter().map(|tag| tag["contactCount"].as_i64().unwrap()).sum();
        assert_eq!(sum, 250);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_beside_people_who_tag_loses_nothing_of_either() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let importing = [Right::ImportExport, Right::ManageTags];
        let (bob, cem) = (company.user("Bob", &importing).await, company.user("Cem", &importing).await);
        let mut file = "name,email,tags\n".to_owned();
        for number in 0..400 {
            writeln!(file, "C{number},c{number}@a.test,\"all, tag {}\"", number % 5).unwrap();
        }
        let mut old = Vec::new();
        for number in 0..5 {
            old.push(cem.adds(&format!("Old {number}"), &[&format!("tag {number}")]).await);
        }
        let imported = bob.imports(&test.url, file.as_bytes(), json!({}));
        let tagged = async {
            for turn in 0..40 {
                let input = json!({ "contactIds": [old[turn % 5]], "names": [format!("tag {}", turn % 4), "all"] });
                cem.does([TAG, UNTAG][turn / 5 % 2], json!({ "input": input })).await;
            }
            cem.does(TAG, json!({ "input": { "contactIds": old, "names": ["all"] } })).await;
        };
        let (report, ()) = tokio::join!(imported, tagged);
        assert_eq!(counts(&report), [400, 400, 0, 0, 0]);
        let tags = "{ all: contacts(filter: { tag: { name: \"all\" } }) { totalCount }
            tags(first: 20) { nodes { name contactCount contacts { totalCount } } } }";
        let seen = cem.query(tags, json!({})).await;
        assert_eq!(seen["all"]["totalCount"], 405);
        for tag in array(&seen["tags"]["nodes"]) {
            assert_eq!(tag["contactCount"], tag["contacts"]["totalCount"], "{tag}");
        }
        let first = "{ contacts(filter: { text: \"c399\" }) { nodes { history(first: 5) { nodes { action actor { name } } } } } }";
        let first = cem.query(first, json!({})).await;
        let history = &first["contacts"]["nodes"][0]["history"]["nodes"];
        assert_eq!(each(history, "action"), ["TAGGED", "TAGGED", "IMPORTED"]);
        assert_eq!(history[2]["actor"]["name"], "Bob");
    })
    .await;
}

#[tokio::test]
async fn an_import_is_canceled_and_one_of_a_dead_server_is_found() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[Right::ImportExport]).await);
        let mut file = "name,email\n".to_owned();
        for number in 0..30_000 {
            writeln!(file, "C{number},c{number}@a.test").unwrap();
        }
        let answer = bob.sends(&test.url, file.as_bytes(), json!({})).await.json();
        let id = answer["data"]["importContacts"]["import"]["id"].clone();
        let second = bob.sends(&test.url, b"name\nJan\n", json!({})).await.json();
        let refused = &second["data"]["importContacts"]["userErrors"][0];
        assert_eq!((&refused["code"], &refused["conflictingId"]), (&json!("CONFLICT"), &id), "one at a time");
        assert_eq!(bob.does(CANCEL, json!({ "id": id })).await["import"]["state"], "CANCELED");
        let report = bob.query(REPORT, json!({ "id": id })).await["node"].take();
        assert!(report["rows"].as_i64().unwrap() < 30_000, "{report}");
        // Nothing is written behind it.
        let jan = bob.imports(&test.url, b"name\nJan\n", json!({})).await;
        assert_eq!(counts(&jan), [1, 1, 0, 0, 0]);
        let there = ann.query("{ contacts(first: 0) { totalCount } }", json!({})).await;
        assert_eq!(there["contacts"]["totalCount"].as_i64().unwrap(), report["created"].as_i64().unwrap() + 1);
        assert_eq!(bob.does(CANCEL, json!({ "id": id })).await["import"]["state"], "CANCELED");

        // Who loses the right in the middle imports no further.
        let cursor = bob.cursor().await;
        let again = bob.sends(&test.url, file.replace("@a.test", "@b.test").as_bytes(), json!({})).await.json();
        let rights = json!({ "input": { "userId": tagwire::graphql::id::encode(bob.id).to_string(), "rights": [] } });
        ann.does(SET_RIGHTS, rights).await;
        let mut socket = bob.socket().await;
        socket.subscribe("1", PROGRESS, json!({ "after": cursor })).await;
        while socket.event("1").await["changes"]["node"]["state"] == "RUNNING" {}
        let id = &again["data"]["importContacts"]["import"]["id"];
        let report = bob.query(REPORT, json!({ "id": id })).await["node"].take();
        assert_eq!(report["state"], "FAILED");
        assert!(report["rows"].as_i64().unwrap() < 30_000, "{report}");
        drop(socket);

        // Begun by a server that is gone, and by this one for a request that was given up before the first row.
        for node in [test.app.clock.new_id(), test.app.node] {
            let bob = company.user("Bob", &[Right::ImportExport]).await;
            let session = test.app.sessions.authenticate(&bob.token).await.unwrap().unwrap();
            let cx = Cx::of_user(company.id, session.viewer, test.app.clock.clone());
            let cursor = bob.cursor().await;
            let dead = imports::begin(&cx, &test.app.db, node, false).await.unwrap();
            let mut socket = bob.socket().await;
            socket.subscribe("1", PROGRESS, json!({ "after": cursor })).await;
            assert_eq!(socket.event("1").await["changes"]["action"], "CREATED");
            test.app.clock.advance(Duration::from_secs(6 * 60));
            assert_eq!(socket.event("1").await["changes"]["node"]["state"], "FAILED");
            let report = bob.query(REPORT, json!({ "id": tagwire::graphql::id::encode(dead.id).to_string() })).await;
            let message = text(&report["node"]["problems"]["nodes"][0]["message"]);
            assert!(message.contains("Import the file again"), "{message}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_no_such_file_is_refused_and_changes_nothing() {
    TestApp::on_each_database_with(&[("TAGWIRE_LIMIT_UPLOAD_BYTES", "5000")], async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        let bob = company.user("Bob", &[Right::ManageTags]).await;
        let before = (ann.cursor().await, ann.query(ALL, json!({})).await);
        let mapped = |header: &str, field: &str| json!({ "columns": [{ "header": "x", "field": "name" }, { "header": header, "field": field }] });
        for (file, given, refused) in [
            (&b""[..], json!({}), "INVALID input.file"),
            (b"PK\x03\x04\x00\x00zip", json!({}), "INVALID input.file"),
            (b"a,b,c\n1,2,3\n", json!({}), "INVALID input.file"),
            (b"BEGIN:VCARD\nEND:VCARD\n", json!({}), "INVALID input.format"),
            (b"name\nJan\n", json!({ "format": "VCARD" }), "INVALID input.format"),
            (b"x,y\nJan,z\n", mapped("z", "email"), "INVALID input.columns.1.header"),
            (b"x,y\nJan,z\n", mapped("y", "shoe size"), "INVALID input.columns.1.field"),
        ] {
            assert_eq!(ann.fails_to_import(&test.url, file, given).await, refused, "{}", String::from_utf8_lossy(file));
        }
        assert_eq!(bob.fails_to_import(&test.url, b"name\nJan\n", json!({})).await, "FORBIDDEN");

        // Not as a file, not at all, not by anybody, not without asking, too much.
        let as_text = json!({ "input": { "file": "0", "format": "CSV", "mode": "SKIP" } });
        assert_eq!(ann.fails(IMPORT, as_text).await, "INVALID input.file");
        for odd in ["#__graphql_file__:0", "#__graphql_file__:x", "-1", ""] {
            let given = json!({ "input": { "file": odd, "format": "CSV", "mode": "SKIP" } });
            assert_eq!(ann.ask(IMPORT, given).await.code(), "BAD_USER_INPUT", "{odd}");
        }
        let call = || http::graphql(&test.url).header("content-type", "multipart/form-data; boundary=x");
        let sound = form(&input(json!({})), b"name\nJan\n");
        let preflight = "graphql-require-preflight";
        let stranger = call().header(preflight, "1").body(sound.clone()).send().await;
        assert_eq!((stranger.status, stranger.code()), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED".to_owned()));
        let unasked = call().bearer(&ann.token).body(sound).send().await;
        assert_eq!(unasked.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let too_much = ann.sends(&test.url, &[b'a'; 6000], json!({})).await;
        assert_eq!(too_much.status, StatusCode::PAYLOAD_TOO_LARGE);
        for broken in ["", "--x--\r\n", "--x\r\nContent-Disposition: form-data; name=\"map\"\r\n\r\n{}\r\n--x--\r\n", "garbage"] {
            let answer = call().bearer(&ann.token).header(preflight, "1").body(broken).send().await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{broken}");
        }
        assert_eq!((ann.cursor().await, ann.query(ALL, json!({})).await), before);
        // Columns that are mapped are read.
        let report = ann.imports(&test.url, b"x,y\nJan,jan@a.test\n", mapped("y", "email")).await;
        assert_eq!(counts(&report), [1, 1, 0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn cards_are_read_in_both_versions() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let photo = "A".repeat(400_000);
        let file = format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Vries;Renée;;;\r\nFN:Renée de\r\n  Vries\r\nORG:Café \\; Zon;Keuken\r\nTITLE:Bakker\r\n\
             EMAIL;TYPE=INTERNET,WORK:renee@zon.test\r\nitem1.TEL:+31 20 123\r\nitem1.X-ABLabel:_$!<Mobile>!$_\r\n\
             PHOTO;ENCODING=b:{photo}\r\nNOTE:Vroeg\\nop\\, snel\r\nCATEGORIES:hot,a\\, b\r\nEND:VCARD\r\n\
             BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Broken\r\nEMAIL:none\r\nEND:VCARD\r\n\
             BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Endless\r\n\
             BEGIN:VCARD\r\nVERSION:4.0\r\nN:Jansen;Jan;;;\r\nTEL;VALUE=uri;TYPE=\"voice,cell\":tel:+31-6-1\r\nEND:VCARD\r\n"
        );
        let report = ann.imports(&test.url, file.as_bytes(), json!({ "format": "VCARD" })).await;
        assert_eq!(counts(&report), [4, 2, 0, 0, 2], "{report}");
        assert_eq!(problems(&report), [(2, "EMAIL".to_owned()), (3, String::new())]);
        let all = ann.query(ALL, json!({})).await;
        assert_eq!(
            all["contacts"]["nodes"],
            json!([
                { "name": "Jan Jansen", "company": null, "jobTitle": null, "notes": "", "version": 1, "emails": [],
                  "phones": [{ "number": "+31-6-1", "label": "mobile" }], "tags": [] },
                { "name": "Renée de Vries", "company": "Café ; Zon", "jobTitle": "Bakker", "notes": "Vroeg\nop, snel", "version": 1,
                  "emails": [{ "address": "renee@zon.test", "label": "work" }],
                  "phones": [{ "number": "+31 20 123", "label": "mobile" }], "tags": [{ "name": "a, b" }, { "name": "hot" }] },
            ])
        );
        // A contact from a file is like any other.
        let found = ann.query("{ contacts(filter: { query: \"#hot renee zon\" }) { nodes { id version } } }", json!({})).await;
        let id = found["contacts"]["nodes"][0]["id"].clone();
        ann.does(EDIT, json!({ "input": { "id": id, "name": "R", "version": 1 } })).await;
    })
    .await;
}
