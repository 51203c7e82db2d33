//! Signing in and out.

use std::time::Duration;

use futures_util::future::join_all;
use hyper::StatusCode;
use serde_json::{Value, json};
use tagwire::access::{Cx, Rights};
use tagwire::text::EmailAddress;
use tagwire::users::{self, NewUser, Password, Plan};

use crate::deeds::{each, text};
use crate::support::TestApp;
use crate::support::http::{self, Answer};
use crate::support::people::PASSWORD;

const SIGN_IN: &str = "mutation($input: SignInInput!) { signIn(input: $input) {
    token user { name } workspaces { id name } userErrors { code message path retryAt } } }";
const WRONG: &str = "not the right one";

async fn try_in(test: &TestApp, email: &str, password: &str, workspace: Option<&Value>) -> Answer {
    let input = json!({ "email": email, "password": password, "workspaceId": workspace });
    http::graphql(&test.url).json(&json!({ "query": SIGN_IN, "variables": { "input": input } })).await
}

async fn sign_in(test: &TestApp, email: &str, password: &str) -> Value {
    let answer = try_in(test, email, password, None).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.json()["data"]["signIn"].take()
}

async fn viewer(test: &TestApp, token: &Value) -> Answer {
    let asked = json!({ "query": "{ viewer { name } workspace { id } }" });
    http::graphql(&test.url).bearer(&text(token)).json(&asked).await
}

#[tokio::test]
async fn somebody_signs_in_and_out() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let given = sign_in(test, &ann.email.to_uppercase(), PASSWORD).await;
        assert_eq!((&given["user"]["name"], &given["userErrors"]), (&json!("Ann"), &json!([])));
        let other = sign_in(test, &format!(" {} ", ann.email), PASSWORD).await;
        assert_eq!(viewer(test, &given["token"]).await.json()["data"]["viewer"]["name"], "Ann");
        let out = json!({ "query": "mutation { signOut { userErrors { code } } }" });
        let out = http::graphql(&test.url).bearer(&text(&given["token"])).json(&out).await;
        assert_eq!(out.json()["data"]["signOut"]["userErrors"], json!([]));
        let after = viewer(test, &given["token"]).await;
        assert_eq!((after.status, after.code().as_str()), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"));
        // Other sign-ins go on, for as long as they are used.
        assert_eq!(viewer(test, &other["token"]).await.status, StatusCode::OK);
        test.app.clock.advance(Duration::from_secs(31 * 24 * 60 * 60));
        assert_eq!(viewer(test, &other["token"]).await.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_are_told_alike() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let wrong = sign_in(test, &ann.email, WRONG).await;
        assert_eq!(wrong["userErrors"][0]["code"], "UNAUTHENTICATED");
        assert_eq!((&wrong["token"], &wrong["user"], &wrong["workspaces"]), (&Value::Null, &Value::Null, &Value::Null));
        let long = "x".repeat(200_000);
        for (email, password) in [
            ("nobody@acme.test", PASSWORD),
            ("nobody@acme.test", WRONG),
            ("", ""),
            ("nonsense", PASSWORD),
            ("a\0b@acme.test", "pass\0word long"),
            (&long, PASSWORD),
            (&ann.email, ""),
            (&ann.email, &long),
            (&ann.email, &PASSWORD.to_uppercase()),
        ] {
            assert_eq!(sign_in(test, email, password).await, wrong, "{email:.60} {password:.60}");
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_guesses_has_to_wait() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        // A success in between forgives what came before it.
        for password in [WRONG, WRONG, WRONG, PASSWORD] {
            sign_in(test, &ann.email, password).await;
        }
        for attempt in 0..10 {
            let refused = sign_in(test, &ann.email, WRONG).await;
            assert_eq!(refused["userErrors"][0]["code"], "UNAUTHENTICATED", "attempt {attempt}");
        }
        // From then on the right password is not even tried; nor told apart by upper case.
        for (email, password) in [(ann.email.clone(), WRONG), (ann.email.to_uppercase(), PASSWORD)] {
            let answer = try_in(test, &email, password, None).await;
            let refused = answer.json()["data"]["signIn"].take();
            assert_eq!(refused["token"], Value::Null);
            assert_eq!(refused["userErrors"][0]["code"], "RATE_LIMITED");
            assert_eq!(refused["userErrors"][0]["retryAt"], "2026-11-24T00:15:00.000000Z");
            let seconds: u64 = answer.header("retry-after").parse().expect("seconds");
            assert!((900..=901).contains(&seconds), "{seconds}");
        }
        assert_ne!(sign_in(test, &bob.email, PASSWORD).await["token"], Value::Null, "others sign in meanwhile");
        assert_eq!(viewer(test, &json!(ann.token)).await.status, StatusCode::OK, "and who is in stays in");
        test.app.clock.advance(Duration::from_secs(14 * 60));
        assert_eq!(sign_in(test, &ann.email, PASSWORD).await["userErrors"][0]["code"], "RATE_LIMITED");
        test.app.clock.advance(Duration::from_secs(61));
        assert_ne!(sign_in(test, &ann.email, PASSWORD).await["token"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn many_guesses_at_once_do_not_get_past_the_limit() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let guesses = join_all((0..25).map(|_| sign_in(test, &ann.email, WRONG))).await;
        let tried = guesses.iter().filter(|guess| guess["userErrors"][0]["code"] == "UNAUTHENTICATED").count();
        assert_eq!(tried, 10);
    })
    .await;
}

#[tokio::test]
async fn an_address_from_which_many_accounts_are_tried_has_to_wait() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        for ten in 0..10 {
            let emails: Vec<_> = (0..10).map(|number| format!("nobody.{ten}.{number}@acme.test")).collect();
            for refused in join_all(emails.iter().map(|email| sign_in(test, email, WRONG))).await {
                assert_eq!(refused["userErrors"][0]["code"], "UNAUTHENTICATED");
            }
        }
        assert_eq!(sign_in(test, &ann.email, PASSWORD).await["userErrors"][0]["code"], "RATE_LIMITED");
        test.app.clock.advance(Duration::from_secs(15 * 60 + 1));
        assert_ne!(sign_in(test, &ann.email, PASSWORD).await["token"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn who_belongs_to_two_workspaces_chooses() {
    TestApp::on_each_database(async |test| {
        let (first, second) = (test.workspace(Plan::Free).await, test.workspace(Plan::Pro).await);
        let stranger = test.workspace(Plan::Free).await.ann;
        let new = NewUser {
            name: "Ann Elsewhere".to_owned(),
            email: EmailAddress::parse(&first.ann.email).unwrap(),
            // She keeps the password that she has.
            password: Password::parse("another long password".to_owned()).unwrap(),
            rights: Rights::default(),
        };
        let cx = Cx::of_system(second.id, test.app.clock.clone());
        users::create_user(&cx, &test.app.db, new).await.unwrap();
        let choice = sign_in(test, &first.ann.email, PASSWORD).await;
        assert_eq!(
            (&choice["token"], &choice["user"], &choice["userErrors"]),
            (&Value::Null, &Value::Null, &json!([]))
        );
        assert_eq!(each(&choice["workspaces"], "id").len(), 2);
        let mut names = Vec::new();
        for workspace in choice["workspaces"].as_array().unwrap() {
            let given = try_in(test, &first.ann.email, PASSWORD, Some(&workspace["id"])).await.json();
            let given = given["data"]["signIn"].clone();
            let seen = viewer(test, &given["token"]).await.json()["data"].take();
            assert_eq!((&seen["workspace"]["id"], &seen["viewer"]["name"]), (&workspace["id"], &given["user"]["name"]));
            names.push(text(&given["user"]["name"]));
        }
        names.sort_unstable();
        assert_eq!(names, ["Ann", "Ann Elsewhere"]);
        let foreign = stranger.query("{ workspace { id } }", json!({})).await["workspace"]["id"].take();
        let refused = try_in(test, &first.ann.email, PASSWORD, Some(&foreign)).await.json();
        assert_eq!(refused["data"]["signIn"]["userErrors"][0]["code"], "UNAUTHENTICATED");
        assert_eq!(sign_in(test, &first.ann.email, "another long password").await["workspaces"], Value::Null);
    })
    .await;
}
