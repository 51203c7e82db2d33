//! The tags of the contacts that match, for narrowing down.

use std::collections::HashMap;

use serde_json::{Value, json};
use tagwire::text;
use tagwire::users::Plan;

use crate::deeds::{DELETE_TAG, EDIT_TAG, MERGE_TAGS, SAVE, UNTAG, array, text as string};
use crate::filters::{self, Dice, Known, filter};
use crate::support::{Person, TestApp};

const FACETS: &str = "query($filter: ContactFilter, $first: Int) {
    tagFacets(filter: $filter, first: $first) { count tag { name contactCount } } }";

async fn facets(person: &Person, filter: &Value, first: Value) -> Vec<(String, usize)> {
    let found = person.query(FACETS, json!({ "filter": filter, "first": first })).await["tagFacets"].take();
    let count = |facet: &Value| usize::try_from(facet["count"].as_u64().unwrap()).unwrap();
    array(&found).iter().map(|facet| (string(&facet["tag"]["name"]), count(facet))).collect()
}

fn named(expected: &[(&str, usize)]) -> Vec<(String, usize)> {
    expected.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

/// Counted here: most used first, then by name.
fn counted<'k>(contacts: impl Iterator<Item = &'k Known>) -> Vec<(String, usize)> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for known in contacts {
        known.tags.iter().for_each(|tag| *counts.entry(tag).or_default() += 1);
    }
    let mut counts: Vec<_> = counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
    counts.sort_unstable_by_key(|(name, count)| (usize::MAX - count, text::plain(name)));
    counts
}

#[tokio::test]
async fn each_tag_of_the_contacts_that_match_is_counted() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Pro).await.ann;
        let (all, group) = filters::contacts(test, &ann).await;
        let mut different = std::collections::HashSet::new();
        for seed in 0..200 {
            let (asked, holds) = filter(&mut Dice(seed), &group, 3);
            let expected = counted(all.iter().filter(|known| holds(known)));
            assert_eq!(facets(&ann, &asked, Value::Null).await, expected, "{asked}");
            let first: Vec<_> = expected.iter().take(2).cloned().collect();
            assert_eq!(facets(&ann, &asked, json!(2)).await, first, "{asked}");
            different.insert(expected);
        }
        assert!(different.len() > 20, "the filters tell contacts apart: {}", different.len());
        // Kept counts say what counting says.
        let everything = counted(all.iter());
        let saved =
            ann.does(SAVE, json!({ "input": { "name": "all", "query": "" } })).await["savedFilter"]["id"].take();
        for asked in [
            Value::Null,
            json!({}),
            json!({ "and": [] }),
            json!({ "not": { "or": [] } }),
            json!({ "query": "untagged or not untagged" }),
            json!({ "query": " " }),
            json!({ "savedFilterId": saved }),
        ] {
            assert_eq!(facets(&ann, &asked, Value::Null).await, everything, "{asked}");
        }
        assert_eq!(facets(&ann, &Value::Null, json!(0)).await, []);
    })
    .await;
}

#[tokio::test]
async fn tags_that_went_are_not_counted() {
    TestApp::on_each_database(async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, stranger) = (company.ann, test.workspace(Plan::Free).await.ann);
        for (name, tags) in [
            ("Jan", vec!["hot", "warm", "nl"]),
            ("Eva", vec!["hot", "nl"]),
            ("Kim", vec!["warm"]),
            ("Bob", vec!["be", "hot"]),
            ("Zoë", vec![]),
        ] {
            ann.adds(name, &tags).await;
        }
        stranger.adds("Jan", &["hot", "theirs"]).await;
        let everyone = json!({ "query": "untagged or not untagged" });
        let all = async |expected: &[(&str, usize)]| {
            assert_eq!(facets(&ann, &Value::Null, Value::Null).await, named(expected));
            assert_eq!(facets(&ann, &everyone, Value::Null).await, named(expected));
        };
        all(&[("hot", 3), ("nl", 2), ("warm", 2), ("be", 1)]).await;
        let nl = json!({ "query": "#nl" });
        assert_eq!(facets(&ann, &nl, Value::Null).await, named(&[("hot", 2), ("nl", 2), ("warm", 1)]));

        let [hot, warm, be] = [ann.tag_id("hot").await, ann.tag_id("warm").await, ann.tag_id("be").await];
        // Jan carried both: the second of his links stays with the tag that went.
        ann.does(MERGE_TAGS, json!({ "input": { "fromIds": [warm], "intoId": hot } })).await;
        all(&[("hot", 4), ("nl", 2), ("be", 1)]).await;
        assert_eq!(facets(&ann, &nl, Value::Null).await, named(&[("hot", 2), ("nl", 2)]));
        ann.does(EDIT_TAG, json!({ "input": { "id": hot, "name": "cold" } })).await;
        ann.does(DELETE_TAG, json!({ "id": be })).await;
        all(&[("cold", 4), ("nl", 2)]).await;
        ann.does(UNTAG, json!({ "input": { "filter": {}, "names": ["nl"] } })).await;
        all(&[("cold", 4)]).await;
        assert_eq!(facets(&ann, &json!({ "tag": { "name": "be" } }), Value::Null).await, []);
        assert_eq!(facets(&stranger, &Value::Null, Value::Null).await, named(&[("hot", 1), ("theirs", 1)]));
    })
    .await;
}

#[tokio::test]
async fn facets_are_one_statement_and_refuse_what_cannot_be() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        for number in 0..60 {
            ann.adds("Jan", &[&format!("tag {number:02}"), "all"]).await;
        }
        let asked = json!({ "not": { "tag": { "untagged": true } } });
        assert_eq!(facets(&ann, &asked, Value::Null).await.len(), 50);
        assert_eq!(facets(&ann, &asked, json!(200)).await.len(), 61);
        let mut least = u64::MAX;
        for _ in 0..5 {
            let before = test.app.db.statements();
            facets(&ann, &asked, json!(200)).await;
            least = least.min(test.app.db.statements() - before);
        }
        // One finds the session, as with every request.
        assert!(least <= 2, "{least} statements");
        for (filter, first) in [
            (json!({}), json!(201)),
            (json!({}), json!(-1)),
            (json!({ "query": "#" }), json!(5)),
            (json!({ "or": vec![json!({ "text": "x" }); 200] }), json!(5)),
        ] {
            let answer = ann.ask(FACETS, json!({ "filter": filter, "first": first })).await;
            assert_eq!(answer.code(), "BAD_USER_INPUT", "{}", answer.text());
        }
        // A page of pages costs what it comes to.
        let costly = "{ tagFacets(first: 200) { tag { contacts(first: 200) { nodes { name } } } } }";
        assert_eq!(ann.ask(costly, json!({})).await.code(), "TOO_COMPLEX");
    })
    .await;
}
