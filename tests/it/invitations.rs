//! Stories of how colleagues come to a workspace.

use std::time::Duration;

use futures_util::future::join_all;
use hyper::{Method, StatusCode};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tagwire::access::Right;
use tagwire::graphql::id;
use tagwire::users::Plan;

use crate::deeds::{array, each, refusal, text};
use crate::support::people::PASSWORD;
use crate::support::smtp_sink::SmtpSink;
use crate::support::{Person, Socket, TestApp, http};

/// Invites somebody.
pub const INVITE: &str = "mutation($input: InviteUserInput!) { inviteUser(input: $input) { link
    invitation { id name email status expiresAt invitedBy { name } delivery { state attempts lastError sentAt } }
    userErrors { code message path conflictingId } } }";
/// Invites them again.
pub const RESEND: &str = "mutation($id: ID!) { resendInvitation(id: $id) { link
    invitation { id status expiresAt } userErrors { code message path } } }";
/// Takes it back.
pub const REVOKE: &str = "mutation($id: ID!) { revokeInvitation(id: $id) { link
    invitation { id status } userErrors { code message path } } }";
const ACCEPT: &str = "mutation($input: AcceptInvitationInput!) { acceptInvitation(input: $input) {
    token user { id name email status rights } userErrors { code message path retryAt } } }";
const USERS: &str = "{ users { nodes { id name email status } } }";
const FOLLOW: &str = "subscription { changes(kinds: [INVITATION]) { action nodeId
    node { ... on Invitation { id status delivery { state attempts lastError sentAt } } } } }";
const HOURS: Duration = Duration::from_secs(60 * 60);

/// Who is to be invited.
pub fn whom(name: &str, email: &str) -> Value {
    json!({ "input": { "name": name, "email": email } })
}

/// The token of a link.
pub fn token_of(link: &str) -> String {
    link.rsplit_once("/invitations/").expect("a link of an invitation").1.to_owned()
}

/// Accepts with a token.
async fn accept(test: &TestApp, token: &str, password: &str, name: Option<&str>) -> Value {
    let input = json!({ "token": token, "password": password, "name": name });
    let body = json!({ "query": ACCEPT, "variables": { "input": input } });
    let mut answer = http::graphql(&test.url).json(&body).await.json();
    assert!(answer.get("errors").is_none(), "{answer}");
    answer["data"]["acceptInvitation"].take()
}

async fn sign_in(test: &TestApp, email: &str, password: &str) -> Value {
    let document =
        "mutation($input: SignInInput!) { signIn(input: $input) { token workspaces { id } userErrors { code } } }";
    let body = json!({ "query": document, "variables": { "input": { "email": email, "password": password } } });
    http::graphql(&test.url).json(&body).await.json()["data"]["signIn"].take()
}

/// Follows what happens to invitations.
pub async fn follow(person: &Person) -> Socket {
    let mut socket = person.socket().await;
    socket.subscribe("1", FOLLOW, json!({})).await;
    // The answer to a query says that what was asked before it is going.
    socket.subscribe("2", "{ __typename }", json!({})).await;
    socket.event("2").await;
    assert_eq!(socket.next().await["type"], "complete");
    socket
}

/// The delivery of an invitation when it has a state.
pub async fn delivery(socket: &mut Socket, state: &str) -> Value {
    loop {
        let change = socket.event("1").await["changes"].take();
        if change["node"]["delivery"]["state"] == state {
            return change["node"]["delivery"].clone();
        }
    }
}

fn settings(sink: &SmtpSink) -> Vec<(String, String)> {
    vec![
        ("TAGWIRE_SMTP_URL".to_owned(), sink.url()),
        ("TAGWIRE_MAIL_FROM".to_owned(), "Tagwire <crm@acme.test>".to_owned()),
    ]
}

/// Tells a story on each database with a mail server.
pub async fn with_mail(story: impl AsyncFn(&TestApp, &SmtpSink)) {
    let sink = SmtpSink::start().await;
    let settings = settings(&sink);
    let settings: Vec<_> = settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    TestApp::on_each_database_with(&settings, async |test| story(test, &sink).await).await;
}

#[tokio::test]
async fn a_colleague_is_invited_by_mail_and_joins() {
    with_mail(async |test, sink| {
        let before = sink.mails().len();
        let ann = test.workspace(Plan::Free).await.ann;
        let mut follower = follow(&ann).await;
        let email = format!("Bob.{:08x}@new.test", rand::random::<u32>());
        let made = ann.does(INVITE, whom("Bób \"<Jansen>\"", &email)).await;
        let invitation = &made["invitation"];
        assert_eq!((&made["link"], &invitation["status"]), (&Value::Null, &json!("PENDING")));
        assert_eq!(invitation["invitedBy"]["name"], "Ann");
        assert_eq!(invitation["expiresAt"], "2026-11-27T00:00:00.000000Z");
        let sent = delivery(&mut follower, "SENT").await;
        assert_eq!((&sent["attempts"], &sent["lastError"]), (&json!(1), &Value::Null));
        assert_eq!(sent["sentAt"], "2026-11-24T00:00:00.000000Z");

        let mail = sink.so_many(before + 1).await.pop().unwrap();
        assert_eq!((mail.from.as_str(), &mail.to), ("crm@acme.test", &vec![email.clone()]));
        assert_eq!(mail.subject(), "Ann invites you to Acme");
        let link = mail.link();
        assert!(link.starts_with(&format!("{}/invitations/", test.url)), "{link}");
        for part in [mail.text(), mail.html()] {
            assert!(part.contains(&link) && part.contains("72 hours") && part.contains(&email), "{part}");
        }
        assert!(mail.html().contains("Hello Bób &quot;&lt;Jansen&gt;&quot;,"), "{}", mail.html());
        assert!(mail.text().contains("Hello Bób \"<Jansen>\","), "{}", mail.text());

        // There, with a license to be bought ahead, and not able to sign in.
        let listed = ann.query(USERS, json!({})).await["users"]["nodes"].take();
        let bob = array(&listed).iter().find(|user| user["email"] == email.as_str()).unwrap().clone();
        assert_eq!(bob["status"], "INVITED");
        assert_eq!(sign_in(test, &email, PASSWORD).await["userErrors"][0]["code"], "UNAUTHENTICATED");

        let token = token_of(&link);
        assert_eq!(refusal(&accept(test, &token, "short", None).await), "INVALID input.password");
        assert_eq!(refusal(&accept(test, &token, PASSWORD, Some("a\nb")).await), "INVALID input.name");
        let joined = accept(test, &token, PASSWORD, Some("Bob")).await;
        assert_eq!(joined["userErrors"], json!([]));
        assert_eq!((&joined["user"]["id"], &joined["user"]["name"]), (&bob["id"], &json!("Bob")));
        assert_eq!((&joined["user"]["status"], &joined["user"]["rights"]), (&json!("ACTIVE"), &json!([])));
        let who = json!({ "query": "{ viewer { id status } workspace { name } }" });
        let who = http::graphql(&test.url).bearer(&text(&joined["token"])).json(&who).await.json();
        assert_eq!(who["data"]["viewer"], json!({ "id": bob["id"], "status": "ACTIVE" }));
        assert_ne!(sign_in(test, &email.to_uppercase(), PASSWORD).await["token"], Value::Null);
        let change = follower.event("1").await["changes"].take();
        assert_eq!(change["node"]["status"], "ACCEPTED");
        // Once.
        let again = accept(test, &token, PASSWORD, None).await;
        assert_eq!(refusal(&again), "NOT_FOUND input.token");
        assert_eq!(accept(test, "unheard of", PASSWORD, None).await, again);
        assert_eq!(ann.fails(REVOKE, json!({ "id": invitation["id"] })).await, "CONFLICT id");
        assert_eq!(ann.fails(RESEND, json!({ "id": invitation["id"] })).await, "CONFLICT id");
    })
    .await;
}

#[tokio::test]
async fn without_a_mail_server_an_admin_gets_the_link_once() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        let inviter = company.user("Ivo", &[Right::InviteUsers]).await;
        let made = ann.does(INVITE, whom("Bob", "bob@new.test")).await;
        let waits = &made["invitation"]["delivery"];
        assert_eq!((&waits["state"], &waits["attempts"]), (&json!("QUEUED"), &json!(0)));
        assert!(text(&waits["lastError"]).contains("TAGWIRE_SMTP_URL"), "{waits}");
        let first = text(&made["link"]);
        assert_eq!(inviter.does(INVITE, whom("Eva", "eva@new.test")).await["link"], Value::Null);

        // What is stored opens nothing.
        let rows = test.app.db.reader();
        for table in ["invitation", "outbox", "workspace_user", "person", "change_log"] {
            let sql = format!("SELECT * FROM {table}");
            let statement = sea_orm::Statement::from_string(test.app.db.backend(), sql);
            for row in rows.query_all_raw(statement).await.unwrap() {
                let row = format!("{row:?}");
                assert!(!row.contains(&token_of(&first)), "{table}: {row}");
            }
        }

        // Invited again it is the same invitation, and another link.
        let again = ann.does(INVITE, whom("Bobby", "BOB@new.test")).await;
        assert_eq!(again["invitation"]["id"], made["invitation"]["id"]);
        let second = text(&again["link"]);
        assert_eq!(refusal(&accept(test, &token_of(&first), PASSWORD, None).await), "NOT_FOUND input.token");
        let names = each(&ann.query(USERS, json!({})).await["users"]["nodes"], "name");
        assert_eq!(names, ["Ann", "Bobby", "Eva", "Ivo"]);

        // Its time passes; others hear of it; it is renewed.
        let mut follower = follow(ann).await;
        test.app.clock.advance(72 * HOURS);
        let mut expired = vec![];
        for _ in 0..2 {
            let change = follower.event("1").await["changes"].take();
            assert_eq!(change["node"]["status"], "EXPIRED");
            expired.push(text(&change["nodeId"]));
        }
        assert!(expired.contains(&text(&made["invitation"]["id"])));
        let count = "{ invitations(status: EXPIRED) { totalCount nodes { id } } open: invitations(status: PENDING) { totalCount } }";
        let listed = ann.query(count, json!({})).await;
        assert_eq!((&listed["invitations"]["totalCount"], &listed["open"]["totalCount"]), (&json!(2), &json!(0)));
        assert_eq!(refusal(&accept(test, &token_of(&second), PASSWORD, None).await), "NOT_FOUND input.token");
        let id = json!({ "id": made["invitation"]["id"] });
        let renewed = ann.does(RESEND, id.clone()).await;
        assert_eq!(renewed["invitation"]["status"], "PENDING");
        assert_eq!(renewed["invitation"]["expiresAt"], "2026-11-30T00:00:00.000000Z");
        let third = text(&renewed["link"]);

        // Taken back, with the user that was to be.
        assert_eq!(ann.does(REVOKE, id.clone()).await["invitation"]["status"], "REVOKED");
        assert_eq!(ann.does(REVOKE, id.clone()).await["invitation"]["status"], "REVOKED");
        assert_eq!(refusal(&accept(test, &token_of(&third), PASSWORD, None).await), "NOT_FOUND input.token");
        assert_eq!(ann.fails(RESEND, id).await, "CONFLICT id");
        assert_eq!(each(&ann.query(USERS, json!({})).await["users"]["nodes"], "name"), ["Ann", "Eva", "Ivo"]);
        // And invited anew, it is another invitation, which works.
        let anew = ann.does(INVITE, whom("Bob", "bob@new.test")).await;
        assert_ne!(anew["invitation"]["id"], made["invitation"]["id"]);
        let joined = accept(test, &token_of(&text(&anew["link"])), PASSWORD, None).await;
        assert_eq!(joined["user"]["name"], "Bob");
    })
    .await;
}

#[tokio::test]
async fn who_may_not_invite_is_told_who_can() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        let bob = company.user("Bob", &[Right::ManageTags]).await;
        let made = ann.does(INVITE, whom("Eva", "eva@new.test")).await;
        let id = json!({ "id": made["invitation"]["id"] });
        let before = ann.cursor().await;
        for (document, variables) in
            [(INVITE, whom("Dirk", "dirk@new.test")), (RESEND, id.clone()), (REVOKE, id.clone())]
        {
            let refused = bob.payload(document, variables).await;
            assert_eq!(refusal(&refused), "FORBIDDEN");
            let message = text(&refused["userErrors"][0]["message"]);
            assert!(message.contains("INVITE_USERS") && message.ends_with(": Ann."), "{message}");
        }
        let read = "query($id: ID!) { node(id: $id) { id } invitations { totalCount nodes { id } } }";
        let nothing = json!({ "node": null, "invitations": { "totalCount": 0, "nodes": [] } });
        assert_eq!(bob.query(read, id).await, nothing);
        assert_eq!(ann.cursor().await, before);
    })
    .await;
}

#[tokio::test]
async fn nonsense_invites_nobody() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        let bob = company.user("Bob", &[]).await;
        let before = ann.cursor().await;
        let taken = ann.payload(INVITE, whom("Bob", &bob.email.to_uppercase())).await;
        assert_eq!(refusal(&taken), "CONFLICT input.email");
        assert_eq!(taken["userErrors"][0]["conflictingId"], id::encode(bob.id).to_string());
        for email in [
            "",
            "bob",
            "bob@",
            "a@b@c.test",
            "bob@x.test\r\nBcc: all@x.test",
            "<bob@x.test>",
            "bob@x.test\n",
            "\"b\rc\"@x.test",
        ] {
            let refused = ann.payload(INVITE, whom("Bob", email)).await;
            if email.trim() == "bob@x.test" {
                ann.does(REVOKE, json!({ "id": refused["invitation"]["id"] })).await;
            } else {
                assert_eq!(refusal(&refused), "INVALID input.email", "{email:?}");
            }
        }
        let long = "x".repeat(201);
        for name in ["", "  ", "Bob\r\nBcc: all@x.test", "Bob\rX: y", "Bob\u{2028}x", &long] {
            assert_eq!(ann.fails(INVITE, whom(name, "dirk@x.test")).await, "INVALID input.name", "{name:?}");
        }
        assert_ne!(ann.cursor().await, before, "one was blank behind its address, and was taken back");
        assert_eq!(each(&ann.query(USERS, json!({})).await["users"]["nodes"], "name"), ["Ann", "Bob"]);
    })
    .await;
}

#[tokio::test]
async fn of_two_who_accept_at_once_one_is_let_in() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let token = token_of(&text(&ann.does(INVITE, whom("Bob", "bob@two.test")).await["link"]));
        let all = join_all((0..6).map(|_| accept(test, &token, PASSWORD, None))).await;
        let (won, lost): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one["userErrors"] == json!([]));
        assert_eq!(won.len(), 1);
        for lost in &lost {
            assert_eq!(lost, &lost_as(&lost["userErrors"]), "{lost}");
            assert_eq!(refusal(lost), "NOT_FOUND input.token");
        }
    })
    .await;
}

fn lost_as(errors: &Value) -> Value {
    json!({ "token": null, "user": null, "userErrors": errors })
}

#[tokio::test]
async fn two_who_invite_the_same_at_once_make_one_invitation() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let dirk = company.user("Dirk", &[Right::InviteUsers]).await;
        let (ann, both) = (&company.ann, whom("Bob", "bob@both.test"));
        let made =
            join_all((0..6).map(|n| if n % 2 == 0 { ann } else { &dirk }).map(|who| who.does(INVITE, both.clone())))
                .await;
        for one in &made {
            assert_eq!(one["invitation"]["id"], made[0]["invitation"]["id"]);
        }
        let listed = ann.query("{ invitations { totalCount } users { totalCount } }", json!({})).await;
        assert_eq!(listed, json!({ "invitations": { "totalCount": 1 }, "users": { "totalCount": 3 } }));
    })
    .await;
}

#[tokio::test]
async fn who_signs_in_elsewhere_proves_it_and_keeps_their_password() {
    TestApp::on_each_database(async |test| {
        let (first, second) = (test.workspace(Plan::Free).await, test.workspace(Plan::Free).await);
        let bob = first.user("Bob", &[]).await;
        let invite = async || token_of(&text(&second.ann.does(INVITE, whom("Robert", &bob.email)).await["link"]));
        let token = invite().await;
        let other = "another long password";
        // The answer to a password that is too short is the same for everybody.
        assert_eq!(refusal(&accept(test, &token, "short", None).await), "INVALID input.password");
        for _ in 0..10 {
            assert_eq!(refusal(&accept(test, &token, other, None).await), "UNAUTHENTICATED input.password");
        }
        // Guessing through an invitation is guessing.
        let refused = accept(test, &token, PASSWORD, None).await;
        assert_eq!(refusal(&refused), "RATE_LIMITED");
        assert_eq!(refused["userErrors"][0]["retryAt"], "2026-11-24T00:15:00.000000Z");
        assert_eq!(sign_in(test, &bob.email, PASSWORD).await["userErrors"][0]["code"], "RATE_LIMITED");
        test.app.clock.advance(HOURS);
        let joined = accept(test, &token, PASSWORD, None).await;
        assert_eq!((&joined["userErrors"], &joined["user"]["name"]), (&json!([]), &json!("Robert")));
        // They belong to two workspaces, and choose.
        assert_eq!(array(&sign_in(test, &bob.email, PASSWORD).await["workspaces"]).len(), 2);
        assert_eq!(sign_in(test, &bob.email, other).await["userErrors"][0]["code"], "UNAUTHENTICATED");
        let names = each(&first.ann.query(USERS, json!({})).await["users"]["nodes"], "name");
        assert_eq!(names, ["Ann", "Bob"]);
    })
    .await;
}

#[tokio::test]
async fn a_dutch_workspace_writes_dutch() {
    with_mail(async |test, sink| {
        let before = sink.mails().len();
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        let update = "mutation($input: UpdateWorkspaceInput!) { updateWorkspace(input: $input) {
            workspace { name language } userErrors { code path } } }";
        let change = json!({ "input": { "language": "DUTCH", "name": "Café Zuid" } });
        let bob = company.user("Bob", &[]).await;
        assert_eq!(bob.fails(update, change.clone()).await, "FORBIDDEN");
        let changed = ann.does(update, change).await;
        assert_eq!(changed["workspace"], json!({ "name": "Café Zuid", "language": "DUTCH" }));
        ann.does(INVITE, whom("Eva", "eva@nl.test")).await;
        let mail = sink.so_many(before + 1).await.pop().unwrap();
        assert_eq!(mail.subject(), "Ann nodigt u uit voor Café Zuid");
        assert!(mail.text().contains("binnen 72 uur") && mail.html().contains("<html lang=\"nl\">"), "{}", mail.text());
    })
    .await;
}

#[tokio::test]
async fn the_page_lets_a_newcomer_in_and_says_the_same_of_every_token() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let link = text(&ann.does(INVITE, whom("Bob", "bob@page.test")).await["link"]);
        let path = link.strip_prefix(&test.url).unwrap().to_owned();
        let open = async |path: &str| http::call(Method::GET, &test.url, path).send().await;
        let page = open(&path).await;
        assert_eq!(page.status, StatusCode::OK);
        let policy = page.header("content-security-policy");
        for part in ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe") && !page.text().contains("<script"), "{policy}");
        let headers = ["cache-control", "referrer-policy", "x-content-type-options", "x-frame-options"];
        assert_eq!(headers.map(|name| page.header(name)), ["no-store", "no-referrer", "nosniff", "DENY"]);
        for other in ["/invitations/x", "/invitations/%00%0d%0a", &format!("/invitations/{}", "A".repeat(43))] {
            assert_eq!(open(other).await.body, page.body, "{other}");
        }
        let dutch = http::call(Method::GET, &test.url, &path).header("accept-language", "nl-NL,en;q=0.5").send().await;
        assert!(dutch.text().contains("Uitnodiging aannemen"), "{}", dutch.text());

        let send = async |path: &str, form: &str| {
            let call = http::call(Method::POST, &test.url, path);
            call.header("content-type", "application/x-www-form-urlencoded").body(form).send().await
        };
        let sound = "name=Bob+%3Cb%3E&password=correct+horse+battery&again=correct+horse+battery";
        let refused = send(&path, "name=%22%3E%3Cb%3E&password=short&again=short").await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(refused.text().contains("10 to 1000") && refused.text().contains("value=\"&quot;&gt;&lt;b&gt;\""));
        let refused = send(&path, "password=correct+horse+battery&again=another+horse+battery").await;
        assert!(refused.text().contains("not the same"), "{}", refused.text());
        assert_eq!(send(&path, "%ff").await.status, StatusCode::BAD_REQUEST);
        assert_eq!(send("/invitations/x", sound).await.status, StatusCode::NOT_FOUND);
        let welcome = send(&path, sound).await;
        assert_eq!(welcome.status, StatusCode::OK, "{}", welcome.text());
        assert!(welcome.text().contains("bob@page.test") && welcome.text().contains(&test.url), "{}", welcome.text());
        assert_eq!(welcome.header("cache-control"), "no-store");
        assert_eq!(send(&path, sound).await.status, StatusCode::NOT_FOUND);
        assert_ne!(sign_in(test, "bob@page.test", PASSWORD).await["token"], Value::Null);
        assert_eq!(open(&path).await.body, page.body);
        let names = each(&ann.query(USERS, json!({})).await["users"]["nodes"], "name");
        assert_eq!(names, ["Ann", "Bob <b>"]);
    })
    .await;
}
