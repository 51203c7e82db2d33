//! Stories of finding what others share, by no more of it than they share; and of finding threads.

use serde_json::{Value, json};
use tagwire::users::Plan;

use crate::mail_search::{deliver, found, matching, plain, reads};
use crate::sharing::{SHARE, UNSHARE, share};
use crate::support::dovecot::{ALICE, BOB, Dovecot};
use crate::support::mailbox::{borrowed, connect, follow, settings, until_state};
use crate::support::{Person, TestApp};

const COUNT: &str = "query($text: String!) { messages(filter: { text: $text }) { totalCount nodes { id highlights(text: $text) { field } } } }";

const MARK: &str = "mutation($id: ID!, $private: Boolean!) { setMessagePrivate(id: $id, private: $private) {
    message { id } userErrors { code } } }";

const THREADS: &str = "query($filter: MessageFilter, $first: Int, $after: String) { threads(filter: $filter, first: $first, after: $after) {
    totalCount nodes { subject messageCount } pageInfo { hasNextPage endCursor } } }";

/// How many mails are found by a text, and in which of their fields it is marked.
async fn count(person: &Person, text: &str) -> (usize, Vec<String>) {
    let page = person.query(COUNT, json!({ "text": text })).await["messages"].take();
    let nodes = page["nodes"].as_array().unwrap();
    assert_eq!(page["totalCount"], nodes.len(), "{text}");
    let fields = nodes.iter().flat_map(|node| node["highlights"].as_array().unwrap());
    (nodes.len(), fields.map(|highlight| highlight["field"].as_str().unwrap().to_owned()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn shared_mail_is_found_by_no_more_than_is_shared() {
    let server = Dovecot::start();
    deliver(&server, [plain("Jan Vermeer <jan@a.test>", "delft offer", "The pearl is included.")]);
    server.deliver(BOB.0, "INBOX", &plain("mia@b.test", "own delft", "A pearl of Bob's, from Vermeer."));
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let eva = company.user("Eva", &[]).await;
        reads(ann, &server).await;
        let mut socket = follow(&bob).await;
        connect(&bob, server.imaps_port(), BOB).await;
        until_state(&mut socket, "LIVE").await;

        // Bob's own mail is among it each time, found by all of it.
        for (level, by_name, by_subject, by_body) in
            [("", 1, 1, 1), ("METADATA", 2, 1, 1), ("SUBJECT", 2, 2, 1), ("FULL", 2, 2, 2)]
        {
            if !level.is_empty() {
                ann.does(SHARE, share(&bob, "INBOX", level)).await;
                ann.does(SHARE, share(&eva, "INBOX", level)).await;
            }
            let fields = |field: &str, own: &str, hits: usize| {
                std::iter::once(own.to_owned()).chain((1..hits).map(|_| field.to_owned())).collect::<Vec<_>>()
            };
            assert_eq!(count(&bob, "vermeer").await, (by_name, fields("PARTICIPANT", "BODY", by_name)), "{level}");
            assert_eq!(count(&bob, "delf").await, (by_subject, fields("SUBJECT", "SUBJECT", by_subject)), "{level}");
            assert_eq!(count(&bob, "pe").await.0, by_body, "{level}");
            // Words of which one is beyond what is seen.
            assert_eq!(count(&bob, "vermeer delft").await.0, by_subject, "{level}");
            assert_eq!(count(&bob, "vermeer pearl").await.0, by_body, "{level}");
            // Eva has no mail of her own.
            for (text, hits) in [("jan@a.test", by_name), ("offer delft", by_subject), ("included pearl", by_body)] {
                assert_eq!(count(&eva, text).await.0, hits - 1, "{text} at {level}");
                let threads = eva.query(THREADS, json!({ "filter": { "text": text } })).await["threads"].take();
                assert_eq!(threads["totalCount"], hits - 1, "{text} at {level}");
                assert_eq!(threads["nodes"].as_array().unwrap().len(), hits - 1);
            }
            assert_eq!(count(ann, "vermeer delft pearl").await.0, 1);
        }
        // Marked private, or no longer shared, it is found by its owner only.
        let id = ann.query(COUNT, json!({ "text": "pearl" })).await["messages"]["nodes"][0]["id"].take();
        for private in [true, false] {
            ann.does(MARK, json!({ "id": id, "private": private })).await;
            assert_eq!(count(&eva, "pearl").await.0, usize::from(!private));
            assert_eq!(count(ann, "pearl").await.0, 1);
        }
        let shared = ann.does(SHARE, share(&eva, "INBOX", "FULL")).await["share"]["id"].take();
        ann.does(UNSHARE, json!({ "id": shared })).await;
        assert_eq!(count(&eva, "pearl").await.0, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_are_found_by_the_words_of_their_mails() {
    let server = Dovecot::start();
    let reply = |n: u32, to: u32, body: &str| {
        format!(
            "From: mia@b.test\r\nTo: alice@crm.test\r\nSubject: Re: talk {to}\r\nMessage-ID: <reply{n}@test>\r\n\
             In-Reply-To: <talk{to}@test>\r\nReferences: <talk{to}@test>\r\n\r\n{body}\r\n"
        )
        .into_bytes()
    };
    let talk = |n: u32| {
        format!(
            "From: jan@a.test\r\nTo: alice@crm.test\r\nSubject: talk {n}\r\nMessage-ID: <talk{n}@test>\r\n\r\n\
             Let us speak of topic {n}.\r\n"
        )
        .into_bytes()
    };
    deliver(&server, (0..6).map(talk).chain([reply(0, 2, "Agreed on apricots."), reply(1, 0, "Agreed on bananas.")]));
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        reads(ann, &server).await;
        let threads = async |filter: Value| {
            let (mut subjects, mut after) = (Vec::new(), Value::Null);
            loop {
                let asked = json!({ "filter": filter, "first": 2, "after": after });
                let page = ann.query(THREADS, asked).await["threads"].take();
                let nodes = page["nodes"].as_array().unwrap();
                subjects.extend(nodes.iter().map(|node| node["subject"].as_str().unwrap().replace("Re: ", "")));
                if page["pageInfo"]["hasNextPage"] == false {
                    assert_eq!(page["totalCount"], subjects.len());
                    return subjects;
                }
                after = page["pageInfo"]["endCursor"].clone();
            }
        };
        let talks = |numbers: &[u32]| numbers.iter().map(|n| format!("talk {n}")).collect::<Vec<_>>();
        // In the order of their newest mail, whichever mail the words are in.
        assert_eq!(threads(json!({ "text": "speak" })).await, talks(&[0, 2, 5, 4, 3, 1]));
        assert_eq!(threads(json!({ "text": "agreed" })).await, talks(&[0, 2]));
        assert_eq!(threads(json!({ "text": "apricot" })).await, talks(&[2]));
        assert_eq!(threads(json!({ "text": "topic 4" })).await, talks(&[4]));
        assert_eq!(threads(json!({ "text": "topic apricots" })).await, [""; 0]);
        assert_eq!(threads(json!({ "text": "agreed", "contactQuery": "not mia" })).await, [""; 0]);
        ann.does(crate::deeds::ADD, json!({ "input": { "name": "Mia", "emails": [{ "address": "mia@b.test" }] } }))
            .await;
        assert_eq!(threads(json!({ "contactQuery": "mia" })).await, talks(&[0, 2]));
        assert_eq!(threads(json!({ "text": "bananas", "contactQuery": "mia" })).await, talks(&[0]));
        let none = bob.query(THREADS, json!({ "filter": { "text": "speak" } })).await["threads"].take();
        assert_eq!((&none["totalCount"], &none["nodes"]), (&json!(0), &json!([])));
        let wrong = ann.response(THREADS, json!({ "filter": { "contactQuery": "#" } })).await;
        assert_eq!(wrong["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
        assert_eq!(matching(ann, json!({ "text": "speak", "folderRole": "INBOX" })).await.len(), 6);
        assert_eq!(found(ann, ALICE.0).await.len(), 8);
    })
    .await;
}
