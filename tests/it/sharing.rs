//! Stories of what colleagues let each other see.

use std::collections::BTreeMap;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tagwire::access::Right;
use tagwire::graphql::id;
use tagwire::users::Plan;

use crate::deeds::{SET_RIGHTS, array, each, text};
use crate::support::{Person, TestApp};

/// Shares something with a colleague.
pub const SHARE: &str = "mutation($input: ShareInput!) { share(input: $input) {
    share { id resource level owner { id name } grantee { id name } } userErrors { code message path } } }";
/// Ends a share.
pub const UNSHARE: &str = "mutation($id: ID!) { unshare(id: $id) { deletedId userErrors { code message path } } }";
const NODE: &str = "query($id: ID!) { node(id: $id) { __typename id } }";

/// What is shared with whom.
pub fn share(grantee: &Person, resource: &str, level: &str) -> Value {
    json!({ "input": { "granteeId": id::encode(grantee.id).to_string(), "resource": resource, "level": level } })
}

/// The same, of another's.
pub fn share_of(owner: &Person, grantee: &Person, resource: &str, level: &str) -> Value {
    let mut of = share(grantee, resource, level);
    of["input"]["ownerId"] = json!(id::encode(owner.id).to_string());
    of
}

/// Kind, action and what it is about, of all that happened behind a cursor in somebody's eyes.
async fn told(person: &Person, after: &Value) -> Vec<(String, String, String)> {
    let document = "query($after: Cursor!) { changes(after: $after) { changes { kind action nodeId } } }";
    let page = person.query(document, json!({ "after": after })).await["changes"]["changes"].take();
    array(&page).iter().map(|one| (text(&one["kind"]), text(&one["action"]), text(&one["nodeId"]))).collect()
}

#[tokio::test]
async fn a_share_is_made_changed_and_ended() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        let (bob, cleo, dan) =
            (company.user("Bob", &[]).await, company.user("Cleo", &[]).await, company.user("Dan", &[]).await);
        let start = ann.cursor().await;
        let made = bob.does(SHARE, share(&cleo, "INBOX", "METADATA")).await["share"].take();
        assert_eq!(made["owner"]["name"], "Bob");
        assert_eq!(made["grantee"]["name"], "Cleo");
        let before = ann.cursor().await;
        let again = bob.does(SHARE, share(&cleo, "INBOX", "METADATA")).await["share"].take();
        assert_eq!((again, ann.cursor().await), (made.clone(), before), "the same again changes nothing");
        let fuller = bob.does(SHARE, share(&cleo, "INBOX", "FULL")).await["share"].take();
        assert_eq!((&fuller["id"], &fuller["level"]), (&made["id"], &json!("FULL")));
        // Shared like mail, and seen by whom it concerns, though nothing is there yet.
        bob.does(SHARE, share(&cleo, "CALENDAR", "METADATA")).await;
        bob.does(SHARE, share(&dan, "KANBAN_BOARD", "SUBJECT")).await;

        let shares = "{ users { nodes { name shares { id resource level grantee { name } } } } }";
        let seen = async |person: &Person| -> BTreeMap<String, Value> {
            let users = person.query(shares, json!({})).await["users"]["nodes"].take();
            array(&users).iter().map(|user| (text(&user["name"]), user["shares"].clone())).collect()
        };
        let of_bob = seen(&bob).await["Bob"].clone();
        assert_eq!(each(&of_bob, "resource"), ["INBOX", "CALENDAR", "KANBAN_BOARD"]);
        assert_eq!(each(&of_bob, "level"), ["FULL", "METADATA", "SUBJECT"]);
        assert_eq!(seen(ann).await["Bob"], of_bob, "an Admin sees everybody's");
        assert_eq!(seen(ann).await["Dan"], json!([]));
        assert_eq!(seen(&cleo).await["Bob"], Value::Null);
        assert_eq!(seen(&cleo).await["Cleo"], json!([]));
        let sign_in = "mutation($input: SignInInput!) { signIn(input: $input) { user { shares { id } } } }";
        let input = json!({ "input": { "email": bob.email, "password": crate::support::people::PASSWORD } });
        assert_eq!(bob.query(sign_in, input).await["signIn"]["user"]["shares"], Value::Null);

        let node = json!({ "id": made["id"] });
        for (person, sees) in [(ann, true), (&bob, true), (&cleo, true), (&dan, false)] {
            assert_eq!(person.query(NODE, node.clone()).await["node"].is_object(), sees, "{}", person.email);
        }
        // Who sees it hears of it, and nobody else.
        let shared = |action: &str| ("SHARE".to_owned(), action.to_owned(), text(&made["id"]));
        for person in [ann, &bob, &cleo] {
            let told = told(person, &start).await;
            let of_it: Vec<_> = told.into_iter().filter(|one| one.2 == text(&made["id"])).collect();
            assert_eq!(of_it, [shared("CREATED"), shared("UPDATED")]);
        }
        assert_eq!(told(&dan, &start).await.len(), 1, "of the board alone");

        assert_eq!(dan.fails(UNSHARE, node.clone()).await, "NOT_FOUND id");
        assert_eq!(cleo.fails(UNSHARE, node.clone()).await, "FORBIDDEN");
        let before = ann.cursor().await;
        assert_eq!(bob.does(UNSHARE, node.clone()).await["deletedId"], made["id"]);
        for person in [ann, &bob, &cleo] {
            assert_eq!(told(person, &before).await, [shared("REMOVED")]);
            assert!(person.query(NODE, node.clone()).await["node"].is_null());
        }
        assert!(told(&dan, &before).await.is_empty());
        assert_eq!(bob.fails(UNSHARE, node).await, "NOT_FOUND id");
        // An Admin ends another's.
        ann.does(UNSHARE, json!({ "id": of_bob[1]["id"] })).await;
        assert_eq!(each(&seen(&bob).await["Bob"], "resource"), ["KANBAN_BOARD"]);
    })
    .await;
}

#[tokio::test]
async fn what_is_anothers_is_shared_by_an_admin_and_to_himself_only_with_the_right() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        let (bob, cleo) = (company.user("Bob", &[]).await, company.user("Cleo", &[Right::ViewPrivateMail]).await);
        let adam = company.user("Adam", &[Right::Admin]).await;
        assert_eq!(cleo.fails(SHARE, share_of(&bob, &cleo, "INBOX", "FULL")).await, "FORBIDDEN");
        assert_eq!(cleo.fails(SHARE, share_of(&bob, &adam, "INBOX", "FULL")).await, "FORBIDDEN");
        assert_eq!(ann.fails(SHARE, share_of(&bob, ann, "INBOX", "FULL")).await, "FORBIDDEN");
        let before = bob.cursor().await;
        let made = ann.does(SHARE, share_of(&bob, &cleo, "INBOX", "FULL")).await["share"].take();
        // The owner is told, and by whom.
        let document = "query($after: Cursor!) { changes(after: $after) { changes { kind action nodeId actor { name shares { id } } node { id } } } }";
        let told = bob.query(document, json!({ "after": before })).await["changes"]["changes"].take();
        let expected = json!([{ "kind": "SHARE", "action": "CREATED", "nodeId": made["id"], "node": { "id": made["id"] },
            "actor": { "name": "Ann", "shares": null } }]);
        assert_eq!(told, expected);
        // Bob takes it back, though he did not give it.
        bob.does(UNSHARE, json!({ "id": made["id"] })).await;

        let rights = |rights: &[&str]| {
            json!({ "input": { "userId": id::encode(ann.id).to_string(), "rights": rights } })
        };
        adam.does(SET_RIGHTS, rights(&["ADMIN", "VIEW_PRIVATE_MAIL"])).await;
        ann.does(SHARE, share_of(&bob, ann, "INBOX", "FULL")).await;
        adam.does(SET_RIGHTS, rights(&["ADMIN"])).await;
        assert_eq!(ann.fails(SHARE, share_of(&bob, ann, "INBOX", "SUBJECT")).await, "FORBIDDEN");
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_shared_is_refused_in_plain_words() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let stranger = test.workspace(Plan::Free).await.ann;
        let gone = company.user("Gone", &[]).await;
        let disable = format!("UPDATE workspace_user SET status = 'DISABLED' WHERE name = '{}'", "Gone");
        test.app.db.writer().execute_unprepared(&disable).await.unwrap();
        let before = ann.cursor().await;
        for (variables, refusal) in [
            (share(ann, "INBOX", "FULL"), "INVALID input.granteeId"),
            (share_of(&bob, &bob, "INBOX", "FULL"), "INVALID input.granteeId"),
            (share(&gone, "INBOX", "FULL"), "INVALID input.granteeId"),
            (share(&stranger, "INBOX", "FULL"), "NOT_FOUND input.granteeId"),
            (share_of(&stranger, &bob, "INBOX", "FULL"), "NOT_FOUND input.ownerId"),
            (
                json!({ "input": { "granteeId": "💥", "resource": "INBOX", "level": "FULL" } }),
                "NOT_FOUND input.granteeId",
            ),
        ] {
            assert_eq!(ann.fails(SHARE, variables.clone()).await, refusal, "{variables}");
        }
        for variables in [share(&bob, "MAIL", "FULL"), share(&bob, "INBOX", "full"), share(&bob, "INBOX", "")] {
            assert_eq!(ann.ask(SHARE, variables).await.code(), "BAD_USER_INPUT");
        }
        assert_eq!(ann.fails(UNSHARE, json!({ "id": id::encode(bob.id).to_string() })).await, "NOT_FOUND id");
        assert_eq!(ann.cursor().await, before, "nothing changed");
        // What a colleague who left had is shared on.
        ann.does(SHARE, share_of(&gone, &bob, "INBOX", "FULL")).await;
    })
    .await;
}
