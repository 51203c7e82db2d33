//! `graphql-transport-ws`, frame by frame.

use std::time::Duration;

use hyper::StatusCode;
use serde_json::{Value, json};
use tagwire::users::Plan;

use crate::support::{Socket, TestApp};

const TAGS: &str =
    "subscription Tags($after: Cursor) { tagChanged(after: $after) { cursor ... on TagCreated { tag { name } } } }";
const CREATE_TAG: &str =
    "mutation Make($input: CreateTagInput!) { createTag(input: $input) { tag { name } userErrors { message } } }";
const USERS: &str = "subscription { changes(kinds: [USER]) { cursor } }";

#[tokio::test]
async fn only_our_subprotocol_is_spoken() {
    let test = TestApp::on_sqlite(&[]).await;
    let mut silent = Socket::offer(&test.url, None, None).await.unwrap();
    assert_eq!(silent.closed().await.0, 4406);
    let mut both = Socket::offer(&test.url, Some("graphql-ws, graphql-transport-ws"), None).await.unwrap();
    assert_eq!(both.protocol.as_deref(), Some("graphql-transport-ws"));
    both.begin(None).await;
    test.stop().await;
}

#[tokio::test]
async fn only_pages_of_allowed_origins_may_open_one() {
    let test = TestApp::on_sqlite(&[("TAGWIRE_ALLOWED_ORIGINS", "https://crm.example")]).await;
    for origin in [test.url.as_str(), "https://crm.example"] {
        assert!(Socket::offer(&test.url, Some("graphql-transport-ws"), Some(origin)).await.is_ok(), "{origin}");
    }
    for origin in ["https://elsewhere.example", "null", ""] {
        let refused = Socket::offer(&test.url, Some("graphql-transport-ws"), Some(origin)).await;
        assert_eq!(refused.map(|_| ()).unwrap_err().status(), StatusCode::FORBIDDEN, "{origin}");
    }
    test.stop().await;
}

#[tokio::test]
async fn there_is_room_for_a_set_number_of_them() {
    let test = TestApp::on_sqlite(&[("TAGWIRE_LIMIT_SOCKETS", "1")]).await;
    let first = Socket::open(&test.url).await;
    let refused = Socket::offer(&test.url, Some("graphql-transport-ws"), None).await;
    assert_eq!(refused.map(|_| ()).unwrap_err().status(), StatusCode::SERVICE_UNAVAILABLE);
    drop(first);
    while Socket::offer(&test.url, Some("graphql-transport-ws"), None).await.is_err() {
        tokio::task::yield_now().await;
    }
    test.stop().await;
}

#[tokio::test]
async fn whoever_breaks_the_rules_is_told_which() {
    let test = TestApp::on_sqlite(&[]).await;
    let subscribe = json!({ "type": "subscribe", "id": "1", "payload": { "query": "{ __typename }" } });
    let init = json!({ "type": "connection_init" });
    let wrong = json!({ "type": "connection_init", "payload": { "authorization": "Bearer nonsense" } });
    let stories: Vec<(Vec<Value>, u16)> = vec![
        (vec![], 4408),
        (vec![subscribe.clone()], 4401),
        (vec![init.clone(), init.clone()], 4429),
        (vec![wrong], 4403),
        (vec![json!({ "type": "connection_init", "payload": { "Authorization": 1 } })], 4403),
        (vec![json!({ "type": "connection_init", "payload": [] })], 4400),
        (vec![init.clone(), json!({ "type": "x".repeat(500) })], 4400),
        (vec![init.clone(), json!({ "type": "ü".repeat(200) })], 4400),
        (vec![init.clone(), json!([])], 4400),
        (vec![init.clone(), json!({ "type": "subscribe", "id": "1", "payload": {} })], 4400),
        (vec![init.clone(), json!({ "type": "subscribe", "id": "", "payload": { "query": "{ __typename }" } })], 4400),
        (vec![init.clone(), json!({ "type": "complete" })], 4400),
    ];
    for (messages, code) in stories {
        let mut socket = Socket::open(&test.url).await;
        for message in &messages {
            socket.send(message.clone()).await;
        }
        let (closed, reason) = socket.closed().await;
        assert_eq!(closed, code, "{messages:?}");
        assert!(!reason.is_empty() && reason.len() <= 123, "{reason}");
    }
    test.stop().await;
}

#[tokio::test]
async fn a_message_too_big_ends_the_conversation() {
    let test = TestApp::on_sqlite(&[("TAGWIRE_LIMIT_SOCKET_MESSAGE_BYTES", "2000")]).await;
    let mut socket = Socket::open(&test.url).await;
    socket.begin(None).await;
    socket.subscribe("1", &format!("{{ __typename {} }}", " ".repeat(3000)), json!({})).await;
    assert_eq!(socket.closed().await.0, 1009);
    test.stop().await;
}

#[tokio::test]
async fn two_subscriptions_hear_the_same_in_the_same_order_and_one_can_end() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let bob = company.user("Bob", &[]).await;
        let after = company.ann.query("{ cursor }", json!({})).await["cursor"].clone();
        let mut socket = bob.socket().await;
        for id in ["a", "b"] {
            socket.subscribe(id, TAGS, json!({ "after": after })).await;
        }
        let names = ["one", "two", "three"];
        for name in names {
            company.ann.query(CREATE_TAG, json!({ "input": { "name": name } })).await;
        }
        let mut told: [Vec<String>; 2] = Default::default();
        while told.iter().any(|names| names.len() < 3) {
            let message = socket.next().await;
            let name = message["payload"]["data"]["tagChanged"]["tag"]["name"].as_str().unwrap().to_owned();
            told[usize::from(message["id"] == "b")].push(name);
        }
        assert_eq!(told, [names, names]);

        socket.send(json!({ "type": "complete", "id": "a" })).await;
        socket.send(json!({ "type": "ping" })).await;
        assert_eq!(socket.next().await, json!({ "type": "pong" }));
        company.ann.query(CREATE_TAG, json!({ "input": { "name": "four" } })).await;
        assert_eq!(socket.event("b").await["tagChanged"]["tag"]["name"], "four");
        socket.subscribe("b", TAGS, json!({})).await;
        assert_eq!(socket.closed().await.0, 4409);
    })
    .await;
}

#[tokio::test]
async fn a_busy_subscription_leaves_the_others_their_turn() {
    let test = TestApp::on_sqlite(&[]).await;
    let company = test.workspace(Plan::Free).await;
    let after = company.ann.query("{ cursor }", json!({})).await["cursor"].clone();
    let input: Vec<_> = (0..60).map(|n| format!("a{n}")).collect();
    for name in &input {
        company.ann.query(CREATE_TAG, json!({ "input": { "name": name } })).await;
    }
    let mut socket = company.ann.socket().await;
    for id in ["busy", "other"] {
        socket.subscribe(id, TAGS, json!({ "after": after })).await;
    }
    socket.subscribe("query", "{ viewer { name } }", json!({})).await;
    let mut before = 0;
    while socket.next().await["id"] != "query" {
        before += 1;
    }
    assert!(before < 60, "the query waited for {before} events of others");
    test.stop().await;
}

#[tokio::test]
async fn refusals_are_errors_and_the_id_is_free_again() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let mut socket = company.ann.socket().await;
        for (query, variables, code) in [
            ("{", json!({}), "GRAPHQL_PARSE_FAILED"),
            ("{ nonsense }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { nonsense }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
            ("query($id: ID!) { node(id: $id) { id } }", json!({}), "BAD_USER_INPUT"),
            (TAGS, json!({ "after": "forged" }), "CURSOR_INVALID"),
        ] {
            socket.subscribe("1", query, variables).await;
            let message = socket.next().await;
            assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!("1")), "{query}");
            assert_eq!(message["payload"][0]["extensions"]["code"], code, "{query}");
        }
        socket.subscribe("1", "{ viewer { name } }", json!({})).await;
        assert_eq!(socket.event("1").await, json!({ "viewer": { "name": "Ann" } }));
        assert_eq!(socket.next().await, json!({ "type": "complete", "id": "1" }));
    })
    .await;
}

#[tokio::test]
async fn operations_at_once_are_limited() {
    let test = TestApp::on_sqlite(&[("TAGWIRE_LIMIT_SOCKET_OPERATIONS", "3")]).await;
    let company = test.workspace(Plan::Free).await;
    let mut socket = company.ann.socket().await;
    for id in ["1", "2", "3", "4"] {
        socket.subscribe(id, TAGS, json!({})).await;
    }
    let refused = socket.next().await;
    assert_eq!((&refused["id"], &refused["payload"][0]["extensions"]["code"]), (&json!("4"), &json!("TOO_COMPLEX")));
    socket.send(json!({ "type": "complete", "id": "2" })).await;
    socket.subscribe("4", "{ __typename }", json!({})).await;
    assert_eq!(socket.event("4").await, json!({ "__typename": "Query" }));
    test.stop().await;
}

#[tokio::test]
async fn a_socket_ends_with_its_session() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let mut signed_out = company.ann.again(test).await.socket().await;
        let other = company.ann.again(test).await;
        let mut ours = other.socket().await;
        other.query("mutation { signOut { userErrors { message } } }", json!({})).await;
        assert_eq!(ours.closed().await.0, 4403);

        test.app.clock.advance(Duration::from_secs(31 * 24 * 60 * 60));
        assert_eq!(signed_out.closed().await.0, 4403);
    })
    .await;
}

#[tokio::test]
async fn somebody_signed_out_sees_no_changes() {
    let test = TestApp::on_sqlite(&[]).await;
    let mut socket = Socket::open(&test.url).await;
    socket.begin(None).await;
    socket.subscribe("1", TAGS, json!({})).await;
    let message = socket.next().await;
    assert_eq!(
        (&message["type"], &message["payload"][0]["extensions"]["code"]),
        (&json!("error"), &json!("UNAUTHENTICATED"))
    );
    test.stop().await;
}

#[tokio::test]
async fn pings_tell_an_idle_subscriber_how_far_it_has_come() {
    let test = TestApp::on_sqlite(&[]).await;
    let company = test.workspace(Plan::Free).await;
    let mut socket = company.ann.socket().await;
    socket.subscribe("1", USERS, json!({})).await;
    company.ann.query(CREATE_TAG, json!({ "input": { "name": "not a user" } })).await;
    let head = company.ann.query("{ cursor }", json!({})).await["cursor"].clone();
    assert_eq!(socket.next_or_ping().await, json!({ "type": "ping", "payload": { "cursor": head } }));
    test.stop().await;
}
