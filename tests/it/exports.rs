//! Contacts that go into files.

use std::time::Duration;

use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use tagwire::access::Right;
use tagwire::users::Plan;

use crate::deeds::{ADD, SET_RIGHTS, array, each};
use crate::support::http::{self, Answer};
use crate::support::{Person, TestApp};

/// Asks for an address to download from.
pub const EXPORT: &str = "mutation($filter: ContactFilter, $format: ContactFileFormat!) {
    exportContacts(filter: $filter, format: $format) { url userErrors { code path } } }";
const ALL: &str =
    "{ contacts(first: 200) { nodes { name company jobTitle notes emails { address label } phones { number label }
    tags { name } } } tags(first: 200) { nodes { name contactCount } } }";

/// The path of an address to download from.
async fn address(person: &Person, url: &str, filter: Value, format: &str) -> String {
    let made = person.does(EXPORT, json!({ "filter": filter, "format": format })).await;
    made["url"].as_str().and_then(|made| made.strip_prefix(url)).expect("an address of this server").to_owned()
}

async fn download(url: &str, path: &str) -> Answer {
    http::call(Method::GET, url, path).send().await
}

/// Contacts with all that a file could get wrong.
async fn odd_ones(ann: &Person) {
    for (number, (name, company, notes)) in [
        ("Renée \"R\" de Vries, jr.", Some("A;B, \\C"), "Twee\nregels; en, \\n meer\n"),
        ("=1+1", Some("@SUM(A1)"), "-2"),
        ("'=quoted", Some("+31"), "'s avonds"),
        ("日本語 𒀀", None, ""),
        ("Same", Some("One"), ""),
        ("Same", Some("Two"), "  blanks  "),
    ]
    .into_iter()
    .enumerate()
    {
        let input = json!({
            "name": name, "company": company, "notes": notes, "jobTitle": company.map(|_| "Boss"),
            "emails": [{ "address": format!("a{number}@a.test"), "label": "work" }, { "address": format!("b{number}@a.test") }],
            "phones": [{ "number": "+31 20; 1, ext. 2", "label": "=mijn (eigen); label" }],
            "tags": ["hot", "a, b", "c; \"d\"", "##sharp", "=tag", format!("number {number}")],
        });
        ann.does(ADD, json!({ "input": input })).await;
    }
    ann.does(ADD, json!({ "input": { "name": "Bare" } })).await;
    ann.does(ADD, json!({ "input": { "name": "One number", "phones": [{ "number": "1; 2" }] } })).await;
}

#[tokio::test]
async fn an_export_imported_elsewhere_gives_the_same_contacts() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        odd_ones(&ann).await;
        let own = ann.query(ALL, json!({})).await;
        for format in ["CSV", "VCARD"] {
            let path = address(&ann, &test.url, Value::Null, format).await;
            let file = download(&test.url, &path).await;
            assert_eq!(file.status, StatusCode::OK);
            let other = test.workspace(Plan::Free).await.ann;
            let report = other.imports(&test.url, &file.body, json!({ "format": format })).await;
            assert_eq!((&report["created"], &report["failed"]), (&json!(8), &json!(0)), "{report} {}", file.text());
            assert_eq!(other.query(ALL, json!({})).await, own, "{format}");
            let again = other.imports(&test.url, &file.body, json!({ "format": format, "mode": "REPLACE" })).await;
            assert_eq!(again["skipped"], 8, "{again}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_file_is_safe_to_open_and_holds_what_matches() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        odd_ones(&ann).await;
        let path = address(&ann, &test.url, json!({ "query": "#\"number 1\" or bare" }), "CSV").await;
        let file = download(&test.url, &path).await;
        assert_eq!(
            file.text(),
            "\u{feff}name,company,jobTitle,email,emailLabel,phone,phoneLabel,notes,tags\r\n\
             '=1+1,'@SUM(A1),Boss,\"a1@a.test\nb1@a.test\",\"work\n\",\"'+31 20; 1, ext. 2\n\",'=mijn (eigen); label,'-2,\
             \"##sharp; =tag; \"\"a, b\"\"; \"\"c; \"\"\"\"d\"\"\"\"\"\"; hot; number 1\"\r\n\
             Bare,,,,,,,,\r\n"
        );
        for (name, value) in [
            ("content-type", "text/csv; charset=utf-8"),
            ("content-disposition", "attachment; filename=\"contacts.csv\""),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(file.header(name), value);
        }
        let cards = download(&test.url, &address(&ann, &test.url, json!({ "query": "bare" }), "VCARD").await).await;
        assert_eq!(cards.text(), "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Bare\r\nEND:VCARD\r\n");
        assert_eq!(cards.header("content-type"), "text/vcard; charset=utf-8");
    })
    .await;
}

#[tokio::test]
async fn an_address_lives_briefly_and_with_its_maker() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[Right::ImportExport]).await);
        ann.adds("Jan", &[]).await;
        let carol = company.user("Carol", &[]).await;
        assert_eq!(carol.fails(EXPORT, json!({ "format": "CSV" })).await, "FORBIDDEN");
        let wrong = bob.payload(EXPORT, json!({ "filter": { "query": "#(" }, "format": "CSV" })).await;
        assert_eq!((array(&wrong["userErrors"]).len(), &wrong["url"]), (1, &Value::Null));
        assert_eq!(each(&wrong["userErrors"], "code"), ["INVALID"]);

        let path = address(&bob, &test.url, Value::Null, "CSV").await;
        assert!(download(&test.url, &path).await.text().contains("Jan"));
        // Another letter, another place.
        for other in [format!("{path}A"), path.replace("ticket=", "ticket=A"), "/blobs/export?ticket=AAAA".to_owned(), "/blobs/export?ticket=%00".to_owned(), "/blobs/export".to_owned()] {
            assert_eq!(download(&test.url, &other).await.status, StatusCode::NOT_FOUND, "{other}");
        }
        test.app.clock.advance(Duration::from_secs(5 * 60));
        assert_eq!(download(&test.url, &path).await.status, StatusCode::NOT_FOUND, "its time is over");

        let path = address(&bob, &test.url, Value::Null, "CSV").await;
        let rights = |rights: Value| json!({ "input": { "userId": tagwire::graphql::id::encode(bob.id).to_string(), "rights": rights } });
        ann.does(SET_RIGHTS, rights(json!([]))).await;
        assert_eq!(download(&test.url, &path).await.status, StatusCode::FORBIDDEN, "the right is gone");
        ann.does(SET_RIGHTS, rights(json!(["IMPORT_EXPORT"]))).await;
        assert_eq!(download(&test.url, &path).await.status, StatusCode::OK);
        bob.does("mutation { signOut { userErrors { code } } }", json!({})).await;
        assert_eq!(download(&test.url, &path).await.status, StatusCode::NOT_FOUND, "its maker has signed out");
    })
    .await;
}
