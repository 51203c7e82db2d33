//! Stories of finding mail by its words.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tagwire::users::Plan;

use crate::deeds::ADD;
use crate::support::dovecot::{ALICE, BOB, Dovecot};
use crate::support::mailbox::{borrowed, connect, follow, settings, until, until_state};
use crate::support::{Person, TestApp};

const SEARCH: &str = "query($filter: MessageFilter, $first: Int, $after: String, $last: Int, $before: String) {
    messages(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
        totalCount nodes { subject } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

/// A second of the past; later mails come later.
const LONG_AGO: u64 = 1_790_000_000;

fn letter(from: &str, subject: &str, kind: &str, body: &str) -> Vec<u8> {
    format!(
        "From: {from}\r\nTo: alice@crm.test\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n\
         Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}\r\n"
    )
    .into_bytes()
}

pub fn plain(from: &str, subject: &str, body: &str) -> Vec<u8> {
    letter(from, subject, "text/plain", body)
}

/// Delivers mails to Alice, a second apart, the first of them first.
pub fn deliver(server: &Dovecot, mails: impl IntoIterator<Item = Vec<u8>>) {
    for (at, mail) in (LONG_AGO..).zip(mails) {
        server.deliver_at(ALICE.0, "INBOX", &mail, at);
    }
}

fn subjects_of(page: &Value) -> Vec<String> {
    page["nodes"].as_array().unwrap().iter().map(|node| node["subject"].as_str().unwrap().to_owned()).collect()
}

/// Subjects of what matches, newest first. There is as much of it as is counted.
pub async fn matching(person: &Person, filter: Value) -> Vec<String> {
    let page = person.query(SEARCH, json!({ "filter": filter })).await["messages"].take();
    let subjects = subjects_of(&page);
    assert_eq!(page["totalCount"], subjects.len(), "{filter}");
    subjects
}

pub async fn found(person: &Person, text: &str) -> Vec<String> {
    matching(person, json!({ "text": text })).await
}

/// Ann has connected Alice's mailbox, which is read.
pub async fn reads(ann: &Person, server: &Dovecot) -> Value {
    let mut socket = follow(ann).await;
    let payload = connect(ann, server.imaps_port(), ALICE).await;
    assert_eq!(payload["userErrors"], json!([]));
    until_state(&mut socket, "LIVE").await;
    payload["mailAccount"]["id"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_is_found_by_the_words_in_it_in_any_script() {
    let server = Dovecot::start();
    deliver(
        &server,
        [
            plain("Jan Jansen <j.jansen@bedrijf.test>", "Offerte dakgoot", "Zoals besproken stuur ik een voorstel."),
            plain("Søren <soren@dk.test>", "Été à Orléans", "Große Straße, İstanbul, œuvre."),
            plain("Иван <ivan@ru.test>", "Привет из Москвы", "Ёлка стоит в углу."),
            plain("Yuki <yuki@jp.test>", "会議の資料", "明日の東京本社での会議にiPhoneを持ってきてください。"),
            letter(
                "News <news@shop.test>",
                "Rundbrief",
                "text/html",
                "<html><head><style>.hidden{}</style></head><body><p>Sonder<b>angebot</b> f&uuml;r K&auml;ufer</p></body></html>",
            ),
        ],
    );
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let account = reads(ann, &server).await;
        let (offer, summer, russia, meeting, news) =
            ("Offerte dakgoot", "Été à Orléans", "Привет из Москвы", "会議の資料", "Rundbrief");
        for (text, subject) in [
            ("dakgoot", offer),
            ("DAKG", offer),
            ("da of", offer),
            ("o dakgoot", offer),
            ("bespro voorst", offer),
            ("jansen voorstel", offer),
            ("bedrijf.test", offer),
            ("j.jansen@bedrijf.test", offer),
            ("ete", summer),
            ("ÉTÉ", summer),
            ("strasse", summer),
            ("straße", summer),
            ("grosse str", summer),
            ("istanbul", summer),
            ("İSTANBUL", summer),
            ("soren", summer),
            ("sør", summer),
            ("oeuvre", summer),
            ("привет", russia),
            ("МОСК", russia),
            ("елка", russia),
            ("иван углу", russia),
            ("会議", meeting),
            ("東京本社", meeting),
            ("社", meeting),
            ("iphone", meeting),
            ("iPhoneを持", meeting),
            ("ください", meeting),
            ("sonderangebot", news),
            ("fur kaufer", news),
            ("news@shop.test", news),
        ] {
            assert_eq!(found(ann, text).await, [subject], "{text}");
            assert_eq!(found(&bob, text).await, [""; 0], "{text}");
        }
        for nothing in ["akgoot", "dakgoot privet", "hidden", "議会", "大阪", "zzz", "crmtest"] {
            assert_eq!(found(ann, nothing).await, [""; 0], "{nothing}");
        }
        // To whom it was sent; newest first.
        assert_eq!(found(ann, "alice").await, [news, meeting, russia, summer, offer]);
        // A text without words finds everything, as it does among contacts.
        for everything in ["", " ", "\"-?!", "*"] {
            assert_eq!(found(ann, everything).await.len(), 5, "{everything}");
        }

        // What is erased is found no more, nor is anything of it left behind.
        let disconnect =
            "mutation($id: ID!) { disconnectMailAccount(id: $id, deleteMessages: true) { userErrors { code } } }";
        ann.query(disconnect, json!({ "id": account })).await;
        assert_eq!(found(ann, "alice").await, [""; 0]);
        let end = tokio::time::Instant::now() + Duration::from_secs(20);
        while indexed(test).await != 0 {
            assert!(tokio::time::Instant::now() < end, "the index keeps what is erased");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

/// Messages in the index.
async fn indexed(test: &TestApp) -> i64 {
    let table = if test.app.db.is_embedded() { "mail_search_docsize" } else { "mail_search" };
    let statement =
        sea_orm::Statement::from_string(test.app.db.backend(), format!("SELECT COUNT(*) AS n FROM {table}"));
    test.app.db.writer().query_one_raw(statement).await.unwrap().unwrap().try_get("", "n").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_goes_together_with_other_conditions_and_pages() {
    let server = Dovecot::start();
    let sender = |n: u32| if n.is_multiple_of(2) { "Jan <jan@a.test>" } else { "Mia <mia@b.test>" };
    deliver(&server, (0..9).map(|n| plain(sender(n), &format!("report {n}"), "Quarterly figures.")));
    let file = "From: mia@b.test\r\nTo: alice@crm.test\r\nSubject: report 9\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nFigures within.\r\n\
        --b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"figures.pdf\"\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n--b--\r\n";
    server.deliver_at(ALICE.0, "INBOX", file.as_bytes(), LONG_AGO + 9);
    server.deliver_at(ALICE.0, "Sent", &plain("alice@crm.test", "report sent", "Figures too."), LONG_AGO + 10);
    server.deliver_at(BOB.0, "INBOX", &plain("jan@a.test", "report for Bob", "Other figures."), LONG_AGO);
    server.add_flag(ALICE.0, "INBOX", 1, "\\Seen");
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let alices = reads(ann, &server).await;
        let mut socket = follow(&bob).await;
        let bobs = connect(&bob, server.imaps_port(), BOB).await["mailAccount"]["id"].take();
        until_state(&mut socket, "LIVE").await;
        let mut ids = Vec::new();
        for (name, address, tag) in
            [("Jan", "jan@a.test", "hot"), ("Mia", "mia@b.test", "cold"), ("Ada", "ada@c.test", "hot")]
        {
            let input = json!({ "name": name, "emails": [{ "address": address }], "tags": [tag] });
            ids.push(ann.does(ADD, json!({ "input": input })).await["contact"]["id"].take());
        }
        let reports = |numbers: &[u32]| numbers.iter().map(|n| format!("report {n}")).collect::<Vec<_>>();

        // Bob's own is all that Bob finds, and nothing of it is Ann's to find, whatever mailbox they name.
        assert_eq!(found(&bob, "figures").await, ["report for Bob"]);
        assert_eq!(found(ann, "figures").await.len(), 11);
        assert_eq!(matching(&bob, json!({ "text": "figures", "accountIds": [alices] })).await, [""; 0]);
        assert_eq!(matching(ann, json!({ "text": "figures", "accountIds": [bobs] })).await, [""; 0]);
        assert_eq!(matching(ann, json!({ "text": "figures", "accountIds": [alices, bobs] })).await.len(), 11);

        let all = |mut filter: Value| {
            filter["text"] = json!("figur");
            filter
        };
        for (filter, expected) in [
            (json!({ "contactId": ids[0] }), reports(&[8, 6, 4, 2, 0])),
            (json!({ "contactQuery": "#hot" }), reports(&[8, 6, 4, 2, 0])),
            (json!({ "contactQuery": "#hot or #cold and not mia" }), reports(&[8, 6, 4, 2, 0])),
            (json!({ "contactQuery": "not #hot" }), reports(&[9, 7, 5, 3, 1])),
            (json!({ "contactQuery": "#nowhere" }), reports(&[])),
            (json!({ "contactQuery": "" }), reports(&[9, 8, 7, 6, 5, 4, 3, 2, 1, 0])),
            (json!({ "contactQuery": "#cold", "contactId": ids[0] }), reports(&[])),
            (json!({ "hasAttachment": true }), reports(&[9])),
            (json!({ "hasAttachment": false, "contactId": ids[1] }), reports(&[7, 5, 3, 1])),
            (json!({ "unseen": false }), reports(&[0])),
            (json!({ "folderRole": "SENT" }), vec!["report sent".to_owned()]),
            (json!({ "folderRole": "INBOX", "unseen": true, "contactQuery": "jan" }), reports(&[8, 6, 4, 2])),
            (json!({ "since": "2026-09-21T14:13:25Z", "until": "2026-09-21T14:13:28Z" }), reports(&[7, 6, 5])),
        ] {
            assert_eq!(matching(ann, all(filter.clone())).await, expected, "{filter}");
            if expected != ["report sent"] {
                // Each condition holds by itself too.
                assert_eq!(matching(ann, filter.clone()).await, expected, "{filter}");
            }
        }

        // Pages of three forward and backward; none short, none twice.
        let (mut forward, mut after) = (Vec::new(), Value::Null);
        loop {
            let asked = json!({ "filter": { "text": "report" }, "first": 3, "after": after });
            let page = ann.query(SEARCH, asked).await["messages"].take();
            assert_eq!(page["totalCount"], 11);
            assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
            forward.extend(subjects_of(&page));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            assert_eq!(forward.len() % 3, 0);
        }
        let mut expected = reports(&[9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
        expected.insert(0, "report sent".to_owned());
        assert_eq!(forward, expected);
        let asked = json!({ "filter": { "text": "report" }, "last": 3, "before": after });
        let back = ann.query(SEARCH, asked).await["messages"].take();
        assert_eq!(subjects_of(&back), reports(&[3, 2, 1]));
        assert_eq!(back["pageInfo"]["hasPreviousPage"], true);

        // News is found as it is told.
        let mut socket = follow(ann).await;
        server.deliver(ALICE.0, "INBOX", &plain("Zoe <zoe@d.test>", "urgent", "Figures at once."));
        until(&mut socket, "mail", |_| true).await;
        assert_eq!(matching(ann, json!({ "text": "figures zoe" })).await, ["urgent"]);
        // Leave the mailbox as the second telling expects it.
        server.doveadm(&["expunge", "-u", ALICE.0, "mailbox", "INBOX", "subject", "urgent"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_text_is_looked_for_as_it_stands() {
    let server = Dovecot::start();
    deliver(&server, [plain("jan@a.test", "near and or not", "A plain text.")]);
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        reads(ann, &server).await;
        for text in [
            "'",
            "\"",
            "\"\"\"",
            "' OR 1=1 --",
            "near(jan text)",
            "jan AND",
            "NOT",
            "(",
            ")",
            "a:*",
            "subject:jan",
            "^jan",
            "jan*",
            "jan & | !",
            "<->",
            "\\",
            "\\'",
            "%",
            "_",
            "$1",
            "?",
            "{people}",
            "- -",
            "jan\u{0}",
            "\u{0}",
            "\u{feff}",
            "\u{200d}",
            "\u{301}",
            "e\u{301}",
            "👩‍👩‍👧",
            "½ ²",
            "ﷺ",
            "ǅ",
            "x00000000000000000000000000000000",
            "2jan",
            "\u{10ffff}",
            "İ",
            "ß",
            "\u{1e9e}",
            "١٢٣",
            "ก็",
            "한국",
            "々",
            "ー",
            "ｶﾞ",
            "''",
            "$$",
            ";",
            "\r\n\t",
            "rank",
            "mail_search",
            "+",
            "jan+text",
            "a'b\"c",
        ] {
            let response = ann.response(SEARCH, json!({ "filter": { "text": text } })).await;
            assert!(response.get("errors").is_none(), "{text:?}: {response}");
            let marked = "query($text: String!) { messages { nodes { highlights(text: $text) { field } } } }";
            let response = ann.response(marked, json!({ "text": text })).await;
            assert!(response.get("errors").is_none(), "{text:?}: {response}");
        }
        // Words that search languages know are words here.
        for text in ["near", "AND", "or not", "jan AND text", "\"plain text\"", "NEAR(jan text)", "jan*"] {
            assert_eq!(found(ann, text).await, ["near and or not"], "{text}");
        }
        assert_eq!(found(ann, "x00000000000000000000000000000000").await, [""; 0]);

        let mut random = String::new();
        for _ in 0..60 {
            let length = rand::random::<u32>() % 12;
            random.clear();
            random.extend((0..length).filter_map(|_| char::from_u32(rand::random::<u32>() % 0x3100)));
            let response = ann.response(SEARCH, json!({ "filter": { "text": random } })).await;
            assert!(response.get("errors").is_none(), "{random:?}: {response}");
        }

        for (filter, position) in [
            (json!({ "text": "a".repeat(1_001) }), None),
            (json!({ "text": (0..21).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ") }), None),
            (json!({ "contactQuery": "#hot and (#nl" }), Some(13)),
            (json!({ "contactQuery": "#hot )" }), Some(5)),
        ] {
            let refused = ann.response(SEARCH, json!({ "filter": filter })).await;
            let extensions = &refused["errors"][0]["extensions"];
            assert_eq!(extensions["code"], "BAD_USER_INPUT", "{refused}");
            assert_eq!(extensions["position"].as_u64(), position, "{refused}");
            assert_eq!(extensions["expected"].is_string(), position.is_some());
        }
        let longest = (0..20).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ");
        assert_eq!(found(ann, &longest).await, [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_looked_for_is_marked() {
    let server = Dovecot::start();
    let body = format!("{} Die Große Straße liegt im Süden. {}", "Wort ".repeat(100), "Ende ".repeat(100));
    deliver(&server, [plain("Jürgen Groß <j@gross.test>", "Ein Groß-Angebot 😀 gross", &body)]);
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        reads(ann, &server).await;
        let asked = "query($text: String!) { messages(filter: { text: $text }) { nodes {
            highlights(text: $text) { field snippet ranges { start end } } } } }";
        let data = ann.query(asked, json!({ "text": "gross" })).await;
        let found = data["messages"]["nodes"][0]["highlights"].as_array().unwrap();
        let marked: Vec<(&str, Vec<String>)> = found
            .iter()
            .map(|highlight| {
                let snippet: Vec<char> = highlight["snippet"].as_str().unwrap().chars().collect();
                assert!(snippet.len() <= 200 && !snippet.contains(&'\n'));
                let at = |range: &Value, end: &str| usize::try_from(range[end].as_u64().unwrap()).unwrap();
                let ranges = highlight["ranges"].as_array().unwrap().iter();
                let cut = ranges.map(|range| snippet[at(range, "start")..at(range, "end")].iter().collect());
                (highlight["field"].as_str().unwrap(), cut.collect())
            })
            .collect();
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            marked,
            [
                ("SUBJECT", words(&["Groß", "gross"])),
                ("PARTICIPANT", words(&["Groß", "gross"])),
                ("BODY", words(&["Groß"]))
            ]
        );
        let refused = ann.response(asked, json!({ "text": "x".repeat(1_001) })).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_was_stored_without_an_index_is_indexed_behind() {
    let server = Dovecot::start();
    deliver(&server, (0..30).map(|n| plain("jan@a.test", &format!("old {n}"), "Once upon a time.")));
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let ann = &company.ann;
        reads(ann, &server).await;
        assert_eq!(found(ann, "upon").await.len(), 30);
        let conn = test.app.db.writer();
        // As a database of before the index.
        conn.execute_unprepared("DELETE FROM mail_search WHERE TRUE").await.unwrap();
        conn.execute_unprepared("UPDATE mail_message SET search_place = NULL").await.unwrap();
        let end = tokio::time::Instant::now() + Duration::from_secs(20);
        while found(ann, "upon").await.len() < 30 {
            assert!(tokio::time::Instant::now() < end, "it is not found again");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(indexed(test).await, 30);
        assert_eq!(found(ann, "old 29 time").await, ["old 29"]);
    })
    .await;
}
