//! Two processes on one database hear of each other.

use std::time::Duration;

use serde_json::json;
use tagwire::app::App;
use tagwire::config::Config;
use tagwire::users::Plan;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::deeds::MAKE_TAG;
use crate::support::{TestApp, http};

/// Far more than the second between two looks at the log takes; nobody waits for it but in vain.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn what_one_process_writes_the_other_tells() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let bob = company.user("Bob", &[]).await;
        let mut here = company.ann.socket().await;
        let mut bobs = bob.socket().await;
        let events = "subscription { tagChanged { ... on TagCreated { tag { name contactCount } actor { name } } } }";
        here.subscribe("1", events, json!({})).await;
        // The answer to a query says that what was asked before it is going.
        here.subscribe("2", "{ __typename }", json!({})).await;
        here.event("2").await;
        assert_eq!(here.next().await["type"], "complete");

        let other = App::build(Config::clone(&test.app.config), test.app.clock.clone()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(tagwire::http::serve(other.clone(), listener, shutdown.clone()));
        let there = async |token: &str, query: &str, variables| {
            let body = json!({ "query": query, "variables": variables });
            let answer = http::graphql(&url).bearer(token).json(&body).await.json();
            assert!(answer.get("errors").is_none(), "{answer}");
        };

        there(&company.ann.token, MAKE_TAG, json!({ "input": { "name": "from afar" } })).await;
        let told = tokio::time::timeout(PATIENCE, here.event("1")).await.expect("it is told");
        let expected = json!({ "tag": { "name": "from afar", "contactCount": 0 }, "actor": { "name": "Ann" } });
        assert_eq!(told["tagChanged"], expected);

        // Also that a sign-in ended.
        there(&bob.token, "mutation { signOut { userErrors { message } } }", json!({})).await;
        let closed = tokio::time::timeout(PATIENCE, bobs.closed()).await.expect("it is closed");
        assert_eq!(closed.0, 4403);

        shutdown.cancel();
        serving.await.unwrap();
        other.db.close().await;
    })
    .await;
}
