//! How many statements a read costs.

use serde_json::{Value, json};
use tagwire::users::Plan;

use crate::deeds::{MAKE_GROUP, MAKE_TAG};
use crate::support::dovecot::{ALICE, Dovecot};
use crate::support::mailbox::{borrowed, connect, follow, mail, settings, until_state};
use crate::support::{Person, TestApp};

const LIST: &str = "{ contacts(first: 50) { nodes { tags { name group { name } } } } }";
const EVERYTHING: &str = "{ contacts(first: 50) { totalCount nodes {
    name emails { address } phones { number } tags { name color group { name color } } } } }";
const HISTORY: &str = "{ contacts(first: 50) { nodes { tags { name group { name } }
    history(first: 3) { nodes { summary actor { name } tag { name } } } } } }";

/// Statements of one request: the least of several, since the server has other things to do now and then.
async fn cost(test: &TestApp, ann: &Person, document: &str) -> (u64, Value) {
    // The first time a document is read in.
    let data = ann.query(document, json!({})).await;
    let mut least = u64::MAX;
    for _ in 0..5 {
        let before = test.app.db.statements();
        ann.query(document, json!({})).await;
        least = least.min(test.app.db.statements() - before);
    }
    (least, data)
}

#[tokio::test]
async fn fifty_contacts_cost_as_many_statements_as_five() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Pro).await.ann;
        for number in 0..6 {
            let group = json!({ "input": { "name": format!("group {number}"), "color": "#1E90FF" } });
            let group = ann.does(MAKE_GROUP, group).await["tagGroup"]["id"].take();
            ann.does(MAKE_TAG, json!({ "input": { "name": format!("tag {number}"), "groupId": group } })).await;
        }
        let add = async |numbers: std::ops::Range<usize>| {
            for number in numbers {
                let tags = [0, 1, 2].map(|step| format!("tag {}", (number + step) % 6));
                let emails = [json!({ "address": format!("contact.{number}@acme.test") })];
                let phones = [json!({ "number": "+31 20 1234567" })];
                let input =
                    json!({ "name": format!("Contact {number}"), "tags": tags, "emails": emails, "phones": phones });
                ann.does(crate::deeds::ADD, json!({ "input": input })).await;
            }
        };
        add(0..5).await;
        let costs = async || {
            let mut costs = Vec::new();
            for document in [LIST, EVERYTHING, HISTORY] {
                costs.push(cost(test, &ann, document).await);
            }
            costs
        };
        let five = costs().await;
        add(5..50).await;
        let fifty = costs().await;
        for ((few, data), (many, more)) in five.into_iter().zip(fifty) {
            assert_eq!(few, many);
            assert!(few <= 6, "{few} statements");
            for (data, count) in [(data, 5), (more, 50)] {
                let nodes = data["contacts"]["nodes"].as_array().unwrap();
                assert_eq!(nodes.len(), count);
                assert!(nodes.iter().all(|node| node["tags"][2]["group"]["name"].is_string()));
            }
        }
    })
    .await;
}

const INBOX: &str = "query($first: Int!) { threads(first: $first) { nodes {
    subject snippet messageCount unreadCount lastMessageAt participants { name address contact { name } }
    messages(first: 2) { totalCount nodes { subject thread { subject } } } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn fifty_threads_do_not_cost_a_statement_each() {
    let server = Dovecot::start();
    server.deliver_all(ALICE.0, "INBOX", (0..50).map(|n| mail(&format!("jan.{n}@a.test"), &format!("mail {n}"))));
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let mut socket = follow(&ann).await;
        connect(&ann, server.imaps_port(), ALICE).await;
        until_state(&mut socket, "LIVE").await;
        // So that nothing else asks meanwhile.
        let account = ann.query("{ mailAccounts { id } }", json!({})).await["mailAccounts"][0]["id"].take();
        let pause = "mutation($id: ID!) { pauseMailAccount(id: $id) { userErrors { code } } }";
        ann.query(pause, json!({ "id": account })).await;
        until_state(&mut socket, "PAUSED").await;
        let mut costs = Vec::new();
        for first in [5_usize, 50] {
            let document = INBOX.replace("($first: Int!)", "").replace("$first", &first.to_string());
            let (statements, data) = cost(test, &ann, &document).await;
            assert_eq!(data["threads"]["nodes"].as_array().unwrap().len(), first);
            assert_eq!(
                data["threads"]["nodes"][first - 1]["messages"]["nodes"][0]["thread"]["subject"],
                data["threads"]["nodes"][first - 1]["subject"]
            );
            costs.push(statements);
        }
        // What is asked within a millisecond shares a statement, so a busy machine makes some more of them;
        // one for each thread would be fifty.
        assert!(costs.iter().all(|cost| *cost <= 25), "{costs:?}");
    })
    .await;
}
