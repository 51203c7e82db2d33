//! Groups of tags, and finding contacts by them.

use serde_json::json;
use tagwire::users::Plan;

use crate::deeds::{MAKE_GROUP, MAKE_TAG, refusal};
use crate::support::TestApp;
use crate::tags::{MATCHING, matching};

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
