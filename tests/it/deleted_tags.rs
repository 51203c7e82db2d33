//! A tag is gone with its deletion; its links are cleaned up behind it, and nobody can tell when.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use tagwire::tags::Cleanup;
use tagwire::users::Plan;

use crate::deeds::{DELETE, DELETE_TAG, EDIT, MAKE_TAG, TAG, UNTAG, array, text};
use crate::support::{Person, TestApp};

const TAGS_CHANGED: &str = "subscription($after: Cursor) { tagChanged(after: $after) { __typename
    ... on ContactTagsChanged { addedIds removedIds } } }";

#[tokio::test]
async fn a_deleted_tag_is_not_lost_again_with_the_next_edit() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let [jan, piet] = [ann.adds("Jan", &["old", "kept"]).await, ann.adds("Piet", &["old"]).await];
        let (old, kept) = (ann.tag_id("old").await, ann.tag_id("kept").await);
        ann.does(DELETE_TAG, json!({ "id": old })).await;
        // The name is free for another tag at once.
        let new = ann.does(MAKE_TAG, json!({ "input": { "name": "old" } })).await;
        assert_ne!(new["tag"]["id"], json!(old));

        let after = ann.cursor().await;
        ann.does(EDIT, json!({ "input": { "id": jan, "tags": ["kept"] } })).await;
        assert_eq!(ann.cursor().await, after, "it carried no other tag");

        let mut socket = ann.socket().await;
        socket.subscribe("1", TAGS_CHANGED, json!({ "after": after })).await;
        // Piet carries nothing any more, so that his going is no change of tags.
        ann.does(DELETE, json!({ "id": piet })).await;
        ann.does(DELETE, json!({ "id": jan })).await;
        let gone = json!({ "__typename": "ContactTagsChanged", "addedIds": [], "removedIds": [kept] });
        assert_eq!(socket.event("1").await["tagChanged"], gone);
    })
    .await;
}

/// How many contacts carry each tag: as kept, and as counted by looking for them.
async fn counts(ann: &Person, names: &[String]) -> (BTreeMap<String, i64>, BTreeMap<String, i64>) {
    let seen = ann.query("{ tags { nodes { name contactCount } } }", json!({})).await;
    let kept =
        array(&seen["tags"]["nodes"]).iter().map(|tag| (text(&tag["name"]), tag["contactCount"].as_i64().unwrap()));
    let mut counted = BTreeMap::new();
    for name in names {
        let count = "query($filter: ContactFilter) { contacts(filter: $filter, first: 0) { totalCount } }";
        let seen = ann.query(count, json!({ "filter": { "tag": { "name": name } } })).await;
        counted.insert(name.clone(), seen["contacts"]["totalCount"].as_i64().unwrap());
    }
    (kept.collect(), counted)
}

#[tokio::test]
async fn counts_are_exact_though_tags_and_contacts_are_deleted_while_others_use_them() {
    TestApp::on_each_database(async |test| {
        let ann = &test.workspace(Plan::Free).await.ann;
        let names: Vec<String> = (0..4).map(|number| format!("tag {number}")).collect();
        let contacts =
            join_all((0..24).map(|number| async move { ann.adds(&format!("Contact {number}"), &[]).await })).await;
        let seed = rand::random::<u32>();
        let workers = (0..6).map(|worker| {
            let (contacts, names) = (&contacts, &names);
            async move {
                let mut random = StdRng::seed_from_u64(u64::from(seed) * 10 + worker);
                for _ in 0..25 {
                    let some: Vec<&String> =
                        (0..4).map(|_| &contacts[random.random_range(0..contacts.len())]).collect();
                    let tags: Vec<&String> = (0..2).map(|_| &names[random.random_range(0..names.len())]).collect();
                    let named = json!({ "input": { "contactIds": some, "names": tags } });
                    let matching = json!({ "input": { "filter": { "text": "contact" }, "names": [tags[0]] } });
                    let (document, variables) = match random.random_range(0..10) {
                        0..=3 => (TAG, named),
                        4 => (TAG, matching),
                        5..=6 => (UNTAG, named),
                        7 => (EDIT, json!({ "input": { "id": some[0], "tags": tags } })),
                        8 => (DELETE, json!({ "id": some[0] })),
                        _ => {
                            let made = ann.does(MAKE_TAG, json!({ "input": { "name": tags[0] } })).await;
                            (DELETE_TAG, json!({ "id": made["tag"]["id"] }))
                        }
                    };
                    // What somebody else deleted meanwhile makes it a refusal, which is fine.
                    ann.payload(document, variables).await;
                }
            }
        });
        join_all(workers).await;
        for name in &names {
            ann.does(MAKE_TAG, json!({ "input": { "name": name } })).await;
        }
        let (kept, counted) = counts(ann, &names).await;
        assert_eq!(kept, counted, "seed {seed}");
        let after = ann.cursor().await;
        Cleanup::once(&test.app.db).await.unwrap();
        assert_eq!((kept.clone(), kept), counts(ann, &names).await, "seed {seed}, cleaned up");
        assert_eq!(ann.cursor().await, after, "cleaning up is no change");
    })
    .await;
}
