//! GraphQL over HTTP, beyond what the public audit suite asks (`tests/clients` runs that one).

use hyper::{Method, StatusCode};
use serde_json::json;
use tagwire::users::Plan;

use crate::support::people::PASSWORD;
use crate::support::{TestApp, http};

const SIGN_IN: &str =
    "mutation SignIn($input: SignInInput!) { signIn(input: $input) { token userErrors { code retryAt } } }";
const CREATE_TAG: &str =
    "mutation Make($input: CreateTagInput!) { createTag(input: $input) { tag { name } userErrors { message } } }";

#[tokio::test]
async fn a_signed_out_client_can_sign_in_and_then_ask() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let input = json!({ "input": { "email": company.ann.email, "password": PASSWORD } });
        let answer = http::graphql(&test.url).json(&json!({ "query": SIGN_IN, "variables": input })).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let token = answer.json()["data"]["signIn"]["token"].as_str().unwrap().to_owned();

        let me = json!({ "query": "{ viewer { email } }" });
        let answer = http::graphql(&test.url).bearer(&token).json(&me).await;
        assert_eq!(answer.json(), json!({ "data": { "viewer": { "email": company.ann.email } } }));

        let answer = http::graphql(&test.url).json(&json!({ "query": "{ tags { nodes { name } } }" })).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::OK, "UNAUTHENTICATED"));
    })
    .await;
}

#[tokio::test]
async fn a_token_that_is_not_valid_or_has_ended_is_refused_with_401() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let ask = json!({ "query": "{ __typename }" });
        let refused = async |authorization: &str| {
            let answer = http::graphql(&test.url).header("authorization", authorization).json(&ask).await;
            assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"));
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
        };
        for authorization in ["Bearer nonsense", "Bearer ", "Basic YW5uOnB3", "nonsense"] {
            refused(authorization).await;
        }
        let over = company.ann.again(test).await;
        over.query("mutation { signOut { userErrors { message } } }", json!({})).await;
        refused(&format!("Bearer {}", over.token)).await;

        test.app.clock.advance(std::time::Duration::from_secs(31 * 24 * 60 * 60));
        refused(&format!("Bearer {}", company.ann.token)).await;
    })
    .await;
}

#[tokio::test]
async fn too_many_attempts_to_sign_in_are_told_when_to_come_back() {
    let test = TestApp::on_sqlite(&[]).await;
    let company = test.workspace(Plan::Free).await;
    let input = json!({ "input": { "email": company.ann.email, "password": "not the password" } });
    let mut last = None;
    for _ in 0..30 {
        let answer = http::graphql(&test.url).json(&json!({ "query": SIGN_IN, "variables": input })).await;
        if answer.json()["data"]["signIn"]["userErrors"][0]["code"] == "RATE_LIMITED" {
            last = Some(answer);
            break;
        }
    }
    let answer = last.expect("attempts are limited");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    test.stop().await;
}

#[tokio::test]
async fn a_mutation_goes_by_json_post_only() {
    let test = TestApp::on_sqlite(&[]).await;
    let company = test.workspace(Plan::Free).await;
    let token = &company.ann.token;
    let mutation = "mutation%7BsignOut%7BuserErrors%7Bmessage%7D%7D%7D";
    let by_get = http::call(Method::GET, &test.url, &format!("/graphql?query={mutation}")).bearer(token).send().await;
    assert_eq!((by_get.status, by_get.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));

    let body = json!({ "query": "mutation { signOut { userErrors { message } } }" }).to_string();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin1",
    ] {
        let call = http::graphql(&test.url).bearer(token).header("content-type", content_type);
        assert_eq!(call.body(body.clone()).send().await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type}");
    }
    let untyped = http::graphql(&test.url).bearer(token).body(body).send().await;
    assert_eq!(untyped.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let by_put = http::call(Method::PUT, &test.url, "/graphql").send().await;
    assert_eq!(by_put.status, StatusCode::METHOD_NOT_ALLOWED);
    // None of them ended the session.
    company.ann.query("{ viewer { email } }", json!({})).await;
    test.stop().await;
}

#[tokio::test]
async fn a_query_by_get_is_answered() {
    let test = TestApp::on_sqlite(&[]).await;
    let path = "/graphql?query=query%20Q(%24a%3A%20Boolean!)%7B__typename%20viewer%20%40include(if%3A%24a)%7Bid%7D%7D&variables=%7B%22a%22%3Afalse%7D&operationName=";
    let answer = http::call(Method::GET, &test.url, path).send().await;
    assert_eq!(answer.json(), json!({ "data": { "__typename": "Query" } }));
    assert!(answer.headers.get_all("vary").iter().any(|value| value == "accept"));
    test.stop().await;
}

#[tokio::test]
async fn what_is_no_request_is_refused_plainly() {
    let test = TestApp::on_sqlite(&[("TAGWIRE_LIMIT_BODY_BYTES", "20000")]).await;
    let post = async |body: &str| {
        let answer = http::graphql(&test.url).header("content-type", "application/json").body(body).send().await;
        assert!(answer.body.len() < 2_000, "a short answer");
        (answer.status, answer.code())
    };
    let malformed = (StatusCode::BAD_REQUEST, "BAD_USER_INPUT".to_owned());
    for body in [
        "",
        "{",
        "null",
        "\"text\"",
        "[{\"query\":\"{ __typename }\"}]",
        "{}",
        "{\"query\":1}",
        "{\"query\":\"{ __typename }\",\"variables\":[]}",
        "{\"query\":\"{ __typename }\",\"operationName\":1}",
        "{\"query\":\"{ __typename }\",\"extensions\":\"\"}",
    ] {
        assert_eq!(post(body).await, malformed, "{body}");
    }
    let not_utf8 =
        http::graphql(&test.url).header("content-type", "application/json").body(b"{\"query\":\"\xff\"}".to_vec());
    assert_eq!(not_utf8.send().await.status, StatusCode::BAD_REQUEST);
    let deep = format!("{{\"query\":\"{{ __typename }}\",\"variables\":{{\"a\":{}", "[".repeat(10_000));
    assert_eq!(post(&deep).await, malformed);
    let big = json!({ "query": "{ __typename }", "variables": { "a": "x".repeat(30_000) } }).to_string();
    assert_eq!(post(&big).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let ask = json!({ "query": "{ __typename }" });
    let unacceptable = http::graphql(&test.url).header("accept", "image/png").json(&ask).await;
    assert_eq!(unacceptable.status, StatusCode::NOT_ACCEPTABLE);
    test.stop().await;
}

#[tokio::test]
async fn variables_are_checked_before_anything_runs_also_of_a_known_document() {
    let test = TestApp::on_sqlite(&[]).await;
    let company = test.workspace(Plan::Free).await;
    let ask = async |variables| {
        let call =
            http::graphql(&test.url).bearer(&company.ann.token).header("accept", "application/graphql-response+json");
        let answer = call.json(&json!({ "query": CREATE_TAG, "variables": variables })).await;
        (answer.status, answer.code(), answer.json().get("data").is_some())
    };
    let refused = (StatusCode::BAD_REQUEST, "BAD_USER_INPUT".to_owned(), false);
    for round in 0..2 {
        for wrong in [
            json!({}),
            json!({ "input": null }),
            json!({ "input": "hot" }),
            json!({ "input": {} }),
            json!({ "input": { "name": 7 } }),
            json!({ "input": { "name": "hot", "nonsense": 1 } }),
        ] {
            assert_eq!(ask(wrong.clone()).await, refused, "{wrong}");
        }
        let right = ask(json!({ "input": { "name": format!("hot {round}") } })).await;
        assert_eq!(right, (StatusCode::OK, String::new(), true));
    }
    test.stop().await;
}

#[tokio::test]
async fn answers_carry_an_id_that_is_the_clients_if_it_gave_one() {
    let test = TestApp::on_sqlite(&[]).await;
    let ask = json!({ "query": "{ __typename }" });
    let given = http::graphql(&test.url).header("x-request-id", "mine-1").json(&ask).await;
    assert_eq!(given.header("x-request-id"), "mine-1");
    let made = http::graphql(&test.url).json(&ask).await;
    assert!(made.header("x-request-id").len() > 20);
    test.stop().await;
}

#[tokio::test]
async fn pages_of_allowed_origins_may_ask_and_others_not() {
    let test = TestApp::on_sqlite(&[("TAGWIRE_ALLOWED_ORIGINS", "https://crm.example")]).await;
    let preflight = async |origin: &str| {
        let call = http::call(Method::OPTIONS, &test.url, "/graphql").header("origin", origin);
        let call = call.header("access-control-request-method", "POST");
        call.header("access-control-request-headers", "authorization,content-type").send().await
    };
    let allowed = preflight("https://crm.example").await;
    assert_eq!(allowed.header("access-control-allow-origin"), "https://crm.example");
    assert!(allowed.header("access-control-allow-headers").contains("authorization"));
    for origin in ["https://elsewhere.example", "null", "https://crm.example.elsewhere.example"] {
        assert_eq!(preflight(origin).await.header("access-control-allow-origin"), "", "{origin}");
    }
    test.stop().await;
}

#[tokio::test]
async fn long_answers_are_compressed_for_who_can_read_them() {
    let test = TestApp::on_sqlite(&[]).await;
    let ask = json!({ "query": "{ __schema { types { name description fields { name } } } }" });
    let plain = http::graphql(&test.url).json(&ask).await;
    assert_eq!(plain.header("content-encoding"), "");
    for encoding in ["gzip", "br"] {
        let small = http::graphql(&test.url).header("accept-encoding", encoding).json(&ask).await;
        assert_eq!(small.header("content-encoding"), encoding);
        assert!(small.body.len() * 2 < plain.body.len());
    }
    test.stop().await;
}

#[tokio::test]
async fn graphiql_is_served_with_a_policy_unless_it_is_off() {
    let test = TestApp::on_sqlite(&[]).await;
    let page = http::call(Method::GET, &test.url, "/graphiql").send().await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    let visit = http::call(Method::GET, &test.url, "/graphql").header("accept", "text/html,*/*;q=0.8").send().await;
    assert_eq!((visit.status, visit.header("location")), (StatusCode::SEE_OTHER, "/graphiql"));
    assert_eq!(http::call(Method::GET, &test.url, "/graphiql/nothing.js").send().await.status, StatusCode::NOT_FOUND);
    test.stop().await;

    let test = TestApp::on_sqlite(&[("TAGWIRE_GRAPHIQL", "off")]).await;
    assert_eq!(http::call(Method::GET, &test.url, "/graphiql").send().await.status, StatusCode::NOT_FOUND);
    test.stop().await;
}
