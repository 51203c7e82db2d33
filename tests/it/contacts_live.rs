//! Lists of contacts that stay true by themselves.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tagwire::access::Right;
use tagwire::users::Plan;

use crate::deeds::{
    ADD, DELETE, DELETE_GROUP, DELETE_TAG, EDIT, EDIT_GROUP, EDIT_TAG, MAKE_GROUP, MERGE_TAGS, TAG, UNTAG, array, each,
    text,
};
use crate::support::{Person, Socket, TestApp};

const LIVE: &str = "subscription($filter: ContactFilter) { contactsLive(filter: $filter, first: 200) { __typename
    ... on ContactsSnapshot { cursor totalCount contacts { ...C } }
    ... on ContactEntered { cursor contactId contact { ...C } }
    ... on ContactUpdated { cursor contactId contact { ...C } }
    ... on ContactLeft { cursor contactId } } }
    fragment C on Contact { id name tags { name } }";
const NOW: &str = "query($filter: ContactFilter) { contacts(filter: $filter, first: 200) { totalCount nodes { id name tags { name } } } }";

/// Longer than anything waited for here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Contacts by id, each by its name and its tags.
type Picture = BTreeMap<String, (String, Vec<String>)>;

fn entry(contact: &Value) -> (String, (String, Vec<String>)) {
    (text(&contact["id"]), (text(&contact["name"]), each(&contact["tags"], "name")))
}

/// A client of one live list, as strict as the contract.
struct Client {
    filter: Value,
    socket: Socket,
    picture: Picture,
}

impl Client {
    async fn begin(person: &Person, filter: Value) -> Self {
        let mut socket = person.socket().await;
        socket.subscribe("live", LIVE, json!({ "filter": filter })).await;
        let mut client = Self { filter, socket, picture: Picture::new() };
        assert_eq!(client.hears().await, "ContactsSnapshot");
        client
    }

    /// Takes in what comes next; its type.
    async fn hears(&mut self) -> String {
        let told = self.socket.event("live").await["contactsLive"].take();
        let id = told["contactId"].as_str().unwrap_or_default().to_owned();
        // Gone again, when somebody was quicker.
        let contact = told.get("contact").filter(|contact| contact.is_object()).map(entry);
        match told["__typename"].as_str().unwrap() {
            "ContactsSnapshot" => {
                self.picture = array(&told["contacts"]).iter().map(entry).collect();
                assert_eq!(told["totalCount"], self.picture.len());
            }
            "ContactEntered" => {
                assert!(!self.picture.contains_key(&id), "{told} was in the list");
                self.picture.insert(id, contact.map(|(_, contact)| contact).unwrap_or_default());
            }
            "ContactUpdated" => {
                assert!(self.picture.contains_key(&id), "{told} was not in the list");
                self.picture.insert(id, contact.map(|(_, contact)| contact).unwrap_or_default());
            }
            "ContactLeft" => assert!(self.picture.remove(&id).is_some(), "{told} was not in the list"),
            other => panic!("{other}"),
        }
        text(&told["__typename"])
    }

    /// Hears until the picture is what a query shows now.
    async fn agrees(&mut self, person: &Person) {
        let now = person.query(NOW, json!({ "filter": self.filter })).await["contacts"].take();
        let now: Picture = array(&now["nodes"]).iter().map(entry).collect();
        let hearing = async {
            while self.picture != now {
                self.hears().await;
            }
        };
        let agreed = tokio::time::timeout(PATIENCE, hearing).await.is_ok();
        assert!(agreed, "{}: the client sees {:#?}, the query {now:#?}", self.filter, self.picture);
    }
}

#[tokio::test]
async fn a_list_tells_who_enters_changes_and_leaves() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let jan = ann.adds("Jan", &["hot"]).await;
        let mut hot = Client::begin(&bob, json!({ "query": "#hot not #lost" })).await;
        assert_eq!(hot.picture.len(), 1);

        let eva = ann.adds("Eva", &["hot", "nl"]).await;
        assert_eq!(hot.hears().await, "ContactEntered");
        ann.adds("Kim", &["nl"]).await;
        ann.does(EDIT, json!({ "input": { "id": eva, "name": "Eva de Vries" } })).await;
        assert_eq!(hot.hears().await, "ContactUpdated");
        assert_eq!(hot.picture[&eva].0, "Eva de Vries");
        ann.does(TAG, json!({ "input": { "contactIds": [jan], "names": ["lost"] } })).await;
        assert_eq!(hot.hears().await, "ContactLeft");
        ann.does(UNTAG, json!({ "input": { "contactIds": [jan], "names": ["lost"] } })).await;
        assert_eq!(hot.hears().await, "ContactEntered");
        ann.does(DELETE, json!({ "id": eva })).await;
        assert_eq!(hot.hears().await, "ContactLeft");

        // What moves very many at once is a fresh snapshot.
        ann.does(EDIT_TAG, json!({ "input": { "id": ann.tag_id("hot").await, "name": "very hot" } })).await;
        assert_eq!(hot.hears().await, "ContactsSnapshot");
        assert_eq!(hot.picture[&jan].1, ["very hot"]);
        ann.does(DELETE_TAG, json!({ "id": ann.tag_id("very hot").await })).await;
        assert_eq!(hot.hears().await, "ContactsSnapshot");
        assert!(hot.picture.is_empty());
        // A name that means a tag again.
        ann.adds("Zoe", &["hot"]).await;
        hot.agrees(ann).await;
        assert_eq!(hot.picture.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_list_that_cannot_be_followed_is_refused() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let mut socket = ann.socket().await;
        socket.subscribe("1", LIVE, json!({ "filter": { "query": "#hot and (" } })).await;
        let refused = socket.next().await;
        let error = &refused["payload"][0];
        assert_eq!((&refused["type"], &error["extensions"]["code"]), (&json!("error"), &json!("BAD_USER_INPUT")));
        assert_eq!(error["extensions"]["position"], 10, "{refused}");
        let many = "subscription { contactsLive(first: 201) { __typename } }";
        socket.subscribe("2", many, json!({})).await;
        assert_eq!(socket.next().await["payload"][0]["extensions"]["code"], "BAD_USER_INPUT");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_several_people_do_at_once_every_list_ends_as_a_fresh_query_shows_it() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Pro).await;
        let all = [Right::ManageTags, Right::DeleteContacts];
        let people =
            [company.user("Bob", &all).await, company.user("Cem", &all).await, company.user("Dana", &all).await];
        let ann = &company.ann;
        for group in ["G0", "G1"] {
            ann.does(MAKE_GROUP, json!({ "input": { "name": group, "color": "#336699" } })).await;
        }
        for number in 0..12 {
            ann.adds(&format!("Contact {number}"), &[TAGS[number % TAGS.len()], TAGS[number % 2]]).await;
        }
        let mut clients = Vec::new();
        for filter in [
            json!({}),
            json!({ "tag": { "name": "a" } }),
            json!({ "query": "(#a or #b) not #c" }),
            json!({ "query": "group:G0 or not group:G1" }),
            json!({ "query": "untagged or contact 1" }),
            json!({ "not": { "text": "jan" }, "tag": { "untagged": false } }),
        ] {
            clients.push(Client::begin(ann, filter).await);
        }
        for _ in 0..6 {
            join_all(people.iter().map(|person| async {
                for _ in 0..8 {
                    something(person).await;
                }
            }))
            .await;
            for client in &mut clients {
                client.agrees(ann).await;
            }
        }
    })
    .await;
}

const TAGS: [&str; 5] = ["a", "b", "c", "d", "e"];

fn one_of(list: &[Value]) -> Option<&str> {
    (!list.is_empty()).then(|| list[rand::random_range(0..list.len())]["id"].as_str().unwrap())
}

/// Somebody does something that may also be refused, since others are at work too.
async fn something(person: &Person) {
    let ids = "{ contacts(first: 100) { nodes { id } } tags { nodes { id } } tagGroups { id } }";
    let ids = person.query(ids, json!({})).await;
    let contact = one_of(array(&ids["contacts"]["nodes"]));
    let tags = array(&ids["tags"]["nodes"]);
    let (tag, other) = (one_of(tags), one_of(tags));
    let group = one_of(array(&ids["tagGroups"]));
    let name = TAGS[rand::random_range(0..TAGS.len())];
    let words = ["Jan Jansen", "Contact 1", "Eva", "Contact 11"][rand::random_range(0..4)];
    let of_group = ["G0", "G1", "G2"][rand::random_range(0..3)];
    let (document, variables) = match rand::random_range(0..24) {
        0..4 => (ADD, json!({ "input": { "name": words, "tags": [name] } })),
        4..8 => (TAG, json!({ "input": { "contactIds": [contact], "names": [name] } })),
        8..12 => (UNTAG, json!({ "input": { "contactIds": [contact], "names": [name] } })),
        12..15 => (EDIT, json!({ "input": { "id": contact, "name": words, "addTags": [name] } })),
        15 => (TAG, json!({ "input": { "filter": { "text": "contact" }, "names": [name] } })),
        16 => (DELETE, json!({ "id": contact })),
        17 => (DELETE_TAG, json!({ "id": tag })),
        18 => (MERGE_TAGS, json!({ "input": { "fromIds": [tag], "intoId": other } })),
        19 => (EDIT_TAG, json!({ "input": { "id": tag, "name": name } })),
        20 | 21 => (EDIT_TAG, json!({ "input": { "id": tag, "groupId": group } })),
        22 => (EDIT_GROUP, json!({ "input": { "id": group, "name": of_group } })),
        _ => (DELETE_GROUP, json!({ "id": group.filter(|_| rand::random_bool(0.2)) })),
    };
    // Without anything to do it to.
    if variables.to_string().contains("null") {
        return;
    }
    person.payload(document, variables).await;
}
