//! A foreign id is as one that never existed, wherever an id can be given.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tagwire::graphql::id;
use tagwire::users::Plan;

use crate::deeds::{
    BLOCK, DELETE, DELETE_GROUP, DELETE_SAVED, DELETE_TAG, EDIT, EDIT_GROUP, EDIT_SAVED, EDIT_TAG, MAKE_GROUP,
    MAKE_TAG, MERGE_TAGS, REMOVE_ALIAS, SAVE, SET_RIGHTS, TAG, UNBLOCK, UNTAG, array, text,
};
use crate::imports::CANCEL;
use crate::invitations::{INVITE, RESEND, REVOKE, whom};
use crate::sharing::{SHARE, UNSHARE, share};
use crate::support::people::PASSWORD;
use crate::support::{Company, Person, TestApp};
use crate::users::{DISABLE, ENABLE, UPDATE_USER};

const SCHEMA: &str = "{ __schema { types { kind name inputFields { name type { ...T } } fields { name args { name type { ...T } } } } } }
    fragment T on __Type { name ofType { name ofType { name ofType { name } } } }";
const ALL: &str = "{ workspace { id name edition } users { nodes { id name rights shares { id level } } } tagGroups { id name color position tags { id } }
    savedFilters { id name query shared position } invitations { nodes { id status expiresAt } } blockList { nodes { id pattern scope } }
    tags(first: 20) { nodes { id name aliases contactCount color group { id } history(first: 20) { nodes { id summary } } } }
    contacts(first: 20) { nodes { id name company version tags { id } history(first: 20) { nodes { id summary } } } } }";
const NODE: &str = "query($id: ID!) { node(id: $id) { __typename id } }";
const NODES: &str = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";
const CONTACT: &str = "query($id: ID!) { contact(id: $id) { name } }";
const OF_GROUP: &str = "query($id: ID) { tags(groupId: $id) { totalCount nodes { name } } }";
const MATCHING: &str = "query($filter: ContactFilter) { contacts(filter: $filter) { totalCount nodes { name } } }";
const SIGN_IN: &str =
    "mutation($input: SignInInput!) { signIn(input: $input) { user { name } userErrors { code message path } } }";

/// One object of each kind.
struct Ids {
    workspace: String,
    user: String,
    contact: String,
    tag: String,
    group: String,
    saved: String,
    import: String,
    /// Something in the history of the contact.
    entry: String,
    share: String,
    /// A colleague, with whom something is shared.
    colleague: String,
    blocked: String,
    invitation: String,
    /// A second tag, of which nothing is asked by its id.
    spare: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Any,
    Workspace,
    User,
    Contact,
    Tag,
    Group,
    Saved,
    Import,
    Entry,
    Share,
    Blocked,
    Invitation,
}

impl Ids {
    fn of(&self, kind: Kind) -> Vec<&str> {
        let all = [
            (Kind::Workspace, &self.workspace),
            (Kind::User, &self.user),
            (Kind::Contact, &self.contact),
            (Kind::Tag, &self.tag),
            (Kind::Group, &self.group),
            (Kind::Saved, &self.saved),
            (Kind::Import, &self.import),
            (Kind::Entry, &self.entry),
            (Kind::Share, &self.share),
            (Kind::Blocked, &self.blocked),
            (Kind::Invitation, &self.invitation),
        ];
        all.into_iter().filter(|(of, _)| kind == Kind::Any || kind == *of).map(|(_, id)| id.as_str()).collect()
    }
}

/// A place where an id is given: what it is the id of, and a request with it.
struct Place {
    name: &'static str,
    kind: Kind,
    document: &'static str,
    variables: Box<dyn Fn(&str) -> Value>,
}

fn place(name: &'static str, kind: Kind, document: &'static str, variables: impl Fn(&str) -> Value + 'static) -> Place {
    Place { name, kind, document, variables: Box::new(variables) }
}

/// Every place of the schema, several where one input is used in several ways. What deletes comes last.
fn places(own: &Ids, email: String) -> Vec<Place> {
    let (contact, same_contact, tag) = (own.contact.clone(), own.contact.clone(), own.tag.clone());
    let (grouped, into, spare) = (own.tag.clone(), own.tag.clone(), own.spare.clone());
    vec![
        place("Query.node.id", Kind::Any, NODE, |id| json!({ "id": id })),
        place("Query.nodes.ids", Kind::Any, NODES, |id| json!({ "ids": [id, id] })),
        place("Query.contact.id", Kind::Contact, CONTACT, |id| json!({ "id": id })),
        place("Query.tags.groupId", Kind::Group, OF_GROUP, |id| json!({ "id": id })),
        place("TagMatch.id", Kind::Tag, MATCHING, |id| json!({ "filter": { "tag": { "id": id } } })),
        place("TagMatch.groupId", Kind::Group, MATCHING, |id| json!({ "filter": { "tag": { "groupId": id } } })),
        place(
            "TagMatch.id",
            Kind::Tag,
            TAG,
            |id| json!({ "input": { "filter": { "tag": { "id": id } }, "names": ["spare"] } }),
        ),
        place("ContactFilter.savedFilterId", Kind::Saved, MATCHING, |id| json!({ "filter": { "savedFilterId": id } })),
        place(
            "UpdateSavedFilterInput.id",
            Kind::Saved,
            EDIT_SAVED,
            |id| json!({ "input": { "id": id, "name": "Stolen" } }),
        ),
        place(
            "SignInInput.workspaceId",
            Kind::Workspace,
            SIGN_IN,
            move |id| json!({ "input": { "email": email, "password": PASSWORD, "workspaceId": id } }),
        ),
        place(
            "CreateTagInput.groupId",
            Kind::Group,
            MAKE_TAG,
            |id| json!({ "input": { "name": "in group", "groupId": id } }),
        ),
        place(
            "UpdateContactInput.id",
            Kind::Contact,
            EDIT,
            |id| json!({ "input": { "id": id, "company": "Thieves", "addTags": ["stolen"] } }),
        ),
        place(
            "TagContactsInput.contactIds",
            Kind::Contact,
            TAG,
            move |id| json!({ "input": { "contactIds": [contact, id], "names": ["both"] } }),
        ),
        place(
            "TagContactsInput.tagIds",
            Kind::Tag,
            TAG,
            move |id| json!({ "input": { "contactIds": [same_contact], "tagIds": [id], "names": ["beside"] } }),
        ),
        place(
            "TagContactsInput.contactIds",
            Kind::Contact,
            UNTAG,
            move |id| json!({ "input": { "contactIds": [id], "tagIds": [tag] } }),
        ),
        place("TagContactsInput.tagIds", Kind::Tag, UNTAG, |id| json!({ "input": { "filter": {}, "tagIds": [id] } })),
        place(
            "SetRightsInput.userId",
            Kind::User,
            SET_RIGHTS,
            |id| json!({ "input": { "userId": id, "rights": ["ADMIN", "MANAGE_TAGS"] } }),
        ),
        place("UpdateTagInput.id", Kind::Tag, EDIT_TAG, |id| json!({ "input": { "id": id, "color": "#000000" } })),
        place(
            "UpdateTagInput.groupId",
            Kind::Group,
            EDIT_TAG,
            move |id| json!({ "input": { "id": grouped, "groupId": id } }),
        ),
        place("Mutation.removeTagAlias.tagId", Kind::Tag, REMOVE_ALIAS, |id| json!({ "tag": id, "alias": "prospect" })),
        place(
            "UpdateTagGroupInput.id",
            Kind::Group,
            EDIT_GROUP,
            |id| json!({ "input": { "id": id, "name": "Stolen" } }),
        ),
        place(
            "MergeTagsInput.intoId",
            Kind::Tag,
            MERGE_TAGS,
            move |id| json!({ "input": { "fromIds": [spare], "intoId": id } }),
        ),
        // With its own id a tag is merged with itself, which is refused as that.
        place(
            "MergeTagsInput.fromIds",
            Kind::Tag,
            MERGE_TAGS,
            move |id| json!({ "input": { "fromIds": [id], "intoId": into } }),
        ),
        place("Mutation.unblock.id", Kind::Blocked, UNBLOCK, |id| json!({ "id": id })),
        place("Mutation.deleteSavedFilter.id", Kind::Saved, DELETE_SAVED, |id| json!({ "id": id })),
        place("Mutation.cancelImport.id", Kind::Import, CANCEL, |id| json!({ "id": id })),
        place("Mutation.deleteTagGroup.id", Kind::Group, DELETE_GROUP, |id| json!({ "id": id })),
        place("Mutation.deleteTag.id", Kind::Tag, DELETE_TAG, |id| json!({ "id": id })),
        place("Mutation.deleteContact.id", Kind::Contact, DELETE, |id| json!({ "id": id })),
    ]
}

fn places_of_shares(own: &Ids) -> Vec<Place> {
    let to_colleague = own.colleague.clone();
    vec![
        place(
            "ShareInput.ownerId",
            Kind::User,
            SHARE,
            move |id| json!({ "input": { "ownerId": id, "granteeId": to_colleague, "resource": "INBOX", "level": "FULL" } }),
        ),
        // With one's own id it is shared with oneself, which is refused as that.
        place(
            "ShareInput.granteeId",
            Kind::User,
            SHARE,
            |id| json!({ "input": { "granteeId": id, "resource": "INBOX", "level": "FULL" } }),
        ),
        place("Mutation.unshare.id", Kind::Share, UNSHARE, |id| json!({ "id": id })),
        place("UpdateUserInput.id", Kind::User, UPDATE_USER, |id| json!({ "input": { "id": id, "name": "Stolen" } })),
        place("Mutation.disableUser.id", Kind::User, DISABLE, |id| json!({ "id": id })),
        place("Mutation.enableUser.id", Kind::User, ENABLE, |id| json!({ "id": id })),
        place("Mutation.resendInvitation.id", Kind::Invitation, RESEND, |id| json!({ "id": id })),
        place("Mutation.revokeInvitation.id", Kind::Invitation, REVOKE, |id| json!({ "id": id })),
    ]
}

async fn furnish(company: &Company, url: &str) -> Ids {
    let ann = &company.ann;
    let colleague = company.user("Bob", &[]).await;
    let share = ann.does(SHARE, share(&colleague, "CALENDAR", "METADATA")).await;
    let group = ann.does(MAKE_GROUP, json!({ "input": { "name": "Status", "color": "#1E90FF" } })).await;
    let group = text(&group["tagGroup"]["id"]);
    let tag = ann.does(MAKE_TAG, json!({ "input": { "name": "prospect", "groupId": group } })).await;
    ann.does(EDIT_TAG, json!({ "input": { "id": tag["tag"]["id"], "name": "lead" } })).await;
    let spare = ann.does(MAKE_TAG, json!({ "input": { "name": "spare" } })).await;
    let contact = ann.adds("Jan", &["lead"]).await;
    let saved = ann.does(SAVE, json!({ "input": { "name": "Leads", "query": "#lead", "shared": true } })).await;
    let import = ann.sends(url, b"name\nEva\n", json!({ "dryRun": true })).await.json();
    let import = text(&import["data"]["importContacts"]["import"]["id"]);
    // Ended, so that nothing moves by itself.
    ann.does(CANCEL, json!({ "id": import })).await;
    let block = json!({ "input": { "pattern": "bad.test", "scope": "WORKSPACE" } });
    let blocked = text(&ann.does(BLOCK, block).await["blocked"]["id"]);
    let own = "{ viewer { id } workspace { id } contacts { nodes { history(first: 1) { nodes { id } } } } }";
    let own = ann.query(own, json!({})).await;
    Ids {
        workspace: text(&own["workspace"]["id"]),
        user: text(&own["viewer"]["id"]),
        contact,
        tag: text(&tag["tag"]["id"]),
        group,
        saved: text(&saved["savedFilter"]["id"]),
        import,
        entry: text(&own["contacts"]["nodes"][0]["history"]["nodes"][0]["id"]),
        share: text(&share["share"]["id"]),
        colleague: id::encode(colleague.id).to_string(),
        blocked,
        invitation: text(&ann.does(INVITE, whom("Eva", "eva@new.test")).await["invitation"]["id"]),
        spare: text(&spare["tag"]["id"]),
    }
}

/// The same object under another type.
fn retyped(id: &str, of: u8) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(id).unwrap();
    bytes[0] = of;
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An id of the same type that names nothing.
fn unheard_of(id: &str) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(id).unwrap();
    bytes[1..].copy_from_slice(&rand::random::<u128>().to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Every argument and input field of type ID, as `Type.field.argument` or `Input.field`.
async fn places_of_the_schema(ann: &Person) -> BTreeSet<String> {
    let is_id = |of: &Value| {
        let names = ["/name", "/ofType/name", "/ofType/ofType/name", "/ofType/ofType/ofType/name"];
        names.iter().any(|name| of.pointer(name).is_some_and(|name| name == "ID"))
    };
    let mut places = BTreeSet::new();
    for of in array(&ann.query(SCHEMA, json!({})).await["__schema"]["types"]) {
        let name = text(&of["name"]);
        if name.starts_with("__") {
            continue;
        }
        for field in of["inputFields"].as_array().into_iter().flatten().filter(|field| is_id(&field["type"])) {
            places.insert(format!("{name}.{}", text(&field["name"])));
        }
        for field in of["fields"].as_array().into_iter().flatten() {
            for argument in array(&field["args"]).iter().filter(|argument| is_id(&argument["type"])) {
                places.insert(format!("{name}.{}.{}", text(&field["name"]), text(&argument["name"])));
            }
        }
    }
    places
}

/// Places for ids of mailboxes and what is in them, which take a mail server: see `mail_sync`, `coverage` and `shared_mail`.
const OF_MAIL: [&str; 17] = [
    "MessageFilter.accountIds",
    "MessageFilter.contactId",
    "MessageFilter.folderId",
    "Mutation.disconnectMailAccount.id",
    "Mutation.pauseMailAccount.id",
    "Mutation.resumeMailAccount.id",
    "Mutation.retrySkippedMessage.id",
    "Mutation.setMessagePrivate.id",
    "Mutation.syncMailAccount.id",
    "Query.whyLinked.contactId",
    "Query.whyLinked.messageId",
    "Query.whyNotVisible.messageId",
    "SetContactCreationInput.id",
    "Subscription.mailAccountChanged.id",
    "Subscription.messageReceived.accountIds",
    "UpdateMailAccountInput.folderIds",
    "UpdateMailAccountInput.id",
];

#[tokio::test]
async fn a_foreign_id_is_as_one_that_never_existed() {
    TestApp::on_each_database(async |test| {
        let (company, other) = (test.workspace(Plan::Pro).await, test.workspace(Plan::Pro).await);
        let (own, foreign) = (furnish(&company, &test.url).await, furnish(&other, &test.url).await);
        let (ann, stranger) = (&company.ann, &other.ann);
        let mut places = places(&own, ann.email.clone());
        places.extend(places_of_shares(&own));
        let told = places.iter().map(|place| place.name.to_owned()).chain(OF_MAIL.map(str::to_owned));
        let told: BTreeSet<_> = told.collect();
        assert_eq!(told, places_of_the_schema(ann).await, "every place for an id stands in this story's table");

        let state = async || {
            (
                ann.query(ALL, json!({})).await,
                ann.cursor().await,
                stranger.query(ALL, json!({})).await,
                stranger.cursor().await,
            )
        };
        let before = state().await;
        for place in &places {
            let ask = async |id: &str| {
                // A sign-in to a workspace that is not one's own is a failed one, and only so many are tried at once.
                if place.name.starts_with("SignInInput") {
                    test.app.clock.advance(Duration::from_secs(15 * 60));
                }
                ann.response(place.document, (place.variables)(id)).await
            };
            let first = own.of(place.kind)[0];
            let expected = ask(&unheard_of(first)).await;
            let mut ids: Vec<String> = foreign.of(place.kind).into_iter().map(str::to_owned).collect();
            ids.extend(own.of(place.kind).into_iter().map(unheard_of));
            for id in own.of(place.kind) {
                let typed = URL_SAFE_NO_PAD.decode(id).unwrap()[0];
                ids.extend((0..=12).chain([255]).filter(|of| *of != typed).map(|of| retyped(id, of)));
                ids.extend((0..=26).chain([255]).filter(|of| *of != typed).map(|of| retyped(id, of)));
            }
            if place.kind != Kind::Any {
                ids.extend(own.of(Kind::Any).into_iter().filter(|id| *id != first).map(str::to_owned));
            }
            ids.extend(["", "garbage", "💥", "0", "\0", " ", "' OR 1=1 --"].map(str::to_owned));
            ids.extend([
                format!("{first}A"),
                format!("{first}="),
                format!(" {first}"),
                first[1..].to_owned(),
                "A".repeat(50_000),
            ]);
            for id in ids {
                let shown: String = id.chars().take(60).collect();
                assert_eq!(ask(&id).await, expected, "{} with {shown:?}", place.name);
            }
        }
        assert_eq!(state().await, before, "nothing changed");

        // The same requests do something with an id of one's own.
        for place in &places {
            let nothing = ann.response(place.document, (place.variables)(&unheard_of(own.of(place.kind)[0]))).await;
            for id in own.of(place.kind) {
                assert_ne!(ann.response(place.document, (place.variables)(id)).await, nothing, "{}", place.name);
            }
        }
        assert_eq!(stranger.query(ALL, json!({})).await, before.2);
    })
    .await;
}
