//! Making one tag of several: at once everywhere, and told once.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tagwire::access::Right;
use tagwire::tags::Cleanup;
use tagwire::users::Plan;

use crate::deeds::{
    ADD, DELETE, DELETE_TAG, EDIT, EDIT_TAG, MAKE_TAG, MERGE_TAGS, REMOVE_ALIAS, TAG, UNTAG, array, each, refusal, text,
};
use crate::live::CHANGES;
use crate::support::{Person, Socket, TestApp};
use crate::tag_administration::names;
use crate::tags::{found, matching};

const WATCH: &str = "subscription($after: Cursor) { tagChanged(after: $after) { __typename cursor
    ... on TagsMerged { fromIds intoId into { name contactCount } actor { name } }
    ... on TagDeleted { tagId } ... on TagCreated { tagId }
    ... on ContactTagsChanged { contactId addedIds removedIds } } }";

const SOME: &str = "query($search: String) { tags(search: $search, first: 200) { nodes { id } } }";

async fn merge(person: &Person, from: &[&str], into: &str) -> Value {
    person.payload(MERGE_TAGS, json!({ "input": { "fromIds": from, "intoId": into } })).await
}

#[tokio::test]
async fn merged_tags_are_one_at_once_on_every_contact() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) =
            (company.user("Tina", &[Right::ManageTags, Right::DeleteContacts]).await, company.user("Bob", &[]).await);
        for (name, tags) in [
            ("Jan", vec!["client", "customer", "vip"]),
            ("Eva", vec!["client"]),
            ("Kim", vec!["Kunde", "client"]),
            ("Lea", vec!["customer"]),
            ("Tom", vec!["vip"]),
        ] {
            bob.adds(name, &tags).await;
        }
        let [client, kunde, customer] =
            [bob.tag_id("client").await, bob.tag_id("Kunde").await, bob.tag_id("customer").await];
        ann.does(EDIT_TAG, json!({ "input": { "id": client, "name": "good client" } })).await;
        let after = json!({ "after": bob.cursor().await });

        // The same tag twice is merged once.
        let merged = merge(&ann, &[&client, &kunde, &client], &customer).await["tag"].take();
        assert_eq!((&merged["id"], &merged["name"]), (&json!(customer), &json!("customer")));
        assert_eq!(merged["contactCount"], 4, "who had several counts once");
        assert_eq!(merged["aliases"], json!(["client", "good client", "Kunde"]));
        for name in ["customer", "CLIENT", "good client", "kunde"] {
            assert_eq!(
                matching(&bob, json!({ "tag": { "name": name } })).await,
                ["Eva", "Jan", "Kim", "Lea"],
                "{name}"
            );
        }
        for search in ["#good", "cli", "kun", "cust"] {
            assert_eq!(found(&bob, search).await, ["customer"], "{search}");
        }
        for gone in [&client, &kunde] {
            assert!(matching(&bob, json!({ "tag": { "id": gone } })).await.is_empty());
            let node = bob.query("query($id: ID!) { node(id: $id) { id } }", json!({ "id": gone })).await;
            assert_eq!(node["node"], Value::Null);
            let jan = bob.adds("Nobody", &[]).await;
            let input = json!({ "contactIds": [jan], "tagIds": [gone] });
            assert_eq!(bob.fails(TAG, json!({ "input": input })).await, "NOT_FOUND input.tagIds.0");
            ann.does(DELETE, json!({ "id": jan })).await;
        }
        let seen = async || {
            let document = "{ contacts { nodes { name tags { name } } } tags { nodes { name contactCount } } }";
            bob.query(document, json!({})).await
        };
        let expected = json!({
            "contacts": { "nodes": [
                { "name": "Eva", "tags": [{ "name": "customer" }] },
                { "name": "Jan", "tags": [{ "name": "customer" }, { "name": "vip" }] },
                { "name": "Kim", "tags": [{ "name": "customer" }] },
                { "name": "Lea", "tags": [{ "name": "customer" }] },
                { "name": "Tom", "tags": [{ "name": "vip" }] },
            ] },
            "tags": { "nodes": [{ "name": "customer", "contactCount": 4 }, { "name": "vip", "contactCount": 2 }] },
        });
        assert_eq!(seen().await, expected);
        Cleanup::once(&test.app.db).await.unwrap();
        assert_eq!(seen().await, expected, "what is cleaned up behind was gone already");

        let mut socket = bob.socket().await;
        socket.subscribe("1", CHANGES, json!({ "after": after["after"], "kinds": ["TAG"] })).await;
        let mut last = Value::Null;
        for (action, id) in [("REMOVED", &client), ("REMOVED", &kunde), ("UPDATED", &customer)] {
            let mut told = socket.event("1").await["changes"].take();
            assert_eq!((&told["action"], &told["nodeId"]), (&json!(action), &json!(id)));
            last = told["cursor"].take();
        }
        socket.subscribe("2", WATCH, after).await;
        let told = socket.event("2").await["tagChanged"].take();
        let expected = json!({ "__typename": "TagsMerged", "cursor": last, "fromIds": [client, kunde],
            "intoId": customer, "into": { "name": "customer", "contactCount": 4 }, "actor": { "name": "Tina" } });
        assert_eq!(told, expected, "once, behind all of it");
        let next = ann.does(MAKE_TAG, json!({ "input": { "name": "next" } })).await["tag"]["id"].take();
        assert_eq!(socket.event("2").await["tagChanged"]["tagId"], next);
    })
    .await;
}

#[tokio::test]
async fn a_merge_that_cannot_be_is_refused_whole() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        ann.adds("Jan", &["a", "b", "c"]).await;
        let [a, b, c] = [ann.tag_id("a").await, ann.tag_id("b").await, ann.tag_id("c").await];
        let after = ann.cursor().await;
        let many = vec![a.as_str(); 201];
        for (from, into, refused) in [
            (vec![], c.as_str(), "INVALID input.fromIds"),
            (many.clone(), &c, "INVALID input.fromIds"),
            (vec![&a, &c], &c, "INVALID input.fromIds.1"),
            (vec![&a, "garbage"], &c, "NOT_FOUND input.fromIds.1"),
            (vec![&a, &b], "garbage", "NOT_FOUND input.intoId"),
        ] {
            assert_eq!(refusal(&merge(ann, &from, into).await), refused, "{from:?}");
        }
        assert_eq!(ann.cursor().await, after);
        let bob = company.user("Bob", &[]).await;
        assert_eq!(refusal(&merge(&bob, &[&a], &c).await), "FORBIDDEN");
        merge(ann, &many[..200], &c).await;
        assert_eq!(names(ann, &c).await, ("c".to_owned(), vec!["a".to_owned()]));
        assert_eq!(refusal(&merge(ann, &[&a], &c).await), "NOT_FOUND input.fromIds.0", "it is gone");
        ann.does(DELETE_TAG, json!({ "id": b })).await;
        assert_eq!(refusal(&merge(ann, &[&c], &b).await), "NOT_FOUND input.intoId");
        // What was merged into it goes with it.
        merge(ann, &[&ann.tag_id("c").await], &text(&made(ann, "d").await)).await;
        ann.does(DELETE_TAG, json!({ "id": ann.tag_id("d").await })).await;
        assert_ne!(made(ann, "a").await, json!(a), "the name is free");
    })
    .await;
}

#[tokio::test]
async fn a_tag_has_no_more_aliases_than_anybody_can_look_through() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let many = |part: usize| (0..200).map(|number| format!("part{part} {number}")).collect::<Vec<_>>();
        for part in 0..5 {
            ann.does(ADD, json!({ "input": { "name": "Jan", "tags": many(part) } })).await;
        }
        let into = text(&made(&ann, "all").await);
        for part in 0..5 {
            let tags = ann.query(SOME, json!({ "search": format!("part{part}") })).await["tags"]["nodes"].take();
            let ids = each(&tags, "id");
            let from: Vec<&str> = ids.iter().map(String::as_str).collect();
            assert_eq!(merge(&ann, &from, &into).await["tag"]["contactCount"], part + 1);
        }
        assert_eq!(names(&ann, &into).await.1.len(), 1000);
        let one = text(&made(&ann, "one more").await);
        let after = ann.cursor().await;
        assert_eq!(refusal(&merge(&ann, &[&one], &into).await), "INVALID input");
        let renamed = json!({ "input": { "id": into, "name": "everything" } });
        assert_eq!(ann.fails(EDIT_TAG, renamed.clone()).await, "INVALID input");
        assert_eq!(ann.cursor().await, after);
        ann.does(EDIT_TAG, json!({ "input": { "id": into, "name": "part0 0" } })).await;
        ann.does(REMOVE_ALIAS, json!({ "tag": into, "alias": "all" })).await;
        ann.does(EDIT_TAG, renamed).await;
    })
    .await;
}

async fn made(person: &Person, name: &str) -> Value {
    person.does(MAKE_TAG, json!({ "input": { "name": name } })).await["tag"]["id"].take()
}

#[tokio::test]
async fn a_contact_keeps_its_place_in_the_list_of_a_merged_tag() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        for (number, name) in ["Dora", "Anna", "Carl", "Bert"].into_iter().enumerate() {
            ann.adds(name, &[["old", "new"][number % 2]]).await;
        }
        let (old, new) = (ann.tag_id("old").await, ann.tag_id("new").await);
        merge(&ann, &[&old], &new).await;
        let zoe = json!({ "input": { "id": contact(&ann, "Anna").await, "name": "Zoë" } });
        ann.does(EDIT, zoe).await;
        let list = "query($id: ID!, $after: String) { node(id: $id) { ... on Tag {
            contacts(first: 1, after: $after) { nodes { name } pageInfo { endCursor hasNextPage } } } } }";
        let (mut names, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = ann.query(list, json!({ "id": new, "after": after })).await["node"]["contacts"].take();
            names.extend(each(&page["nodes"], "name"));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(names, ["Bert", "Carl", "Dora", "Zoë"]);
    })
    .await;
}

async fn contact(person: &Person, name: &str) -> Value {
    let document = "query($text: String!) { contacts(filter: { text: $text }) { nodes { id } } }";
    person.query(document, json!({ "text": name })).await["contacts"]["nodes"][0]["id"].take()
}

/// Who carries which tags, as a client knows it that only listens.
async fn listen(socket: &mut Socket, until: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut picture: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let ids = |list: &Value| array(list).iter().map(text).collect::<Vec<_>>();
    loop {
        let told = socket.event("1").await["tagChanged"].take();
        match told["__typename"].as_str().unwrap() {
            "ContactTagsChanged" => {
                let tags = picture.entry(text(&told["contactId"])).or_default();
                for tag in ids(&told["removedIds"]) {
                    assert!(tags.remove(&tag), "not carried: {told}");
                }
                for tag in ids(&told["addedIds"]) {
                    assert!(tags.insert(tag), "carried already: {told}");
                }
            }
            "TagsMerged" => {
                for tags in picture.values_mut() {
                    let mut gone = false;
                    for from in ids(&told["fromIds"]) {
                        gone |= tags.remove(&from);
                    }
                    if gone {
                        tags.insert(text(&told["intoId"]));
                    }
                }
            }
            "TagDeleted" => {
                for tags in picture.values_mut() {
                    tags.remove(&text(&told["tagId"]));
                }
            }
            "TagCreated" if told["tagId"] == *until => break,
            _ => {}
        }
    }
    picture.retain(|_, tags| !tags.is_empty());
    picture
}

/// One of the things that people do all the time, drawn by chance.
async fn something(person: &Person, random: &mut StdRng, contacts: &[String], names: &[String]) {
    let mut draw = |list: &[String]| list[random.random_range(0..list.len())].clone();
    let some: Vec<String> = (0..4).map(|_| draw(contacts)).collect();
    let tags: Vec<String> = (0..3).map(|_| draw(names)).collect();
    let new_name = format!("Contact {}", draw(names));
    let named = json!({ "input": { "contactIds": some, "names": tags } });
    let matching = json!({ "input": { "filter": { "tag": { "name": tags[0] } }, "names": [tags[1]] } });
    let ids = async || {
        let mut ids = Vec::new();
        for name in &tags {
            ids.push(text(&made(person, name).await));
        }
        ids
    };
    let (document, variables) = match random.random_range(0..16) {
        0..=3 => (TAG, named),
        4 => (TAG, matching),
        5 => (UNTAG, named),
        6 => (UNTAG, matching),
        7 => (EDIT, json!({ "input": { "id": some[0], "tags": tags, "name": new_name } })),
        8 => {
            let input = json!({ "id": some[0], "addTags": [tags[0]], "removeTags": [tags[1]], "name": new_name });
            (EDIT, json!({ "input": input }))
        }
        9 => (ADD, json!({ "input": { "name": new_name, "tags": tags } })),
        10 => (DELETE, json!({ "id": some[0] })),
        11 => (DELETE_TAG, json!({ "id": ids().await[0] })),
        12 => (EDIT_TAG, json!({ "input": { "id": ids().await[0], "name": tags[1] } })),
        13 => (TAG, json!({ "input": { "contactIds": some, "tagIds": ids().await, "names": [tags[0]] } })),
        _ => {
            let ids = ids().await;
            (MERGE_TAGS, json!({ "input": { "fromIds": ids[..2], "intoId": ids[2] } }))
        }
    };
    // What somebody else deleted, merged or named meanwhile makes it a refusal, which is fine; a fault is none.
    person.payload(document, variables).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_links_and_events_agree_while_many_tag_merge_rename_and_delete_at_once() {
    TestApp::on_each_database(async |test| {
        for run in 0..10 {
            let ann = &test.workspace(Plan::Free).await.ann;
            let names: Vec<String> = (0..5).map(|number| format!("tag {number}")).collect();
            let mut socket = ann.socket().await;
            socket.subscribe("1", WATCH, json!({ "after": ann.cursor().await })).await;
            let add = |number| async move { ann.adds(&format!("Contact {number}"), &[]).await };
            let contacts = join_all((0..10).map(add)).await;
            let seed = rand::random::<u64>();
            join_all((0..5).map(|worker| {
                let (contacts, names) = (&contacts, &names);
                async move {
                    let mut random = StdRng::seed_from_u64(seed.wrapping_add(worker));
                    for _ in 0..14 {
                        something(ann, &mut random, contacts, names).await;
                    }
                }
            }))
            .await;

            let end = made(ann, "the end").await;
            let heard = listen(&mut socket, &end).await;
            let document = "{ contacts(first: 200) { nodes { id tags { id } } }
                tags(first: 20) { nodes { name contactCount contacts(first: 200) { totalCount nodes { name } } } } }";
            let seen = ann.query(document, json!({})).await;
            let carried: BTreeMap<_, BTreeSet<_>> = array(&seen["contacts"]["nodes"])
                .iter()
                .map(|contact| (text(&contact["id"]), each(&contact["tags"], "id").into_iter().collect()))
                .filter(|(_, tags): &(String, BTreeSet<String>)| !tags.is_empty())
                .collect();
            assert_eq!(heard, carried, "run {run}, seed {seed}");
            for tag in array(&seen["tags"]["nodes"]) {
                assert_eq!(tag["contactCount"], tag["contacts"]["totalCount"], "run {run}, seed {seed}: {tag}");
                let listed = each(&tag["contacts"]["nodes"], "name");
                assert_eq!(tag["contactCount"], listed.len(), "run {run}, seed {seed}: {tag}");
                assert!(listed.is_sorted(), "run {run}, seed {seed}: {tag}");
            }
            Cleanup::once(&test.app.db).await.unwrap();
            assert_eq!(ann.query(document, json!({})).await, seen, "run {run}, seed {seed}, cleaned up");
        }
    })
    .await;
}
