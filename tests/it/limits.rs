//! What is at a limit is kept as it is, and what is far beyond one is refused without harm.

use serde_json::{Value, json};
use tagwire::users::Plan;

use crate::deeds::{ADD, TAG, UNTAG, each, text};
use crate::support::TestApp;

#[tokio::test]
async fn more_tags_than_anybody_has_are_refused() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let jan = ann.adds("Jan", &["hot"]).await;
        let (hot, before) = (ann.tag_id("hot").await, ann.cursor().await);
        for document in [TAG, UNTAG] {
            let many = json!({ "input": { "contactIds": [jan], "tagIds": vec![&hot; 40_000] } });
            assert_eq!(ann.fails(document, many).await, "INVALID input.tagIds");
        }
        assert_eq!(ann.cursor().await, before);
    })
    .await;
}

#[tokio::test]
async fn what_is_at_a_limit_is_kept_as_it_is() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        // U+FDFA is eighteen characters to a search, and each word of a name is an entry of an index.
        let names = [
            ("ﷺ".repeat(200), "ﷺ".repeat(100)),
            ("𒀀".repeat(200), ["a"; 50].join(" ")),
            ("é-".repeat(100), ["日本"; 33].join(" ")),
        ];
        for (name, tag) in names {
            let label = "ß".repeat(50);
            let phones: Vec<Value> = (0..50).map(|number| json!({ "number": format!("+{number}"), "label": label })).collect();
            let emails: Vec<Value> = (0..50)
                .map(|number| json!({ "address": format!("a{number}.{}@acme.test", rand::random::<u32>()), "label": label }))
                .collect();
            let input = json!({
                "name": name, "company": "ß".repeat(200), "jobTitle": "ß".repeat(200), "notes": "𒀀".repeat(20_000),
                "emails": emails, "phones": phones, "tags": [tag],
            });
            let made = text(&ann.does(ADD, json!({ "input": input })).await["contact"]["id"]);
            let seen = ann.query(
                "query($id: ID!) { contact(id: $id) { name company jobTitle notes emails { address label }
                     phones { number label } tags { name } } }",
                json!({ "id": made }),
            );
            let mut seen = seen.await["contact"].take();
            seen["tags"] = json!(each(&seen["tags"], "name"));
            assert_eq!(seen, input);
        }
    })
    .await;
}
