//! GraphQL over server-sent events, distinct connections mode.

use std::time::Duration;

use axum::body::Body;
use futures_util::StreamExt;
use hyper::StatusCode;
use serde_json::{Value, json};
use tagwire::users::Plan;

use crate::support::{Person, TestApp, http};

const TAGS: &str =
    "subscription Tags($after: Cursor) { tagChanged(after: $after) { cursor ... on TagCreated { tag { name } } } }";
const CREATE_TAG: &str =
    "mutation Make($input: CreateTagInput!) { createTag(input: $input) { tag { name } userErrors { message } } }";

/// The text of a stream as it comes.
struct Events {
    body: axum::body::BodyDataStream,
    text: String,
}

impl Events {
    async fn open(test: &TestApp, person: &Person, query: &str, variables: Value) -> Self {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let call = http::graphql(&test.url).bearer(&person.token).header("accept", "text/event-stream");
        let answer = call.header("content-type", "application/json").body(body).open().await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
        Self { body: Body::new(answer.into_body()).into_data_stream(), text: String::new() }
    }

    /// The next block of lines; none at the end.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let chunk =
                tokio::time::timeout(Duration::from_secs(30), self.body.next()).await.expect("something comes in time");
            self.text += std::str::from_utf8(&chunk?.ok()?).unwrap();
        }
    }

    async fn event(&mut self) -> Value {
        let block = self.next().await.expect("an event");
        let data = block.strip_prefix("event: next\ndata: ").unwrap_or_else(|| panic!("no event: {block}"));
        serde_json::from_str(data).unwrap()
    }
}

#[tokio::test]
async fn a_query_is_one_event_and_the_end() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let mut events = Events::open(test, &company.ann, "{ viewer { name } }", json!({})).await;
        assert_eq!(events.event().await, json!({ "data": { "viewer": { "name": "Ann" } } }));
        assert_eq!(events.next().await.as_deref(), Some("event: complete\ndata:"));
        assert_eq!(events.next().await, None);
    })
    .await;
}

#[tokio::test]
async fn a_subscriber_hears_what_a_colleague_does_and_the_stream_ends_with_the_session() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let bob = company.user("Bob", &[]).await;
        let after = company.ann.query("{ cursor }", json!({})).await["cursor"].clone();
        let mut events = Events::open(test, &bob, TAGS, json!({ "after": after })).await;
        company.ann.query(CREATE_TAG, json!({ "input": { "name": "hot prospect" } })).await;
        assert_eq!(events.event().await["data"]["tagChanged"]["tag"]["name"], "hot prospect");

        bob.query("mutation { signOut { userErrors { message } } }", json!({})).await;
        while let Some(block) = events.next().await {
            assert!(block.starts_with(':'), "nothing but comments, and no complete: {block}");
        }
    })
    .await;
}

#[tokio::test]
async fn comments_tell_an_idle_subscriber_how_far_it_has_come() {
    let test = TestApp::on_sqlite(&[]).await;
    let company = test.workspace(Plan::Free).await;
    let query = "subscription { changes(kinds: [USER]) { cursor } }";
    let mut events = Events::open(&test, &company.ann, query, json!({})).await;
    company.ann.query(CREATE_TAG, json!({ "input": { "name": "not a user" } })).await;
    let block = events.next().await.unwrap();
    let told: Value = serde_json::from_str(block.strip_prefix(": ").unwrap()).unwrap();
    assert_eq!(told["cursor"], company.ann.query("{ cursor }", json!({})).await["cursor"]);
    test.stop().await;
}

#[tokio::test]
async fn a_mistake_is_told_before_the_stream_begins() {
    let test = TestApp::on_sqlite(&[]).await;
    for (query, token, status) in [
        ("{ nonsense }", None, StatusCode::BAD_REQUEST),
        ("{ __typename }", Some("nonsense"), StatusCode::UNAUTHORIZED),
    ] {
        let mut call = http::graphql(&test.url).header("accept", "text/event-stream");
        if let Some(token) = token {
            call = call.bearer(token);
        }
        let answer = call.json(&json!({ "query": query })).await;
        assert_eq!(answer.status, status);
        assert!(answer.header("content-type").starts_with("application/json"));
    }
    test.stop().await;
}
