//! How long a sign-in holds.

use std::time::Duration;

use entity::workspace_user;
use hyper::StatusCode;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use tagwire::users::{Plan, Status};

use crate::support::people::PASSWORD;
use crate::support::{TestApp, http};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn works(test: &TestApp, token: &str) -> bool {
    let answer = http::graphql(&test.url).bearer(token).json(&json!({ "query": "{ viewer { id } }" })).await;
    assert!([StatusCode::OK, StatusCode::UNAUTHORIZED].contains(&answer.status), "{}", answer.text());
    assert_eq!(answer.status == StatusCode::OK, answer.json().get("errors").is_none(), "{}", answer.text());
    answer.status == StatusCode::OK
}

#[tokio::test]
async fn a_sign_in_ends_by_itself_after_thirty_days() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        test.app.clock.advance(29 * DAY);
        assert!(works(test, &company.ann.token).await);
        let later = company.ann.again(test).await;
        test.app.clock.advance(DAY);
        assert!(!works(test, &company.ann.token).await);
        assert!(works(test, &later.token).await);
    })
    .await;
}

#[tokio::test]
async fn signing_out_ends_one_sign_in_and_no_other() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let phone = ann.again(test).await;
        phone.query("mutation { signOut { userErrors { code } } }", json!({})).await;
        assert!(!works(test, &phone.token).await);
        assert!(works(test, &ann.token).await);
    })
    .await;
}

#[tokio::test]
async fn somebody_who_is_disabled_is_out_and_learns_no_more_than_a_stranger() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let gone = company.user("Gone", &[]).await;
        assert!(works(test, &gone.token).await);
        workspace_user::Entity::update_many()
            .col_expr(workspace_user::Column::Status, Expr::value(Status::Disabled))
            .filter(workspace_user::Column::Id.eq(gone.id))
            .exec(test.app.db.writer())
            .await
            .unwrap();
        // As another process would have done it: this one believes a token for a second.
        let since = tokio::time::Instant::now();
        while works(test, &gone.token).await {
            assert!(since.elapsed() < std::time::Duration::from_secs(2));
        }

        let query = "mutation($input: SignInInput!) { signIn(input: $input) { token user { id } workspaces { id } \
                     userErrors { code message path } } }";
        let sign_in = async |email: &str, password: &str| {
            let input = json!({ "input": { "email": email, "password": password } });
            http::graphql(&test.url).json(&json!({ "query": query, "variables": input })).await.text()
        };
        let stranger = sign_in("nobody@acme.test", PASSWORD).await;
        assert!(stranger.contains("UNAUTHENTICATED"), "{stranger}");
        assert_eq!(sign_in(&gone.email, PASSWORD).await, stranger);
        for (email, password) in [
            (company.ann.email.as_str(), "x".repeat(5000)),
            (company.ann.email.as_str(), String::new()),
            ("nul\0@acme.test", PASSWORD.to_owned()),
            (&"x".repeat(100_000), PASSWORD.to_owned()),
        ] {
            assert_eq!(sign_in(email, &password).await, stranger, "{email:.40}");
        }
    })
    .await;
}
