//! Following what changes: at once, and after being away.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tagwire::access::Right;
use tagwire::feed::Retention;
use tagwire::users::Plan;

use crate::deeds::{ADD, DELETE, DELETE_TAG, EDIT, MAKE_TAG, SET_RIGHTS, TAG, UNTAG, array, each, refusal, text};
use crate::support::{Person, TestApp};

const CHANGES: &str = "subscription($after: Cursor, $kinds: [ChangeKind!]) { changes(after: $after, kinds: $kinds) {
    cursor kind action nodeId actor { name }
    node { __typename ... on Contact { name tags { name } } ... on Tag { name } ... on User { name rights } } } }";
const PAGE: &str = "query($after: Cursor!, $first: Int, $kinds: [ChangeKind!]) {
    changes(after: $after, first: $first, kinds: $kinds) { endCursor hasMore changes { cursor kind action nodeId } } }";
const TAGS: &str = "subscription($after: Cursor) { tagChanged(after: $after) { __typename cursor
    ... on TagCreated { tag { name } } ... on ContactTagsChanged { contactId addedIds removedIds contact { name } } } }";

/// All changes behind a cursor, some at a time, as cursors; and the cursor behind them.
async fn pages(person: &Person, after: &Value, first: usize, kinds: Value) -> (Vec<String>, Value) {
    let (mut cursors, mut after) = (Vec::new(), after.clone());
    loop {
        let variables = json!({ "after": after, "first": first, "kinds": kinds });
        let page = person.query(PAGE, variables).await["changes"].take();
        cursors.extend(each(&page["changes"], "cursor"));
        after = page["endCursor"].clone();
        if page["hasMore"] == false {
            return (cursors, after);
        }
        assert_eq!(array(&page["changes"]).len(), first, "only the last page is short");
    }
}

#[tokio::test]
async fn two_people_see_each_others_changes_at_once() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let stranger = test.workspace(Plan::Free).await.ann;
        let after = json!({ "after": ann.cursor().await });
        let (mut anns, mut bobs) = (ann.socket().await, bob.socket().await);
        anns.subscribe("1", CHANGES, after.clone()).await;
        bobs.subscribe("1", CHANGES, after).await;
        let mut others = stranger.socket().await;
        others.subscribe("1", CHANGES, json!({ "after": stranger.cursor().await })).await;

        let jan = ann.adds("Jan", &["hot"]).await;
        let hot = ann.tag_id("hot").await;
        let made = json!({ "__typename": "Contact", "name": "Jan", "tags": [{ "name": "hot" }] });
        let mut first = Vec::new();
        for socket in [&mut anns, &mut bobs] {
            let mut told = [socket.event("1").await["changes"].take(), socket.event("1").await["changes"].take()];
            told.sort_by_key(|change| text(&change["kind"]));
            let [contact, tag] = &told;
            assert_eq!((&contact["kind"], &contact["action"]), (&json!("CONTACT"), &json!("CREATED")));
            assert_eq!((&contact["nodeId"], &contact["node"]), (&json!(jan), &made));
            assert_eq!((&tag["kind"], &tag["action"], &tag["nodeId"]), (&json!("TAG"), &json!("CREATED"), &json!(hot)));
            assert_eq!(tag["actor"]["name"], "Ann");
            first.push(contact["cursor"].clone());
        }
        assert_eq!(first[0], first[1], "both stand at the same place");

        bob.does(UNTAG, json!({ "input": { "contactIds": [jan], "tagIds": [hot] } })).await;
        for socket in [&mut anns, &mut bobs] {
            let told = socket.event("1").await["changes"].take();
            assert_eq!((&told["action"], &told["actor"]["name"]), (&json!("UPDATED"), &json!("Bob")));
            assert_eq!(told["node"]["tags"], json!([]));
        }
        ann.does(DELETE, json!({ "id": jan })).await;
        for socket in [&mut anns, &mut bobs] {
            let told = socket.event("1").await["changes"].take();
            assert_eq!(
                (&told["action"], &told["nodeId"], &told["node"]),
                (&json!("REMOVED"), &json!(jan), &Value::Null)
            );
        }
        // Of all this the stranger hears nothing.
        stranger.adds("Ours", &[]).await;
        assert_eq!(others.event("1").await["changes"]["node"]["name"], "Ours");
    })
    .await;
}

#[tokio::test]
async fn what_changes_nothing_is_no_event() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let jan = ann.adds("Jan", &["hot"]).await;
        let hot = ann.tag_id("hot").await;
        let after = ann.cursor().await;
        ann.does(TAG, json!({ "input": { "contactIds": [jan], "names": ["HOT"] } })).await;
        ann.does(UNTAG, json!({ "input": { "contactIds": [jan], "names": ["cold"] } })).await;
        ann.does(EDIT, json!({ "input": { "id": jan, "name": "Jan", "tags": ["hot"] } })).await;
        ann.does(MAKE_TAG, json!({ "input": { "name": "hot" } })).await;
        ann.does(SET_RIGHTS, json!({ "input": { "userId": viewer(&ann).await, "rights": ["ADMIN"] } })).await;
        ann.fails(ADD, json!({ "input": { "name": "", "tags": ["new"] } })).await;
        ann.fails(EDIT, json!({ "input": { "id": jan, "version": 7, "tags": ["new"] } })).await;
        ann.fails(TAG, json!({ "input": { "contactIds": [jan, hot], "names": ["new"] } })).await;
        assert_eq!(ann.cursor().await, after);
    })
    .await;
}

async fn viewer(person: &Person) -> Value {
    person.query("{ viewer { id } }", json!({})).await["viewer"]["id"].take()
}

#[tokio::test]
async fn who_was_away_resumes_without_a_gap_or_a_double() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let start = ann.cursor().await;
        let busy = async |round: usize| {
            let jan = ann.adds(&format!("Jan {round}"), &["old", &format!("new {round}")]).await;
            ann.does(EDIT, json!({ "input": { "id": jan, "company": "Acme", "addTags": ["more"] } })).await;
            ann.does(UNTAG, json!({ "input": { "contactIds": [jan], "names": ["old"] } })).await;
            if round % 2 == 1 {
                ann.does(DELETE, json!({ "id": jan })).await;
            }
        };
        let (mut heard, mut after) = (Vec::new(), start.clone());
        for round in 0..6 {
            // Bob reads a few, is cut off, and misses what happens meanwhile.
            busy(2 * round).await;
            let mut socket = bob.socket().await;
            socket.subscribe("1", CHANGES, json!({ "after": after })).await;
            for _ in 0..round {
                after = socket.event("1").await["changes"]["cursor"].clone();
                heard.push(text(&after));
            }
            drop(socket);
            busy(2 * round + 1).await;
        }
        let (all, end) = pages(ann, &start, 200, Value::Null).await;
        let mut socket = bob.socket().await;
        socket.subscribe("1", CHANGES, json!({ "after": after })).await;
        while heard.len() < all.len() {
            heard.push(text(&socket.event("1").await["changes"]["cursor"]));
        }
        assert_eq!(heard, all);
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        assert_eq!(end, ann.cursor().await);
        for first in [1, 3, 7] {
            assert_eq!(pages(&bob, &start, first, Value::Null).await, (all.clone(), end.clone()), "{first} a page");
        }
        assert_eq!(pages(&bob, &end, 5, Value::Null).await, (vec![], end.clone()));
        let behind_third = Value::from(all[2].as_str());
        assert_eq!(pages(&bob, &behind_third, 4, Value::Null).await.0, all[3..]);
        ann.adds("The end", &[]).await;
        assert_eq!(socket.event("1").await["changes"]["node"]["name"], "The end");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_reads_a_list_and_follows_from_its_cursor_misses_nothing() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let writing = async {
            for number in 0..40 {
                ann.adds(&format!("Contact {number:02}"), &[]).await;
            }
        };
        let reading = async {
            let mut lists = Vec::new();
            while lists.last().is_none_or(|list: &Value| array(&list["contacts"]["nodes"]).len() < 40) {
                lists.push(bob.query("{ cursor contacts { nodes { id } } }", json!({})).await);
            }
            lists
        };
        let ((), lists) = tokio::join!(writing, reading);
        let all: HashSet<_> = each(&lists.last().unwrap()["contacts"]["nodes"], "id").into_iter().collect();
        assert_eq!(all.len(), 40);
        ann.adds("The end", &[]).await;
        let mut socket = bob.socket().await;
        for (number, list) in lists.iter().enumerate() {
            let mut known: HashSet<_> = each(&list["contacts"]["nodes"], "id").into_iter().collect();
            let id = number.to_string();
            socket.subscribe(&id, CHANGES, json!({ "after": list["cursor"] })).await;
            loop {
                let told = socket.event(&id).await["changes"].take();
                if told["node"]["name"] == "The end" {
                    break;
                }
                known.insert(text(&told["nodeId"]));
            }
            assert_eq!(known, all);
            socket.send(json!({ "type": "complete", "id": id })).await;
        }
    })
    .await;
}

#[tokio::test]
async fn only_the_kinds_asked_for_are_told() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        let start = ann.cursor().await;
        let mut socket = ann.socket().await;
        let stories = [json!(["TAG"]), json!(["CONTACT"]), json!(["USER", "TAG"]), json!(["WORKSPACE"]), json!([])];
        for (number, kinds) in stories.iter().enumerate() {
            socket.subscribe(&number.to_string(), CHANGES, json!({ "after": start, "kinds": kinds })).await;
        }
        let jan = ann.adds("Jan", &["a"]).await;
        company.user("Bob", &[]).await;
        ann.does(TAG, json!({ "input": { "contactIds": [jan], "names": ["b"] } })).await;
        let mut told: HashMap<usize, Vec<String>> = HashMap::new();
        // 2 tags, 2 changes of a contact, and both kinds of the third: a user and two tags.
        for _ in 0..2 + 2 + 3 {
            let message = socket.next().await;
            let kind = text(&message["payload"]["data"]["changes"]["kind"]);
            told.entry(text(&message["id"]).parse().unwrap()).or_default().push(kind);
        }
        assert_eq!(told[&0], ["TAG", "TAG"]);
        assert_eq!(told[&1], ["CONTACT", "CONTACT"]);
        assert_eq!(told[&2], ["TAG", "USER", "TAG"]);
        assert_eq!(told.len(), 3);
        let end = ann.cursor().await;
        for (kinds, count) in stories.iter().zip([2, 2, 3, 0, 0]) {
            let (cursors, behind) = pages(ann, &start, 1, kinds.clone()).await;
            assert_eq!((cursors.len(), behind), (count, end.clone()), "{kinds}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_cursor_older_than_the_log_is_told_so_and_a_newer_one_goes_on() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        let start = ann.cursor().await;
        let mut cursors = Vec::new();
        for number in 0..6 {
            ann.adds(&format!("Contact {number}"), &[]).await;
            cursors.push(ann.cursor().await);
        }
        let (db, clock) = (&test.app.db, &test.app.clock);
        let week = Duration::from_secs(7 * 24 * 60 * 60);
        Retention { age: week, count: 2 }.trim(db, clock, company.id).await.unwrap();
        let expired = async |cursor: &Value| {
            assert_eq!(ann.ask(PAGE, json!({ "after": cursor, "first": 5 })).await.code(), "CURSOR_EXPIRED");
            let mut socket = ann.socket().await;
            socket.subscribe("1", CHANGES, json!({ "after": cursor })).await;
            let told = socket.next().await;
            assert_eq!(told["payload"][0]["extensions"]["code"], "CURSOR_EXPIRED", "{told}");
        };
        for cursor in [&start, &cursors[0], &cursors[2]] {
            expired(cursor).await;
        }
        for (after, left) in [(&cursors[3], 2), (&cursors[4], 1), (&cursors[5], 0)] {
            assert_eq!(pages(ann, after, 5, Value::Null).await.0.len(), left);
        }
        // All of it is old in the end; who is up to date needs none of it.
        test.app.clock.advance(week + Duration::from_secs(1));
        Retention { age: week, count: 1000 }.trim(db, clock, company.id).await.unwrap();
        expired(&cursors[4]).await;
        let mut socket = ann.socket().await;
        socket.subscribe("1", CHANGES, json!({ "after": cursors[5] })).await;
        ann.adds("Afterwards", &[]).await;
        assert_eq!(socket.event("1").await["changes"]["node"]["name"], "Afterwards");
    })
    .await;
}

#[tokio::test]
async fn a_cursor_that_this_workspace_never_gave_is_refused() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let stranger = test.workspace(Plan::Free).await.ann;
        ann.adds("Jan", &[]).await;
        let own = text(&ann.cursor().await);
        let bytes = URL_SAFE_NO_PAD.decode(&own).unwrap();
        let (place, number) = bytes.split_at(bytes.len() - 8);
        let newest = i64::from_be_bytes(number.try_into().unwrap());
        let at = |seq: i64| URL_SAFE_NO_PAD.encode([place, seq.to_be_bytes().as_slice()].concat());
        let flipped = |byte: usize| {
            let mut bytes = bytes.clone();
            bytes[byte] ^= 1;
            URL_SAFE_NO_PAD.encode(bytes)
        };
        assert_eq!(at(newest), own);
        let mut cursors =
            vec![String::new(), "forged".to_owned(), format!("{own}A"), own[1..].to_owned(), "ü".repeat(9000)];
        cursors.extend([newest + 1, newest + 1000, i64::MAX, -1, i64::MIN].map(at));
        cursors.extend([0, 1, 16].map(flipped));
        cursors.push(text(&stranger.cursor().await));
        let mut socket = ann.socket().await;
        for cursor in &cursors {
            let variables = json!({ "after": cursor, "first": 5 });
            let answer = ann.ask(PAGE, variables.clone()).await;
            assert_eq!(answer.code(), "CURSOR_INVALID", "{cursor}");
            socket.subscribe("1", TAGS, variables).await;
            let told = socket.next().await;
            assert_eq!(told["payload"][0]["extensions"]["code"], "CURSOR_INVALID", "{cursor}");
        }
        // One of a life of the log that a restore from backup ended is to be read afresh.
        for byte in [17, 32] {
            assert_eq!(ann.ask(PAGE, json!({ "after": flipped(byte) })).await.code(), "CURSOR_EXPIRED");
        }
        for first in [-1, 201] {
            let variables = json!({ "after": own, "first": first });
            assert_eq!(ann.ask(PAGE, variables).await.code(), "BAD_USER_INPUT", "{first}");
        }
        assert_eq!(
            ann.ask(PAGE, json!({ "after": own, "first": 5, "kinds": ["MAIL"] })).await.code(),
            "BAD_USER_INPUT"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_write_at_once_and_each_change_is_told_once_in_the_order_of_the_log() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let start = ann.cursor().await;
        let mut sockets = [ann.socket().await, bob.socket().await];
        for socket in &mut sockets {
            socket.subscribe("1", CHANGES, json!({ "after": start })).await;
        }
        let shared = ann.adds("Shared", &[]).await;
        let write = async |writer: usize| {
            let mut made = Vec::new();
            for turn in 0..12 {
                let name = format!("Contact {writer}.{turn}");
                match (writer + turn) % 4 {
                    0 => {
                        let input = json!({ "name": name, "tags": ["valid", ""] });
                        ann.fails(ADD, json!({ "input": input })).await;
                    }
                    1 => {
                        // The contact is made before its address is refused, and made undone.
                        let input = json!({ "name": name, "emails": [{ "address": "the.one@acme.test" }] });
                        let payload = bob.payload(ADD, json!({ "input": input })).await;
                        if payload["userErrors"] == json!([]) {
                            made.push(text(&payload["contact"]["id"]));
                        } else {
                            assert_eq!(refusal(&payload), "CONFLICT input.emails.0.address");
                        }
                    }
                    2 => {
                        let tags =
                            json!({ "input": { "contactIds": [shared], "names": [format!("tag {}", turn % 3)] } });
                        bob.does(if turn % 2 == 0 { TAG } else { UNTAG }, tags).await;
                    }
                    _ => made.push(ann.adds(&name, &[&format!("writer {writer}")]).await),
                }
            }
            made
        };
        let made: HashSet<String> = join_all((0..8).map(&write)).await.into_iter().flatten().collect();
        let end = ann.adds("The end", &[]).await;
        let (log, _) = pages(ann, &start, 200, Value::Null).await;
        for socket in &mut sockets {
            let (mut cursors, mut created) = (Vec::new(), Vec::new());
            loop {
                let told = socket.event("1").await["changes"].take();
                cursors.push(text(&told["cursor"]));
                if told["nodeId"] == end {
                    break;
                }
                if told["kind"] == "CONTACT" && told["action"] == "CREATED" {
                    created.push(text(&told["nodeId"]));
                }
            }
            assert_eq!(cursors, log);
            assert_eq!(created.len(), made.len() + 1);
            let created: HashSet<_> = created.into_iter().filter(|id| *id != shared).collect();
            assert_eq!(created, made);
        }
    })
    .await;
}

#[tokio::test]
async fn tagging_six_hundred_contacts_is_six_hundred_events() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        for twenty in 0..30 {
            let adding = (0..20).map(|number| {
                format!("c{number}: createContact(input: {{ name: \"Contact {twenty}.{number}\" }}) {{ userErrors {{ message }} }}")
            });
            ann.query(&format!("mutation {{ {} }}", adding.collect::<Vec<_>>().join(" ")), json!({})).await;
        }
        let mut socket = bob.socket().await;
        socket.subscribe("1", TAGS, json!({ "after": ann.cursor().await })).await;
        let tagged = ann.does(TAG, json!({ "input": { "filter": {}, "names": ["all"] } })).await;
        assert_eq!((&tagged["changedCount"], &tagged["tags"][0]["contactCount"]), (&json!(600), &json!(600)));
        let all = tagged["tags"][0]["id"].clone();
        assert_eq!(socket.event("1").await["tagChanged"]["tag"]["name"], "all");
        let mut contacts = HashSet::new();
        for _ in 0..600 {
            let told = socket.event("1").await["tagChanged"].take();
            assert_eq!((&told["addedIds"], &told["removedIds"]), (&json!([all]), &json!([])));
            assert!(contacts.insert(text(&told["contactId"])), "told twice: {told}");
        }
        assert_eq!(ann.does(DELETE_TAG, json!({ "id": all })).await["deletedId"], all);
        assert_eq!(socket.event("1").await["tagChanged"]["__typename"], "TagDeleted");
    })
    .await;
}

#[tokio::test]
async fn rights_withdrawn_are_gone_when_their_holder_hears_of_it() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[Right::ManageTags]).await);
        let mut socket = bob.socket().await;
        socket.subscribe("1", CHANGES, json!({ "after": ann.cursor().await, "kinds": ["USER"] })).await;
        socket.subscribe("2", MAKE_TAG, json!({ "input": { "name": "mine" } })).await;
        assert_eq!(socket.event("2").await["createTag"]["tag"]["name"], "mine");
        assert_eq!(socket.next().await["type"], "complete");
        ann.does(SET_RIGHTS, json!({ "input": { "userId": viewer(&bob).await, "rights": [] } })).await;
        let told = socket.event("1").await["changes"].take();
        assert_eq!(told["node"], json!({ "__typename": "User", "name": "Bob", "rights": [] }));
        socket.subscribe("2", MAKE_TAG, json!({ "input": { "name": "another" } })).await;
        assert_eq!(refusal(&socket.event("2").await["createTag"]), "FORBIDDEN");
        assert_eq!(bob.fails(MAKE_TAG, json!({ "input": { "name": "another" } })).await, "FORBIDDEN");
    })
    .await;
}

#[tokio::test]
async fn signing_out_ends_what_is_followed_in_that_sign_in_only() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let bob = company.user("Bob", &[]).await;
        let phone = bob.again(test).await;
        let after = json!({ "after": bob.cursor().await });
        let (mut desk, mut away) = (bob.socket().await, phone.socket().await);
        desk.subscribe("1", CHANGES, after.clone()).await;
        away.subscribe("1", CHANGES, after).await;
        phone.does("mutation { signOut { userErrors { code } } }", json!({})).await;
        assert_eq!(away.closed().await.0, 4403);
        company.ann.adds("Jan", &[]).await;
        assert_eq!(desk.event("1").await["changes"]["node"]["name"], "Jan");
        assert_eq!(phone.ask("{ viewer { name } }", json!({})).await.status, 401);
    })
    .await;
}
