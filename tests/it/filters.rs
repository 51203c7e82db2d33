//! Which contacts a filter finds, in which order, page by page.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tagwire::text;
use tagwire::users::Plan;

use crate::deeds::{ADD, EDIT, MAKE_GROUP, MAKE_TAG, array, each};
use crate::support::{Person, TestApp};

pub const LIST: &str =
    "query($filter: ContactFilter, $order: ContactOrder, $first: Int, $after: String, $last: Int, $before: String) {
    contacts(filter: $filter, orderBy: $order, first: $first, after: $after, last: $last, before: $before) {
        totalCount nodes { id name } edges { cursor node { id } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
pub const TAGS: [&str; 5] = ["red", "green", "blue", "big", "small"];
const WORDS: [&str; 6] = ["an", "bob", "emi", "acme", "zo", "nowhere"];
const NAMES: [&str; 9] =
    ["Anna Bakker", "anna-bakker", "Bob", "Émile", "Emilia", "Zoë", "王小明", "～ wave", "😀 face"];

/// A contact as the oracle knows it.
#[derive(Clone)]
pub struct Known {
    /// Its id.
    pub id: String,
    name: &'static str,
    company: Option<&'static str>,
    /// Names of its tags.
    pub tags: Vec<&'static str>,
    /// Minutes from the start of the story.
    created: usize,
    updated: usize,
}

impl Known {
    /// Whether a word of its name or company begins with this one.
    pub fn has(&self, word: &str) -> bool {
        let all = format!("{} {}", self.name, self.company.unwrap_or_default());
        text::words(&all).iter().any(|has| has.starts_with(word))
    }
}

/// A die that falls the same way in every run.
pub struct Dice(pub u64);

impl Dice {
    /// A side, from 0.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// Twenty-seven contacts: equal names, companies and times among them. `big` and `small` are of a group.
pub async fn contacts(test: &TestApp, ann: &Person) -> (Vec<Known>, Value) {
    let group = ann.does(MAKE_GROUP, json!({ "input": { "name": "Size", "color": "#1E90FF" } })).await;
    let group = group["tagGroup"]["id"].clone();
    for name in ["big", "small"] {
        ann.does(MAKE_TAG, json!({ "input": { "name": name, "groupId": group } })).await;
    }
    ann.does(MAKE_TAG, json!({ "input": { "name": "green" } })).await;
    let (mut dice, mut all) = (Dice(7), Vec::new());
    for number in 0..27 {
        if number % 4 == 3 {
            test.app.clock.advance(Duration::from_secs(60));
        }
        let company = [None, Some("Acme"), Some("Zoo"), None][number % 4];
        let tags: Vec<_> = TAGS.into_iter().filter(|_| dice.roll(3) == 0).collect();
        let name = NAMES[number % 9];
        let input = json!({ "name": name, "company": company, "tags": tags });
        let id = crate::deeds::text(&ann.does(ADD, json!({ "input": input })).await["contact"]["id"]);
        let created = (number + 1) / 4;
        all.push(Known { id, name, company, tags, created, updated: created });
    }
    test.app.clock.advance(Duration::from_secs(3600));
    for known in all.iter_mut().step_by(5) {
        ann.does(EDIT, json!({ "input": { "id": known.id, "notes": "edited" } })).await;
        known.updated = 1000;
    }
    (all, group)
}

/// A filter, and whether it holds.
pub type Asked = (Value, Box<dyn Fn(&Known) -> bool>);

/// A random filter.
pub fn filter(dice: &mut Dice, group: &Value, depth: usize) -> Asked {
    let leaf = depth == 0 || dice.roll(3) == 0;
    if leaf {
        let (tag, word) = (TAGS[dice.roll(5)], WORDS[dice.roll(6)]);
        return match dice.roll(6) {
            0 | 1 => {
                (json!({ "tag": { "name": tag.to_uppercase() } }), Box::new(move |known| known.tags.contains(&tag)))
            }
            2 => (
                json!({ "tag": { "groupId": group } }),
                Box::new(|known| known.tags.iter().any(|tag| TAGS[3..].contains(tag))),
            ),
            3 => {
                let untagged = dice.roll(2) == 0;
                (json!({ "tag": { "untagged": untagged } }), Box::new(move |known| known.tags.is_empty() == untagged))
            }
            4 => (json!({ "tag": { "name": "no such tag" } }), Box::new(|_| false)),
            _ => (json!({ "text": word.to_uppercase() }), Box::new(move |known| known.has(word))),
        };
    }
    let mut parts: Vec<Asked> = (0..dice.roll(4)).map(|_| filter(dice, group, depth - 1)).collect();
    match dice.roll(4) {
        0 => {
            let (asked, holds) = filter(dice, group, depth - 1);
            (json!({ "not": asked }), Box::new(move |known| !holds(known)))
        }
        1 => {
            let asked: Vec<_> = parts.iter().map(|(asked, _)| asked.clone()).collect();
            (json!({ "and": asked }), Box::new(move |known| parts.iter().all(|(_, holds)| holds(known))))
        }
        2 => {
            let asked: Vec<_> = parts.iter().map(|(asked, _)| asked.clone()).collect();
            (json!({ "or": asked }), Box::new(move |known| parts.iter().any(|(_, holds)| holds(known))))
        }
        // Several members of one filter hold together.
        _ => {
            let (tag, (inner, holds)) = (TAGS[dice.roll(5)], filter(dice, group, depth - 1));
            let asked: Vec<_> = parts.iter().map(|(asked, _)| asked.clone()).collect();
            let asked = json!({ "tag": { "name": tag }, "not": inner, "or": asked });
            parts.reverse();
            let all = move |known: &Known| {
                known.tags.contains(&tag) && !holds(known) && parts.iter().any(|(_, holds)| holds(known))
            };
            (asked, Box::new(all))
        }
    }
}

#[tokio::test]
async fn a_filter_finds_what_it_says() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Pro).await.ann;
        let (all, group) = contacts(test, &ann).await;
        let mut sizes = std::collections::HashSet::new();
        for seed in 0..250 {
            let (asked, holds) = filter(&mut Dice(seed), &group, 3);
            let mut expected: Vec<_> = all.iter().filter(|known| holds(known)).map(|known| known.id.clone()).collect();
            let found = ann.query(LIST, json!({ "filter": asked, "first": 200 })).await["contacts"].take();
            let mut ids = each(&found["nodes"], "id");
            ids.sort_unstable();
            expected.sort_unstable();
            assert_eq!(ids, expected, "{asked}");
            assert_eq!(found["totalCount"], expected.len(), "{asked}");
            sizes.insert(expected.len());
        }
        assert!(sizes.len() > 10, "the filters tell contacts apart: {sizes:?}");
        for (asked, count) in [
            (Value::Null, 27),
            (json!({}), 27),
            (json!({ "and": [] }), 27),
            (json!({ "or": [] }), 0),
            (json!({ "not": { "or": [] } }), 27),
            (json!({ "not": { "and": [] } }), 0),
            (json!({ "or": [{ "and": [] }, { "or": [] }] }), 27),
            (json!({ "text": "" }), 27),
            (json!({ "text": "anna bakk" }), 6),
            (json!({ "text": "BAKK anna" }), 6),
            (json!({ "text": "ÉMI" }), 6),
            (json!({ "text": "王小" }), 3),
            (json!({ "text": "%" }), 27),
            (json!({ "text": "n\u{0}na" }), 0),
        ] {
            let found = ann.query(LIST, json!({ "filter": asked })).await;
            assert_eq!(found["contacts"]["totalCount"], count, "{asked}");
        }
    })
    .await;
}

#[tokio::test]
async fn pages_cover_every_contact_once_in_order_both_ways() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Pro).await.ann;
        let (all, _) = contacts(test, &ann).await;
        let key = |known: &Known, field: &str| match field {
            "NAME" => text::plain(known.name),
            "COMPANY" => text::plain(known.company.unwrap_or_default()),
            "CREATED_AT" => format!("{:06}", known.created),
            _ => format!("{:06}", known.updated),
        };
        let filters =
            [Value::Null, json!({ "tag": { "name": "red" } }), json!({ "not": { "tag": { "name": "red" } } })];
        for (number, asked) in filters.iter().enumerate() {
            let fits = |known: &&Known| [true, known.tags.contains(&"red"), !known.tags.contains(&"red")][number];
            for field in ["NAME", "COMPANY", "CREATED_AT", "UPDATED_AT"] {
                let mut keys: Vec<_> = all.iter().filter(fits).map(|known| key(known, field)).collect();
                keys.sort_unstable();
                let mut ascending = Vec::new();
                for direction in ["ASC", "DESC"] {
                    let list = json!({ "filter": asked, "order": { "field": field, "direction": direction } });
                    let ids = page_ids(&ann, &list, json!({ "first": 200 })).await;
                    let of = |id: &String| key(all.iter().find(|known| known.id == *id).unwrap(), field);
                    assert_eq!(ids.iter().map(of).collect::<Vec<_>>(), keys, "{list}");
                    for size in [1, 4, 26] {
                        assert_eq!(forward(&ann, &list, size).await, ids, "{size} of {list}");
                        assert_eq!(backward(&ann, &list, size).await, ids, "{size} of {list}, backward");
                    }
                    if direction == "ASC" {
                        ascending = ids;
                    } else {
                        assert_eq!(ids.into_iter().rev().collect::<Vec<_>>(), ascending, "{list}");
                    }
                    keys.reverse();
                }
            }
        }
    })
    .await;
}

async fn page(ann: &Person, list: &Value, more: Value) -> Value {
    let mut variables = list.clone();
    variables.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ann.query(LIST, variables).await["contacts"].take()
}

async fn page_ids(ann: &Person, list: &Value, more: Value) -> Vec<String> {
    each(&page(ann, list, more).await["nodes"], "id")
}

async fn forward(ann: &Person, list: &Value, size: usize) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = page(ann, list, json!({ "first": size, "after": after })).await;
        check(&page, size);
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
        ids.extend(each(&page["nodes"], "id"));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            return ids;
        }
    }
}

async fn backward(ann: &Person, list: &Value, size: usize) -> Vec<String> {
    let (mut ids, mut before) = (Vec::new(), Value::Null);
    loop {
        let page = page(ann, list, json!({ "last": size, "before": before })).await;
        check(&page, size);
        assert_eq!(page["pageInfo"]["hasNextPage"], !before.is_null());
        ids.splice(0..0, each(&page["nodes"], "id"));
        before = page["pageInfo"]["startCursor"].clone();
        if page["pageInfo"]["hasPreviousPage"] == false {
            return ids;
        }
    }
}

fn check(page: &Value, size: usize) {
    let edges = array(&page["edges"]);
    assert!((1..=size).contains(&edges.len()));
    assert_eq!(edges.first().unwrap()["cursor"], page["pageInfo"]["startCursor"]);
    assert_eq!(edges.last().unwrap()["cursor"], page["pageInfo"]["endCursor"]);
    let nodes: Vec<_> = edges.iter().map(|edge| crate::deeds::text(&edge["node"]["id"])).collect();
    assert_eq!(nodes, each(&page["nodes"], "id"));
}

#[tokio::test]
async fn a_page_goes_on_where_the_last_one_ended_whatever_came_or_went() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        for name in ["b", "d", "f", "h"] {
            ann.adds(name, &[]).await;
        }
        let list = json!({});
        let first = page(&ann, &list, json!({ "first": 2 })).await;
        let end = first["pageInfo"]["endCursor"].clone();
        ann.does(crate::deeds::DELETE, json!({ "id": first["nodes"][1]["id"] })).await;
        for name in ["a", "c", "e"] {
            ann.adds(name, &[]).await;
        }
        let next = page(&ann, &list, json!({ "first": 2, "after": end })).await;
        assert_eq!(each(&next["nodes"], "name"), ["e", "f"]);
        let between = page(&ann, &list, json!({ "after": end, "before": next["pageInfo"]["endCursor"] })).await;
        assert_eq!(each(&between["nodes"], "name"), ["e"]);
        let none = page(&ann, &list, json!({ "first": 0 })).await;
        assert_eq!((&none["nodes"], &none["totalCount"]), (&json!([]), &json!(6)));
    })
    .await;
}

#[tokio::test]
async fn pages_that_cannot_be_are_bad_input() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        ann.adds("Jan", &[]).await;
        let by_time = json!({ "order": { "field": "CREATED_AT", "direction": "ASC" } });
        let of_time = page(&ann, &by_time, json!({})).await["pageInfo"]["endCursor"].clone();
        let cursor = |text: &str| json!({ "after": URL_SAFE_NO_PAD.encode(text) });
        for variables in [
            json!({ "first": -1 }),
            json!({ "first": 201 }),
            json!({ "last": -1 }),
            json!({ "last": 201 }),
            json!({ "last": i32::MIN }),
            json!({ "first": 1, "last": 1 }),
            json!({ "first": 1.5 }),
            json!({ "first": 3_000_000_000_u32 }),
            json!({ "after": "" }),
            json!({ "after": "garbage" }),
            json!({ "before": "ü" }),
            json!({ "after": of_time }),
            cursor("[]"),
            cursor("[\"x\",\"y\"]"),
            cursor("[null,\"00000000-0000-0000-0000-000000000000\"]"),
            cursor("[1e400,\"00000000-0000-0000-0000-000000000000\"]"),
            cursor("[\"n\\u0000l\",\"00000000-0000-0000-0000-000000000000\"]"),
            json!({ "filter": { "or": vec![json!({ "text": "x" }); 200] } }),
            json!({ "filter": { "text": 1 } }),
            json!({ "filter": { "nonsense": 1 } }),
            json!({ "order": { "field": "SIZE", "direction": "ASC" } }),
            json!({ "order": { "field": "NAME" } }),
        ] {
            let answer = ann.ask(LIST, variables.clone()).await;
            let shown: String = variables.to_string().chars().take(100).collect();
            assert_eq!(answer.code(), "BAD_USER_INPUT", "{shown}: {}", answer.text());
        }
        let parts = json!({ "filter": { "or": vec![json!({ "text": "x" }); 199] } });
        assert_eq!(ann.query(LIST, parts).await["contacts"]["totalCount"], 0);
    })
    .await;
}

#[tokio::test]
async fn a_filter_nested_too_deep_is_refused_and_the_server_goes_on() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        for depth in [30, 60, 120] {
            let deep = (0..depth).fold(json!({ "text": "x" }), |inner, _| json!({ "not": inner }));
            let answer = ann.ask(LIST, json!({ "filter": deep })).await;
            let fine = answer.json().get("errors").is_none();
            assert!(fine || answer.code() != "INTERNAL", "{depth}: {}", answer.text());
        }
        let text = format!("{}{}{}", "{ contacts(filter: ", "{ and: [".repeat(5000), "] }".repeat(5000));
        assert!(!ann.ask(&format!("{text}) {{ totalCount }} }}"), json!({})).await.code().is_empty());
        assert_eq!(ann.query("{ viewer { name } }", json!({})).await["viewer"]["name"], "Ann");
    })
    .await;
}
