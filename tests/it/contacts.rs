//! Adding, editing and deleting contacts.

use std::time::Duration;

use serde_json::{Value, json};
use tagwire::access::Right;
use tagwire::users::Plan;

use crate::deeds::{ADD, DELETE, EDIT, TAG, each, refusal, text};
use crate::support::{Person, TestApp};

const SHOW: &str = "query($id: ID!) { contact(id: $id) { name company jobTitle notes version createdAt updatedAt
    emails { address label } phones { number label } tags { name } } }";

async fn shown(person: &Person, id: &Value) -> Value {
    person.query(SHOW, json!({ "id": id })).await["contact"].take()
}

/// A contact with something in every field.
async fn full(person: &Person) -> Value {
    let input = json!({
        "name": "Jan Jansen", "company": "Bakkerij", "jobTitle": "Bakker", "notes": "Vroeg op.\nSnel.",
        "emails": [{ "address": "Jan@Bakkerij.test", "label": "work" }, { "address": "jan@home.test" }],
        "phones": [{ "number": "+31 20 123 45 67", "label": "mobile" }], "tags": ["bread"],
    });
    person.does(ADD, json!({ "input": input })).await["contact"]["id"].take()
}

#[tokio::test]
async fn what_was_given_is_there() {
    TestApp::on_each_database(async |test| {
        let bob = test.workspace(Plan::Free).await.user("Bob", &[]).await;
        let id = full(&bob).await;
        let expected = json!({
            "name": "Jan Jansen", "company": "Bakkerij", "jobTitle": "Bakker", "notes": "Vroeg op.\nSnel.", "version": 1,
            "createdAt": "2026-11-24T00:00:00.000000Z", "updatedAt": "2026-11-24T00:00:00.000000Z",
            "emails": [{ "address": "Jan@Bakkerij.test", "label": "work" }, { "address": "jan@home.test", "label": null }],
            "phones": [{ "number": "+31 20 123 45 67", "label": "mobile" }], "tags": [{ "name": "bread" }],
        });
        assert_eq!(shown(&bob, &id).await, expected);
        let bare = bob.does(ADD, json!({ "input": { "name": "  Eva  ", "company": "  " } })).await["contact"]["id"].take();
        let bare = shown(&bob, &bare).await;
        assert_eq!((&bare["name"], &bare["company"], &bare["notes"]), (&json!("Eva"), &Value::Null, &json!("")));
    })
    .await;
}

#[tokio::test]
async fn what_is_left_out_stays_and_null_clears() {
    TestApp::on_each_database(async |test| {
        let bob = test.workspace(Plan::Free).await.user("Bob", &[]).await;
        let id = full(&bob).await;
        let mut expected = shown(&bob, &id).await;
        test.app.clock.advance(Duration::from_secs(60));
        for (number, (field, value, then)) in [
            ("name", json!("Jan de Bakker"), json!("Jan de Bakker")),
            ("company", Value::Null, Value::Null),
            ("jobTitle", json!("  "), Value::Null),
            ("notes", Value::Null, json!("")),
            ("phones", Value::Null, json!([])),
            (
                "emails",
                json!([{ "address": "jan@home.test", "label": "home" }]),
                json!([{ "address": "jan@home.test", "label": "home" }]),
            ),
            ("emails", Value::Null, json!([])),
        ]
        .into_iter()
        .enumerate()
        {
            bob.does(EDIT, json!({ "input": { "id": id, field: value } })).await;
            expected[field] = then;
            expected["version"] = json!(number + 2);
            expected["updatedAt"] = json!("2026-11-24T00:01:00.000000Z");
            assert_eq!(shown(&bob, &id).await, expected, "{field}");
        }
        // A variable that is left out leaves its field out; one that is null clears it.
        let edit = "mutation($id: ID!, $company: String, $name: String) {
            updateContact(input: { id: $id, company: $company, name: $name }) { userErrors { code path } } }";
        bob.does(edit, json!({ "id": id, "company": "Acme" })).await;
        bob.does(edit, json!({ "id": id })).await;
        assert_eq!(shown(&bob, &id).await["company"], "Acme");
        bob.does(edit, json!({ "id": id, "company": null })).await;
        assert_eq!(shown(&bob, &id).await["company"], Value::Null);
        assert_eq!(bob.fails(edit, json!({ "id": id, "name": null })).await, "INVALID input.name");
    })
    .await;
}

#[tokio::test]
async fn tags_are_replaced_added_and_taken_off_without_a_new_version() {
    TestApp::on_each_database(async |test| {
        let bob = test.workspace(Plan::Free).await.user("Bob", &[]).await;
        let id = json!(bob.adds("Jan", &["a", "b"]).await);
        for (input, tags) in [
            (json!({ "addTags": ["c", "B"] }), vec!["a", "b", "c"]),
            (json!({ "removeTags": ["A", "never made"] }), vec!["b", "c"]),
            (json!({ "addTags": ["x", "y"], "removeTags": ["x"] }), vec!["b", "c", "y"]),
            (json!({ "tags": ["C", "z"] }), vec!["c", "z"]),
            (json!({ "tags": ["c"], "addTags": ["q"], "removeTags": ["c"] }), vec!["q"]),
            (json!({}), vec!["q"]),
            (json!({ "tags": null }), vec![]),
        ] {
            let mut input = input;
            input["id"] = id.clone();
            let contact = bob.does(EDIT, json!({ "input": input })).await["contact"].take();
            assert_eq!(
                (each(&contact["tags"], "name"), &contact["version"]),
                (tags.iter().map(ToString::to_string).collect(), &json!(1)),
                "{input}"
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_update_is_refused() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let id = json!(ann.adds("Jan", &[]).await);
        ann.does(EDIT, json!({ "input": { "id": id, "version": 1, "company": "Anns" } })).await;
        let late = json!({ "input": { "id": id, "version": 1, "company": "Bobs", "addTags": ["late"] } });
        let refused = bob.payload(EDIT, late).await;
        assert_eq!((refusal(&refused).as_str(), &refused["userErrors"][0]["conflictingId"]), ("CONFLICT input.version", &id));
        let jan = shown(&bob, &id).await;
        assert_eq!((&jan["company"], &jan["tags"]), (&json!("Anns"), &json!([])));
        // Tagging makes no version, and of two at once one wins.
        ann.does(TAG, json!({ "input": { "contactIds": [id], "names": ["vip"] } })).await;
        for version in 2..8 {
            let edit = |company: &str| json!({ "input": { "id": id, "version": version, "company": format!("{company} {version}") } });
            let (first, second) = tokio::join!(ann.payload(EDIT, edit("Anns")), bob.payload(EDIT, edit("Bobs")));
            let (done, refused) = if first["userErrors"] == json!([]) { (first, second) } else { (second, first) };
            assert_eq!(refusal(&refused), "CONFLICT input.version");
            assert_eq!(done["userErrors"], json!([]));
            assert_eq!(shown(&bob, &id).await["company"], done["contact"]["company"]);
        }
    })
    .await;
}

#[tokio::test]
async fn an_address_belongs_to_one_contact() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        let with = |name: &str, addresses: &[&str]| {
            let emails: Vec<_> = addresses.iter().map(|address| json!({ "address": address })).collect();
            json!({ "input": { "name": name, "emails": emails } })
        };
        let jan = ann.does(ADD, with("Jan", &["jan@acme.test", "JAN@Acme.test"])).await["contact"]["id"].take();
        assert_eq!(each(&shown(ann, &jan).await["emails"], "address"), ["jan@acme.test"]);
        let before = ann.cursor().await;
        let refused = ann.payload(ADD, with("Eva", &["eva@acme.test", "Jan@ACME.test"])).await;
        assert_eq!(refusal(&refused), "CONFLICT input.emails.1.address");
        assert_eq!(refused["userErrors"][0]["conflictingId"], jan);
        assert_eq!(ann.cursor().await, before);
        let eva = ann.does(ADD, with("Eva", &["eva@acme.test"])).await["contact"]["id"].take();
        let take = json!({ "input": { "id": eva, "name": "Thief", "emails": [{ "address": "jan@acme.test" }] } });
        assert_eq!(ann.fails(EDIT, take.clone()).await, "CONFLICT input.emails.0.address");
        let kept = shown(ann, &eva).await;
        assert_eq!((&kept["name"], &kept["emails"][0]["address"]), (&json!("Eva"), &json!("eva@acme.test")));
        // Another workspace has its own.
        test.workspace(Plan::Free).await.ann.does(ADD, with("Jan", &["jan@acme.test"])).await;
        // Given up, it is free.
        ann.does(EDIT, json!({ "input": { "id": jan, "emails": [] } })).await;
        ann.does(EDIT, take).await;
        ann.does(DELETE, json!({ "id": eva })).await;
        ann.does(ADD, with("Kim", &["jan@acme.test", "eva@acme.test"])).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_claim_an_address_at_once_one_gets_it() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        for round in 0..8 {
            let (one, other) = (format!("one{round}@acme.test"), format!("other{round}@acme.test"));
            let claim = |name: &str, emails: [&str; 2]| json!({ "input": { "name": name, "emails": emails.map(|address| json!({ "address": address })) } });
            let (first, second) = tokio::join!(
                ann.payload(ADD, claim("Jan", [&one, &other])),
                bob.payload(ADD, claim("Eva", [&other, &one])),
            );
            let (done, refused) = if first["userErrors"] == json!([]) { (first, second) } else { (second, first) };
            assert_eq!(done["userErrors"], json!([]));
            assert!(refusal(&refused).starts_with("CONFLICT input.emails."), "{refused}");
            assert_eq!(refused["userErrors"][0]["conflictingId"], done["contact"]["id"]);
        }
        let count = ann.query("{ contacts { totalCount } }", json!({})).await;
        assert_eq!(count["contacts"]["totalCount"], 8);
    })
    .await;
}

#[tokio::test]
async fn what_is_too_much_or_nonsense_is_named_and_changes_nothing() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let id = full(&ann).await;
        let (before, jan) = (ann.cursor().await, shown(&ann, &id).await);
        let long = |length: usize| "ü".repeat(length);
        let huge = "x".repeat(200_000);
        let many = |entry: Value| Value::from(vec![entry; 51]);
        for (field, value, path) in [
            ("name", json!(""), "name"),
            ("name", json!(" \u{3000} "), "name"),
            ("name", json!(long(201)), "name"),
            ("name", json!("two\r\nlines"), "name"),
            ("name", json!("n\0ul"), "name"),
            ("name", json!("a\u{2028}b"), "name"),
            ("name", json!(huge), "name"),
            ("company", json!(long(201)), "company"),
            ("company", json!("n\0ul"), "company"),
            ("jobTitle", json!("a\nb"), "jobTitle"),
            ("notes", json!(long(20_001)), "notes"),
            ("notes", json!("n\0ul"), "notes"),
            ("notes", json!(huge), "notes"),
            ("emails", json!([{ "address": "a@b.test" }, { "address": "nonsense" }]), "emails.1"),
            ("emails", json!([{ "address": "a@b.test\r\nBcc: c@d.test" }]), "emails.0"),
            ("emails", json!([{ "address": format!("{huge}@b.test") }]), "emails.0"),
            ("emails", json!([{ "address": "a@b.test", "label": long(51) }]), "emails.0"),
            ("emails", many(json!({ "address": "a@b.test" })), "emails"),
            ("phones", json!([{ "number": "none" }]), "phones.0"),
            ("phones", json!([{ "number": "1" }, { "number": "1".repeat(61) }]), "phones.1"),
            ("phones", json!([{ "number": "1\0" }]), "phones.0"),
            ("phones", many(json!({ "number": "1" })), "phones"),
            ("tags", json!(["fine", long(101)]), "tags.1"),
            ("tags", json!(vec!["x"; 201]), "tags"),
        ] {
            let shown: String = value.to_string().chars().take(60).collect();
            let mut input = json!({ "name": "Eva", "tags": ["fine"], "emails": [{ "address": "eva@acme.test" }] });
            input[field] = value.clone();
            assert_eq!(
                ann.fails(ADD, json!({ "input": input })).await,
                format!("INVALID input.{path}"),
                "add {field} {shown}"
            );
            let edit = json!({ "input": { "id": id, "addTags": ["fine"], field: value } });
            assert_eq!(ann.fails(EDIT, edit).await, format!("INVALID input.{path}"), "edit {field} {shown}");
        }
        for list in ["addTags", "removeTags"] {
            let edit = json!({ "input": { "id": id, "name": "Changed", list: ["fine", "#"] } });
            assert_eq!(ann.fails(EDIT, edit).await, format!("INVALID input.{list}.1"));
        }
        assert_eq!(ann.ask(EDIT, json!({ "input": { "id": id, "version": "1" } })).await.code(), "BAD_USER_INPUT");
        assert_eq!((ann.cursor().await, shown(&ann, &id).await), (before, jan));
    })
    .await;
}

#[tokio::test]
async fn names_of_any_script_come_back_as_they_went_in() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let longest = "é".repeat(200);
        for name in [
            "Łukasz Żółć",
            "Ольга Иванова",
            "王小明",
            "محمد علي",
            "\u{202e}evil\u{202c} RTL",
            "שלום",
            "👩‍👩‍👧 family",
            "Zoe\u{308}",
            "नमस्ते",
            "ไทย",
            "O'Brien \"Bob\" \\ <b>&amp;</b>",
            "%_*?;--",
            "\u{10FFFF}",
            "İstanbul",
            longest.as_str(),
        ] {
            let id = json!(ann.adds(name, &[]).await);
            let notes = format!("{name}\r\n\t{name}\u{7}");
            ann.does(EDIT, json!({ "input": { "id": id, "company": name, "jobTitle": name, "notes": notes } })).await;
            let contact = shown(&ann, &id).await;
            for field in ["name", "company", "jobTitle"] {
                assert_eq!(contact[field], name);
            }
            assert_eq!(contact["notes"], notes);
        }
        let most = "漢".repeat(20_000);
        let id = json!(ann.adds("Noted", &[]).await);
        ann.does(EDIT, json!({ "input": { "id": id, "notes": most } })).await;
        assert_eq!(text(&shown(&ann, &id).await["notes"]), most);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_contact_is_gone() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (bob, eva) = (company.user("Bob", &[]).await, company.user("Eva", &[Right::DeleteContacts]).await);
        let id = full(&bob).await;
        assert_eq!(bob.fails(DELETE, json!({ "id": id })).await, "FORBIDDEN");
        assert_eq!(shown(&bob, &id).await["name"], "Jan Jansen");
        assert_eq!(eva.does(DELETE, json!({ "id": id })).await["deletedId"], id);
        assert_eq!(shown(&bob, &id).await, Value::Null);
        assert_eq!(eva.fails(DELETE, json!({ "id": id })).await, "NOT_FOUND id");
        assert_eq!(bob.fails(EDIT, json!({ "input": { "id": id, "name": "Jan" } })).await, "NOT_FOUND input.id");
        let left = bob
            .query("{ contacts(filter: { text: \"jan\" }) { totalCount } tags { nodes { contactCount } } }", json!({}))
            .await;
        assert_eq!(left, json!({ "contacts": { "totalCount": 0 }, "tags": { "nodes": [{ "contactCount": 0 }] } }));
    })
    .await;
}

#[tokio::test]
async fn what_one_mutation_of_a_request_did_shows_in_the_next() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let jan = ann.adds("Jan", &["a"]).await;
        let document = "mutation($id: ID!) {
            b: updateContact(input: { id: $id, addTags: [\"b\"] }) { contact { tags { name } history(first: 1) { nodes { summary } } } }
            c: updateContact(input: { id: $id, addTags: [\"c\"] }) { contact { tags { name } history(first: 1) { nodes { summary } } } } }";
        let done = ann.query(document, json!({ "id": jan })).await;
        assert_eq!(crate::deeds::each(&done["b"]["contact"]["tags"], "name"), ["a", "b"]);
        assert_eq!(crate::deeds::each(&done["c"]["contact"]["tags"], "name"), ["a", "b", "c"]);
        let last = |field: &str| done[field]["contact"]["history"]["nodes"][0]["summary"].clone();
        assert_eq!((last("b"), last("c")), (json!("Ann added the tag “b”."), json!("Ann added the tag “c”.")));
    })
    .await;
}
