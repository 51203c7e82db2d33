//! Filters kept under a name: one's own, in their order, and shared.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tagwire::users::Plan;

use crate::deeds::{ADD, DELETE_SAVED, EDIT_SAVED, SAVE, TAG, array, each, refusal, text};
use crate::live::PAGE;
use crate::support::{Person, TestApp};
use crate::tags::{MATCHING, matching};

const LIST: &str = "{ savedFilters { id name query shared position owner { name } } }";
const NODE: &str = "query($id: ID!) { node(id: $id) { ... on SavedFilter { name query } } }";
const WATCH: &str = "subscription($after: Cursor) { changes(after: $after, kinds: [SAVED_FILTER]) {
    cursor kind action nodeId actor { name } node { ... on SavedFilter { name shared position owner { name } } } } }";

async fn saves(person: &Person, name: &str, query: &str, shared: bool) -> String {
    let input = json!({ "name": name, "query": query, "shared": shared });
    text(&person.does(SAVE, json!({ "input": input })).await["savedFilter"]["id"])
}

async fn edits(person: &Person, id: &str, change: Value) -> Value {
    let mut input = json!({ "id": id });
    input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    person.payload(EDIT_SAVED, json!({ "input": input })).await
}

async fn listed(person: &Person) -> Vec<String> {
    each(&person.query(LIST, json!({})).await["savedFilters"], "name")
}

/// What changed behind a cursor in somebody's eyes: `ACTION id`.
async fn told(person: &Person, after: &Value) -> Vec<String> {
    let asked = json!({ "after": after, "first": 200, "kinds": ["SAVED_FILTER"] });
    let page = person.query(PAGE, asked).await["changes"]["changes"].take();
    array(&page).iter().map(|change| format!("{} {}", text(&change["action"]), text(&change["nodeId"]))).collect()
}

#[tokio::test]
async fn a_filter_is_kept_under_a_name_and_used_wherever_one_is_taken() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        for (name, tags) in [("Eva", vec!["hot", "nl"]), ("Jan", vec!["hot"]), ("Kim", vec!["nl"]), ("Zoë", vec![])] {
            ann.adds(name, &tags).await;
        }
        let input = json!({ "name": " Hot ones ", "query": " #HOT  and not #nl " });
        let made = ann.does(SAVE, json!({ "input": input })).await["savedFilter"].take();
        let hot = text(&made["id"]);
        let expected = json!({ "id": hot, "name": "Hot ones", "query": " #HOT  and not #nl ", "shared": false,
            "position": 0, "owner": { "name": "Ann" } });
        assert_eq!(made, expected, "the query as typed");
        assert_eq!(ann.query(LIST, json!({})).await["savedFilters"], json!([expected]));
        assert_eq!(ann.query(NODE, json!({ "id": hot })).await["node"]["name"], "Hot ones");
        let (nl, all) = (saves(ann, "nl", "#nl", true).await, saves(ann, "all", "", false).await);

        let saved = |id: &str| json!({ "savedFilterId": id });
        for (filter, names) in [
            (saved(&hot), vec!["Jan"]),
            (saved(&nl), vec!["Eva", "Kim"]),
            (saved(&all), vec!["Eva", "Jan", "Kim", "Zoë"]),
            (json!({ "not": saved(&hot) }), vec!["Eva", "Kim", "Zoë"]),
            (json!({ "not": saved(&all) }), vec![]),
            (json!({ "or": [saved(&hot), saved(&nl)] }), vec!["Eva", "Jan", "Kim"]),
            (json!({ "and": [saved(&nl), { "not": { "tag": { "name": "hot" } } }] }), vec!["Kim"]),
            (json!({ "savedFilterId": nl, "text": "ev" }), vec!["Eva"]),
            (json!({ "savedFilterId": nl, "query": "#hot", "not": saved(&hot) }), vec!["Eva"]),
            (json!({ "or": [saved(&nl), saved(&nl)] }), vec!["Eva", "Kim"]),
            (saved("garbage"), vec![]),
            (json!({ "not": saved("garbage") }), vec!["Eva", "Jan", "Kim", "Zoë"]),
            (json!({ "or": [saved("garbage"), saved(&hot)] }), vec!["Jan"]),
            (json!({ "savedFilterId": null }), vec!["Eva", "Jan", "Kim", "Zoë"]),
        ] {
            assert_eq!(matching(ann, filter.clone()).await, names, "{filter}");
        }
        // Another's is used where it is shared.
        assert_eq!(matching(&bob, saved(&nl)).await, ["Eva", "Kim"]);
        assert_eq!(matching(&bob, saved(&hot)).await, [""; 0]);
        assert_eq!(matching(&bob, json!({ "not": saved(&hot) })).await.len(), 4);

        let tagged = ann.does(TAG, json!({ "input": { "filter": saved(&nl), "names": ["dutch"] } })).await;
        assert_eq!(tagged["changedCount"], 2);
        // It follows the tags: those that come later too.
        let later = saves(ann, "later", "#later", false).await;
        assert_eq!(matching(ann, saved(&later)).await, [""; 0]);
        ann.adds("Tim", &["later"]).await;
        assert_eq!(matching(ann, saved(&later)).await, ["Tim"]);
        edits(ann, &later, json!({ "query": "#dutch" })).await;
        assert_eq!(matching(ann, saved(&later)).await, ["Eva", "Kim"]);
        ann.does(DELETE_SAVED, json!({ "id": later })).await;
        assert_eq!(matching(ann, saved(&later)).await, [""; 0]);
        assert_eq!(ann.query(NODE, json!({ "id": later })).await["node"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn what_is_saved_counts_towards_the_parts_of_a_filter() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        ann.adds("Jan", &["hot"]).await;
        // Ninety-nine tags and the `or` that joins them.
        let hundred = saves(&ann, "hundred", &vec!["#hot"; 99].join(" or "), false).await;
        let twice = |more: Value| json!({ "or": [{ "savedFilterId": hundred }, more] });
        assert_eq!(matching(&ann, json!({ "savedFilterId": hundred })).await, ["Jan"]);
        assert_eq!(matching(&ann, twice(json!({ "text": "jan" }))).await, ["Jan"]);
        for filter in [
            twice(json!({ "savedFilterId": hundred })),
            json!({ "and": vec![json!({ "savedFilterId": hundred }); 199] }),
            json!({ "and": vec![json!({ "savedFilterId": "garbage" }); 200] }),
        ] {
            assert_eq!(ann.ask(MATCHING, json!({ "filter": filter })).await.code(), "BAD_USER_INPUT");
        }
        // A query of as many parts as there may be can be kept and used.
        let most = saves(&ann, "most", &vec!["#hot"; 199].join(" or "), false).await;
        assert_eq!(matching(&ann, json!({ "savedFilterId": most })).await, ["Jan"]);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_saved_is_refused_and_changes_nothing() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let hot = saves(ann, "Hot", "#hot", false).await;
        let nl = saves(ann, "nl", "#nl", false).await;
        let (before, cursor) = (ann.query(LIST, json!({})).await, ann.cursor().await);
        for (input, refused, position) in [
            (json!({ "name": " ", "query": "" }), "INVALID input.name", Value::Null),
            (json!({ "name": "x".repeat(101), "query": "" }), "INVALID input.name", Value::Null),
            (json!({ "name": "a\nb", "query": "" }), "INVALID input.name", Value::Null),
            (json!({ "name": "a\u{0}b", "query": "" }), "INVALID input.name", Value::Null),
            (json!({ "name": "x", "query": "#hot and" }), "INVALID input.query", json!(8)),
            (json!({ "name": "x", "query": "é (#hot" }), "INVALID input.query", json!(7)),
            (json!({ "name": "x", "query": "n\u{0}" }), "INVALID input.query", json!(1)),
            (json!({ "name": "x", "query": "a".repeat(20_001) }), "INVALID input.query", json!(20_000)),
            (json!({ "name": " HOT ", "query": "" }), "CONFLICT input.name", Value::Null),
        ] {
            let payload = ann.payload(SAVE, json!({ "input": input })).await;
            assert_eq!(refusal(&payload), refused, "{input}");
            assert_eq!(payload["userErrors"][0]["position"], position, "{input}");
            assert_eq!(payload["savedFilter"], Value::Null);
            let payload = edits(ann, &nl, input.clone()).await;
            assert_eq!(refusal(&payload), refused, "{input}");
            assert_eq!(payload["userErrors"][0]["position"], position, "{input}");
        }
        let taken = edits(ann, &nl, json!({ "name": "hot" })).await;
        assert_eq!(taken["userErrors"][0]["conflictingId"], json!(hot));
        for (change, refused) in [
            (json!({ "name": null }), "INVALID input.name"),
            (json!({ "query": null }), "INVALID input.query"),
            (json!({ "shared": null }), "INVALID input.shared"),
            (json!({ "position": null }), "INVALID input.position"),
            (json!({ "position": -1 }), "INVALID input.position"),
        ] {
            assert_eq!(refusal(&edits(ann, &nl, change.clone()).await), refused, "{change}");
        }
        assert_eq!(refusal(&edits(ann, "garbage", json!({ "name": "x" })).await), "NOT_FOUND input.id");
        assert_eq!(ann.fails(DELETE_SAVED, json!({ "id": "garbage" })).await, "NOT_FOUND id");
        // What changes nothing is no event.
        edits(ann, &hot, json!({ "name": "Hot", "query": "#hot", "shared": false, "position": 0 })).await;
        assert_eq!((ann.query(LIST, json!({})).await, ann.cursor().await), (before, cursor));
        // The same name is free for others, and one's own in another case is no conflict.
        saves(&bob, "hot", "#hot", false).await;
        assert_eq!(edits(ann, &hot, json!({ "name": "HOT" })).await["savedFilter"]["name"], "HOT");

        for number in 1..200 {
            saves(&bob, &format!("{number}"), "", false).await;
        }
        let one_more = json!({ "input": { "name": "one more", "query": "" } });
        assert_eq!(bob.fails(SAVE, one_more).await, "INVALID input");
    })
    .await;
}

#[tokio::test]
async fn filters_stand_in_their_owners_order_without_holes() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let mut ids = Vec::new();
        for name in ["d", "b", "c", "a"] {
            ids.push(saves(ann, name, "", false).await);
        }
        saves(&bob, "Zz", "", true).await;
        saves(&bob, "Émile's", "", true).await;
        saves(&bob, "emilia's", "", true).await;
        saves(&bob, "bob's own", "", false).await;
        let order = async || {
            let filters = ann.query(LIST, json!({})).await["savedFilters"].take();
            let own: Vec<_> = array(&filters).iter().filter(|filter| filter["owner"]["name"] == "Ann").collect();
            for (place, filter) in own.iter().enumerate() {
                assert_eq!(filter["position"], place, "{filters}");
            }
            each(&filters, "name").join(" ")
        };
        let others = "Émile's emilia's Zz";
        assert_eq!(order().await, format!("d b c a {others}"));
        let after = ann.cursor().await;
        assert_eq!(edits(ann, &ids[3], json!({ "position": 1 })).await["savedFilter"]["position"], 1);
        assert_eq!(order().await, format!("d a b c {others}"));
        let mut moved = told(ann, &after).await;
        moved.sort_unstable();
        let mut expected = [3, 1, 2].map(|at: usize| format!("UPDATED {}", ids[at]));
        expected.sort_unstable();
        assert_eq!(moved, expected, "it and those that moved");
        edits(ann, &ids[0], json!({ "position": i32::MAX, "name": "e" })).await;
        assert_eq!(order().await, format!("a b c e {others}"));
        ann.does(DELETE_SAVED, json!({ "id": ids[1] })).await;
        assert_eq!(order().await, format!("a c e {others}"));
        assert_eq!(listed(&bob).await, ["Zz", "Émile's", "emilia's", "bob's own"]);

        // Many at once: still dense.
        let saving = (0..12).map(|number| async move {
            let input = json!({ "input": { "name": format!("n{number}"), "query": "" } });
            let made = ann.does(SAVE, input).await;
            edits(ann, &text(&made["savedFilter"]["id"]), json!({ "position": number % 5 })).await
        });
        join_all(saving).await;
        assert_eq!(order().await.split(' ').count(), 3 + 12 + 3);
    })
    .await;
}

#[tokio::test]
async fn a_shared_filter_is_seen_by_all_and_changed_by_its_owner_only() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let stranger = test.workspace(Plan::Free).await.ann;
        let after = json!({ "after": ann.cursor().await });
        let (mut anns, mut bobs) = (ann.socket().await, bob.socket().await);
        anns.subscribe("1", WATCH, after.clone()).await;
        bobs.subscribe("1", WATCH, after.clone()).await;

        let hot = saves(ann, "hot", "#hot", false).await;
        assert_eq!(bob.query(NODE, json!({ "id": hot })).await["node"], Value::Null);
        assert_eq!(listed(&bob).await, [""; 0]);
        assert_eq!(refusal(&edits(&bob, &hot, json!({ "name": "x" })).await), "NOT_FOUND input.id");
        assert_eq!(bob.fails(DELETE_SAVED, json!({ "id": hot })).await, "NOT_FOUND id");

        edits(ann, &hot, json!({ "shared": true })).await;
        assert_eq!(bob.query(NODE, json!({ "id": hot })).await["node"], json!({ "name": "hot", "query": "#hot" }));
        assert_eq!(listed(&bob).await, ["hot"]);
        assert_eq!(refusal(&edits(&bob, &hot, json!({ "name": "x" })).await), "FORBIDDEN input.id");
        assert_eq!(bob.fails(DELETE_SAVED, json!({ "id": hot })).await, "FORBIDDEN id");
        assert_eq!(stranger.query(NODE, json!({ "id": hot })).await["node"], Value::Null);
        assert_eq!(listed(&stranger).await, [""; 0]);
        edits(ann, &hot, json!({ "name": "hotter" })).await;
        edits(ann, &hot, json!({ "shared": false })).await;
        assert_eq!(bob.query(NODE, json!({ "id": hot })).await["node"], Value::Null);
        assert_eq!(listed(&bob).await, [""; 0]);
        let tea = saves(ann, "tea", "", true).await;
        ann.does(DELETE_SAVED, json!({ "id": hot })).await;

        let gone = |id: &str| format!("REMOVED {id}");
        let (made, changed) = (|id: &str| format!("CREATED {id}"), |id: &str| format!("UPDATED {id}"));
        let to_ann =
            [&made(&hot), &changed(&hot), &changed(&hot), &changed(&hot), &made(&tea), &gone(&hot), &changed(&tea)];
        let to_bob = [&made(&hot), &changed(&hot), &gone(&hot), &made(&tea), &changed(&tea)];
        assert_eq!(told(ann, &after["after"]).await.iter().collect::<Vec<_>>(), to_ann);
        assert_eq!(told(&bob, &after["after"]).await.iter().collect::<Vec<_>>(), to_bob);
        for (socket, expected) in [(&mut anns, to_ann.as_slice()), (&mut bobs, to_bob.as_slice())] {
            for expected in expected {
                let change = socket.event("1").await["changes"].take();
                assert_eq!(format!("{} {}", text(&change["action"]), text(&change["nodeId"])), **expected);
                assert_eq!((&change["kind"], &change["actor"]["name"]), (&json!("SAVED_FILTER"), &json!("Ann")));
            }
        }
        // The object is shown as it is now, to those who see it.
        edits(ann, &tea, json!({ "name": "coffee" })).await;
        for socket in [&mut anns, &mut bobs] {
            let node = socket.event("1").await["changes"]["node"].take();
            assert_eq!(node, json!({ "name": "coffee", "shared": true, "position": 0, "owner": { "name": "Ann" } }));
        }
        ann.does(ADD, json!({ "input": { "name": "Jan", "tags": ["hot"] } })).await;
        assert_eq!(matching(&bob, json!({ "savedFilterId": tea })).await, ["Jan"]);
    })
    .await;
}
