//! What is at a limit is kept as it is, and what is far beyond one is refused without harm.

use sea_orm::{ConnectionTrait, DbBackend, TransactionTrait};
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

#[tokio::test]
async fn what_takes_too_long_is_given_up_and_changes_nothing() {
    TestApp::on_each_database_with(&[("TAGWIRE_LIMIT_REQUEST_SECONDS", "1")], async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let input = json!({ "input": { "name": "Jan", "tags": ["hot"] } });
        let holding = test.app.db.writer().begin().await.unwrap();
        if test.app.db.backend() == DbBackend::Postgres {
            holding.execute_unprepared("LOCK TABLE contact IN EXCLUSIVE MODE").await.unwrap();
        }
        let answer = ann.ask(ADD, input.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (504, "TIMEOUT"));
        let mut socket = ann.socket().await;
        socket.subscribe("slow", ADD, input.clone()).await;
        let told = socket.next().await;
        assert_eq!(told["payload"][0]["extensions"]["code"], "TIMEOUT", "{told}");
        // Reading goes on meanwhile.
        let count = "{ contacts { totalCount } tags { totalCount } }";
        let none = json!({ "contacts": { "totalCount": 0 }, "tags": { "totalCount": 0 } });
        assert_eq!(ann.query(count, json!({})).await, none);
        holding.rollback().await.unwrap();
        ann.does(ADD, input).await;
        let one = json!({ "contacts": { "totalCount": 1 }, "tags": { "totalCount": 1 } });
        assert_eq!(ann.query(count, json!({})).await, one);
    })
    .await;
}
