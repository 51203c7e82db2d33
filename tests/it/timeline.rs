//! A contact's mail, tags and edits as one list.

use serde_json::{Value, json};
use tagwire::users::Plan;

use crate::deeds::{ADD, EDIT, UNTAG};
use crate::support::dovecot::{ALICE, Dovecot};
use crate::support::mailbox::{borrowed, connect, follow, mail, settings, until_state};
use crate::support::{Person, TestApp};

const TIMELINE: &str = "query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { contact(id: $id) {
    lastMessageAt timeline(first: $first, after: $after, last: $last, before: $before) {
        nodes { __typename ... on Message { subject receivedAt } ... on HistoryEntry { summary } }
        edges { cursor node { __typename } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }";

async fn page(person: &Person, mut asked: Value, contact: &str) -> Value {
    asked["id"] = contact.into();
    person.query(TIMELINE, asked).await["contact"].take()
}

fn told(page: &Value) -> Vec<String> {
    let item = |node: &Value| node["subject"].as_str().or(node["summary"].as_str()).unwrap().to_owned();
    page["timeline"]["nodes"].as_array().unwrap().iter().map(item).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_tags_and_edits_are_one_list_newest_first() {
    let server = Dovecot::start();
    // Long before and long after all that is done here.
    for (subject, at) in [("old", 1_700_000_000), ("older", 1_600_000_000), ("ahead", 2_000_000_000)] {
        server.deliver_at(ALICE.0, "INBOX", &mail("jan@a.test", subject), at);
    }
    server.deliver_at(ALICE.0, "INBOX", &mail("mia@b.test", "of another"), 1_900_000_000);
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, &company.user("Bob", &[]).await);
        let input = json!({ "name": "Jan", "emails": [{ "address": "jan@a.test" }], "tags": ["hot"] });
        let jan = ann.does(ADD, json!({ "input": input })).await["contact"]["id"].as_str().unwrap().to_owned();
        assert_eq!(page(ann, json!({}), &jan).await["lastMessageAt"], Value::Null);
        let mut socket = follow(ann).await;
        assert_eq!(connect(ann, server.imaps_port(), ALICE).await["userErrors"], json!([]));
        until_state(&mut socket, "LIVE").await;
        ann.does(EDIT, json!({ "input": { "id": jan, "company": "Acme" } })).await;
        bob.does(UNTAG, json!({ "input": { "contactIds": [jan], "names": ["hot"] } })).await;

        let whole = page(ann, json!({ "first": 200 }), &jan).await;
        let all = told(&whole);
        assert_eq!(all.len(), 7, "{all:?}");
        assert_eq!([&all[0], &all[5], &all[6]], ["ahead", "old", "older"]);
        assert_eq!(all[1], "Bob removed the tag “hot”.");
        assert_eq!(whole["lastMessageAt"], "2033-05-18T03:33:20.000000Z");
        // Bob sees what was done, and nothing of Ann's mail.
        let of_bob = page(bob, json!({}), &jan).await;
        assert_eq!((told(&of_bob), &of_bob["lastMessageAt"]), (all[1..5].to_vec(), &Value::Null));

        for size in [1, 2, 3] {
            let (mut forward, mut after) = (Vec::new(), Value::Null);
            loop {
                let page = page(ann, json!({ "first": size, "after": after }), &jan).await;
                forward.extend(told(&page));
                after = page["timeline"]["pageInfo"]["endCursor"].clone();
                if page["timeline"]["pageInfo"]["hasNextPage"] == false {
                    break;
                }
            }
            let (mut backward, mut before) = (Vec::new(), Value::Null);
            loop {
                let page = page(ann, json!({ "last": size, "before": before }), &jan).await;
                backward.splice(0..0, told(&page));
                before = page["timeline"]["pageInfo"]["startCursor"].clone();
                if page["timeline"]["pageInfo"]["hasPreviousPage"] == false {
                    break;
                }
            }
            assert_eq!((&forward, &backward), (&all, &all), "{size} a page");
        }
        let asked = json!({ "id": jan, "first": 201 });
        assert_eq!(ann.ask(TIMELINE, asked).await.code(), "BAD_USER_INPUT");
        let asked = json!({ "id": jan, "after": "made up" });
        assert_eq!(ann.ask(TIMELINE, asked).await.code(), "BAD_USER_INPUT");
    })
    .await;
}
