//! Who may do what, as a table to be read: a right that opens another door is a visible change of `rights.txt`.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Value, json};
use tagwire::access::Right;
use tagwire::graphql::id;
use tagwire::users::Plan;

use crate::deeds::{
    ADD, BLOCK, DELETE, DELETE_GROUP, DELETE_TAG, EDIT, EDIT_GROUP, EDIT_TAG, MAKE_GROUP, MAKE_TAG, MERGE_TAGS,
    REMOVE_ALIAS, SET_RIGHTS, TAG, UNBLOCK, UNTAG, array, each, refusal,
};
use crate::exports::EXPORT;
use crate::imports::{CANCEL, IMPORT};
use crate::invitations::{INVITE, RESEND, REVOKE, whom};
use crate::sharing::{SHARE, UNSHARE, share_of};
use crate::support::{Person, TestApp};
use crate::users::{DISABLE, ENABLE, UPDATE_USER};

/// Every mutation that a right may open.
const ACTS: [&str; 28] = [
    "block",
    "cancelImport",
    "createContact",
    "createTag",
    "createTagGroup",
    "deleteContact",
    "deleteTag",
    "deleteTagGroup",
    "disableUser",
    "enableUser",
    "exportContacts",
    "importContacts",
    "inviteUser",
    "mergeTags",
    "removeTagAlias",
    "resendInvitation",
    "revokeInvitation",
    "setRights",
    "share",
    "tagContacts",
    "unblock",
    "unshare",
    "untagContacts",
    "updateContact",
    "updateTag",
    "updateTagGroup",
    "updateUser",
    "updateWorkspace",
];

/// Every mutation that no right opens: one's own sign-in, one's own mailboxes and filters.
const OWN: [&str; 17] = [
    "acceptInvitation",
    "changeEmail",
    "confirmEmailChange",
    "connectMailAccount",
    "createSavedFilter",
    "deleteSavedFilter",
    "disconnectMailAccount",
    "pauseMailAccount",
    "resumeMailAccount",
    "retrySkippedMessage",
    "setContactCreation",
    "setMessagePrivate",
    "signIn",
    "signOut",
    "syncMailAccount",
    "updateMailAccount",
    "updateSavedFilter",
];

/// All that a refused request must leave as it was.
async fn everything(person: &Person) -> Value {
    let document = "{ cursor contacts(first: 200) { nodes { id name version tags { name } } } \
                    tagGroups { id name color position } tags(first: 200) { nodes { id name color aliases contactCount } } blockList { nodes { id } } workspace { name } invitations { nodes { id status } } users { nodes { id name status rights shares { id } } } }";
    person.query(document, json!({})).await
}

#[expect(clippy::too_many_lines, reason = "one table of all rights and deeds")]
#[tokio::test]
async fn each_right_opens_exactly_its_doors() {
    let test = TestApp::on_sqlite(&[]).await;
    let company = test.workspace(Plan::Pro).await;
    let ann = &company.ann;
    let (carol, dan) = (company.user("Carol", &[]).await, company.user("Dan", &[]).await);
    let carols = id::encode(carol.id).to_string();
    let schema = ann.query("{ __schema { mutationType { fields { name } } } }", json!({})).await;
    let there: BTreeSet<String> = each(&schema["__schema"]["mutationType"]["fields"], "name").into_iter().collect();
    let known: BTreeSet<String> = ACTS.iter().chain(&OWN).map(|name| (*name).to_owned()).collect();
    assert_eq!(there, known, "what opens it is written down for every mutation");

    let mut table = "What a user with only this right may do.\n\n".to_owned();
    write!(table, "{:18}", "").unwrap();
    for act in ACTS {
        write!(table, " {act}").unwrap();
    }
    for right in std::iter::once(None).chain(Right::ALL.map(Some)) {
        let name = right.map_or("none", Right::name);
        let user = company.user("User", right.as_slice()).await;
        write!(table, "\n{name:18}").unwrap();
        for act in ACTS {
            let contact = ann.adds("Somebody", &["some tag"]).await;
            let tag = ann.tag_id("some tag").await;
            let other = async |of: &str| {
                let made = ann.does(MAKE_TAG, json!({ "input": { "name": format!("{of} {name}") } })).await;
                made["tag"]["id"].clone()
            };
            let group = async |of: &str| {
                let input = json!({ "name": format!("{of} {name}"), "color": "#000000" });
                ann.does(MAKE_GROUP, json!({ "input": input })).await["tagGroup"]["id"].take()
            };
            let (document, variables) = match act {
                "block" => (
                    BLOCK,
                    json!({ "input": { "pattern": format!("@{}", name.replace('_', "-")), "scope": "WORKSPACE" } }),
                ),
                "unblock" => {
                    let input =
                        json!({ "pattern": format!("x@{}.test", name.replace('_', "-")), "scope": "WORKSPACE" });
                    (UNBLOCK, json!({ "id": ann.does(BLOCK, json!({ "input": input })).await["blocked"]["id"] }))
                }
                "inviteUser" => (INVITE, whom("New", &format!("{}@new.test", name.to_lowercase()))),
                "resendInvitation" | "revokeInvitation" => {
                    let email = format!("{act}.{}@new.test", name.to_lowercase());
                    let made = ann.does(INVITE, whom("New", &email)).await;
                    let document = if act == "resendInvitation" { RESEND } else { REVOKE };
                    (document, json!({ "id": made["invitation"]["id"] }))
                }
                // Of another's: one's own name is everybody's to change.
                "updateUser" => (UPDATE_USER, json!({ "input": { "id": carols, "name": format!("Carol {name}") } })),
                "disableUser" => (DISABLE, json!({ "id": id::encode(company.user("Gone", &[]).await.id).to_string() })),
                "enableUser" => {
                    let gone = json!({ "id": id::encode(company.user("Gone", &[]).await.id).to_string() });
                    ann.does(DISABLE, gone.clone()).await;
                    (ENABLE, gone)
                }
                "updateWorkspace" => (
                    "mutation($input: UpdateWorkspaceInput!) { updateWorkspace(input: $input) { userErrors { code path } } }",
                    json!({ "input": { "name": format!("Acme of {name}") } }),
                ),
                "cancelImport" => (CANCEL, json!({ "id": "" })),
                "importContacts" => (IMPORT, Value::Null),
                "exportContacts" => (EXPORT, json!({ "format": "CSV" })),
                "createContact" => (ADD, json!({ "input": { "name": "New", "tags": [format!("tag of {name}")] } })),
                "createTag" => (MAKE_TAG, json!({ "input": { "name": format!("ahead by {name}") } })),
                "createTagGroup" => {
                    (MAKE_GROUP, json!({ "input": { "name": format!("group of {name}"), "color": "#000000" } }))
                }
                "deleteContact" => (DELETE, json!({ "id": contact })),
                "deleteTag" => (DELETE_TAG, json!({ "id": tag })),
                "deleteTagGroup" => (DELETE_GROUP, json!({ "id": group("gone by").await })),
                "mergeTags" => {
                    (MERGE_TAGS, json!({ "input": { "fromIds": [other("merged by").await], "intoId": tag } }))
                }
                "removeTagAlias" => {
                    let merged = json!({ "input": { "fromIds": [other("alias of").await], "intoId": tag } });
                    ann.does(MERGE_TAGS, merged).await;
                    (REMOVE_ALIAS, json!({ "tag": tag, "alias": format!("alias of {name}") }))
                }
                "updateTag" => (EDIT_TAG, json!({ "input": { "id": tag, "color": format!("#{:06X}", name.len()) } })),
                "updateTagGroup" => (EDIT_GROUP, json!({ "input": { "id": group("moved by").await, "position": 0 } })),
                "setRights" => (SET_RIGHTS, json!({ "input": { "userId": carols, "rights": [] } })),
                // Of another's: one's own is everybody's to share.
                "share" => (SHARE, share_of(&carol, &dan, "INBOX", if name == "none" { "FULL" } else { "SUBJECT" })),
                "unshare" => {
                    let made = ann.does(SHARE, share_of(&carol, &user, "CALENDAR", "FULL")).await;
                    (UNSHARE, json!({ "id": made["share"]["id"] }))
                }
                "tagContacts" => (TAG, json!({ "input": { "contactIds": [contact], "names": ["another tag"] } })),
                "untagContacts" => (UNTAG, json!({ "input": { "contactIds": [contact], "names": ["some tag"] } })),
                _ => (EDIT, json!({ "input": { "id": contact, "name": "Other" } })),
            };
            let before = everything(ann).await;
            let payload = if act == "importContacts" {
                let file = format!("name\n{name}\n");
                let payload =
                    user.sends(&test.url, file.as_bytes(), json!({})).await.json()["data"]["importContacts"].take();
                if let Some(id) = payload["import"]["id"].as_str() {
                    // Nothing of it is to come later.
                    user.does(CANCEL, json!({ "id": id })).await;
                }
                payload
            } else {
                user.payload(document, variables).await
            };
            // Nobody but who began an import may know of it: with the right it is not there.
            let is_there = act != "cancelImport" || refusal(&payload) != "NOT_FOUND id";
            let refused = is_there && !array(&payload["userErrors"]).is_empty();
            if refused {
                assert_eq!(refusal(&payload), "FORBIDDEN", "{act} by {name}");
                assert_eq!(everything(ann).await, before, "{act} by {name}");
            }
            write!(table, " {mark:width$}", mark = if refused { '✘' } else { '✔' }, width = act.len()).unwrap();
        }
        table.truncate(table.trim_end().len());
    }
    table.push('\n');
    let written = include_str!("rights.txt");
    assert_eq!(table, written, "if this is meant, write it into tests/it/rights.txt:\n{table}");
    test.stop().await;
}
