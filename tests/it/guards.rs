//! Small requests that would cost a server without guards its life.

use std::time::{Duration, Instant};

use hyper::StatusCode;
use serde_json::{Value, json};
use tagwire::users::Plan;

use crate::support::{Socket, TestApp, http};

/// Far more than any refusal takes, far less than any of the attacks would.
const AT_ONCE: Duration = Duration::from_secs(2);

/// Texts for 0 to `count`, behind each other.
fn numbered(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect()
}

fn bomb(depth: usize) -> String {
    let fragments: String =
        numbered(depth, |n| format!("fragment f{n} on Query {{ a{n}: __typename ...f{0} ...f{0} }} ", n + 1));
    format!("{{ ...f0 }} {fragments} fragment f{depth} on Query {{ __typename }}")
}

fn attacks() -> Vec<(&'static str, &'static str, String)> {
    let chain: String = numbered(150, |n| format!("fragment f{n} on Query {{ ...f{} }} ", n + 1));
    vec![
        (
            "a list literal 1600 deep",
            "TOO_COMPLEX",
            format!("{{ node(id: {}{}) {{ id }} }}", "[".repeat(1600), "]".repeat(1600)),
        ),
        ("a list literal 50 000 deep", "TOO_COMPLEX", format!("{{ node(id: {}", "[".repeat(50_000))),
        (
            "a list hidden behind strings",
            "TOO_COMPLEX",
            format!("{{ node(id: [\"\" \"\"\"]\"\"\" \"\\\"]\" {}", "[".repeat(1600)),
        ),
        ("a string that does not end", "GRAPHQL_PARSE_FAILED", format!("{{ node(id: [\"\"\"a\" {}", "[".repeat(1600))),
        ("selections 5000 deep", "TOO_COMPLEX", format!("{}{}", "{ a ".repeat(5000), "}".repeat(5000))),
        (
            "a type 1000 deep",
            "TOO_COMPLEX",
            format!("query($a: {}Int{}) {{ __typename }}", "[".repeat(1000), "]".repeat(1000)),
        ),
        ("a bomb of 22 fragments", "TOO_COMPLEX", bomb(22)),
        ("a bomb of 30 fragments", "TOO_COMPLEX", bomb(30)),
        ("a bomb of 60 fragments", "TOO_COMPLEX", bomb(60)),
        (
            "a chain of 150 fragments",
            "TOO_COMPLEX",
            format!("{{ ...f0 }} {chain} fragment f150 on Query {{ __typename }}"),
        ),
        (
            "a chain of 150 fragments that nobody uses",
            "TOO_COMPLEX",
            format!("{{ __typename }} {chain} fragment f150 on Query {{ __typename }}"),
        ),
        (
            "a circle",
            "GRAPHQL_VALIDATION_FAILED",
            "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }".to_owned(),
        ),
        (
            "a circle that nobody uses",
            "GRAPHQL_VALIDATION_FAILED",
            "{ __typename } fragment a on Query { ...a }".to_owned(),
        ),
        ("4000 aliases", "TOO_COMPLEX", format!("{{ {} }}", numbered(4000, |n| format!("a{n}: __typename ")))),
        (
            "60 aliases within one field",
            "TOO_COMPLEX",
            format!("{{ viewer {{ {} }} }}", numbered(60, |n| format!("a{n}: id "))),
        ),
        ("20 000 directives", "TOO_COMPLEX", format!("{{ __typename {} }}", "@a".repeat(20_000))),
        ("5000 operations", "TOO_COMPLEX", numbered(5000, |n| format!("query a{n}{{b}}"))),
        ("30 root fields", "TOO_COMPLEX", format!("{{ {} }}", "__typename ".repeat(30))),
        ("21 levels of fields", "TOO_COMPLEX", format!("{}id{}", "{ a ".repeat(21), " }".repeat(21))),
        ("70 000 bytes", "TOO_COMPLEX", format!("{{ __typename {} }}", " ".repeat(70_000))),
        ("no GraphQL", "GRAPHQL_PARSE_FAILED", "{".to_owned()),
        ("nothing", "GRAPHQL_PARSE_FAILED", String::new()),
    ]
}

fn check(what: &str, expected: &str, errors: &Value, began: Instant) {
    assert_eq!(errors[0]["extensions"]["code"], expected, "{what}: {errors}");
    assert!(errors.to_string().len() < 30_000, "{what}: a short answer");
    assert!(began.elapsed() < AT_ONCE, "{what}: refused at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_made_to_hurt_is_refused_on_every_transport() {
    let test = TestApp::on_sqlite(&[]).await;
    let mut socket = Socket::open(&test.url).await;
    socket.begin(None).await;
    for (what, code, query) in attacks() {
        let body = json!({ "query": query });
        for accept in ["application/graphql-response+json", "text/event-stream"] {
            let began = Instant::now();
            let answer = http::graphql(&test.url).header("accept", accept).json(&body).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{what}");
            check(what, code, &answer.json()["errors"], began);
            assert!(answer.json().get("data").is_none());
        }
        let began = Instant::now();
        socket.subscribe("1", &query, json!({})).await;
        let message = socket.next().await;
        assert_eq!(message["type"], "error", "{what}");
        check(what, code, &message["payload"], began);
    }
    test.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_without_number_get_a_short_answer() {
    let test = TestApp::on_sqlite(&[]).await;
    let query: String = format!("{{ viewer {{ {} }} }}", numbered(4000, |n| format!("nonsense{n} ")));
    let answer = http::graphql(&test.url).json(&json!({ "query": query })).await;
    assert_eq!(answer.code(), "GRAPHQL_VALIDATION_FAILED");
    assert!(answer.body.len() < 30_000, "{}", answer.body.len());
    let query = format!("{{ {} }}", "n".repeat(60_000));
    let answer = http::graphql(&test.url).json(&json!({ "query": query })).await;
    assert_eq!(answer.code(), "GRAPHQL_VALIDATION_FAILED");
    assert!(answer.body.len() < 10_000, "{}", answer.body.len());
    test.stop().await;
}

#[tokio::test]
async fn the_schema_is_shown_to_whom_the_setting_says() {
    let ask = json!({ "query": "{ ...s } fragment s on Query { __schema { queryType { name } } }" });
    for (setting, signed_out, signed_in) in [
        ("everyone", None, None),
        ("signed-in", Some("UNAUTHENTICATED"), None),
        ("off", Some("FORBIDDEN"), Some("FORBIDDEN")),
    ] {
        let test = TestApp::on_sqlite(&[("TAGWIRE_INTROSPECTION", setting)]).await;
        let company = test.workspace(Plan::Free).await;
        for round in 0..2 {
            let stranger = http::graphql(&test.url).json(&ask).await;
            assert_eq!(stranger.code(), signed_out.unwrap_or_default(), "{setting}, round {round}");
            let known = http::graphql(&test.url).bearer(&company.ann.token).json(&ask).await;
            assert_eq!(known.code(), signed_in.unwrap_or_default(), "{setting}, round {round}");
        }
        test.stop().await;
    }
}

#[tokio::test]
async fn the_standard_introspection_fits_the_limits() {
    let test = TestApp::on_sqlite(&[]).await;
    let of_type = "kind name ofType { ".repeat(9) + "kind name" + &" }".repeat(9);
    let query = format!(
        "query IntrospectionQuery {{ __schema {{ queryType {{ name }} mutationType {{ name }} subscriptionType {{ name }} \
         types {{ ...T }} directives {{ name description locations args {{ ...I }} }} }} }} \
         fragment T on __Type {{ kind name description fields(includeDeprecated: true) {{ name description args {{ ...I }} \
         type {{ ...R }} isDeprecated deprecationReason }} inputFields {{ ...I }} interfaces {{ ...R }} \
         enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }} possibleTypes {{ ...R }} }} \
         fragment I on __InputValue {{ name description type {{ ...R }} defaultValue }} fragment R on __Type {{ {of_type} }}"
    );
    let answer = http::graphql(&test.url).json(&json!({ "query": query })).await;
    assert!(answer.json().get("errors").is_none(), "{}", answer.text());
    test.stop().await;
}
