//! Groups of tags, and finding contacts by them.

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tagwire::users::Plan;

use crate::deeds::{DELETE_GROUP, EDIT_GROUP, EDIT_TAG, MAKE_GROUP, MAKE_TAG, TAG, array, each, refusal, text};
use crate::live::CHANGES;
use crate::support::{Person, TestApp};
use crate::tags::{MATCHING, matching};

const GROUPS: &str = "{ tagGroups { name position color tags { name color } } }";
const WATCH: &str = "subscription($after: Cursor) { tagChanged(after: $after) { __typename
    ... on TagGroupChanged { tagGroupId tagGroup { name position color } } } }";

/// The names of the groups in their order, which is dense.
async fn order(person: &Person) -> Vec<String> {
    let groups = person.query(GROUPS, json!({})).await["tagGroups"].take();
    for (place, group) in array(&groups).iter().enumerate() {
        assert_eq!(group["position"], place, "{groups}");
    }
    each(&groups, "name")
}

async fn makes_group(person: &Person, name: &str, position: Value) -> String {
    let input = json!({ "name": name, "color": "#1E90FF", "position": position });
    text(&person.does(MAKE_GROUP, json!({ "input": input })).await["tagGroup"]["id"])
}

#[tokio::test]
async fn groups_come_with_pro() {
    TestApp::on_each_database(async |test| {
        let free = test.workspace(Plan::Free).await.ann;
        let group = json!({ "name": "Status", "color": "#1e90ff" });
        assert_eq!(free.fails(MAKE_GROUP, json!({ "input": group })).await, "LICENSE_REQUIRED");
        assert_eq!(free.query("{ tagGroups { name } }", json!({})).await["tagGroups"], json!([]));

        let ann = test.workspace(Plan::Pro).await.ann;
        let status = ann.does(MAKE_GROUP, json!({ "input": group })).await["tagGroup"].take();
        assert_eq!((&status["color"], &status["position"]), (&json!("#1E90FF"), &json!(0)));
        let region = json!({ "name": "Region", "color": "#000000" });
        let region = ann.does(MAKE_GROUP, json!({ "input": region })).await["tagGroup"].take();
        assert_eq!(region["position"], 1);
        let taken = ann.payload(MAKE_GROUP, json!({ "input": { "name": " STATUS ", "color": "#FFFFFF" } })).await;
        assert_eq!(
            (refusal(&taken).as_str(), &taken["userErrors"][0]["conflictingId"]),
            ("CONFLICT input.name", &status["id"])
        );
        for (input, refused) in [
            (json!({ "name": "", "color": "#FFFFFF" }), "INVALID input.name"),
            (json!({ "name": "x", "color": "red" }), "INVALID input.color"),
            (json!({ "name": "x", "color": "#FFFFFF", "position": -1 }), "INVALID input.position"),
        ] {
            assert_eq!(ann.fails(MAKE_GROUP, json!({ "input": input })).await, refused);
        }

        let lead = json!({ "name": "lead", "groupId": status["id"] });
        let lead = ann.does(MAKE_TAG, json!({ "input": lead })).await["tag"].take();
        assert_eq!((&lead["color"], &lead["group"]["name"]), (&json!("#1E90FF"), &json!("Status")));
        let won = json!({ "name": "won", "groupId": status["id"], "color": "#00ff00" });
        assert_eq!(ann.does(MAKE_TAG, json!({ "input": won })).await["tag"]["color"], "#00FF00");
        let same = json!({ "name": "LEAD", "groupId": region["id"], "color": "#123456" });
        assert_eq!(ann.does(MAKE_TAG, json!({ "input": same })).await["tag"], lead, "an existing tag stays as it is");
        let nowhere = json!({ "input": { "name": "x", "groupId": lead["id"] } });
        assert_eq!(ann.fails(MAKE_TAG, nowhere).await, "NOT_FOUND input.groupId");
        let groups = ann.query("{ tagGroups { name tags { name } } }", json!({})).await["tagGroups"].take();
        let expected = json!([
            { "name": "Status", "tags": [{ "name": "lead" }, { "name": "won" }] },
            { "name": "Region", "tags": [] },
        ]);
        assert_eq!(groups, expected);
        let of_group = "query($id: ID!) { tags(groupId: $id) { totalCount } }";
        assert_eq!(ann.query(of_group, json!({ "id": status["id"] })).await["tags"]["totalCount"], 2);
    })
    .await;
}

#[tokio::test]
async fn contacts_are_found_by_tag_group_or_none_at_all() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Pro).await.ann;
        let group = ann.does(MAKE_GROUP, json!({ "input": { "name": "Status", "color": "#1E90FF" } })).await;
        let group = group["tagGroup"]["id"].clone();
        ann.does(MAKE_TAG, json!({ "input": { "name": "lead", "groupId": group } })).await;
        for (name, tags) in [("Jan", vec!["lead", "vip"]), ("Eva", vec!["vip"]), ("Kim", vec![])] {
            ann.adds(name, &tags).await;
        }
        let vip = ann.tag_id("vip").await;
        for (tag, names) in [
            (json!({ "id": vip }), vec!["Eva", "Jan"]),
            (json!({ "name": "#LEAD" }), vec!["Jan"]),
            (json!({ "name": "nobody has it" }), vec![]),
            (json!({ "name": "\0" }), vec![]),
            (json!({ "groupId": group }), vec!["Jan"]),
            (json!({ "untagged": true }), vec!["Kim"]),
            (json!({ "untagged": false }), vec!["Eva", "Jan"]),
            (json!({ "id": group }), vec![]),
            (json!({ "id": "garbage" }), vec![]),
            (json!({ "groupId": vip }), vec![]),
        ] {
            assert_eq!(matching(&ann, json!({ "tag": tag })).await, names, "{tag}");
            let others: Vec<_> = ["Eva", "Jan", "Kim"].into_iter().filter(|name| !names.contains(name)).collect();
            assert_eq!(matching(&ann, json!({ "not": { "tag": tag } })).await, others, "not {tag}");
        }
        for tag in [json!({}), json!({ "name": "vip", "untagged": false }), json!({ "id": null })] {
            let refused = ann.ask(MATCHING, json!({ "filter": { "tag": tag } })).await;
            assert_eq!(refused.code(), "BAD_USER_INPUT", "{tag}");
        }
    })
    .await;
}

#[tokio::test]
async fn groups_stand_in_an_order_without_holes() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Pro).await.ann;
        let b = makes_group(&ann, "b", Value::Null).await;
        let d = makes_group(&ann, "d", json!(7)).await;
        makes_group(&ann, "a", json!(0)).await;
        makes_group(&ann, "c", json!(2)).await;
        assert_eq!(order(&ann).await, ["a", "b", "c", "d"]);
        let after = ann.cursor().await;
        let moves = async |id: &str, position: i32| {
            let input = json!({ "id": id, "position": position });
            ann.does(EDIT_GROUP, json!({ "input": input })).await["tagGroup"]["position"].take()
        };
        assert_eq!(moves(&b, 1).await, 1, "where it stands already");
        assert_eq!(ann.cursor().await, after);
        assert_eq!(moves(&d, 1).await, 1);
        assert_eq!(order(&ann).await, ["a", "d", "b", "c"]);
        // It and those that moved are told, each with its new place.
        let mut socket = ann.socket().await;
        socket.subscribe("1", WATCH, json!({ "after": after })).await;
        let mut told = Vec::new();
        for _ in 0..3 {
            let group = socket.event("1").await["tagChanged"]["tagGroup"].take();
            told.push((text(&group["name"]), group["position"].clone()));
        }
        told.sort_unstable_by_key(|(name, _)| name.clone());
        let expected = [("b", 2), ("c", 3), ("d", 1)].map(|(name, place)| (name.to_owned(), json!(place)));
        assert_eq!(told, expected);

        assert_eq!(moves(&b, 0).await, 0);
        assert_eq!(moves(&d, i32::MAX).await, 3, "at the end");
        assert_eq!(order(&ann).await, ["b", "a", "c", "d"]);
        ann.does(DELETE_GROUP, json!({ "id": b })).await;
        assert_eq!(order(&ann).await, ["a", "c", "d"]);
    })
    .await;
}

#[tokio::test]
async fn a_changed_group_changes_the_look_of_its_tags() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Pro).await.ann;
        let status = makes_group(&ann, "Status", Value::Null).await;
        let region = makes_group(&ann, "Region", Value::Null).await;
        ann.does(MAKE_TAG, json!({ "input": { "name": "lead", "groupId": status } })).await;
        ann.does(MAKE_TAG, json!({ "input": { "name": "won", "groupId": status, "color": "#00FF00" } })).await;
        ann.adds("Jan", &["lead", "won"]).await;
        let changed = json!({ "input": { "id": status, "name": "State", "color": "#abcdef" } });
        let changed = ann.does(EDIT_GROUP, changed).await["tagGroup"].take();
        let expected = json!({ "id": status, "name": "State", "color": "#ABCDEF", "position": 0 });
        assert_eq!(changed, expected);
        let seen = async || {
            let seen = ann.query("{ contacts { nodes { tags { name color group { name } } } } }", json!({})).await;
            seen["contacts"]["nodes"][0]["tags"].clone()
        };
        let look = |group: Value, color: Value| {
            json!([
                { "name": "lead", "color": color, "group": group },
                { "name": "won", "color": "#00FF00", "group": group },
            ])
        };
        assert_eq!(seen().await, look(json!({ "name": "State" }), json!("#ABCDEF")));

        let after = ann.cursor().await;
        // Its own name, typed otherwise, is no conflict.
        ann.does(EDIT_GROUP, json!({ "input": { "id": status, "name": "State" } })).await;
        ann.does(EDIT_GROUP, json!({ "input": { "id": status } })).await;
        let taken = ann.payload(EDIT_GROUP, json!({ "input": { "id": status, "name": " REGION" } })).await;
        assert_eq!(
            (refusal(&taken).as_str(), &taken["userErrors"][0]["conflictingId"]),
            ("CONFLICT input.name", &json!(region))
        );
        for (input, refused) in [
            (json!({ "id": status, "name": null }), "INVALID input.name"),
            (json!({ "id": status, "name": "a\nb" }), "INVALID input.name"),
            (json!({ "id": status, "color": null }), "INVALID input.color"),
            (json!({ "id": status, "color": "blue", "name": "x" }), "INVALID input.color"),
            (json!({ "id": status, "position": -1 }), "INVALID input.position"),
            (json!({ "id": status, "position": null }), "INVALID input.position"),
            (json!({ "id": "garbage", "name": "x" }), "NOT_FOUND input.id"),
        ] {
            assert_eq!(ann.fails(EDIT_GROUP, json!({ "input": input })).await, refused, "{input}");
        }
        assert_eq!(ann.fails(DELETE_GROUP, json!({ "id": "garbage" })).await, "NOT_FOUND id");
        assert_eq!(ann.cursor().await, after);

        // A deleted group's tags stay; its removal is all that is told, and tells it.
        let mut socket = ann.socket().await;
        socket.subscribe("1", WATCH, json!({ "after": after })).await;
        socket.subscribe("2", CHANGES, json!({ "after": after })).await;
        assert_eq!(ann.does(DELETE_GROUP, json!({ "id": status })).await["deletedId"], json!(status));
        assert_eq!(seen().await, look(Value::Null, Value::Null));
        assert_eq!(matching(&ann, json!({ "tag": { "groupId": status } })).await, Vec::<String>::new());
        ann.does(EDIT_TAG, json!({ "input": { "id": ann.tag_id("lead").await, "groupId": region } })).await;
        assert_eq!(seen().await[0]["color"], "#1E90FF");
        let (mut of_tags, mut of_all) = (Vec::new(), Vec::new());
        // The group is gone, another moved up, a tag changed.
        for _ in 0..6 {
            let mut message = socket.next().await;
            let data = message["payload"]["data"].take();
            match message["id"].as_str() {
                Some("1") => of_tags.push(data["tagChanged"].clone()),
                _ => of_all.push(format!("{} {}", text(&data["changes"]["kind"]), text(&data["changes"]["action"]))),
            }
        }
        assert_eq!(of_all, ["TAG_GROUP REMOVED", "TAG_GROUP UPDATED", "TAG UPDATED"]);
        assert_eq!(of_tags[0], json!({ "__typename": "TagGroupChanged", "tagGroupId": status, "tagGroup": null }));
        assert_eq!(order(&ann).await, ["Region"]);
    })
    .await;
}

#[tokio::test]
async fn after_a_downgrade_groups_are_read_and_not_written() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Enterprise).await.ann;
        let status = makes_group(&ann, "Status", Value::Null).await;
        makes_group(&ann, "Region", Value::Null).await;
        let lead = json!({ "input": { "name": "lead", "groupId": status } });
        let lead = ann.does(MAKE_TAG, lead).await["tag"]["id"].take();
        let jan = ann.adds("Jan", &["lead"]).await;
        let before = ann.query(GROUPS, json!({})).await;
        let downgrade = "UPDATE workspace SET granted_edition = 'FREE'";
        test.app.db.writer().execute_unprepared(downgrade).await.unwrap();
        for (document, variables) in [
            (MAKE_GROUP, json!({ "input": { "name": "New", "color": "#000000" } })),
            (EDIT_GROUP, json!({ "input": { "id": status, "name": "New" } })),
            (EDIT_GROUP, json!({ "input": { "id": status, "position": 1 } })),
            (DELETE_GROUP, json!({ "id": status })),
            (MAKE_TAG, json!({ "input": { "name": "new", "groupId": status } })),
            (EDIT_TAG, json!({ "input": { "id": lead, "groupId": null, "name": "new" } })),
        ] {
            assert_eq!(ann.fails(document, variables.clone()).await, "LICENSE_REQUIRED", "{variables}");
        }
        assert_eq!(ann.query(GROUPS, json!({})).await, before);
        assert_eq!(matching(&ann, json!({ "tag": { "groupId": status } })).await, ["Jan"]);
        // Its tags are tags like others, and may come along with the group they have.
        let edited = json!({ "input": { "id": lead, "groupId": status, "name": "lead!", "color": "#123456" } });
        let edited = ann.does(EDIT_TAG, edited).await["tag"].take();
        assert_eq!((&edited["color"], &edited["group"]["name"]), (&json!("#123456"), &json!("Status")));
        let recolored = ann.does(EDIT_TAG, json!({ "input": { "id": lead, "color": null } })).await["tag"].take();
        assert_eq!(recolored["color"], "#1E90FF");
        ann.does(TAG, json!({ "input": { "contactIds": [jan], "names": ["lead", "other"] } })).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_order_stays_dense_while_several_write_groups_and_use_their_tags() {
    TestApp::on_each_database(async |test| {
        let ann = &test.workspace(Plan::Pro).await.ann;
        let jan = ann.adds("Jan", &[]).await;
        for round in 0..8 {
            let first = makes_group(ann, &format!("{round} first"), json!(0)).await;
            let doomed = makes_group(ann, &format!("{round} doomed"), json!(1)).await;
            let tags: Vec<String> = (0..4).map(|number| format!("{round} tag {number}")).collect();
            for tag in &tags {
                ann.does(MAKE_TAG, json!({ "input": { "name": tag, "groupId": doomed } })).await;
            }
            let backwards: Vec<_> = tags.iter().rev().collect();
            let into = json!({ "input": { "id": ann.tag_id(&tags[0]).await, "groupId": doomed, "color": "#000000" } });
            let make = json!({ "input": { "name": format!("{round} new"), "groupId": doomed } });
            let (same, other) = (format!("{round} same"), format!("{round} other"));
            let group = |name: &str, position: i32| {
                json!({ "input": { "name": name, "color": "#000000", "position": position } })
            };
            let (one, two, _, _, _, _, _) = tokio::join!(
                ann.payload(MAKE_GROUP, group(&same, 0)),
                ann.payload(MAKE_GROUP, group(&same.to_uppercase(), 1)),
                ann.does(MAKE_GROUP, group(&other, 2)),
                ann.does(EDIT_GROUP, json!({ "input": { "id": first, "position": 3 } })),
                ann.does(TAG, json!({ "input": { "contactIds": [jan], "names": backwards } })),
                async { (ann.payload(EDIT_TAG, into).await, ann.payload(MAKE_TAG, make).await) },
                ann.does(DELETE_GROUP, json!({ "id": doomed })),
            );
            let refused = [&one, &two].iter().filter(|made| made["userErrors"] != json!([])).count();
            assert_eq!(refused, 1, "{one} {two}");
            assert_eq!(order(ann).await.len(), 3 * (round + 1));
            let groups = ann.query(GROUPS, json!({})).await;
            assert!(array(&groups["tagGroups"]).iter().all(|group| group["tags"] == json!([])), "{groups}");
        }
    })
    .await;
}
