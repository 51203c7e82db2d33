//! Following what changed while one was away.

use std::collections::HashSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tagwire::feed::Retention;
use tagwire::users::Plan;

use crate::deeds::{DELETE, EDIT, UNTAG, array, each, text};
use crate::live::{CHANGES, PAGE, TAGS, pages};
use crate::support::TestApp;

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
