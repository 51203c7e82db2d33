//! What the product promises about tags, told as people use them.

use serde_json::{Value, json};
use tagwire::access::Right;
use tagwire::users::Plan;

use crate::deeds::{ADD, DELETE_TAG, EDIT, MAKE_TAG, TAG, UNTAG, array, each, text};
use crate::support::{Person, TestApp};
use crate::tags::{found, matching};

const ADMINISTRATION: &str = "{ tags(first: 200) { totalCount nodes { name contactCount } } }";
const SUGGESTED: &str = "query($search: String!) { tags(search: $search, first: 5) { nodes { id name } } }";
const LISTENING: &str = "subscription($after: Cursor) { tagChanged(after: $after) { __typename
    ... on ContactTagsChanged { addedIds removedIds contact { name tags { name } } } } }";

async fn tags_of(person: &Person, contact: &str) -> Vec<String> {
    let document = "query($id: ID!) { contact(id: $id) { tags { name } } }";
    each(&person.query(document, json!({ "id": contact })).await["contact"]["tags"], "name")
}

#[tokio::test]
async fn a_contact_carries_any_number_of_free_tags_in_any_script() {
    TestApp::on_each_database(async |test| {
        let bob = test.workspace(Plan::Free).await.user("Bob", &[]).await;
        // A product, a service, a category, a status, a characteristic; and much else.
        let kinds =
            ["Tagwire 3", "onderhoud", "Großhandel", "клиент", "見込み客", "عميل مهم", "αργός πελάτης", "🔥 now"];
        let many: Vec<String> = (0..190).map(|number| format!("characteristic {number}")).collect();
        let all: Vec<&str> = kinds.into_iter().chain(many.iter().map(String::as_str)).collect();
        let jan = bob.adds("Jan", &all).await;
        for more in 0..3 {
            let names: Vec<String> = (0..200).map(|number| format!("more {more} {number}")).collect();
            bob.does(TAG, json!({ "input": { "contactIds": [jan], "names": names } })).await;
        }
        assert_eq!(tags_of(&bob, &jan).await.len(), all.len() + 600);
        for kind in kinds {
            assert_eq!(matching(&bob, json!({ "tag": { "name": kind } })).await, ["Jan"], "{kind}");
        }
        let administered = bob.query(ADMINISTRATION, json!({})).await;
        assert_eq!(administered["tags"]["totalCount"], all.len() + 600, "a workspace has any number too");
    })
    .await;
}

#[tokio::test]
async fn tags_are_given_while_adding_while_editing_and_from_the_list() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (tina, bob) = (company.user("Tina", &[Right::ManageTags]).await, company.user("Bob", &[]).await);
        let jan = bob.adds("Jan", &["while adding"]).await;
        bob.does(EDIT, json!({ "input": { "id": jan, "addTags": ["while editing"] } })).await;
        let listed = bob.query("{ contacts { nodes { id } } }", json!({})).await["contacts"]["nodes"].take();
        let from_list = json!({ "contactIds": each(&listed, "id"), "names": ["from the list"] });
        bob.does(TAG, json!({ "input": from_list })).await;
        assert_eq!(tags_of(&bob, &jan).await, ["from the list", "while adding", "while editing"]);
        // Those typed by hand stand in the administration beside one that was made ahead.
        tina.does(MAKE_TAG, json!({ "input": { "name": "made ahead" } })).await;
        let administered = tina.query(ADMINISTRATION, json!({})).await["tags"]["nodes"].take();
        let expected = json!([
            { "name": "from the list", "contactCount": 1 },
            { "name": "made ahead", "contactCount": 0 },
            { "name": "while adding", "contactCount": 1 },
            { "name": "while editing", "contactCount": 1 },
        ]);
        assert_eq!(administered, expected);
        assert_eq!(found(&bob, "#ahead").await, ["made ahead"], "and is offered before anybody carries it");
    })
    .await;
}

#[tokio::test]
async fn choosing_a_suggested_tag_shows_all_its_contacts() {
    TestApp::on_each_database(async |test| {
        let bob = test.workspace(Plan::Free).await.user("Bob", &[]).await;
        for (name, tags) in [
            ("Jan", vec!["hot prospect"]),
            ("Eva", vec!["hot prospect", "hotel"]),
            ("Kim", vec!["shot", "hot prospect"]),
            ("Tom", vec!["hotel", "red hot"]),
            ("Lea", vec!["shot"]),
        ] {
            bob.adds(name, &tags).await;
        }
        for typed in ["#hot", "hot", " #HOT", "#hot p"] {
            let suggested = bob.query(SUGGESTED, json!({ "search": typed })).await["tags"]["nodes"].take();
            let expected: &[&str] =
                if typed == "#hot p" { &["hot prospect"] } else { &["hot prospect", "hotel", "red hot"] };
            assert_eq!(each(&suggested, "name"), expected, "most used first: {typed}");
            let chosen = json!({ "tag": { "id": suggested[0]["id"] } });
            assert_eq!(matching(&bob, chosen).await, ["Eva", "Jan", "Kim"], "{typed}");
        }
        // From a tag on a contact to everyone with it.
        let document = "{ contacts(filter: { text: \"Tom\" }, first: 1) {
            nodes { tags { name contacts(first: 9) { nodes { name } } } } } }";
        let seen = bob.query(document, json!({})).await["contacts"]["nodes"][0]["tags"].take();
        let with = |name: &str| {
            let tag = array(&seen).iter().find(|tag| tag["name"] == name).unwrap();
            each(&tag["contacts"]["nodes"], "name")
        };
        assert_eq!(
            (with("hotel"), with("red hot")),
            (vec!["Eva".to_owned(), "Tom".to_owned()], vec!["Tom".to_owned()])
        );
    })
    .await;
}

#[tokio::test]
async fn a_tag_is_shown_at_once_to_everyone_and_taken_off_one_contact_or_all() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (tina, bob) = (company.user("Tina", &[Right::ManageTags]).await, company.user("Bob", &[]).await);
        let (jan, eva) = (tina.adds("Jan", &[]).await, tina.adds("Eva", &[]).await);
        let mut bobs = bob.socket().await;
        bobs.subscribe("1", LISTENING, json!({ "after": bob.cursor().await })).await;
        let contacts = json!([jan, eva]);
        tina.does(TAG, json!({ "input": { "contactIds": contacts, "names": ["new here"] } })).await;
        let tag = tina.tag_id("new here").await;
        assert_eq!(bobs.event("1").await["tagChanged"]["__typename"], "TagCreated");
        let mut told = Vec::new();
        for _ in 0..2 {
            let event = bobs.event("1").await["tagChanged"].take();
            assert_eq!((&event["addedIds"], &event["removedIds"]), (&json!([tag]), &json!([])));
            assert_eq!(event["contact"]["tags"], json!([{ "name": "new here" }]));
            told.push(text(&event["contact"]["name"]));
        }
        told.sort_unstable();
        assert_eq!(told, ["Eva", "Jan"]);

        bob.does(UNTAG, json!({ "input": { "contactIds": [jan], "tagIds": [tag] } })).await;
        let event = bobs.event("1").await["tagChanged"].take();
        assert_eq!((&event["removedIds"], &event["contact"]["tags"]), (&json!([tag]), &json!([])));
        assert_eq!(matching(&bob, json!({ "tag": { "id": tag } })).await, ["Eva"], "the other keeps it");
        bob.does(ADD, json!({ "input": { "name": "Kim", "tags": ["new here"] } })).await;
        assert_eq!(bobs.event("1").await["tagChanged"]["addedIds"], json!([tag]));
        tina.does(DELETE_TAG, json!({ "id": tag })).await;
        assert_eq!(bobs.event("1").await["tagChanged"], json!({ "__typename": "TagDeleted" }));
        let everyone = bob.query("{ contacts { nodes { tags { name } } } tags { totalCount } }", json!({})).await;
        assert!(array(&everyone["contacts"]["nodes"]).iter().all(|contact| contact["tags"] == json!([])));
        assert_eq!(everyone["tags"]["totalCount"], Value::from(0));
    })
    .await;
}
