//! Files in mail: downloaded, shown within it, and kept from others.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use tagwire::users::Plan;

use crate::deeds::array;
use crate::support::dovecot::{ALICE, Dovecot};
use crate::support::http::{self, Answer};
use crate::support::mailbox::{borrowed, connect, follow, settings, until_state};
use crate::support::{Person, TestApp};

const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

const MESSAGES: &str = "{ messages(first: 20) { nodes { subject html blockedImages \
    attachments { id filename contentType size inline url } } } }";

/// A mail of text and files.
fn letter(subject: &str, parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut raw = format!(
        "From: jan@a.test\r\nTo: alice@crm.test\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=outer\r\n\r\n--outer\r\nContent-Type: text/plain\r\n\r\nSee the files.\r\n"
    );
    for (fields, bytes) in parts {
        raw.extend(["--outer\r\n", fields, "\r\nContent-Transfer-Encoding: base64\r\n\r\n"]);
        for line in STANDARD.encode(bytes).as_bytes().chunks(76) {
            raw.push_str(std::str::from_utf8(line).unwrap());
            raw.push_str("\r\n");
        }
    }
    raw.push_str("--outer--\r\n");
    raw.into_bytes()
}

fn noise(length: usize) -> Vec<u8> {
    let mut seed = 7_u32;
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

/// Connects Alice's mailbox for somebody, and waits until it is read.
async fn read_mailbox(person: &Person, server: &Dovecot) -> Value {
    let mut socket = follow(person).await;
    let payload = connect(person, server.imaps_port(), ALICE).await;
    assert_eq!(payload["userErrors"], json!([]));
    until_state(&mut socket, "LIVE").await;
    payload["mailAccount"]["id"].clone()
}

/// The message with a subject.
async fn message(person: &Person, subject: &str) -> Value {
    let data = person.query(MESSAGES, json!({})).await;
    let nodes = data["messages"]["nodes"].as_array().unwrap();
    nodes.iter().find(|node| node["subject"] == subject).unwrap_or_else(|| panic!("{nodes:?}")).clone()
}

/// The path of an address on this server.
fn path(test: &TestApp, url: &Value) -> String {
    let url = url.as_str().expect("an address");
    let path = url.strip_prefix(&test.url).expect("an address of this server");
    assert!(path.starts_with("/blobs/attachment?ticket="), "{path}");
    path.to_owned()
}

async fn get(test: &TestApp, path: &str) -> Answer {
    http::call(Method::GET, &test.url, path).send().await
}

fn assert_guarded(answer: &Answer) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("cache-control", "private, no-store"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("content-encoding", ""),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_downloaded_as_they_were_attached() {
    let server = Dovecot::start();
    let (large, page) = (noise(1 << 20), b"<script>evil()</script>".as_slice());
    let text = "plain text, and much of it\n".repeat(1_000);
    let files: [(&str, &[u8]); 5] = [
        (
            "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*=utf-8''%C3%89t%C3%A9%20%E6%97%A5%E6%9C%AC.pdf",
            &large,
        ),
        ("Content-Type: text/html; name=\"page.html\"\r\nContent-Disposition: attachment", page),
        ("Content-Type: text/plain; name=\"con.txt\"\r\nContent-Disposition: attachment", text.as_bytes()),
        (
            "Content-Type: image/svg+xml\r\nContent-Disposition: attachment; filename=\"../a\\\"b.svg\"",
            b"<svg onload='evil()'/>",
        ),
        ("Content-Type: image/png\r\nContent-Disposition: attachment", b""),
    ];
    server.deliver(ALICE.0, "INBOX", &letter("files", &files));
    TestApp::on_each_database_with(&borrowed(&settings(&server)), async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        read_mailbox(&ann, &server).await;
        let listed = message(&ann, "files").await["attachments"].take();
        let listed = listed.as_array().unwrap();
        assert_eq!(listed.len(), files.len());
        let expected = [
            (
                "application/pdf",
                "attachment; filename=\"_t_ __.pdf\"; filename*=UTF-8''%C3%89t%C3%A9%20%E6%97%A5%E6%9C%AC.pdf",
            ),
            ("application/octet-stream", "attachment; filename=\"page.html\"; filename*=UTF-8''page.html"),
            ("text/plain", "attachment; filename=\"_con.txt\"; filename*=UTF-8''_con.txt"),
            ("application/octet-stream", "attachment; filename=\"a_b.svg\"; filename*=UTF-8''a_b.svg"),
            ("image/png", "attachment; filename=\"attachment.png\"; filename*=UTF-8''attachment.png"),
        ];
        for ((file, (_, bytes)), (kind, placement)) in listed.iter().zip(files).zip(expected) {
            assert_eq!((&file["size"], &file["inline"]), (&json!(bytes.len()), &json!(false)));
            let path = path(test, &file["url"]);
            // Even where all else is compressed.
            let answer = http::call(Method::GET, &test.url, &path).header("accept-encoding", "gzip, br").send().await;
            assert_eq!(answer.status, StatusCode::OK);
            assert!(answer.body == bytes, "{file}");
            assert_eq!(answer.header("content-type"), kind);
            assert_eq!(answer.header("content-disposition"), placement);
            assert_eq!(answer.header("content-length"), bytes.len().to_string());
            assert_eq!(answer.header("accept-ranges"), "bytes");
            assert_guarded(&answer);
            let head = http::call(Method::HEAD, &test.url, &path).header("range", "bytes=0-1").send().await;
            assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
            for name in ["content-type", "content-disposition", "content-length", "etag"] {
                assert_eq!(head.header(name), answer.header(name), "{name}");
            }
        }

        // Parts of a file in memory, and of one on disk.
        for (number, bytes) in [(0, large.as_slice()), (2, text.as_bytes())] {
            let path = path(test, &listed[number]["url"]);
            let end = bytes.len();
            let ask = async |range: &str| http::call(Method::GET, &test.url, &path).header("range", range).send().await;
            for (range, within) in [
                ("bytes=0-0".to_owned(), 0..1),
                (format!("bytes={}-", end - 10), end - 10..end),
                ("bytes=-7".to_owned(), end - 7..end),
                ("bytes=10-20000".to_owned(), 10..20_001),
                (format!("bytes=5-{end}"), 5..end),
            ] {
                let part = ask(&range).await;
                assert_eq!(part.status, StatusCode::PARTIAL_CONTENT, "{range}");
                assert!(part.body == bytes[within.clone()], "{range}");
                assert_eq!(part.header("content-range"), format!("bytes {}-{}/{end}", within.start, within.end - 1));
                assert_eq!(part.header("content-length"), within.len().to_string());
                assert_guarded(&part);
            }
            let beyond = ask(&format!("bytes={end}-")).await;
            assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
            assert_eq!(beyond.header("content-range"), format!("bytes */{end}"));
            let several = ask("bytes=0-1,5-6").await;
            assert_eq!((several.status, several.body.len()), (StatusCode::OK, end));
        }
        // A page of an allowed origin may read it, name and all.
        let call = http::call(Method::GET, &test.url, &path(test, &listed[1]["url"]));
        let page = call.header("origin", &test.url).send().await;
        assert_eq!(page.header("access-control-allow-origin"), test.url);
        assert!(page.header("access-control-expose-headers").contains("content-disposition"));
        let post = http::call(Method::POST, &test.url, &path(test, &listed[0]["url"])).send().await;
        assert_eq!(post.status, StatusCode::METHOD_NOT_ALLOWED);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_lives_briefly_and_with_its_maker() {
    let server = Dovecot::start();
    let file = ("Content-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment", b"%PDF".as_slice());
    server.deliver(ALICE.0, "INBOX", &letter("file", &[file]));
    TestApp::on_each_database_with(&borrowed(&settings(&server)), async |test| {
        let company = test.workspace(Plan::Free).await;
        let (ann, bob) = (&company.ann, company.user("Bob", &[]).await);
        let account = read_mailbox(ann, &server).await;
        let again = ann.again(test).await;
        let address = async |person: &Person| path(test, &message(person, "file").await["attachments"][0]["url"]);
        let of_ann = address(ann).await;
        assert_ne!(of_ann, address(ann).await, "each is made anew");
        let found = get(test, &of_ann).await;
        assert_eq!((found.status, found.text().as_str()), (StatusCode::OK, "%PDF"));

        // Nobody else gets one, and nobody can make one.
        let id = message(ann, "file").await["attachments"][0]["id"].take();
        let node = "query($id: ID!) { node(id: $id) { ... on Attachment { filename url } } }";
        assert!(ann.query(node, json!({ "id": id })).await["node"]["url"].is_string());
        assert!(bob.query(node, json!({ "id": id })).await["node"].is_null());
        let stranger = test.workspace(Plan::Free).await.ann;
        assert!(stranger.query(node, json!({ "id": id })).await["node"].is_null());
        let export = ann.query("mutation { exportContacts(format: CSV) { url } }", json!({})).await;
        let other =
            export["exportContacts"]["url"].as_str().and_then(|url| url.split_once("ticket=")).unwrap().1.to_owned();
        for forged in [
            format!("{of_ann}A"),
            of_ann.replace("ticket=", "ticket=A"),
            of_ann[..of_ann.len() - 2].to_owned(),
            format!("/blobs/attachment?ticket={other}"),
            format!("/blobs/attachment?ticket={}", "A".repeat(10_000)),
            "/blobs/attachment?ticket=%00".to_owned(),
            "/blobs/attachment?ticket=".to_owned(),
            "/blobs/attachment".to_owned(),
        ] {
            let refused = get(test, &forged).await;
            assert_eq!(refused.status, StatusCode::NOT_FOUND, "{forged}");
            assert_eq!(refused.text(), "This address cannot be used any more. Open the message again.\n");
            assert_eq!(refused.header("content-type"), "text/plain; charset=utf-8");
            assert_guarded(&refused);
        }
        assert_eq!(get(test, &of_ann.replace("attachment", "export")).await.status, StatusCode::NOT_FOUND);

        // It ends with the sign-in through which it was asked for, and with its time.
        let of_again = address(&again).await;
        again.does("mutation { signOut { userErrors { code } } }", json!({})).await;
        assert_eq!(get(test, &of_again).await.status, StatusCode::NOT_FOUND);
        test.app.clock.advance(Duration::from_secs(10 * 60 - 1));
        assert_eq!(get(test, &of_ann).await.status, StatusCode::OK);
        test.app.clock.advance(Duration::from_secs(1));
        assert_eq!(get(test, &of_ann).await.status, StatusCode::NOT_FOUND);

        // And with the mail.
        let last = address(ann).await;
        assert_eq!(get(test, &last).await.status, StatusCode::OK);
        let disconnect =
            "mutation($id: ID!) { disconnectMailAccount(id: $id, deleteMessages: true) { userErrors { code } } }";
        ann.does(disconnect, json!({ "id": account })).await;
        assert_eq!(get(test, &last).await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

/// The values of all `src` in the tags of HTML.
fn sources(html: &Value) -> Vec<String> {
    let tags = html.as_str().expect("HTML").split('<').filter_map(|tag| tag.split_once('>'));
    let sources = tags.filter_map(|(tag, _)| Some(tag.split_once(" src=\"")?.1.split_once('"')?.0));
    sources.map(|source| source.replace("&amp;", "&")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_of_a_mail_are_shown_and_others_when_asked_for() {
    let server = Dovecot::start();
    let picture = |id: &str, kind: &str, bytes: &[u8]| {
        let encoded = STANDARD.encode(bytes);
        format!(
            "--r\r\nContent-Type: {kind}; name={id}\r\nContent-ID: <{id}@x>\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n"
        )
    };
    let html = "<p>Hello<img src=\"cid:logo@x\" alt=logo><img src='cid:svg@x' alt=vector><img src=cid:fake%40x alt=fake>\
        <img src=cid:unknown@x alt=unknown><img src=https://far.test/pixel.gif alt=far width=1><img src=//far.test/b>\
        <a href='cid:logo@x'>a</a><span style='background:url(cid:logo@x)'>b</span> src=\"cid:logo@x\"</p>";
    let mail = format!(
        "From: jan@a.test\r\nTo: alice@crm.test\r\nSubject: pictures\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n{}{}{}--r--\r\n",
        picture("logo", "image/png", PIXEL),
        picture("svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg' onload='evil()'/>"),
        picture("fake", "image/png", b"<html><script>evil()</script>")
    );
    server.deliver(ALICE.0, "INBOX", mail.as_bytes());
    server.deliver(ALICE.0, "INBOX", &letter("text", &[]));
    TestApp::on_each_database_with(&borrowed(&settings(&server)), async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        read_mailbox(&ann, &server).await;
        let shown = message(&ann, "pictures").await;
        assert_eq!(shown["blockedImages"], 1);
        // What only says that it is a picture is a file like others.
        let inline: Vec<_> = array(&shown["attachments"]).iter().map(|file| file["inline"] == true).collect();
        assert_eq!(inline, [true, false, false]);
        let own = sources(&shown["html"]);
        assert_eq!(own.len(), 1, "{shown}");
        let picture = get(test, &path(test, &json!(own[0]))).await;
        assert_eq!((picture.status, picture.body.as_ref()), (StatusCode::OK, PIXEL));
        assert_eq!(picture.header("content-type"), "image/png");
        assert_eq!(picture.header("content-disposition"), "inline; filename=\"logo\"; filename*=UTF-8''logo");
        assert_guarded(&picture);
        // The same as a file.
        let file = get(test, &path(test, &shown["attachments"][0]["url"])).await;
        assert!(file.header("content-disposition").starts_with("attachment; "));

        let document =
            "{ messages(first: 5) { nodes { subject blocked: html shown: html(remoteImages: true) blockedImages } } }";
        let data = ann.query(document, json!({})).await;
        let nodes = data["messages"]["nodes"].as_array().unwrap();
        let both = nodes.iter().find(|node| node["subject"] == "pictures").unwrap();
        let (blocked, remote) = (sources(&both["blocked"]), sources(&both["shown"]));
        assert_eq!((blocked.len(), remote.len()), (1, 2), "{both}");
        assert_eq!(remote[1], "https://far.test/pixel.gif");
        assert!(!both["blocked"].as_str().unwrap().contains("far.test"), "{both}");
        assert!(both["shown"].as_str().unwrap().contains("referrerpolicy=\"no-referrer\""), "{both}");
        let text = nodes.iter().find(|node| node["subject"] == "text").unwrap();
        assert_eq!((&text["shown"], &text["blockedImages"]), (&Value::Null, &Value::Null));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_may_take_a_large_file_at_once() {
    // Takes half a minute of processor time, and must not last longer: who takes nothing for so long is cut off.
    if std::env::var_os("TAGWIRE_TEST_LONG").is_none() {
        return;
    }
    let server = Dovecot::start();
    // More than the sockets of a connection hold.
    let large = noise(6 << 20);
    let file = ("Content-Type: video/mp4; name=a.mp4\r\nContent-Disposition: attachment", large.as_slice());
    server.deliver(ALICE.0, "INBOX", &letter("film", &[file]));
    TestApp::on_each_database_with(&borrowed(&settings(&server)), async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        read_mailbox(&ann, &server).await;
        let path = path(test, &message(&ann, "film").await["attachments"][0]["url"]);
        // Readers that take nothing hold places, and are told when there are none left.
        let mut open = Vec::new();
        let full = loop {
            let answer = http::call(Method::GET, &test.url, &path).open().await;
            if answer.status() != StatusCode::OK {
                break answer;
            }
            open.push(answer);
        };
        assert_eq!(full.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(full.headers()["retry-after"], "5");
        assert_eq!(open.len(), 64);
        let whole = open.pop().unwrap().into_body();
        let whole = axum::body::to_bytes(axum::body::Body::new(whole), usize::MAX).await.unwrap();
        assert!(whole == large);
        drop(open);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_stored_in_part_says_so() {
    let server = Dovecot::start();
    let small = ("Content-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment", b"%PDF".as_slice());
    let huge = noise(20 << 20);
    let huge = ("Content-Type: video/mp4; name=b.mp4\r\nContent-Disposition: attachment", huge.as_slice());
    server.deliver(ALICE.0, "INBOX", &letter("huge", &[small, huge]));
    TestApp::on_each_database_with(&borrowed(&settings(&server)), async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        read_mailbox(&ann, &server).await;
        let listed = message(&ann, "huge").await["attachments"].take();
        assert_eq!(
            (&listed[0]["filename"], &listed[0]["size"], &listed[0]["url"]),
            (&json!("a.pdf"), &json!(4), &Value::Null)
        );
        assert_eq!((&listed[1]["filename"], &listed[1]["url"]), (&json!("b.mp4"), &Value::Null));
    })
    .await;
}
