//! The language of filters: what a typed query finds, and how its mistakes are told.

use std::collections::HashSet;

use serde_json::{Value, json};
use tagwire::users::Plan;

use crate::deeds::{DELETE_TAG, MAKE_GROUP, MAKE_TAG, TAG, UNTAG, each, refusal};
use crate::filters::{self, Dice, Known, LIST, TAGS};
use crate::support::{Person, TestApp};
use crate::tags::{MATCHING, matching};

const REFUSED: &str = "mutation($input: TagContactsInput!) { tagContacts(input: $input) {
    changedCount tags { id } userErrors { code path position message } } }";

/// Six contacts; `lead` is of the group "My Status".
async fn people(ann: &Person) {
    let group = ann.does(MAKE_GROUP, json!({ "input": { "name": "My Status", "color": "#1E90FF" } })).await;
    let lead = json!({ "name": "lead", "groupId": group["tagGroup"]["id"] });
    ann.does(MAKE_TAG, json!({ "input": lead })).await;
    for (name, tags) in [
        ("Anna Jansen", vec!["hot", "nl"]),
        ("Bob Jansen", vec!["hot", "be", "lost"]),
        ("Eva", vec!["Hot Prospect", "lead"]),
        ("Kim", vec![]),
        ("Not Or", vec!["and", "say \"hi\" \\ now", "##1"]),
        ("Zoë 日本", vec!["Straße", "日本語", "be"]),
    ] {
        ann.adds(name, &tags).await;
    }
}

#[tokio::test]
async fn a_query_finds_what_it_says() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Pro).await.ann;
        people(&ann).await;
        let everybody = ["Anna Jansen", "Bob Jansen", "Eva", "Kim", "Not Or", "Zoë 日本"];
        for (query, names) in [
            ("#hot and (#nl or #be) and not #lost jansen", vec!["Anna Jansen"]),
            ("#hot", vec!["Anna Jansen", "Bob Jansen"]),
            ("#HOT #be", vec!["Bob Jansen"]),
            ("#nl or #hot #lost or #lead", vec!["Anna Jansen", "Bob Jansen", "Eva"]),
            ("#nl or #be and #hot", vec!["Anna Jansen", "Bob Jansen"]),
            ("(#nl or #be) and not #hot", vec!["Zoë 日本"]),
            ("not #hot and #be", vec!["Zoë 日本"]),
            ("not (#hot or #be)", vec!["Eva", "Kim", "Not Or"]),
            ("not not #hot", vec!["Anna Jansen", "Bob Jansen"]),
            (r#"#"hot prospect""#, vec!["Eva"]),
            ("#\"  HOT \u{3000} prospect\"", vec!["Eva"]),
            ("#hot prospect", vec![]),
            (r#"#"say \"HI\" \\ now""#, vec!["Not Or"]),
            ("#and", vec!["Not Or"]),
            ("##1", vec!["Not Or"]),
            ("#1", vec![]),
            ("#STRASSE", vec!["Zoë 日本"]),
            ("#日本語", vec!["Zoë 日本"]),
            ("#日本", vec![]),
            ("日本", vec!["Zoë 日本"]),
            ("zoe", vec!["Zoë 日本"]),
            ("group:\"my status\"", vec!["Eva"]),
            ("Group:\"MY  STATUS\" or untagged", vec!["Eva", "Kim"]),
            ("group:nowhere", vec![]),
            ("not group:nowhere", everybody.to_vec()),
            ("#nowhere", vec![]),
            ("not #nowhere", everybody.to_vec()),
            ("UNTAGGED", vec!["Kim"]),
            ("not untagged jan", vec!["Anna Jansen", "Bob Jansen"]),
            ("jansen bob", vec!["Bob Jansen"]),
            ("\"jansen bob\"", vec!["Bob Jansen"]),
            ("jansen or kim", vec!["Anna Jansen", "Bob Jansen", "Kim"]),
            ("\"NOT\" \"or\"", vec!["Not Or"]),
            ("\"untagged\"", vec![]),
            ("\"group:x\"", vec![]),
            ("", everybody.to_vec()),
            (" \u{3000} ", everybody.to_vec()),
            ("\"\"", everybody.to_vec()),
            ("n\0na", vec![]),
            ("#\0", vec![]),
            ("group:\0", vec![]),
        ] {
            assert_eq!(matching(&ann, json!({ "query": query })).await, names, "{query}");
        }
        for (filter, names) in [
            (json!({ "query": "#hot", "text": "anna" }), vec!["Anna Jansen"]),
            (json!({ "query": "#hot or #lead", "not": { "query": "#nl" } }), vec!["Bob Jansen", "Eva"]),
            (json!({ "or": [{ "query": "#nl" }, { "query": "kim" }] }), vec!["Anna Jansen", "Kim"]),
            (json!({ "not": { "query": "" } }), vec![]),
            (json!({ "query": null }), everybody.to_vec()),
        ] {
            assert_eq!(matching(&ann, filter.clone()).await, names, "{filter}");
        }
        // Written into the document itself.
        let inline = r##"{ contacts(filter: { query: "#\"hot prospect\" or kim" }) { nodes { name } } }"##;
        assert_eq!(each(&ann.query(inline, json!({})).await["contacts"]["nodes"], "name"), ["Eva", "Kim"]);

        ann.does(DELETE_TAG, json!({ "id": ann.tag_id("hot").await })).await;
        assert_eq!(matching(&ann, json!({ "query": "#hot" })).await, [""; 0]);
        assert_eq!(matching(&ann, json!({ "query": "not #hot" })).await, everybody);
        let other = test.workspace(Plan::Pro).await.ann;
        other.adds("Max", &["own"]).await;
        assert_eq!(matching(&other, json!({ "query": "#nl or group:\"my status\"" })).await, [""; 0]);
    })
    .await;
}

/// A query, how strongly its operator binds (0: or, 1: and, 2: the rest), the same as a filter, and whether it holds.
struct Asked {
    query: String,
    binds: u8,
    filter: Value,
    holds: Box<dyn Fn(&Known) -> bool>,
}

impl Asked {
    fn one(query: impl Into<String>, filter: Value, holds: impl Fn(&Known) -> bool + 'static) -> Self {
        Self { query: query.into(), binds: 2, filter, holds: Box::new(holds) }
    }

    fn leaf(dice: &mut Dice, group: &Value) -> Self {
        let tag = TAGS[dice.roll(5)];
        let in_group = |known: &Known| known.tags.iter().any(|tag| TAGS[3..].contains(tag));
        let name = json!({ "tag": { "name": tag } });
        match dice.roll(9) {
            0 | 1 => Self::one(format!("#{}", tag.to_uppercase()), name, move |known| known.tags.contains(&tag)),
            2 => Self::one(format!("#\" {tag}\""), name, move |known| known.tags.contains(&tag)),
            3 => Self::one("group:SIZE", json!({ "tag": { "groupId": group } }), in_group),
            4 => Self::one("group:\"size\"", json!({ "tag": { "groupId": group } }), in_group),
            5 => Self::one("Untagged", json!({ "tag": { "untagged": true } }), |known| known.tags.is_empty()),
            6 => Self::one("#\"no such tag\"", json!({ "tag": { "name": "no such tag" } }), |_| false),
            7 => Self::one("\"bakk ANNA\"", json!({ "text": "anna bakk" }), |known| {
                known.has("anna") && known.has("bakk")
            }),
            _ => {
                let word = ["an", "bob", "emi", "acme", "zo", "nowhere"][dice.roll(6)];
                Self::one(word, json!({ "text": word }), move |known| known.has(word))
            }
        }
    }

    fn any(dice: &mut Dice, group: &Value, depth: usize) -> Self {
        if depth == 0 || dice.roll(4) == 0 {
            return Self::leaf(dice, group);
        }
        let binds = [0, 1, 1, 2][dice.roll(4)];
        if binds == 2 {
            let inner = Self::any(dice, group, depth - 1);
            let query = format!("not {}", inner.within(2, dice));
            return Self::one(query, json!({ "not": inner.filter }), move |known| !(inner.holds)(known));
        }
        let parts: Vec<Self> = (0..2 + dice.roll(2)).map(|_| Self::any(dice, group, depth - 1)).collect();
        let mut query = String::new();
        for part in &parts {
            if !query.is_empty() {
                query += if binds == 0 { " or " } else { [" and ", " ", " AND\t"][dice.roll(3)] };
            }
            query += &part.within(binds, dice);
        }
        let inner: Vec<_> = parts.iter().map(|part| part.filter.clone()).collect();
        let filter = if binds == 0 { json!({ "or": inner }) } else { json!({ "and": inner }) };
        let holds: Box<dyn Fn(&Known) -> bool> = if binds == 0 {
            Box::new(move |known| parts.iter().any(|part| (part.holds)(known)))
        } else {
            Box::new(move |known| parts.iter().all(|part| (part.holds)(known)))
        };
        Self { query, binds, filter, holds }
    }

    /// In parentheses where it must be, and sometimes where it need not.
    fn within(&self, binds: u8, dice: &mut Dice) -> String {
        if self.binds < binds || dice.roll(5) == 0 { format!("({})", self.query) } else { self.query.clone() }
    }
}

#[tokio::test]
async fn a_query_finds_what_the_same_filter_finds() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Pro).await.ann;
        let (all, group) = filters::contacts(test, &ann).await;
        let mut sizes = HashSet::new();
        for seed in 0..120 {
            let Asked { query, filter, holds, .. } = Asked::any(&mut Dice(seed), &group, 4);
            let typed = ann.query(LIST, json!({ "filter": { "query": query }, "first": 200 })).await["contacts"].take();
            let built = ann.query(LIST, json!({ "filter": filter, "first": 200 })).await["contacts"].take();
            assert_eq!(typed, built, "{query}");
            let found: HashSet<_> = each(&typed["nodes"], "id").into_iter().collect();
            let expected: HashSet<_> = all.iter().filter(|known| holds(known)).map(|known| known.id.clone()).collect();
            assert_eq!(found, expected, "{query}");
            sizes.insert(expected.len());
        }
        assert!(sizes.len() > 10, "the queries tell contacts apart: {sizes:?}");
    })
    .await;
}

#[tokio::test]
async fn a_mistake_in_a_read_is_told_where_it_is() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Pro).await.ann;
        for (query, position, expected) in [
            ("#hot and", 8, "a word, a tag or `(`"),
            ("(#hot or #nl", 12, "`)`"),
            ("#hot)", 4, "a word, a tag or the end"),
            ("日本 é 😀 #", 8, "a tag name"),
            ("日本 and or", 7, "a word, a tag or `(`"),
            ("group: x", 6, "a group name"),
            ("#\"hot prospect", 14, "a closing quote"),
            ("#\"a\\b\"", 4, "`\"` or `\\` behind a backslash"),
        ] {
            for filter in [json!({ "query": query }), json!({ "and": [{ "not": { "query": query } }] })] {
                let answer = ann.ask(MATCHING, json!({ "filter": filter })).await.json();
                let error = &answer["errors"][0];
                let told = json!({ "code": "BAD_USER_INPUT", "position": position, "expected": expected });
                assert_eq!(error["extensions"], told, "{query}: {answer}");
                let message = error["message"].as_str().unwrap_or_default();
                assert!(message.contains(expected) && message.ends_with("of the query."), "{message}");
            }
        }
        for (query, position) in [
            ("a".repeat(1_000_000), 20_000),
            ("(".repeat(1_000_000), 20_000),
            ("(".repeat(20_000), 64),
            ("not ".repeat(5_000), 256),
            ("#a ".repeat(200), 597),
        ] {
            let answer = ann.ask(MATCHING, json!({ "filter": { "query": query } })).await.json();
            let extensions = &answer["errors"][0]["extensions"];
            assert_eq!(extensions["code"], "BAD_USER_INPUT", "{extensions}");
            assert_eq!(extensions["position"], position, "{extensions}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_query_is_bounded_as_other_filters_are() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        ann.adds("Jan", &["hot"]).await;
        // Joining them is a part too.
        for (word, times, found) in [
            ("jan ", 198, true),
            ("#hot ", 198, true),
            ("#hot or ", 198, true),
            ("#nowhere ", 198, false),
            ("not #hot ", 99, false),
            ("not #nowhere ", 99, true),
            ("not untagged ", 99, true),
        ] {
            let query = format!("{}jan", word.repeat(times));
            assert_eq!(matching(&ann, json!({ "query": query })).await.len(), usize::from(found), "{word}");
        }
        let half = "jan ".repeat(99);
        assert_eq!(matching(&ann, json!({ "query": half, "text": "jan" })).await, ["Jan"]);
        let twice = json!({ "filter": { "and": [{ "query": half }, { "query": half }] } });
        assert_eq!(ann.ask(MATCHING, twice).await.code(), "BAD_USER_INPUT");
        let deep = format!("{}jan{}", "(not ".repeat(32), ")".repeat(32));
        let deeper = (0..100).fold(json!({ "query": deep }), |inner, _| json!({ "not": inner }));
        assert_eq!(matching(&ann, json!({ "query": deep })).await, ["Jan"]);
        assert_eq!(matching(&ann, deeper).await, ["Jan"]);
    })
    .await;
}

#[tokio::test]
async fn contacts_are_tagged_by_query() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Pro).await.ann;
        people(&ann).await;
        let input = |query: &str| json!({ "input": { "filter": { "query": query }, "names": ["call"] } });
        assert_eq!(ann.does(TAG, input("#hot or untagged")).await["changedCount"], 3);
        assert_eq!(matching(&ann, json!({ "query": "#call" })).await, ["Anna Jansen", "Bob Jansen", "Kim"]);
        assert_eq!(ann.does(UNTAG, input("#call not jansen")).await["changedCount"], 1);
        assert_eq!(matching(&ann, json!({ "query": "#call" })).await, ["Anna Jansen", "Bob Jansen"]);

        let before = ann.cursor().await;
        for (filter, path, position) in [
            (json!({ "query": "日本 and #" }), "INVALID input.filter.query", 8),
            (json!({ "query": "x".repeat(20_001) }), "INVALID input.filter.query", 20_000),
            (
                json!({ "and": [{ "query": "ok" }, { "not": { "or": [{ "query": "é )" }] } }] }),
                "INVALID input.filter.and.1.not.or.0.query",
                2,
            ),
        ] {
            let given = json!({ "input": { "filter": filter, "names": ["fresh"] } });
            let refused = ann.payload(REFUSED, given.clone()).await;
            assert_eq!(refusal(&refused), path);
            assert_eq!(refused["userErrors"][0]["position"], position, "{refused}");
            assert_eq!((&refused["changedCount"], &refused["tags"]), (&Value::Null, &json!([])));
            assert_eq!(ann.fails(UNTAG, given).await, path);
        }
        assert_eq!(ann.cursor().await, before, "nothing was changed");
    })
    .await;
}
