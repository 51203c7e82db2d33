//! Who did what to contacts and tags, and when.

use std::time::Duration;

use entity::{ContactId, TagId};
use serde_json::{Value, json};
use tagwire::access::{Cx, Right};
use tagwire::contacts::{self, ContactChange, NewContact};
use tagwire::feed::Retention;
use tagwire::graphql::id;
use tagwire::tags::{self, TagEdit};
use tagwire::users::Plan;

use crate::deeds::{
    ADD, DELETE, DELETE_GROUP, DELETE_TAG, EDIT, EDIT_TAG, MAKE_GROUP, MAKE_TAG, MERGE_TAGS, REMOVE_ALIAS, TAG, UNTAG,
    array, each, text,
};
use crate::live::PAGE;
use crate::support::{Person, TestApp};

const HISTORY: &str = "query($id: ID!, $first: Int, $after: String) { node(id: $id) {
    ... on Contact { history(first: $first, after: $after) { ...H } } ... on Tag { history(first: $first, after: $after) { ...H } } } }
    fragment H on HistoryConnection { pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        edges { cursor node { id } } nodes { id occurredAt action summary actor { name } tag { id name } } }";
const NODE: &str = "query($id: ID!) { node(id: $id) { __typename id ... on HistoryEntry { summary } } }";

async fn page(person: &Person, of: &str, first: Value, after: Value) -> Value {
    let data = person.query(HISTORY, json!({ "id": of, "first": first, "after": after })).await;
    data["node"]["history"].clone()
}

/// The whole history of a contact or tag, newest first.
async fn history(person: &Person, of: &str) -> Vec<Value> {
    array(&page(person, of, json!(200), Value::Null).await["nodes"]).clone()
}

async fn sentences(person: &Person, of: &str) -> Vec<String> {
    history(person, of).await.iter().map(|entry| text(&entry["summary"])).collect()
}

async fn made(person: &Person, name: &str) -> String {
    text(&person.does(MAKE_TAG, json!({ "input": { "name": name } })).await["tag"]["id"])
}

#[tokio::test]
async fn a_contacts_history_tells_who_did_what_and_when() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        let bob = &company.user("Bob", &[]).await;
        let minute = || test.app.clock.advance(Duration::from_secs(60));

        let jan = &bob.adds("Jan", &["hot prospect", "客户"]).await;
        minute();
        let input = json!({ "id": jan, "company": "Acme", "notes": "A secret", "emails": [{ "address": "jan@acme.test" }],
            "removeTags": ["客户"], "addTags": ["vip"] });
        ann.does(EDIT, json!({ "input": input })).await;
        ann.does(EDIT, json!({ "input": input })).await;
        minute();
        bob.does(UNTAG, json!({ "input": { "contactIds": [jan], "names": ["#VIP", "hot prospect"] } })).await;
        bob.does(TAG, json!({ "input": { "filter": {}, "names": ["hot prospect"] } })).await;
        bob.does(TAG, json!({ "input": { "filter": {}, "names": ["hot prospect"] } })).await;
        ann.does(EDIT, json!({ "input": { "id": jan, "name": "Jan B.", "tags": ["vip"] } })).await;
        ann.fails(EDIT, json!({ "input": { "id": jan, "name": "", "addTags": ["never"] } })).await;

        let told = history(ann, jan).await;
        let sentence = |entry: &Value| text(&entry["summary"]);
        let [hot, vip] = [ann.tag_id("hot prospect").await, ann.tag_id("vip").await];
        assert_eq!(
            told.iter().map(sentence).collect::<Vec<_>>(),
            [
                "Ann added the tag “vip”.",
                "Ann removed the tag “hot prospect”.",
                "Ann changed the name.",
                "Bob added the tag “hot prospect”.",
                "Bob removed the tag “hot prospect”.",
                "Bob removed the tag “vip”.",
                "Ann added the tag “vip”.",
                "Ann removed the tag “客户”.",
                "Ann changed the company, the addresses and the notes.",
                "Bob added the tag “客户”.",
                "Bob added the tag “hot prospect”.",
                "Bob added the contact “Jan”.",
            ]
            .map(str::to_owned)
        );
        let parts = |entry: &Value| {
            (text(&entry["action"]), text(&entry["occurredAt"]), text(&entry["actor"]["name"]), entry["tag"]["id"].clone())
        };
        let at = |minute: u8| format!("2026-11-24T00:0{minute}:00.000000Z");
        assert_eq!(parts(&told[0]), ("TAGGED".to_owned(), at(2), "Ann".to_owned(), json!(vip)));
        assert_eq!(parts(&told[1]), ("UNTAGGED".to_owned(), at(2), "Ann".to_owned(), json!(hot)));
        assert_eq!(parts(&told[8]), ("UPDATED".to_owned(), at(1), "Ann".to_owned(), Value::Null));
        assert_eq!(parts(&told[11]), ("CREATED".to_owned(), at(0), "Bob".to_owned(), Value::Null));

        // A tag that goes is no entry here; those there are keep its name.
        ann.does(DELETE_TAG, json!({ "id": vip })).await;
        let after = history(ann, jan).await;
        assert_eq!(after.len(), told.len());
        assert_eq!(sentence(&after[0]), "Ann added the tag “vip”.");
        assert_eq!(after[0]["tag"], Value::Null);

        let entry = json!({ "id": after[0]["id"] });
        let node = ann.query(NODE, entry.clone()).await["node"].take();
        assert_eq!(node["__typename"], "HistoryEntry");
        assert_eq!((&node["id"], &node["summary"]), (&after[0]["id"], &after[0]["summary"]));
        ann.does(DELETE, json!({ "id": jan })).await;
        assert_eq!(ann.query(NODE, entry).await["node"], Value::Null, "it went with its contact");
    })
    .await;
}

/// An edit that changes nothing yet.
fn unchanged(id: ContactId) -> ContactChange {
    ContactChange {
        id,
        version: None,
        name: None,
        company: None,
        job_title: None,
        emails: None,
        phones: None,
        notes: None,
        tags: None,
        add_tags: Vec::new(),
        remove_tags: Vec::new(),
    }
}

#[tokio::test]
async fn what_no_user_did_has_no_actor() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let cx = Cx::of_system(company.id, test.app.clock.clone());
        let new = NewContact { name: "Jan".to_owned(), tags: vec!["hot".to_owned()], ..NewContact::default() };
        let db = &test.app.db;
        let jan = contacts::create(&cx, db, new).await.unwrap().id;
        let edit = ContactChange { phones: Some(vec![("+31 20 1234567".to_owned(), None)]), ..unchanged(jan) };
        contacts::update(&cx, db, edit).await.unwrap();
        let edit = ContactChange { job_title: Some(Some("Buyer".to_owned())), ..unchanged(jan) };
        contacts::update(&cx, db, edit).await.unwrap();
        let told = history(&company.ann, &id::encode::<ContactId>(jan)).await;
        assert!(told.iter().all(|entry| entry["actor"].is_null()));
        assert_eq!(
            each(&json!(told), "summary"),
            [
                "The job title was changed.",
                "The phone numbers were changed.",
                "The tag “hot” was added.",
                "The contact “Jan” was added."
            ]
        );
        let hot = id::decode::<TagId>(&company.ann.tag_id("hot").await).unwrap();
        let edit =
            TagEdit { id: hot, name: Some("warm".to_owned()), color: Some(Some("#1E90FF".to_owned())), group: None };
        tags::update(&cx, db, edit).await.unwrap();
        for gone in ["a", "b", "c"] {
            made(&company.ann, gone).await;
        }
        let id = async |name: &str| id::decode::<TagId>(&company.ann.tag_id(name).await).unwrap();
        tags::merge(&cx, db, &[id("a").await, id("b").await], hot).await.unwrap();
        tags::merge(&cx, db, &[id("c").await], hot).await.unwrap();
        assert_eq!(
            sentences(&company.ann, &id::encode(hot)).await,
            [
                "The tag “c” was merged into this one.",
                "The tags “a” and “b” were merged into this one.",
                "Ann added the tag “c”.",
                "Ann added the tag “b”.",
                "Ann added the tag “a”.",
                "The color was set to #1E90FF.",
                "The tag “hot” was renamed to “warm”.",
                "The tag “hot” was added.",
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn a_tags_history_tells_of_the_tag_and_of_those_merged_into_it() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Pro).await;
        let tina = &company.user("Tina", &[Right::ManageTags]).await;
        let bob = &company.user("Bob", &[]).await;
        let group = async |name: &str| {
            let made = tina.does(MAKE_GROUP, json!({ "input": { "name": name, "color": "#1E90FF" } })).await;
            text(&made["tagGroup"]["id"])
        };
        let (status, region) = (group("Status").await, group("Region").await);
        bob.adds("Jan", &["hot"]).await;
        let hot = &bob.tag_id("hot").await;
        let edit = async |change: Value| {
            let mut input = change;
            input["id"] = json!(hot);
            tina.does(EDIT_TAG, json!({ "input": input })).await;
        };
        edit(json!({ "name": "hot prospect", "color": "#ff0000", "groupId": status })).await;
        edit(json!({ "name": "hot prospect", "color": "#FF0000", "groupId": status })).await;
        edit(json!({ "color": "#00FF00", "groupId": region })).await;
        edit(json!({ "color": null, "groupId": null })).await;
        edit(json!({ "groupId": region })).await;
        tina.does(DELETE_GROUP, json!({ "id": region })).await;
        tina.does(REMOVE_ALIAS, json!({ "tag": hot, "alias": "HOT" })).await;
        bob.does(TAG, json!({ "input": { "filter": {}, "tagIds": [hot], "names": ["warm"] } })).await;
        let own = [
            "Tina removed the alias “HOT”.",
            "Tina moved the tag out of the group “Region”.",
            "Tina moved the tag into the group “Region”.",
            "Tina moved the tag out of the group “Region”.",
            "Tina removed the color #00FF00.",
            "Tina moved the tag into the group “Region”.",
            "Tina changed the color from #FF0000 to #00FF00.",
            "Tina moved the tag into the group “Status”.",
            "Tina set the color to #FF0000.",
            "Tina renamed the tag “hot” to “hot prospect”.",
            "Bob added the tag “hot”.",
        ]
        .map(str::to_owned);
        assert_eq!(sentences(bob, hot).await, own);
        let told = history(bob, hot).await;
        let actions = ["UPDATED", "UPDATED", "UPDATED", "UPDATED", "RECOLORED", "UPDATED", "RECOLORED", "UPDATED"];
        let rest = ["RECOLORED", "RENAMED", "CREATED"];
        assert_eq!(each(&json!(told), "action"), [actions.as_slice(), rest.as_slice()].concat());
        assert!(told.iter().all(|entry| entry["tag"]["id"] == *hot && entry["actor"]["name"].is_string()));

        let (warm, lead) = (bob.tag_id("warm").await, made(tina, "lead").await);
        let input = json!({ "fromIds": [hot, warm], "intoId": lead });
        tina.does(MERGE_TAGS, json!({ "input": input })).await;
        let merged = sentences(bob, &lead).await;
        assert_eq!(
            merged[..3],
            [
                "Tina merged the tags “hot prospect” and “warm” into this one.",
                "Tina added the tag “lead”.",
                "Bob added the tag “warm”.",
            ]
            .map(str::to_owned)
        );
        assert_eq!(merged[3..], own);
        let told = history(bob, &lead).await;
        assert_eq!(told[0]["action"], "MERGED");
        assert!(told.iter().all(|entry| entry["tag"]["id"] == lead.as_str()));
        let last = json!({ "id": told.last().unwrap()["id"] });
        assert_eq!(bob.query(NODE, last.clone()).await["node"]["summary"], own[10].as_str());
        tina.does(DELETE_TAG, json!({ "id": lead })).await;
        assert_eq!(bob.query(NODE, last).await["node"], Value::Null, "it went with its tag");
    })
    .await;
}

#[tokio::test]
async fn many_merged_tags_are_told_in_one_short_sentence() {
    TestApp::on_each_database(async |test| {
        let ann = &test.workspace(Plan::Free).await.ann;
        let names: Vec<_> = (10..22).map(|number| format!("tag {number}")).collect();
        let jan = ann.does(ADD, json!({ "input": { "name": "Jan", "tags": names } })).await;
        assert_eq!(array(&jan["contact"]["tags"]).len(), 12);
        let into = made(ann, "one").await;
        ann.does(MERGE_TAGS, json!({ "input": { "fromIds": each(&jan["contact"]["tags"], "id"), "intoId": into } })).await;
        let told = sentences(ann, &into).await;
        assert_eq!(
            told[0],
            "Ann merged the tags “tag 10”, “tag 11”, “tag 12”, “tag 13”, “tag 14”, “tag 15”, “tag 16”, “tag 17”, “tag 18”, \
             “tag 19” and 2 more into this one."
        );
        assert_eq!(told.len(), 14);
    })
    .await;
}

#[tokio::test]
async fn history_is_read_in_pages_that_stay_right_while_it_grows() {
    TestApp::on_each_database(async |test| {
        let ann = &test.workspace(Plan::Free).await.ann;
        let jan = &ann.adds("Jan", &["hot"]).await;
        let hot = &ann.tag_id("hot").await;
        // All at one moment: what stands at a page's edge is neither left out nor told twice.
        let change = async |number: usize| {
            ann.does(EDIT, json!({ "input": { "id": jan, "company": format!("Acme {number}") } })).await;
            ann.does(EDIT_TAG, json!({ "input": { "id": hot, "color": format!("#{number:06}") } })).await;
        };
        for number in 0..5 {
            change(number).await;
        }
        for of in [jan, hot] {
            let all = each(&json!(history(ann, of).await), "id");
            let (mut read, mut after) = (Vec::new(), Value::Null);
            loop {
                let page = page(ann, of, json!(2), after.clone()).await;
                read.extend(each(&page["nodes"], "id"));
                assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
                assert_eq!(page["pageInfo"]["endCursor"], page["edges"].as_array().unwrap().last().unwrap()["cursor"]);
                after = page["pageInfo"]["endCursor"].clone();
                change(read.len()).await;
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
            }
            assert_eq!(read, all, "what came meanwhile is before the first page");
            let newest = page(ann, of, json!(1), Value::Null).await;
            assert_ne!(newest["nodes"][0]["id"], all[0]);
            assert_eq!(newest["edges"][0]["node"]["id"], newest["nodes"][0]["id"]);
            assert_eq!(page(ann, of, json!(0), Value::Null).await["nodes"], json!([]));
            let of_names = ann.query("{ contacts { edges { cursor } } }", json!({})).await;
            let foreign = of_names["contacts"]["edges"][0]["cursor"].clone();
            let wrong =
                [(json!(201), Value::Null), (json!(-1), Value::Null), (json!(1), json!("💥")), (json!(1), foreign)];
            for (first, after) in wrong {
                let asked = json!({ "id": of, "first": first, "after": after });
                assert_eq!(ann.ask(HISTORY, asked).await.code(), "BAD_USER_INPUT", "{first} {after}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn history_is_kept_when_the_change_log_is_trimmed() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        let jan = &ann.adds("Jan", &["hot"]).await;
        let hot = &ann.tag_id("hot").await;
        let (start, told) = (ann.cursor().await, (history(ann, jan).await, history(ann, hot).await));
        ann.adds("Piet", &[]).await;
        let years = Duration::from_secs(10 * 366 * 24 * 60 * 60);
        test.app.clock.advance(years);
        let retention = Retention { age: Duration::from_secs(1), count: 0 };
        retention.trim(&test.app.db, &test.app.clock, company.id).await.unwrap();
        let ann = &ann.again(test).await;
        assert_eq!(ann.ask(PAGE, json!({ "after": start, "first": 5 })).await.code(), "CURSOR_EXPIRED");
        assert_eq!((history(ann, jan).await, history(ann, hot).await), told);
    })
    .await;
}

#[tokio::test]
async fn every_contact_of_a_filter_has_its_own_entry() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        let cx = Cx::of_system(company.id, test.app.clock.clone());
        for number in 0..300_u32 {
            let tags = if number.is_multiple_of(3) { vec!["old".to_owned()] } else { Vec::new() };
            let new = NewContact { name: format!("Contact {number}"), tags, ..NewContact::default() };
            contacts::create(&cx, &test.app.db, new).await.unwrap();
        }
        ann.does(TAG, json!({ "input": { "filter": {}, "names": ["old", "new"] } })).await;
        let document = "{ contacts(first: 200) { nodes { name history(first: 3) { pageInfo { hasNextPage } nodes { summary actor { name } } } } } }";
        for contact in array(&ann.query(document, json!({})).await["contacts"]["nodes"]) {
            let by_ann = array(&contact["history"]["nodes"]).iter().filter(|entry| entry["actor"]["name"] == "Ann");
            let mut by_ann: Vec<_> = by_ann.map(|entry| text(&entry["summary"])).collect();
            by_ann.sort_unstable();
            let number: u32 = text(&contact["name"]).trim_start_matches("Contact ").parse().unwrap();
            let fresh = ["Ann added the tag “new”.".to_owned(), "Ann added the tag “old”.".to_owned()];
            assert_eq!(by_ann, if number.is_multiple_of(3) { &fresh[..1] } else { &fresh }, "{contact}");
            assert_eq!(array(&contact["history"]["nodes"]).len(), 3);
            assert_eq!(contact["history"]["pageInfo"]["hasNextPage"], false);
        }
        assert_eq!(sentences(ann, &ann.tag_id("new").await).await, ["Ann added the tag “new”."]);
    })
    .await;
}
