//! Stories of the people of a workspace: found, renamed, leaving, and coming back.

use std::time::Duration;

use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use tagwire::access::Right;
use tagwire::graphql::id;
use tagwire::users::Plan;

use crate::deeds::{each, refusal};
use crate::invitations::{INVITE, whom, with_mail};
use crate::sharing::{SHARE, share};
use crate::support::dovecot::{BOB, Dovecot};
use crate::support::mailbox::{self, borrowed, connect, mail, settings, subjects, until, until_state};
use crate::support::people::PASSWORD;
use crate::support::{Person, TestApp, http};

/// Changes a user.
pub const UPDATE_USER: &str = "mutation($input: UpdateUserInput!) { updateUser(input: $input) {
    user { id name lastWorkingDay } userErrors { code path } } }";
/// Keeps them from signing in.
pub const DISABLE: &str = "mutation($id: ID!) { disableUser(id: $id) { user { id status } userErrors { code path } } }";
/// Lets them in again.
pub const ENABLE: &str =
    "mutation($id: ID!) { enableUser(id: $id) { user { id status lastWorkingDay } userErrors { code path } } }";
const CHANGE_EMAIL: &str = "mutation($input: ChangeEmailInput!) { changeEmail(input: $input) {
    userErrors { code path retryAt } } }";
const CONFIRM: &str =
    "mutation($token: String!) { confirmEmailChange(token: $token) { user { email } userErrors { code path } } }";
const SIGN_IN: &str =
    "mutation($input: SignInInput!) { signIn(input: $input) { token user { name } userErrors { code } } }";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn of(person: &Person) -> Value {
    json!({ "id": id::encode(person.id).to_string() })
}

#[expect(clippy::needless_pass_by_value, reason = "what is changed reads better as it is written")]
fn change(person: &Person, what: Value) -> Value {
    let mut input = of(person);
    input.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
    json!({ "input": input })
}

async fn sign_in(test: &TestApp, email: &str) -> Value {
    let body = json!({ "query": SIGN_IN, "variables": { "input": { "email": email, "password": PASSWORD } } });
    http::graphql(&test.url).json(&body).await.json()["data"]["signIn"].take()
}

#[tokio::test]
async fn users_are_found_by_name_and_address_in_any_order() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        for name in ["Émile Zola", "Zoë Jansen", "Bob_Jansen", "Dirk"] {
            test.app.clock.advance(DAY);
            let address = format!("{}@found.test", name.split([' ', '_']).next().unwrap().to_lowercase());
            ann.does(INVITE, whom(name, &address)).await;
        }
        let find = async |arguments: &str| {
            let listed =
                ann.query(&format!("{{ users({arguments}) {{ totalCount nodes {{ name }} }} }}"), json!({})).await;
            let names = each(&listed["users"]["nodes"], "name");
            assert_eq!(listed["users"]["totalCount"], names.len());
            names
        };
        assert_eq!(find("search: \"jans\"").await, ["Bob_Jansen", "Zoë Jansen"]);
        assert_eq!(find("search: \"JANSEN zoe\"").await, ["Zoë Jansen"]);
        assert_eq!(find("search: \"zo\"").await, ["Émile Zola", "Zoë Jansen"]);
        assert_eq!(find("search: \"dirk@found\"").await, ["Dirk"]);
        assert_eq!(find("search: \"%\"").await.len(), 5, "a pattern is no word");
        assert_eq!(find("search: \"nobody\"").await, [""; 0]);
        assert_eq!(find("status: ACTIVE").await, ["Ann"]);
        let newest = ["Dirk", "Bob_Jansen", "Zoë Jansen", "Émile Zola"];
        assert_eq!(find("status: INVITED, orderBy: { field: CREATED_AT, direction: DESC }").await, newest);
        let by_address = find("search: \"found\", orderBy: { field: EMAIL, direction: ASC }").await;
        assert_eq!(by_address, ["Bob_Jansen", "Dirk", "Zoë Jansen", "Émile Zola"]);
        let page =
            "query($after: String) { users(first: 2, after: $after, orderBy: { field: EMAIL, direction: DESC }) {
            pageInfo { endCursor hasNextPage } nodes { name } } }";
        let (mut after, mut names) = (Value::Null, Vec::new());
        loop {
            let mut listed = ann.query(page, json!({ "after": after })).await;
            names.extend(each(&listed["users"]["nodes"], "name"));
            after = listed["users"]["pageInfo"]["endCursor"].take();
            if listed["users"]["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(names.len(), 5);
        assert_eq!(names[..4], ["Émile Zola", "Zoë Jansen", "Dirk", "Bob_Jansen"]);
    })
    .await;
}

#[tokio::test]
async fn names_are_ones_own_and_the_admins_to_change() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[Right::InviteUsers]).await);
        let renamed = bob.does(UPDATE_USER, change(&bob, json!({ "name": " Robert " }))).await;
        assert_eq!(renamed["user"]["name"], "Robert");
        assert_eq!(bob.fails(UPDATE_USER, change(ann, json!({ "name": "Anna" }))).await, "FORBIDDEN");
        assert_eq!(bob.fails(UPDATE_USER, change(&bob, json!({ "lastWorkingDay": null }))).await, "FORBIDDEN");
        for name in ["", "a\nb", &"x".repeat(201)] {
            assert_eq!(bob.fails(UPDATE_USER, change(&bob, json!({ "name": name }))).await, "INVALID input.name");
        }
        assert_eq!(bob.fails(UPDATE_USER, change(&bob, json!({ "name": null }))).await, "INVALID input.name");
        ann.does(UPDATE_USER, change(&bob, json!({ "name": "Bobby" }))).await;
        let before = ann.cursor().await;
        ann.does(UPDATE_USER, change(&bob, json!({ "name": "Bobby" }))).await;
        assert_eq!(ann.cursor().await, before, "the same again is no change");
    })
    .await;
}

#[tokio::test]
async fn who_is_disabled_is_out_at_once_and_loses_nothing() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[Right::ManageTags]).await);
        bob.adds("Contact of Bob", &["his tag"]).await;
        ann.does(SHARE, share(&bob, "INBOX", "FULL")).await;
        let (mut socket, phone) = (bob.socket().await, bob.again(test).await);
        assert_eq!(bob.fails(DISABLE, of(ann)).await, "FORBIDDEN");
        assert_eq!(bob.fails(ENABLE, of(ann)).await, "FORBIDDEN");
        assert_eq!(ann.does(DISABLE, of(&bob)).await["user"]["status"], "DISABLED");
        let closed = tokio::time::timeout(Duration::from_secs(2), socket.closed()).await.expect("within 2 seconds");
        assert_eq!(closed.0, 4403);
        for token in [&bob.token, &phone.token] {
            let answer = http::graphql(&test.url).bearer(token).json(&json!({ "query": "{ viewer { id } }" })).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        }
        assert_eq!(sign_in(test, &bob.email).await["userErrors"][0]["code"], "UNAUTHENTICATED");
        // Once more changes nothing.
        let before = ann.cursor().await;
        ann.does(DISABLE, of(&bob)).await;
        assert_eq!(ann.cursor().await, before);
        let kept = "{ contacts { nodes { name } } viewer { shares { grantee { name status } } } }";
        let kept = ann.query(kept, json!({})).await;
        assert_eq!(each(&kept["contacts"]["nodes"], "name"), ["Contact of Bob"]);
        assert_eq!(kept["viewer"]["shares"][0]["grantee"], json!({ "name": "Bob", "status": "DISABLED" }));

        assert_eq!(ann.does(ENABLE, of(&bob)).await["user"]["status"], "ACTIVE");
        assert_ne!(sign_in(test, &bob.email).await["token"], Value::Null);
        let answer = http::graphql(&test.url).bearer(&bob.token).json(&json!({ "query": "{ viewer { id } }" })).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "what was ended stays so");
        let bob = bob.again(test).await;
        let rights = bob.query("{ viewer { rights } }", json!({})).await;
        assert_eq!(rights["viewer"]["rights"], json!(["MANAGE_TAGS"]));
    })
    .await;
}

#[tokio::test]
async fn the_last_admin_stays() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        assert_eq!(ann.fails(DISABLE, of(ann)).await, "CONFLICT id");
        let invited = ann.does(INVITE, whom("Eva", "eva@stay.test")).await;
        let listed = ann.query("{ users(status: INVITED) { nodes { id } } }", json!({})).await;
        assert_ne!(invited["invitation"]["id"], Value::Null);
        assert_eq!(ann.fails(DISABLE, json!({ "id": listed["users"]["nodes"][0]["id"] })).await, "CONFLICT id");
        let bea = company.user("Bea", &[Right::Admin]).await;
        // Two who disable each other: one is left.
        let (by_ann, by_bea) = tokio::join!(ann.payload(DISABLE, of(&bea)), async {
            let body = json!({ "query": DISABLE, "variables": of(ann) });
            http::graphql(&test.url).bearer(&bea.token).json(&body).await.json()
        });
        let done = by_ann["userErrors"] == json!([]);
        let done_by_bea = by_bea["data"]["disableUser"]["userErrors"] == json!([]);
        assert_ne!(done, done_by_bea, "{by_ann} {by_bea}");
    })
    .await;
}

#[tokio::test]
async fn a_last_working_day_ends_by_itself() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let eva = company.user("Eva", &[]).await;
        for day in ["2026-11-23", "1999-01-01"] {
            let past = change(&bob, json!({ "lastWorkingDay": day }));
            assert_eq!(ann.fails(UPDATE_USER, past).await, "INVALID input.lastWorkingDay");
        }
        let set = ann.does(UPDATE_USER, change(&bob, json!({ "lastWorkingDay": "2026-11-25" }))).await;
        assert_eq!(set["user"]["lastWorkingDay"], "2026-11-25");
        ann.does(UPDATE_USER, change(ann, json!({ "lastWorkingDay": "2026-11-24" }))).await;
        let seen = async |who: &Person| {
            let document = "query($id: ID!) { node(id: $id) { ... on User { lastWorkingDay } } }";
            who.query(document, of(&bob)).await["node"]["lastWorkingDay"].take()
        };
        assert_eq!((seen(&bob).await, seen(&eva).await), (json!("2026-11-25"), Value::Null));
        let mut socket = bob.socket().await;
        let mut follower = ann.socket().await;
        follower
            .subscribe(
                "1",
                "subscription { changes(kinds: [USER]) { node { ... on User { name status } } } }",
                json!({}),
            )
            .await;
        follower.subscribe("2", "{ __typename }", json!({})).await;
        follower.event("2").await;
        assert_eq!(follower.next().await["type"], "complete");
        test.app.clock.advance((2 * DAY).saturating_sub(Duration::from_secs(1)));
        assert_ne!(sign_in(test, &bob.email).await["token"], Value::Null, "the day is not over");
        test.app.clock.advance(Duration::from_secs(60));
        let told = follower.event("1").await["changes"]["node"].take();
        assert_eq!(told, json!({ "name": "Bob", "status": "DISABLED" }), "and not Ann, who is the last Admin");
        assert_eq!(socket.closed().await.0, 4403);
        assert_eq!(sign_in(test, &bob.email).await["userErrors"][0]["code"], "UNAUTHENTICATED");
        // Who comes back is not sent away again.
        let back = ann.does(ENABLE, of(&bob)).await;
        assert_eq!((&back["user"]["status"], &back["user"]["lastWorkingDay"]), (&json!("ACTIVE"), &Value::Null));
    })
    .await;
}

#[tokio::test]
async fn a_new_address_is_confirmed_from_its_own_mail() {
    with_mail(async |test, sink| {
        let before = sink.mails().len();
        let (company, other) = (test.workspace(Plan::Free).await, test.workspace(Plan::Free).await);
        let (bob, new) = (company.user("Bob", &[]).await, format!("bob.{:08x}@moved.test", rand::random::<u32>()));
        let ask = |email: &str, password: &str| json!({ "input": { "email": email, "currentPassword": password } });
        assert_eq!(
            bob.fails(CHANGE_EMAIL, ask(&new, "not the password")).await,
            "UNAUTHENTICATED input.currentPassword"
        );
        assert_eq!(bob.fails(CHANGE_EMAIL, ask("no address", PASSWORD)).await, "INVALID input.email");
        bob.does(CHANGE_EMAIL, ask(&new, PASSWORD)).await;
        let mail = sink.so_many(before + 1).await.pop().unwrap();
        assert_eq!((mail.subject().as_str(), &mail.to), ("Confirm your address", &vec![new.clone()]));
        let path = mail.link().strip_prefix(&test.url).unwrap().to_owned();
        // Looking changes nothing.
        let page = http::call(Method::GET, &test.url, &path).send().await;
        assert_eq!((page.status, page.header("cache-control")), (StatusCode::OK, "no-store"));
        assert_ne!(sign_in(test, &bob.email).await["token"], Value::Null);
        let confirmed = http::call(Method::POST, &test.url, &path).send().await;
        assert!(confirmed.status == StatusCode::OK && confirmed.text().contains(&new), "{}", confirmed.text());
        assert_eq!(http::call(Method::POST, &test.url, &path).send().await.status, StatusCode::NOT_FOUND);
        assert_eq!(sign_in(test, &bob.email).await["token"], Value::Null);
        assert_ne!(sign_in(test, &new).await["token"], Value::Null);
        let viewer = bob.query("{ viewer { email } }", json!({})).await;
        assert_eq!(viewer["viewer"]["email"], new.as_str());

        // The address before is told.
        let notice = sink.so_many(before + 2).await.pop().unwrap();
        assert_eq!((notice.subject().as_str(), &notice.to), ("Your address was changed", &vec![bob.email.clone()]));
        assert!(notice.text().contains(&new), "{}", notice.text());

        // An address that somebody has is asked for as any other, and not given; nor is one that waited too long.
        bob.does(CHANGE_EMAIL, ask(&other.ann.email, PASSWORD)).await;
        let token = sink.so_many(before + 3).await.pop().unwrap().link().rsplit_once('/').unwrap().1.to_owned();
        let body = json!({ "query": CONFIRM, "variables": { "token": token } });
        let taken = http::graphql(&test.url).json(&body).await.json();
        assert_eq!(refusal(&taken["data"]["confirmEmailChange"]), "CONFLICT input.email");
        test.app.clock.advance(DAY);
        let late = http::graphql(&test.url).json(&body).await.json();
        assert_eq!(refusal(&late["data"]["confirmEmailChange"]), "NOT_FOUND token");
        assert_ne!(sign_in(test, &other.ann.email).await["token"], Value::Null);

        // Elsewhere they are the same person.
        let mut names = Vec::new();
        other.ann.does(INVITE, whom("Robert", &new)).await;
        let invitation = sink.so_many(before + 4).await.pop().unwrap().link();
        let form = "password=correct+horse+battery&again=correct+horse+battery";
        let path = invitation.strip_prefix(&test.url).unwrap();
        let call =
            http::call(Method::POST, &test.url, path).header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(call.body(form).send().await.status, StatusCode::OK);
        let newer = format!("b.{new}");
        bob.does(CHANGE_EMAIL, ask(&newer, PASSWORD)).await;
        let path = sink.so_many(before + 5).await.pop().unwrap().link().strip_prefix(&test.url).unwrap().to_owned();
        assert_eq!(http::call(Method::POST, &test.url, &path).send().await.status, StatusCode::OK);
        sink.so_many(before + 6).await;
        for ann in [&company.ann, &other.ann] {
            let listed = ann.query(
                "query($search: String) { users(search: $search) { nodes { name } } }",
                json!({ "search": newer }),
            );
            names.extend(each(&listed.await["users"]["nodes"], "name"));
        }
        assert_eq!(names, ["Bob", "Robert"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mailboxes_stop_with_who_is_disabled_and_keep_their_mail() {
    let server = Dovecot::start();
    server.deliver(BOB.0, "INBOX", &mail("jan@bedrijf.test", "kept"));
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let mut socket = mailbox::follow(&bob).await;
        let payload = connect(&bob, server.imaps_port(), BOB).await;
        assert_eq!(payload["userErrors"], json!([]));
        until_state(&mut socket, "LIVE").await;
        ann.does(DISABLE, of(&bob)).await;
        ann.does(ENABLE, of(&bob)).await;
        let bob = bob.again(test).await;
        let state = bob.query("{ mailAccounts { id state } }", json!({})).await["mailAccounts"][0].take();
        assert_eq!(state["state"], "PAUSED");
        assert_eq!(subjects(&bob).await, ["kept"]);
        let mut socket = mailbox::follow(&bob).await;
        let resume = "mutation($id: ID!) { resumeMailAccount(id: $id) { userErrors { code } } }";
        bob.does(resume, json!({ "id": state["id"] })).await;
        until_state(&mut socket, "LIVE").await;
        server.deliver(BOB.0, "INBOX", &mail("jan@bedrijf.test", "after"));
        let data = until(&mut socket, "mail", |_| true).await;
        assert_eq!(data["messageReceived"]["message"]["subject"], "after");
        let disconnect = "mutation($id: ID!) { disconnectMailAccount(id: $id, deleteMessages: true) { deletedId userErrors { code } } }";
        bob.does(disconnect, json!({ "id": state["id"] })).await;
        server.doveadm(&["expunge", "-u", BOB.0, "mailbox", "INBOX", "subject", "after"]);
    })
    .await;
}
