//! What the executor does that clients, or our own code, rely on: a change of its version must not pass unnoticed.

use async_graphql::{EmptyMutation, EmptySubscription, Interface, Object, Schema, SimpleObject};
use serde_json::{Value, json};

struct Root;

struct Node;

#[Object]
impl Root {
    async fn node(&self) -> Option<Node> {
        Some(Node)
    }

    async fn nodes(&self) -> Vec<Node> {
        vec![Node, Node]
    }

    async fn animal(&self, cat: bool) -> Animal {
        if cat { Cat { name: "Tom".to_owned() }.into() } else { Dog { name: "Rex".to_owned(), tricks: 3 }.into() }
    }

    async fn twice(&self, number: i32) -> i32 {
        number * 2
    }
}

#[Object]
impl Node {
    async fn slow(&self) -> i32 {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        1
    }

    async fn quick(&self) -> i32 {
        2
    }

    async fn required(&self) -> Result<i32, async_graphql::Error> {
        std::future::ready(Err("required failed".into())).await
    }

    async fn optional(&self) -> Option<Result<i32, async_graphql::Error>> {
        Some(Err("optional failed".into()))
    }

    async fn result_of_option(&self) -> Result<Option<i32>, async_graphql::Error> {
        std::future::ready(Err("the result failed".into())).await
    }
}

#[derive(Interface)]
#[graphql(field(name = "name", ty = "&String"))]
enum Animal {
    Cat(Cat),
    Dog(Dog),
}

#[derive(SimpleObject)]
struct Cat {
    name: String,
}

#[derive(SimpleObject)]
struct Dog {
    name: String,
    tricks: i32,
}

async fn execute(query: &str) -> Value {
    let schema = Schema::build(Root, EmptyMutation, EmptySubscription).finish();
    serde_json::to_value(schema.execute(query).await).unwrap()
}

#[tokio::test]
async fn keys_come_in_the_order_they_were_asked_for() {
    let schema = Schema::build(Root, EmptyMutation, EmptySubscription).finish();
    let answer = schema.execute("{ second: node { slow quick } first: node { quick slow } }").await;
    // As text: a map of JSON would sort them.
    let text = serde_json::to_string(&answer.data).unwrap();
    assert_eq!(text, r#"{"second":{"slow":1,"quick":2},"first":{"quick":2,"slow":1}}"#);
}

#[tokio::test]
async fn a_required_field_that_fails_takes_its_object_with_it() {
    let answer = execute("{ node { quick required } twice(number: 2) }").await;
    assert_eq!(answer["data"], json!({ "node": null, "twice": 4 }));
    assert_eq!(answer["errors"][0]["path"], json!(["node", "required"]));
    let answer = execute("{ nodes { quick required } twice(number: 2) }").await;
    assert_eq!(answer["data"], Value::Null, "nothing above it may be null");
}

#[tokio::test]
async fn an_optional_field_that_fails_is_null_and_alone() {
    let answer = execute("{ node { optional quick } }").await;
    assert_eq!(answer["data"], json!({ "node": { "optional": null, "quick": 2 } }));
    assert_eq!(answer["errors"][0]["path"], json!(["node", "optional"]));
}

/// Against the specification, and why the schema says `Option<Result<T>>` throughout. When this fails, that may go.
#[tokio::test]
async fn a_result_of_an_option_that_fails_takes_its_object_with_it() {
    let answer = execute("{ node { resultOfOption quick } }").await;
    assert_eq!(answer["data"], json!({ "node": null }));
}

/// Why variables are checked before the execution. When this fails, that may go.
#[tokio::test]
async fn a_missing_variable_is_found_only_by_the_field_that_uses_it() {
    let answer = execute("query($n: Int!) { twice(number: $n) }").await;
    assert_eq!(answer["data"], Value::Null);
    assert_eq!(answer["errors"][0]["path"], json!(["twice"]), "{answer}");
}

#[tokio::test]
async fn an_object_behind_an_interface_is_itself() {
    let query = "{ a: animal(cat: true) { __typename name ... on Dog { tricks } } \
                 b: animal(cat: false) { __typename name ... on Dog { tricks } } }";
    let answer = execute(query).await;
    assert_eq!(answer["data"]["a"], json!({ "__typename": "Cat", "name": "Tom" }));
    assert_eq!(answer["data"]["b"], json!({ "__typename": "Dog", "name": "Rex", "tricks": 3 }));
}
