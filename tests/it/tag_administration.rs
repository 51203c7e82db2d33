//! Renaming and recoloring tags, and the names that still find them.

use serde_json::{Value, json};
use tagwire::access::Right;
use tagwire::users::Plan;

use crate::deeds::{
    ADD, DELETE_TAG, EDIT, EDIT_TAG, MAKE_GROUP, MAKE_TAG, REMOVE_ALIAS, TAG, UNTAG, array, each, refusal, text,
};
use crate::support::{Person, TestApp};
use crate::tags::{found, matching};

const ALIASES: &str = "query($id: ID!) { node(id: $id) { ... on Tag { name aliases } } }";
const WATCH: &str = "subscription($after: Cursor) { tagChanged(after: $after) { __typename
    ... on TagUpdated { tagId tag { name aliases } } } }";

/// What a tag is called, and was.
pub async fn names(person: &Person, tag: &str) -> (String, Vec<String>) {
    let tag = person.query(ALIASES, json!({ "id": tag })).await["node"].take();
    (text(&tag["name"]), array(&tag["aliases"]).iter().map(text).collect())
}

async fn rename(person: &Person, tag: &str, name: &str) -> Value {
    person.payload(EDIT_TAG, json!({ "input": { "id": tag, "name": name } })).await
}

#[tokio::test]
async fn a_renamed_tag_is_found_by_its_earlier_name_wherever_a_name_is_taken() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (company.user("Tina", &[Right::ManageTags]).await, company.user("Bob", &[]).await);
        let jan = bob.adds("Jan", &["Hot Prospect"]).await;
        let tag = bob.tag_id("Hot Prospect").await;
        let after = bob.cursor().await;
        let renamed = rename(&ann, &tag, "  #Warm  lead ").await["tag"].take();
        assert_eq!((&renamed["name"], &renamed["aliases"]), (&json!("Warm  lead"), &json!(["Hot Prospect"])));
        assert_eq!((&renamed["id"], &renamed["contactCount"]), (&json!(tag), &json!(1)));

        for search in ["#hot", "PROSP", "hot prospect", "warm", "#le", "warm lead"] {
            assert_eq!(found(&bob, search).await, ["Warm  lead"], "{search}");
        }
        for name in ["#HOT prospect", "hot  prospect", "Warm Lead"] {
            assert_eq!(matching(&bob, json!({ "tag": { "name": name } })).await, ["Jan"], "{name}");
        }
        // Every way to name a tag leads to this one.
        let eva = bob.does(ADD, json!({ "input": { "name": "Eva", "tags": ["hot prospect", "warm lead"] } })).await;
        assert_eq!(each(&eva["contact"]["tags"], "id"), std::slice::from_ref(&tag));
        let kim = bob.adds("Kim", &[]).await;
        let input = json!({ "contactIds": [kim, jan], "names": ["HOT PROSPECT"] });
        assert_eq!(bob.does(TAG, json!({ "input": input })).await["changedCount"], 1);
        assert_eq!(ann.does(MAKE_TAG, json!({ "input": { "name": "hot prospect" } })).await["tag"]["id"], tag);
        assert_eq!(bob.does(UNTAG, json!({ "input": input })).await["tags"][0]["contactCount"], 1);
        let edit = async |change: Value| {
            let mut input = json!({ "id": jan });
            input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            each(&bob.does(EDIT, json!({ "input": input })).await["contact"]["tags"], "name")
        };
        assert_eq!(edit(json!({ "tags": ["Hot prospect", "new"] })).await, ["new", "Warm  lead"]);
        assert_eq!(edit(json!({ "removeTags": ["hot prospect"] })).await, ["new"]);
        assert_eq!(edit(json!({ "addTags": ["hot prospect"] })).await, ["new", "Warm  lead"]);
        // Both added and removed, by whatever name: removed.
        assert_eq!(edit(json!({ "addTags": ["warm lead"], "removeTags": ["hot prospect"] })).await, ["new"]);
        let all = bob.query("{ tags { totalCount nodes { name } } }", json!({})).await;
        assert_eq!(each(&all["tags"]["nodes"], "name"), ["new", "Warm  lead"], "in the order of names as they are");

        let mut socket = bob.socket().await;
        socket.subscribe("1", WATCH, json!({ "after": after })).await;
        let expected = json!({ "__typename": "TagUpdated", "tagId": tag,
            "tag": { "name": "Warm  lead", "aliases": ["Hot Prospect"] } });
        assert_eq!(socket.event("1").await["tagChanged"], expected);
    })
    .await;
}

#[tokio::test]
async fn a_name_belongs_to_one_tag_whether_it_has_it_or_had_it() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        ann.adds("Jan", &["hot", "cold"]).await;
        let (hot, cold) = (ann.tag_id("hot").await, ann.tag_id("cold").await);
        rename(&ann, &hot, "warm").await;
        for name in ["WARM", "#Hot"] {
            let refused = rename(&ann, &cold, name).await;
            assert_eq!(
                (refusal(&refused).as_str(), &refused["userErrors"][0]["conflictingId"]),
                ("CONFLICT input.name", &json!(hot)),
                "{name}"
            );
        }
        // To an alias of its own it goes back, and what it was called becomes the alias.
        assert_eq!(rename(&ann, &hot, "HOT").await["tag"]["aliases"], json!(["warm"]));
        assert_eq!(names(&ann, &hot).await, ("HOT".to_owned(), vec!["warm".to_owned()]));
        // Typed otherwise it is the same name.
        rename(&ann, &hot, "Hot").await;
        assert_eq!(names(&ann, &hot).await, ("Hot".to_owned(), vec!["warm".to_owned()]));
        rename(&ann, &hot, "Straße 1").await;
        rename(&ann, &hot, "STRASSE 1").await;
        let (name, aliases) = names(&ann, &hot).await;
        assert_eq!((name.as_str(), aliases), ("STRASSE 1", vec!["Hot".to_owned(), "warm".to_owned()]));

        let after = ann.cursor().await;
        rename(&ann, &hot, "STRASSE 1").await;
        ann.does(EDIT_TAG, json!({ "input": { "id": hot } })).await;
        ann.does(EDIT_TAG, json!({ "input": { "id": hot, "color": null, "groupId": null } })).await;
        for (input, refused) in [
            (json!({ "id": hot, "name": "" }), "INVALID input.name"),
            (json!({ "id": hot, "name": null }), "INVALID input.name"),
            (json!({ "id": hot, "name": "two\nlines" }), "INVALID input.name"),
            (json!({ "id": hot, "name": "x".repeat(101) }), "INVALID input.name"),
            (json!({ "id": hot, "name": "fresh", "color": "red" }), "INVALID input.color"),
            (json!({ "id": hot, "name": "fresh", "groupId": hot }), "LICENSE_REQUIRED"),
            (json!({ "id": hot, "color": "#FFFFFF", "name": "cold" }), "CONFLICT input.name"),
            (json!({ "id": "nothing", "name": "fresh" }), "NOT_FOUND input.id"),
        ] {
            assert_eq!(ann.fails(EDIT_TAG, json!({ "input": input })).await, refused, "{input}");
        }
        assert_eq!(ann.cursor().await, after, "what is refused or as it was is no change");
        let ordered = ann.query("{ tags { nodes { name color } } }", json!({})).await["tags"]["nodes"].take();
        assert_eq!(ordered, json!([{ "name": "cold", "color": null }, { "name": "STRASSE 1", "color": null }]));
    })
    .await;
}

#[tokio::test]
async fn a_removed_alias_finds_nothing_and_is_free() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        ann.adds("Jan", &["big customer"]).await;
        let tag = ann.tag_id("big customer").await;
        rename(&ann, &tag, "good customer").await;
        rename(&ann, &tag, "best customer").await;
        assert_eq!(names(&ann, &tag).await.1, ["big customer", "good customer"]);
        let remove =
            async |tag: &str, alias: &str| ann.payload(REMOVE_ALIAS, json!({ "tag": tag, "alias": alias })).await;
        let after = ann.cursor().await;
        for (of, alias, refused) in [
            (tag.as_str(), "best customer", "NOT_FOUND alias"),
            (&tag, "customer", "NOT_FOUND alias"),
            (&tag, "", "NOT_FOUND alias"),
            (&tag, "\0", "NOT_FOUND alias"),
            ("garbage", "big customer", "NOT_FOUND tagId"),
        ] {
            assert_eq!(refusal(&remove(of, alias).await), refused, "{alias:?}");
        }
        assert_eq!(ann.cursor().await, after);
        assert_eq!(remove(&tag, "#BIG customer").await["tag"]["aliases"], json!(["good customer"]));
        assert_eq!(refusal(&remove(&tag, "big customer").await), "NOT_FOUND alias");
        assert!(found(&ann, "big").await.is_empty());
        assert!(matching(&ann, json!({ "tag": { "name": "big customer" } })).await.is_empty());
        for search in ["good", "customer", "best"] {
            assert_eq!(found(&ann, search).await, ["best customer"], "{search}");
        }
        let again = ann.does(MAKE_TAG, json!({ "input": { "name": "big customer" } })).await["tag"]["id"].take();
        assert_ne!(again, tag);

        // With a tag go all its names.
        ann.does(DELETE_TAG, json!({ "id": tag })).await;
        for search in ["good", "best"] {
            assert!(found(&ann, search).await.is_empty(), "{search}");
        }
        let free = ann.does(MAKE_TAG, json!({ "input": { "name": "good customer" } })).await["tag"]["id"].take();
        assert_ne!(free, tag);
    })
    .await;
}

#[tokio::test]
async fn a_tag_has_its_own_color_or_that_of_its_group() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Pro).await.ann;
        let group = async |name: &str, color: &str| {
            let input = json!({ "name": name, "color": color });
            ann.does(MAKE_GROUP, json!({ "input": input })).await["tagGroup"]["id"].take()
        };
        let (status, region) = (group("Status", "#111111").await, group("Region", "#222222").await);
        ann.adds("Jan", &["nl"]).await;
        let tag = ann.tag_id("nl").await;
        for (change, color, of) in [
            (json!({ "groupId": status }), json!("#111111"), json!("Status")),
            (json!({ "color": "#abcdef" }), json!("#ABCDEF"), json!("Status")),
            (json!({ "groupId": region, "name": "Netherlands" }), json!("#ABCDEF"), json!("Region")),
            (json!({ "color": null }), json!("#222222"), json!("Region")),
            (json!({ "groupId": null, "color": "#333333" }), json!("#333333"), Value::Null),
            (json!({ "color": null }), Value::Null, Value::Null),
        ] {
            let mut input = change.clone();
            input["id"] = json!(tag);
            let changed = ann.does(EDIT_TAG, json!({ "input": input })).await["tag"].take();
            assert_eq!((&changed["color"], &changed["group"]["name"]), (&color, &of), "{change}");
            let seen = ann.query("{ contacts { nodes { tags { color group { name } } } } }", json!({})).await;
            let seen = &seen["contacts"]["nodes"][0]["tags"][0];
            assert_eq!((&seen["color"], &seen["group"]["name"]), (&color, &of), "{change}");
        }
        let nowhere = json!({ "input": { "id": tag, "groupId": tag, "name": "lost" } });
        assert_eq!(ann.fails(EDIT_TAG, nowhere).await, "NOT_FOUND input.groupId");
        assert_eq!(names(&ann, &tag).await.0, "Netherlands");
    })
    .await;
}

#[tokio::test]
async fn tags_come_by_name_or_by_use_in_either_direction() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        ann.adds("Jan", &["b", "c", "Ä"]).await;
        ann.adds("Eva", &["c", "Ä"]).await;
        ann.adds("Kim", &["c"]).await;
        ann.does(MAKE_TAG, json!({ "input": { "name": "d" } })).await;
        let list = "query($field: TagOrderField!, $direction: OrderDirection!) {
            tags(orderBy: { field: $field, direction: $direction }) { nodes { name } } }";
        for (field, ascending) in [("NAME", ["Ä", "b", "c", "d"]), ("CONTACT_COUNT", ["d", "b", "Ä", "c"])] {
            let order = async |direction: &str| {
                let listed = ann.query(list, json!({ "field": field, "direction": direction })).await;
                each(&listed["tags"]["nodes"], "name")
            };
            assert_eq!(order("ASC").await, ascending, "{field}");
            let descending: Vec<_> = ascending.into_iter().rev().collect();
            assert_eq!(order("DESC").await, descending, "{field}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_want_the_same_name_at_once_do_not_both_get_it() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        for round in 0..10 {
            let (one, other, wanted) = (format!("one {round}"), format!("other {round}"), format!("wanted {round}"));
            ann.adds("Jan", &[&one, &other]).await;
            let (first, second) = (ann.tag_id(&one).await, ann.tag_id(&other).await);
            let names = [one.as_str(), wanted.as_str(), other.as_str()];
            let (a, b, _, _) = tokio::join!(
                rename(ann, &first, &wanted),
                rename(ann, &second, &wanted),
                bob.adds("Eva", &names),
                bob.adds("Kim", &names),
            );
            let refused = [&a, &b].iter().filter(|payload| payload["userErrors"] != json!([])).count();
            assert!(refused >= 1, "{a} {b}");
            for payload in [&a, &b] {
                assert!(payload["userErrors"] == json!([]) || refusal(payload) == "CONFLICT input.name", "{payload}");
            }
            // Whoever got it: the name finds one tag, and every contact that was given it carries that.
            let carriers = matching(
                &bob,
                json!({ "and": [{ "tag": { "name": wanted } }, { "or": [
                { "text": "Eva" }, { "text": "Kim" }] }] }),
            );
            assert_eq!(carriers.await.len(), 2);
        }
        let tags = "{ tags(first: 200) { nodes { name contactCount contacts { totalCount } } } }";
        for tag in array(&ann.query(tags, json!({})).await["tags"]["nodes"]) {
            assert_eq!(tag["contactCount"], tag["contacts"]["totalCount"], "{tag}");
        }
    })
    .await;
}
