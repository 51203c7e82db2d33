//! The schema as clients have it.

use serde_json::{Value, json};

use crate::deeds::text;
use crate::support::{TestApp, http};

#[test]
fn the_committed_schema_is_the_one_that_is_served() {
    let committed = include_str!("../../schema.graphql");
    let served = tagwire::graphql::Api::sdl();
    let differs = committed.trim_end().lines().zip(served.trim_end().lines()).find(|(there, here)| there != here);
    assert_eq!(differs, None, "after a change of the schema: cargo run -- schema > schema.graphql");
    assert_eq!(committed.trim_end(), served.trim_end());
}

#[tokio::test]
async fn everything_in_the_schema_is_described() {
    let test = TestApp::on_sqlite(&[]).await;
    let query = "{ __schema { types { name kind description fields { name description args { name } } \
                 inputFields { name description } enumValues { name description } } } }";
    let answer = http::graphql(&test.url).json(&json!({ "query": query })).await.json();
    let mut bare = Vec::new();
    for of in answer["data"]["__schema"]["types"].as_array().expect("types") {
        let name = text(&of["name"]);
        let built_in = name.starts_with("__") || ["Boolean", "Float", "ID", "Int", "String"].contains(&name.as_str());
        if built_in {
            continue;
        }
        if !described(of) && !["Query", "Mutation", "Subscription"].contains(&name.as_str()) {
            bare.push(name.clone());
        }
        for members in ["fields", "inputFields", "enumValues"] {
            for member in of[members].as_array().into_iter().flatten().filter(|member| !described(member)) {
                bare.push(format!("{name}.{}", text(&member["name"])));
            }
        }
    }
    assert_eq!(bare, [""; 0], "without a description");
    test.stop().await;
}

fn described(value: &Value) -> bool {
    value["description"].as_str().is_some_and(|text| !text.trim().is_empty())
}
