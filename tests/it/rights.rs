//! Who may do what.

use hyper::StatusCode;
use serde_json::{Value, json};
use tagwire::access::Right;
use tagwire::users::Plan;

use crate::deeds::{DELETE, DELETE_TAG, MAKE_GROUP, MAKE_TAG, SET_RIGHTS, array, refusal, text};
use crate::support::{Person, Socket, TestApp, http};

const SCHEMA: &str =
    "{ __schema { types { kind name enumValues { name } inputFields { name defaultValue type { ...T } }
    fields { name args { name defaultValue type { ...T } } type { ...T } } } } }
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

async fn id(person: &Person) -> String {
    text(&person.query("{ viewer { id } }", json!({})).await["viewer"]["id"])
}

fn set(user: &str, rights: &[&str]) -> Value {
    json!({ "input": { "userId": user, "rights": rights } })
}

#[tokio::test]
async fn an_admin_sets_rights_and_nobody_else_does() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let all_but_admin = [
            Right::InviteUsers,
            Right::ManageTags,
            Right::ManageLicenses,
            Right::DeleteContacts,
            Right::MergeContacts,
            Right::ImportExport,
            Right::ViewPrivateMail,
        ];
        let (ann, bob, eva) = (&company.ann, company.user("Bob", &[]).await, company.user("Eva", &all_but_admin).await);
        let bobs = id(&bob).await;
        for rights in
            [vec!["ADMIN"], vec!["MANAGE_TAGS", "DELETE_CONTACTS"], vec!["MANAGE_TAGS", "MANAGE_TAGS"], vec![]]
        {
            let mut expected = rights.clone();
            expected.dedup();
            let user = ann.does(SET_RIGHTS, set(&bobs, &rights)).await["user"].take();
            let mut given: Vec<_> = array(&user["rights"]).iter().map(text).collect();
            given.sort_unstable();
            expected.sort_unstable();
            assert_eq!(given, expected);
        }
        for person in [&bob, &eva] {
            assert_eq!(person.fails(SET_RIGHTS, set(&bobs, &["MANAGE_TAGS"])).await, "FORBIDDEN");
        }
        assert_eq!(ann.ask(SET_RIGHTS, set(&bobs, &["EVERYTHING"])).await.code(), "BAD_USER_INPUT");
        // Given, a right holds at once, in a sign-in of before too.
        ann.does(SET_RIGHTS, set(&bobs, &["ADMIN"])).await;
        bob.does(SET_RIGHTS, set(&id(&eva).await, &["MANAGE_TAGS"])).await;
    })
    .await;
}

#[tokio::test]
async fn tags_are_managed_and_contacts_deleted_by_those_with_the_right() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Pro).await;
        let manager = company.user("Mia", &[Right::ManageTags]).await;
        let deleter = company.user("Dan", &[Right::DeleteContacts]).await;
        let newcomer = company.user("Bob", &[]).await;
        for (number, (person, manages, deletes)) in
            [(&company.ann, true, true), (&manager, true, false), (&deleter, false, true), (&newcomer, false, false)]
                .into_iter()
                .enumerate()
        {
            let jan = person.adds("Jan", &[&format!("typed {number}")]).await;
            let tag = person.tag_id(&format!("typed {number}")).await;
            let group = json!({ "input": { "name": format!("group {number}"), "color": "#123456" } });
            for (document, variables, may) in [
                (MAKE_TAG, json!({ "input": { "name": format!("made {number}") } }), manages),
                (MAKE_GROUP, group, manages),
                (DELETE_TAG, json!({ "id": tag }), manages),
                (DELETE, json!({ "id": jan }), deletes),
            ] {
                let before = person.cursor().await;
                let payload = person.payload(document, variables).await;
                if may {
                    assert_eq!(payload["userErrors"], json!([]), "{number} {document}");
                } else {
                    assert_eq!(refusal(&payload), "FORBIDDEN", "{number} {document}");
                    assert_eq!(person.cursor().await, before);
                }
            }
        }
        // Who may not learns nothing of what is there.
        let unknown = newcomer.payload(DELETE_TAG, json!({ "id": "garbage" })).await;
        assert_eq!(refusal(&unknown), "FORBIDDEN");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_is_always_admin() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let (anns, bobs) = (id(ann).await, id(&bob).await);
        assert_eq!(ann.fails(SET_RIGHTS, set(&anns, &["MANAGE_TAGS"])).await, "CONFLICT input.rights");
        for round in 0..10 {
            ann.does(SET_RIGHTS, set(&bobs, &["ADMIN"])).await;
            // Both give it up at once, or each takes it from the other.
            let (of_ann, of_bob) = if round % 2 == 0 { (&anns, &bobs) } else { (&bobs, &anns) };
            let (first, second) =
                tokio::join!(ann.payload(SET_RIGHTS, set(of_ann, &[])), bob.payload(SET_RIGHTS, set(of_bob, &[])));
            let refused: Vec<_> =
                [&first, &second].into_iter().filter(|payload| payload["userErrors"] != json!([])).collect();
            assert_eq!(refused.len(), 1, "{first} {second}");
            let expected = if round % 2 == 0 { "CONFLICT input.rights" } else { "FORBIDDEN" };
            assert_eq!(refusal(refused[0]), expected);
            let users = ann.query("{ users { nodes { id rights } } }", json!({})).await["users"]["nodes"].take();
            let admins: Vec<_> = array(&users).iter().filter(|user| user["rights"] == json!(["ADMIN"])).collect();
            assert_eq!(admins.len(), 1, "{users}");
            if admins[0]["id"] == bobs {
                bob.does(SET_RIGHTS, set(&anns, &["ADMIN"])).await;
                ann.does(SET_RIGHTS, set(&bobs, &[])).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn private_mail_is_opened_to_another_never_to_oneself() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let (anns, bobs) = (id(ann).await, id(&bob).await);
        let own = ann.fails(SET_RIGHTS, set(&anns, &["ADMIN", "VIEW_PRIVATE_MAIL"])).await;
        assert_eq!(own, "FORBIDDEN input.rights");
        ann.does(SET_RIGHTS, set(&bobs, &["ADMIN", "VIEW_PRIVATE_MAIL"])).await;
        // Kept by one who has it, and never taken along to a colleague's own hand.
        bob.does(SET_RIGHTS, set(&bobs, &["ADMIN", "VIEW_PRIVATE_MAIL", "MANAGE_TAGS"])).await;
        bob.does(SET_RIGHTS, set(&bobs, &["ADMIN"])).await;
        assert_eq!(bob.fails(SET_RIGHTS, set(&bobs, &["ADMIN", "VIEW_PRIVATE_MAIL"])).await, "FORBIDDEN input.rights");
    })
    .await;
}

/// Types of the schema by name.
struct Schema(Vec<Value>);

impl Schema {
    fn find(&self, name: &str) -> &Value {
        self.0.iter().find(|of| of["name"] == name).unwrap_or_else(|| panic!("no type {name}"))
    }

    fn fields(&self, of: &str) -> &Vec<Value> {
        array(&self.find(of)["fields"])
    }

    /// A value that a type takes, as GraphQL text.
    fn value(&self, of: &Value) -> String {
        let name = of["name"].as_str().unwrap_or_default();
        match of["kind"].as_str().unwrap_or_default() {
            "NON_NULL" => self.value(&of["ofType"]),
            "LIST" => format!("[{}]", self.value(&of["ofType"])),
            "ENUM" => text(&array(&self.find(name)["enumValues"])[0]["name"]),
            "INPUT_OBJECT" => format!("{{ {} }}", self.required(&self.find(name)["inputFields"])),
            _ if name == "Int" => "1".to_owned(),
            _ if name == "Boolean" => "true".to_owned(),
            // The number of a file that did not come.
            _ if name == "Upload" => "\"0\"".to_owned(),
            _ => "\"x\"".to_owned(),
        }
    }

    /// All that must be given of arguments or input fields.
    fn required(&self, given: &Value) -> String {
        let required =
            array(given).iter().filter(|one| one["type"]["kind"] == "NON_NULL" && one["defaultValue"].is_null());
        required
            .map(|one| format!("{}: {}", text(&one["name"]), self.value(&one["type"])))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// A document that asks for one root field with as little as possible.
    fn document(&self, operation: &str, field: &Value) -> String {
        let arguments = self.required(&field["args"]);
        let arguments = if arguments.is_empty() { arguments } else { format!("({arguments})") };
        let mut of = &field["type"];
        while !of["ofType"].is_null() {
            of = &of["ofType"];
        }
        let leaf = matches!(of["kind"].as_str(), Some("SCALAR" | "ENUM"));
        format!("{operation} {{ {}{arguments} {} }}", text(&field["name"]), if leaf { "" } else { "{ __typename }" })
    }
}

#[tokio::test]
async fn who_is_not_signed_in_may_only_sign_in() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let before = company.ann.cursor().await;
        let schema = Schema(array(&company.ann.query(SCHEMA, json!({})).await["__schema"]["types"]).clone());
        let mut open = Vec::new();
        for (operation, of) in [("query", "Query"), ("mutation", "Mutation")] {
            for field in schema.fields(of) {
                let document = schema.document(operation, field);
                let answer = http::graphql(&test.url).json(&json!({ "query": document })).await;
                let code = answer.code();
                if code == "UNAUTHENTICATED" {
                    continue;
                }
                assert_eq!(code, "", "{document}: {}", answer.text());
                open.push(text(&field["name"]));
            }
        }
        assert_eq!(open, ["signIn", "acceptInvitation", "confirmEmailChange"]);
        let mut socket = Socket::open(&test.url).await;
        socket.begin(None).await;
        for field in schema.fields("Subscription") {
            let document = schema.document("subscription", field);
            socket.subscribe("1", &document, json!({})).await;
            let told = socket.next().await;
            assert_eq!(told["payload"][0]["extensions"]["code"], "UNAUTHENTICATED", "{document}: {told}");
        }
        // With a token that proves nothing, nothing is run at all.
        let wrong = ["x", "", &company.ann.token[1..], &format!("{}A", company.ann.token)];
        for token in wrong {
            let answer = http::graphql(&test.url).bearer(token).json(&json!({ "query": "{ __typename }" })).await;
            assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"));
        }
        assert_eq!(company.ann.cursor().await, before);
    })
    .await;
}
