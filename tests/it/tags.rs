//! Tags.

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, DbBackend, TransactionTrait};
use serde_json::{Value, json};
use tagwire::access::Right;
use tagwire::users::Plan;

use crate::deeds::{ADD, DELETE, DELETE_TAG, EDIT, MAKE_TAG, TAG, UNTAG, array, each, refusal, text};
use crate::support::{Person, TestApp};

const FIND: &str = "query($search: String!) { tags(search: $search) { totalCount nodes { name contactCount } } }";
pub const MATCHING: &str = "query($filter: ContactFilter!) { contacts(filter: $filter) { totalCount nodes { name } } }";
const WATCH: &str = "subscription($after: Cursor) { tagChanged(after: $after) { __typename ... on TagDeleted { tagId } ... on TagCreated { tagId } } }";

pub async fn found(person: &Person, search: &str) -> Vec<String> {
    each(&person.query(FIND, json!({ "search": search })).await["tags"]["nodes"], "name")
}

/// The names of the contacts that match.
pub async fn matching(person: &Person, filter: Value) -> Vec<String> {
    let contacts = person.query(MATCHING, json!({ "filter": filter })).await["contacts"].take();
    assert_eq!(contacts["totalCount"], array(&contacts["nodes"]).len());
    each(&contacts["nodes"], "name")
}

#[tokio::test]
async fn a_tag_is_made_the_first_time_somebody_types_it() {
    TestApp::on_each_database(async |test| {
        let bob = test.workspace(Plan::Free).await.user("Bob", &[]).await;
        let tags = ["Hot Prospect", "#VIP", "  hot   PROSPECT ", "vip"];
        let jan = bob.does(ADD, json!({ "input": { "name": "Jan", "tags": tags } })).await;
        assert_eq!(each(&jan["contact"]["tags"], "name"), ["Hot Prospect", "VIP"]);
        let eva = bob.does(ADD, json!({ "input": { "name": "Eva", "tags": ["HOT prospect"] } })).await;
        assert_eq!(eva["contact"]["tags"][0], jan["contact"]["tags"][0]);
        for name in ["", "  ", "#", "two\nlines", "nul\0", &"x".repeat(101)] {
            let input = json!({ "name": "Nobody", "tags": ["fresh", name] });
            assert_eq!(bob.fails(ADD, json!({ "input": input })).await, "INVALID input.tags.1", "{name:?}");
        }
        assert!(found(&bob, "fresh").await.is_empty());
        assert_eq!(matching(&bob, json!({})).await, ["Eva", "Jan"]);
        let longest = "ü".repeat(100);
        bob.adds("Long", &[&longest]).await;
        assert_eq!(found(&bob, &"Ü".repeat(99)).await, [longest]);
    })
    .await;
}

#[tokio::test]
async fn a_tag_is_found_by_the_beginning_of_any_of_its_words_in_any_script() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let names = [
            "Hot prospect",
            "клиент из Москвы",
            "日本 大阪",
            "Ελληνικός φίλος",
            "عميل مهم",
            "Straße-Süd",
            "100% sure_thing",
        ];
        ann.adds("Jan", &names).await;
        for (search, name) in [
            ("#hot", names[0]),
            ("#HOT PRO", names[0]),
            ("  # hot   pro", names[0]),
            ("prosp", names[0]),
            ("Hot prospect", names[0]),
            ("КЛИ", names[1]),
            ("#моск", names[1]),
            ("из москвы", names[1]),
            ("日", names[2]),
            ("#大阪", names[2]),
            ("ΦΊΛΟΣ", names[3]),
            ("ελληνικόσ", names[3]),
            ("مهم", names[4]),
            ("STRASS", names[5]),
            ("süd", names[5]),
            ("Su\u{308}d", names[5]),
            ("100%", names[6]),
            ("sure_", names[6]),
        ] {
            assert_eq!(found(&ann, search).await, [name], "{search}");
        }
        for search in ["rospect", "%", "_", "hot_", "h%", "'", "\\", "\u{10FFFF}", "hot prospects"] {
            assert!(found(&ann, search).await.is_empty(), "{search}");
        }
        assert_eq!(found(&ann, "ho\0t").await, [names[0]]);
        for search in ["", "#", " ", "\0"] {
            assert_eq!(found(&ann, search).await.len(), names.len(), "{search:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn with_a_search_the_most_used_comes_first_else_they_come_by_name() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        ann.adds("Jan", &["Émile", "east", "Emma", "Zoë"]).await;
        ann.adds("Eva", &["emma", "zoë"]).await;
        ann.adds("Kim", &["Emma"]).await;
        assert_eq!(found(&ann, "em").await, ["Emma"]);
        assert_eq!(found(&ann, "e").await, ["Emma", "east"]);
        let by_name = ann.query("{ tags { nodes { name } } }", json!({})).await;
        assert_eq!(each(&by_name["tags"]["nodes"], "name"), ["east", "Émile", "Emma", "Zoë"]);
        let order =
            "{ tags(orderBy: { field: CONTACT_COUNT, direction: DESC }, first: 2) { nodes { name contactCount } } }";
        let nodes = ann.query(order, json!({})).await["tags"]["nodes"].take();
        assert_eq!(nodes, json!([{ "name": "Emma", "contactCount": 3 }, { "name": "Zoë", "contactCount": 2 }]));
    })
    .await;
}

#[tokio::test]
async fn names_that_read_the_same_are_one_tag() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        for (name, other) in [
            ("STRASSE", "Straße"),
            ("ΣΊΣΥΦΟΣ", "Σίσυφος"),
            ("Cafe\u{301}", "CAFÉ"),
            ("ﬁn", "FIN"),
            ("ｆｕｌｌ", "Full"),
            ("Ⅳ", "iv"),
            ("ДЕЛО", "дело"),
            ("non\u{a0}breaking", "Non breaking"),
        ] {
            let input = json!({ "name": "Jan", "tags": [name, other] });
            let tags = ann.does(ADD, json!({ "input": input })).await["contact"]["tags"].take();
            assert_eq!(each(&tags, "name"), [name], "{name} {other}");
            assert_eq!(matching(&ann, json!({ "tag": { "name": format!("#{other}") } })).await, ["Jan"], "{other}");
        }
        for (name, other) in [("resume", "résumé"), ("dele", "del e"), ("µ2", "m2")] {
            let input = json!({ "name": "Jan", "tags": [name, other] });
            let tags = ann.does(ADD, json!({ "input": input })).await["contact"]["tags"].take();
            assert_eq!(array(&tags).len(), 2, "{name} {other}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_who_make_the_same_tag_at_once_get_one() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let bob = company.user("Bob", &[Right::ManageTags]).await;
        let jan = company.ann.adds("Jan", &[]).await;
        for round in 0..12 {
            let (upper, lower, other) = (format!("ROUND {round}"), format!("round {round}"), format!("other {round}"));
            let make = json!({ "input": { "name": lower } });
            let (evas, kims) = ([upper.as_str(), other.as_str()], [other.as_str(), lower.as_str()]);
            let (_, _, made, tagged) = tokio::join!(
                company.ann.adds("Eva", &evas),
                bob.adds("Kim", &kims),
                bob.does(MAKE_TAG, make),
                company.ann.does(TAG, json!({ "input": { "contactIds": [jan], "names": [other, upper] } })),
            );
            let tags = bob.query(FIND, json!({ "search": upper })).await["tags"].take();
            let exact: Vec<_> =
                array(&tags["nodes"]).iter().filter(|tag| text(&tag["name"]).to_lowercase() == lower).collect();
            assert_eq!(exact.len(), 1, "{tags}");
            assert_eq!(exact[0]["contactCount"], 3, "{tags}");
            let ids = each(&tagged["tags"], "id");
            assert!(ids.contains(&text(&made["tag"]["id"])), "{made} {tagged}");
        }
        let all = bob.query("{ tags { totalCount } }", json!({})).await;
        assert_eq!(all["tags"]["totalCount"], 24);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_stay_exact_while_many_tag_and_untag_at_once() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let mut ids = Vec::new();
        for number in 0..12 {
            ids.push(company.ann.adds(&format!("Contact {number:02}"), &[]).await);
        }
        let names = ["red", "green", "blue"];
        let busy = async |seed: usize| {
            for turn in 0..12 {
                let at = (seed * 5 + turn * 7) % ids.len();
                let some: Vec<_> = ids.iter().cycle().skip(at).take(4).collect();
                let names = [names[(seed + turn) % 3], names[(seed + 2 * turn) % 3]];
                let several = json!({ "input": { "contactIds": some, "names": names } });
                let edit = json!({ "input": { "id": ids[at], "addTags": [names[0]], "removeTags": [names[1]] } });
                let by_filter = json!({ "input": { "filter": { "tag": { "name": names[1] } }, "names": [names[0]] } });
                match (seed + turn) % 5 {
                    0 | 1 => company.ann.does(TAG, several).await,
                    2 => company.ann.does(UNTAG, several).await,
                    3 => company.ann.does(EDIT, edit).await,
                    _ => company.ann.does(UNTAG, by_filter).await,
                };
            }
        };
        let gone = company.ann.adds("Gone", &names).await;
        let deleting = async {
            company.ann.does(DELETE, json!({ "id": gone })).await;
        };
        tokio::join!(busy(0), busy(1), busy(2), busy(3), deleting);
        let tags = "{ tags(first: 9) { nodes { id name contactCount contacts { totalCount nodes { name tags { name } } } } } }";
        let tags = company.ann.query(tags, json!({})).await["tags"]["nodes"].take();
        for tag in array(&tags) {
            assert_eq!(tag["contactCount"], tag["contacts"]["totalCount"], "{tag}");
            assert_eq!(tag["contactCount"], array(&tag["contacts"]["nodes"]).len(), "{tag}");
            let carry = |contact: &Value| each(&contact["tags"], "name").contains(&text(&tag["name"]));
            assert!(array(&tag["contacts"]["nodes"]).iter().all(carry), "{tag}");
        }
        assert_eq!(array(&tags).len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_tag_is_gone_from_every_contact_in_one_event() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        join_all((0..30).map(async |number| ann.adds(&format!("Contact {number}"), &["old", "kept"]).await)).await;
        let old = ann.tag_id("old").await;
        let mut socket = bob.socket().await;
        socket.subscribe("1", WATCH, json!({ "after": ann.cursor().await })).await;
        assert_eq!(ann.does(DELETE_TAG, json!({ "id": old })).await["deletedId"], old);
        for filter in [json!({ "tag": { "id": old } }), json!({ "tag": { "name": "old" } })] {
            assert!(matching(ann, filter).await.is_empty());
        }
        let contacts = ann.query("{ contacts { nodes { tags { name } } } }", json!({})).await;
        for contact in array(&contacts["contacts"]["nodes"]) {
            assert_eq!(each(&contact["tags"], "name"), ["kept"]);
        }
        assert!(found(ann, "old").await.is_empty());
        assert_eq!(
            ann.query("query($id: ID!) { node(id: $id) { id } }", json!({ "id": old })).await["node"],
            Value::Null
        );
        assert_eq!(ann.fails(DELETE_TAG, json!({ "id": old })).await, "NOT_FOUND id");
        let jan = ann.adds("Jan", &[]).await;
        let input = json!({ "contactIds": [jan], "tagIds": [old] });
        assert_eq!(ann.fails(TAG, json!({ "input": input })).await, "NOT_FOUND input.tagIds.0");

        // The name is free: a tag of this name is another one.
        let again = ann.does(MAKE_TAG, json!({ "input": { "name": "old" } })).await["tag"]["id"].take();
        assert_ne!(again, old);
        assert!(matching(ann, json!({ "tag": { "name": "old" } })).await.is_empty());
        let told = socket.event("1").await["tagChanged"].take();
        assert_eq!(told, json!({ "__typename": "TagDeleted", "tagId": old }));
        let told = socket.event("1").await["tagChanged"].take();
        assert_eq!(told, json!({ "__typename": "TagCreated", "tagId": again }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_that_is_deleted_while_others_use_it_leaves_nothing_behind() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        for round in 0..8 {
            let name = format!("round {round}");
            let jan = ann.adds("Jan", &[&name]).await;
            let tag = ann.tag_id(&name).await;
            let by_id = json!({ "input": { "filter": {}, "tagIds": [tag] } });
            let evas = [name.as_str()];
            let (_, tagged, _) = tokio::join!(
                ann.does(DELETE_TAG, json!({ "id": tag })),
                ann.payload(TAG, by_id),
                ann.adds("Eva", &evas),
            );
            if tagged["userErrors"] != json!([]) {
                assert_eq!(refusal(&tagged), "NOT_FOUND input.tagIds.0");
            }
            let contact = "query($id: ID!) { contact(id: $id) { tags { id } } }";
            let tags = ann.query(contact, json!({ "id": jan })).await["contact"]["tags"].take();
            assert!(!each(&tags, "id").contains(&tag), "{tags}");
            assert!(matching(ann, json!({ "tag": { "id": tag } })).await.is_empty());
        }
        let tags = "{ tags { nodes { contactCount contacts { totalCount } } } }";
        for tag in array(&ann.query(tags, json!({})).await["tags"]["nodes"]) {
            assert_eq!(tag["contactCount"], tag["contacts"]["totalCount"]);
        }
    })
    .await;
}

#[tokio::test]
async fn many_contacts_are_tagged_by_id_or_by_filter() {
    TestApp::on_each_database(async |test| {
        let bob = test.workspace(Plan::Free).await.user("Bob", &[]).await;
        let (jan, eva) = (bob.adds("Jan Jansen", &["a"]).await, bob.adds("Eva Jansen", &[]).await);
        let kim = bob.adds("Kim", &["c"]).await;
        let a = bob.tag_id("a").await;
        let input = json!({ "contactIds": [jan, eva, jan], "tagIds": [a], "names": ["new", "A"] });
        let tagged = bob.does(TAG, json!({ "input": input })).await;
        assert_eq!(tagged["changedCount"], 2);
        assert_eq!(each(&tagged["tags"], "name"), ["a", "new"]);
        assert!(array(&tagged["tags"]).iter().all(|tag| tag["contactCount"] == 2), "{tagged}");
        assert_eq!(bob.does(TAG, json!({ "input": input })).await["changedCount"], 0);

        let by_filter = json!({ "input": { "filter": { "not": { "tag": { "name": "c" } } }, "names": ["b"] } });
        assert_eq!(bob.does(TAG, by_filter.clone()).await["changedCount"], 2);
        assert_eq!(bob.does(TAG, by_filter.clone()).await["changedCount"], 0);
        assert_eq!(bob.does(UNTAG, by_filter).await["changedCount"], 2);
        let all = json!({ "input": { "filter": {}, "names": ["a", "never made"] } });
        let untagged = bob.does(UNTAG, all).await;
        assert_eq!((&untagged["changedCount"], &untagged["tags"][0]["contactCount"]), (&json!(2), &json!(0)));
        assert!(found(&bob, "never").await.is_empty());
        let nobody = json!({ "input": { "filter": { "or": [] }, "names": ["ahead"] } });
        assert_eq!(bob.does(TAG, nobody).await["changedCount"], 0);

        let too_many = vec![kim.clone(); 1001];
        for (input, refused) in [
            (json!({ "contactIds": [kim] }), "INVALID input.names"),
            (json!({ "contactIds": [kim], "names": [] }), "INVALID input.names"),
            (json!({ "names": ["b"] }), "INVALID input"),
            (json!({ "contactIds": [kim], "filter": {}, "names": ["b"] }), "INVALID input"),
            (json!({ "contactIds": [kim], "names": ["b", ""] }), "INVALID input.names.1"),
            (json!({ "contactIds": [kim, a], "names": ["b"] }), "NOT_FOUND input.contactIds"),
            (json!({ "contactIds": [kim], "tagIds": [a, kim], "names": ["b"] }), "NOT_FOUND input.tagIds.1"),
        ] {
            assert_eq!(bob.fails(TAG, json!({ "input": input })).await, refused, "{input}");
        }
        let repeated = json!({ "input": { "contactIds": too_many, "names": ["b"] } });
        assert_eq!(bob.does(TAG, repeated).await["changedCount"], 1, "the same contact is named once");
    })
    .await;
}

/// Holds the row of a contact, which only PostgreSQL can, so that tagging it takes as long as the story wants.
#[tokio::test]
async fn tagging_that_takes_long_goes_on_behind_its_answer() {
    TestApp::on_each_database(async |test| {
        if test.app.db.backend() != DbBackend::Postgres {
            return;
        }
        let bob = test.workspace(Plan::Free).await.user("Bob", &[]).await;
        let mut ids = [bob.adds("Jan", &[]).await, bob.adds("Eva", &[]).await];
        ids.sort_unstable();
        let mut socket = bob.socket().await;
        let follow =
            "subscription($after: Cursor) { tagChanged(after: $after) { ... on ContactTagsChanged { contactId } } }";
        socket.subscribe("tags", follow, json!({ "after": bob.cursor().await })).await;
        let holding = test.app.db.writer().begin().await.unwrap();
        holding.execute_unprepared("SELECT id FROM contact FOR UPDATE").await.unwrap();

        let all = json!({ "input": { "filter": {}, "names": ["hot"] } });
        let asking = bob.does(TAG, all.clone());
        let mut asking = std::pin::pin!(asking);
        // Ten seconds of the server's time, once it waits for them.
        let answer = loop {
            tokio::select! {
                answer = asking.as_mut() => break answer,
                () = tokio::time::sleep(std::time::Duration::from_millis(20)) => {
                    test.app.clock.advance(std::time::Duration::from_secs(1));
                }
            }
        };
        assert_eq!((&answer["changedCount"], &answer["tags"][0]["name"]), (&Value::Null, &json!("hot")));
        assert!(matching(&bob, json!({ "tag": { "name": "hot" } })).await.is_empty());

        holding.rollback().await.unwrap();
        let mut told = Vec::new();
        while told.len() < 2 {
            told.extend(socket.event("tags").await["tagChanged"]["contactId"].as_str().map(str::to_owned));
        }
        told.sort_unstable();
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        assert_eq!(told, ids);
        assert_eq!(bob.does(TAG, all).await["changedCount"], 0);
    })
    .await;
}
