#![expect(clippy::format_collect, reason = "the speed of making test input does not matter")]

use std::time::Instant;

use proptest::prelude::*;

use super::*;

fn addresses(list: &[ParsedAddress]) -> Vec<(Option<&str>, &str)> {
    list.iter().map(|entry| (entry.name.as_deref(), entry.normalized.as_str())).collect()
}

#[test]
fn a_plain_mail_is_read_whole() {
    let raw = b"Message-ID: <1@example.com>\r\nIn-Reply-To: <0@example.com>\r\nReferences: <a@x> <b@x>\r\n <c@x>\r\n\
        Date: Tue, 1 Jul 2025 10:52:37 +0200\r\nFrom: \"Ada L.\" <Ada@Example.COM>\r\n\
        To: Group: bob@example.com, Carl <carl@example.com>;\r\nCc: =?utf-8?q?J=C3=B6rg?= <j@example.com>\r\n\
        Reply-To: answers@example.com\r\nSubject: =?utf-8?B?SGVsbG8g8J+Yig==?=\r\n and more\r\n\
        List-Id: News <news.example.com>\r\nPrecedence: bulk\r\n\r\n> quoted\r\nHello  there,\r\n\r\nbye\r\n";
    let mail = parse(raw);
    assert_eq!(mail.message_id.as_deref(), Some("1@example.com"));
    assert_eq!(mail.in_reply_to, ["0@example.com"]);
    assert_eq!(mail.references, ["a@x", "b@x", "c@x"]);
    assert_eq!(mail.sent_at, Some(1_751_359_957_000_000));
    assert_eq!(addresses(&mail.from), [(Some("Ada L."), "ada@example.com")]);
    assert_eq!(mail.from[0].address, "Ada@Example.COM");
    assert_eq!(addresses(&mail.to), [(None, "bob@example.com"), (Some("Carl"), "carl@example.com")]);
    assert_eq!(addresses(&mail.cc), [(Some("Jörg"), "j@example.com")]);
    assert_eq!(addresses(&mail.reply_to), [(None, "answers@example.com")]);
    assert_eq!(mail.subject, "Hello 😊 and more");
    assert_eq!(mail.text, "> quoted\nHello  there,\n\nbye\n");
    assert_eq!(mail.snippet, "Hello there, bye");
    assert_eq!((mail.html, mail.list_id.as_deref(), mail.automatic), (None, Some("news.example.com"), true));
    assert!(mail.oddities.is_empty(), "{}", mail.oddities);
}

const MIXED: &str = "Message-ID: <2@x>\r\nFrom: a@x\r\nSubject: files\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n\
    --m\r\nContent-Type: multipart/related; boundary=r\r\n\r\n\
    --r\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hello</p><div>World &amp; all</div><img src=\"cid:p@x\">\r\n\
    --r\r\nContent-Type: image/png; name=pixel.png\r\nContent-ID: <p@x>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--r--\r\n\
    --m\r\nContent-Type: text/csv; charset=iso-8859-1; name=\"../../etc/t\u{e9}st\u{202e}.csv\"\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na;=E9\r\n\
    --m\r\nContent-Type: message/rfc822\r\n\r\nFrom: inner@x\r\nSubject: inner\r\nTo: nobody@x\r\n\r\nsecret inner text\r\n--m--\r\n";

#[test]
fn parts_are_body_or_attachment() {
    let mail = parse(MIXED.as_bytes());
    assert_eq!(mail.text.trim(), "Hello\nWorld & all");
    assert!(mail.html.as_deref().is_some_and(|html| html.starts_with("<p>Hello</p>")));
    let list: Vec<_> =
        mail.attachments.iter().map(|a| (a.filename.as_str(), a.content_type.as_str(), a.size, a.inline)).collect();
    assert_eq!(
        list,
        [
            ("pixel.png", "image/png", 8, true),
            ("tést.csv", "text/csv", 3, false),
            ("inner.eml", "message/rfc822", 64, false)
        ]
    );
    assert_eq!(mail.attachments[0].content_id.as_deref(), Some("p@x"));
    assert_eq!(attachment_bytes(MIXED.as_bytes(), mail.attachments[1].part).unwrap(), b"a;\xe9");
    let inner = attachment_bytes(MIXED.as_bytes(), mail.attachments[2].part).unwrap();
    assert_eq!(parse(&inner).subject, "inner");
    assert_eq!(attachment_bytes(MIXED.as_bytes(), 99), None);
    assert_eq!(mail.to, [], "an attached mail's fields are not the mail's");
}

#[test]
fn words_about_nested_mail_stay_as_written() {
    let mail =
        parse(b"Subject: message/rfc822 and multipart/digest\r\n\r\nUse message/rfc822 or message /(x) global.\r\n");
    assert_eq!(mail.subject, "message/rfc822 and multipart/digest");
    assert_eq!(mail.text, "Use message/rfc822 or message /(x) global.\n");
}

#[test]
fn raw_windows_1251_is_read_in_fields_and_body() {
    let (subject, _, _) = encoding_rs::WINDOWS_1251.encode("Привет, это письмо о договоре");
    let (body, _, _) = encoding_rs::WINDOWS_1251.encode("Добрый день, высылаю вам документы.\r\n");
    let (name, _, _) = encoding_rs::WINDOWS_1251.encode("Иван Петров");
    let raw = [b"From: \"", &*name, b"\" <ivan@example.ru>\r\nSubject: ", &*subject, b"\r\n\r\n", &*body].concat();
    let mail = parse(&raw);
    assert_eq!(mail.subject, "Привет, это письмо о договоре");
    assert_eq!(addresses(&mail.from), [(Some("Иван Петров"), "ivan@example.ru")]);
    assert_eq!(mail.text, "Добрый день, высылаю вам документы.\n");
    assert!(mail.oddities.contains(Oddity::CharsetGuessed));
    let labelled = [
        b"Subject: ".as_slice(),
        b"\xcf\xf0\xe8",
        b"\r\nContent-Type: text/plain; charset=windows-1251\r\n\r\n",
        &*body,
    ]
    .concat();
    assert_eq!(parse(&labelled).subject, "При");
}

#[test]
fn raw_names_of_attachments_and_lines_before_the_headers_do_no_harm() {
    let (name, _, _) = encoding_rs::WINDOWS_1251.encode("Договор поставки");
    let raw = [b"\r\n\r\nSubject: x\r\nContent-Type: application/pdf; name=\"", &*name, b".pdf\"\r\n\r\n%PDF"].concat();
    let mail = parse(&raw);
    assert_eq!((mail.subject.as_str(), mail.attachments[0].filename.as_str()), ("x", "Договор поставки.pdf"));
    assert_eq!(attachment_bytes(&raw, mail.attachments[0].part).unwrap(), b"%PDF");
}

#[test]
fn asian_charsets_and_wrong_labels_are_read() {
    let (text, _, _) = encoding_rs::ISO_2022_JP.encode("こんにちは、元気ですか");
    for label in ["; charset=iso-2022-jp", ""] {
        let raw = [format!("Subject: x\r\nContent-Type: text/plain{label}\r\n\r\n").as_bytes(), &*text].concat();
        assert_eq!(parse(&raw).text, "こんにちは、元気ですか", "{label}");
    }
    let (text, _, _) = encoding_rs::GBK.encode("你好，世界，这是一封电子邮件");
    for label in ["gb2312", "x-unheard-of", "utf-8"] {
        let raw =
            [format!("Subject: x\r\nContent-Type: text/plain; charset={label}\r\n\r\n").as_bytes(), &*text].concat();
        assert_eq!(parse(&raw).text, "你好，世界，这是一封电子邮件", "{label}");
    }
    let cut = "Subject: x\r\n\r\nschöne Grüße".as_bytes();
    assert_eq!(parse(&cut[..cut.len() - 2]).text, "schöne Gr\u{fc}\u{fffd}", "one lost byte is no reason to guess");
}

#[test]
fn nul_and_endless_fields_are_bounded() {
    let raw = format!(
        "Subject: a\0b{}\r\nFrom: {}@x\r\nTo: {}\r\nReferences: {}\r\n\r\nte\0xt\r\rend{}",
        "s".repeat(5_000),
        "f".repeat(500),
        (0..3_000).map(|number| format!("p{number}@x, ")).collect::<String>(),
        (0..500).map(|number| format!("<{number}@x> ")).collect::<String>(),
        "é".repeat(2 << 20)
    );
    let mail = parse(raw.as_bytes());
    assert!(mail.subject.starts_with("abs"));
    assert_eq!(mail.subject.chars().count(), 2_000);
    assert_eq!(mail.from[0].address.chars().count(), 320);
    assert_eq!(mail.to.len(), 999);
    assert_eq!(mail.references.len(), 200);
    assert_eq!((mail.references[0].as_str(), mail.references[199].as_str()), ("0@x", "499@x"));
    assert!(mail.text.starts_with("text\n\nend"));
    assert_eq!(mail.text.chars().count(), 1 << 20);
    assert!(mail.oddities.contains(Oddity::NulRemoved) && mail.oddities.contains(Oddity::Shortened));
}

#[test]
fn impossible_dates_are_none() {
    let sent_at = |date: &str| parse(format!("Date: {date}\r\nSubject: x\r\n\r\n").as_bytes()).sent_at;
    for date in [
        "",
        "yesterday",
        "31 Feb 2024 10:00:00 +0000",
        "0 Jan 2024 00:00:00 +0000",
        "1 Jan 2024 25:00:00 +0000",
        "99 Foo 99999",
    ] {
        assert_eq!(sent_at(date), None, "{date}");
    }
    assert_eq!(sent_at("Thu, 1 Jan 1970 00:00:00 GMT"), Some(0));
    assert_eq!(sent_at("Wed, 31 Dec 1969 23:59:60 -0100"), Some(3_599_000_000));
    assert!(parse(b"Date: nonsense\r\n\r\n").oddities.contains(Oddity::BadDate));
}

#[test]
fn addresses_compare_without_case() {
    assert_eq!(normalize_address("  Ada.Lovelace@EXAMPLE.com. "), "ada.lovelace@example.com");
    assert_eq!(normalize_address("ÄRGER@STRASSE.de"), "ärger@strasse.de");
    assert_eq!(normalize_address("a@Straße.DE"), "a@strasse.de");
    let odd = parse(
        b"From: MAILER-DAEMON\r\nTo: undisclosed-recipients:;\r\nCc: \"ada@x.com\"\r\nBcc: no address here\r\n\r\n",
    );
    assert_eq!(addresses(&odd.from), [(None, "mailer-daemon")]);
    assert_eq!(addresses(&odd.to), []);
    assert_eq!(addresses(&odd.cc), [(None, "ada@x.com")]);
    assert_eq!(addresses(&odd.bcc), []);
}

#[test]
fn a_rebuilt_mail_is_the_same_and_another_is_not() {
    let original = "Message-ID: <3@x>\r\nDate: Tue, 1 Jul 2025 10:52:37 +0200\r\nFrom: Ada <a@x>\r\nTo: b@x\r\nSubject: Gr\u{fc}\u{df}e\r\n\
        Content-Type: multipart/alternative; boundary=one\r\n\r\n--one\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHallo J\u{f6}rg\r\n\
        --one\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+SGk8L2I+\r\n--one--\r\n";
    let rebuilt = "From: \"Ada\" <a@x>\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nX-New: 1\nTo: <b@x>\nDate: Tue, 1 Jul 2025 08:52:37 +0000\nMessage-ID: <3@x>\n\
        Content-Type: multipart/alternative;\n boundary=\"two\"\n\npreamble\n--two\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nHallo J=F6r=\ng\n\n\
        --two\nContent-Type: text/html\n\n<b>Hi</b>\n--two--\n";
    assert_eq!(fingerprint(original.as_bytes()), fingerprint(rebuilt.as_bytes()));
    for (from, to) in [
        ("<3@x>", "<4@x>"),
        ("10:52", "10:53"),
        ("a@x", "c@x"),
        ("b@x", "c@x"),
        ("Hallo", "Hello"),
        ("PGI+", "PHU+"),
        ("Gr", "Kr"),
    ] {
        assert_ne!(fingerprint(original.as_bytes()), fingerprint(original.replace(from, to).as_bytes()), "{from}");
    }
    let inner = MIXED.replace("secret inner", "other inner");
    assert_ne!(fingerprint(MIXED.as_bytes()), fingerprint(inner.as_bytes()));
    assert_ne!(fingerprint(b""), fingerprint(b"x"));
}

#[test]
fn hostile_mails_give_a_message_in_time() {
    let encoded = |text: &str| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(50_000);
    let bombs = [
        ("empty", String::new()),
        ("no header", "just text".to_owned()),
        ("header only", "Subject: x".to_owned()),
        ("nested messages", nested.clone()),
        ("nested with comments", "Content-Type: message(a)/(b)rfc822\n\n".repeat(50_000)),
        ("nested with spaces", "Content-Type: message / \" \\rfc822\n\n".repeat(50_000)),
        ("nested digests", "Content-Type: multipart/digest; boundary=a\n\n--a\n\n".repeat(50_000)),
        (
            "nested in base64",
            format!("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{}", encoded(&nested)),
        ),
        (
            "nested multiparts",
            (0..20_000).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n")).collect(),
        ),
        (
            "boundaries that never come",
            format!(
                "Content-Type: multipart/mixed; boundary=a\n\n{}",
                "--a\nContent-Type: multipart/mixed; boundary=b\n\n".repeat(50_000)
            ),
        ),
        (
            "ten thousand parts",
            format!(
                "Subject: x\nContent-Type: multipart/mixed; boundary=a\n\n{}",
                "--a\nContent-Type: a/b\n\nx\n".repeat(10_000)
            ),
        ),
        ("encoded words", format!("Subject: {}\n\n", "=?utf-8?q?".repeat(50_000))),
        ("encoded words in base64", format!("From: {}\n\n", "=?utf-8?b?".repeat(50_000))),
        ("comments", format!("From: {}\n\n", "(".repeat(500_000))),
        ("parameters", format!("Content-Type: text/plain; {}\n\n", "a*1=b; ".repeat(50_000))),
        ("languages", format!("Content-Type: text/plain; a*={}\n\n", "'b".repeat(100_000))),
        ("headers", "A: b\n".repeat(300_000)),
        ("slashes", "message/ ".repeat(300_000)),
    ];
    for (name, raw) in bombs {
        let started = Instant::now();
        let worker = std::thread::Builder::new().stack_size(2 << 20);
        let mail = worker.spawn(move || parse(raw.as_bytes())).unwrap().join().unwrap();
        let spent = started.elapsed();
        eprintln!("{name}: {spent:?} {}", mail.oddities);
        assert!(spent.as_secs() < 30, "{name} took {spent:?}");
        assert!(!mail.oddities.contains(Oddity::ParserFailed), "{name}");
        assert!(mail.attachments.len() <= 1_000);
    }
}

proptest! {
    #[test]
    fn any_bytes_give_a_storable_message(raw in proptest::collection::vec(any::<u8>(), 0..600)) {
        assert_storable(&parse(&raw));
    }

    #[test]
    fn any_mix_of_mail_gives_a_storable_message(pieces in proptest::collection::vec(prop_oneof![
        Just(b"From: ".to_vec()), Just(b"Subject: ".to_vec()), Just(b"Date: ".to_vec()), Just(b"\r\n".to_vec()), Just(b"\n\n".to_vec()), Just(b"--a\n".to_vec()), Just(b"--a--\n".to_vec()),
        Just(b"Content-Type: multipart/mixed; boundary=a\n\n".to_vec()), Just(b"Content-Type: message/rfc822\n".to_vec()), Just(b"Content-Type: text/html; charset=\n\n".to_vec()),
        Just(b"Content-Transfer-Encoding: base64\n".to_vec()), Just(b"Content-Disposition: attachment; filename*0*=utf-8''%00%2f\n".to_vec()), Just(b"=?utf-8?b?4oKs?=".to_vec()),
        Just(b"<a@b>, ".to_vec()), Just(b"\0\x01\x02".to_vec()), Just(b"\x1b$B".to_vec()), Just(b"(".to_vec()), Just(b"\"".to_vec()), proptest::collection::vec(any::<u8>(), 0..8),
    ], 0..40)) {
        let raw = pieces.concat();
        let mail = parse(&raw);
        assert_storable(&mail);
        for attachment in &mail.attachments {
            prop_assert_eq!(attachment_bytes(&raw, attachment.part).map(|bytes| bytes.len() as u64), Some(attachment.size));
        }
    }
}

fn assert_storable(mail: &ParsedMessage) {
    let lists = [&mail.from, &mail.to, &mail.cc, &mail.bcc, &mail.reply_to];
    let fields =
        lists.into_iter().flatten().map(|entry| &entry.address).chain(&mail.message_id).chain(&mail.references);
    let names = mail.attachments.iter().map(|attachment| &attachment.filename);
    for text in fields.chain(names).chain([&mail.subject, &mail.snippet]) {
        assert!(!text.contains(char::is_control), "{text:?}");
    }
    assert!(!mail.text.contains('\0') && !mail.html.as_deref().unwrap_or_default().contains('\0'));
    assert!(mail.snippet.chars().count() <= 200 && !mail.oddities.contains(Oddity::ParserFailed));
}
