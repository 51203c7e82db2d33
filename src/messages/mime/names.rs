//! Tests of odd attachments: their names, what they are, and their bytes.

use super::*;

fn only(fields: &str, body: &str) -> ParsedAttachment {
    only_of(format!("{fields}\r\n\r\n{body}\r\n").as_bytes())
}

fn only_of(part: &[u8]) -> ParsedAttachment {
    let head = b"From: a@x\r\nSubject: s\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: text/plain\r\n\r\nhi\r\n--m\r\n";
    let raw = [head, part, b"--m--\r\n"].concat();
    let mut mail = parse(&raw);
    assert_eq!(mail.attachments.len(), 1, "{:?}", mail.attachments);
    let file = mail.attachments.remove(0);
    let bytes = attachment_bytes(&raw, file.part).unwrap();
    assert_eq!(bytes.len() as u64, file.size);
    file
}

/// The name given by a field of disposition.
fn name(parameters: &str) -> String {
    only(&format!("Content-Type: application/pdf\r\nContent-Disposition: attachment; {parameters}"), "%PDF").filename
}

#[test]
fn names_are_read_however_they_are_written() {
    let mut wrong = Vec::new();
    for (parameters, expected) in [
        ("filename=plain.pdf", "plain.pdf"),
        ("filename=\"with \\\"quotes\\\".pdf\"", "with \"quotes\".pdf"),
        ("filename=\"semi; colon.pdf\"", "semi; colon.pdf"),
        ("filename=\"=?utf-8?B?w4lsw6h2ZQ==?= =?utf-8?q?_=C3=A9t=C3=A9.pdf?=\"", "Élève été.pdf"),
        ("filename==?iso-8859-1?Q?=E9t=E9.pdf?=", "été.pdf"),
        ("filename*=UTF-8''%E2%82%AC%20rates.pdf", "€ rates.pdf"),
        ("filename*=iso-8859-1'en'%A3%20rates.pdf", "£ rates.pdf"),
        ("filename*0=\"one \"; filename*1=\"two\"; filename*2=.pdf", "one two.pdf"),
        ("filename*1=b.pdf;\r\n filename*0=a", "ab.pdf"),
        ("filename*0*=UTF-8''%E2%82%AC;\r\n filename*1*=%20rates; filename*2=\" %41.pdf\"", "€ rates %41.pdf"),
        // A character cut in two, and a charset that is told once only.
        ("filename*0*=utf-8''%D0%94%D0; filename*1*=%BE%D0%B3.pdf", "Дог.pdf"),
        ("filename*0*=windows-1251''%C4%EE; filename*1*=%E3%EE%E2; filename*2*=%EE%F0.pdf", "Договор.pdf"),
        ("filename*0*=koi8-r'ru'%E4%CF; filename*1=\"-2.pdf\"", "До-2.pdf"),
        ("filename=fallback.pdf; filename*=utf-8''real%20one.pdf", "real one.pdf"),
        // Broken ones.
        ("filename*=utf-8''%zz%4.pdf", "%zz%4.pdf"),
        ("filename*=no-such-charset''a%20b.pdf", "a b.pdf"),
        ("filename*=just%20text.pdf", "just text.pdf"),
        ("filename*0=a; filename*2=lost.pdf", "a"),
        ("filename*99999999999999=a.pdf; filename=b.pdf", "a.pdf"),
        ("filename=\"never closed.pdf", "never closed.pdf"),
        ("filename", ""),
        ("filename=", ""),
        ("filename*=", ""),
    ] {
        let read = name(parameters);
        if read != expected {
            wrong.push((parameters, read));
        }
    }
    assert_eq!(wrong, []);
    let typed = only("Content-Type: application/pdf; name*0*=utf-8''%C3; name*1*=%A9.pdf", "%PDF");
    assert_eq!(typed.filename, "é.pdf");
    let (raw, _, _) = encoding_rs::SHIFT_JIS.encode("見積書のご案内.pdf");
    let part = [b"Content-Disposition: attachment; filename=\"".as_slice(), &*raw, b"\"\r\n\r\nx\r\n"].concat();
    assert_eq!(only_of(&part).filename, "見積書のご案内.pdf");
}

#[test]
fn names_do_no_harm() {
    let mut wrong = Vec::new();
    for (given, safe) in [
        ("../../../etc/passwd", "passwd"),
        ("C:\\\\Users\\\\a\\\\evil.exe", "evil.exe"),
        ("a/b/", ""),
        ("..", ""),
        (" . hidden. . ", "hidden"),
        ("cv\u{202e}fdp.exe", "cvfdp.exe"),
        ("a\u{200b}\u{2066}b\u{feff}\u{61c}\u{ad}.pdf", "ab.pdf"),
        ("می\u{200c}خواهم.pdf", "می\u{200c}خواهم.pdf"),
        ("a\u{1}b\tc\u{7f}\u{85}d\u{2028}e.pdf", "a b c d e.pdf"),
        ("nul\0byte.pdf", "nulbyte.pdf"),
    ] {
        let read = name(&format!("filename=\"{given}\""));
        if read != safe {
            wrong.push((given, read));
        }
    }
    assert_eq!(wrong, []);
    let long = name(&format!("filename=\"{}.pdf\"", "é".repeat(5_000)));
    assert_eq!((long.chars().count(), long.ends_with("é.pdf")), (200, true));
}

#[test]
fn a_mail_within_a_mail_is_a_file() {
    let inner = "From: i@x\r\nSubject: =?utf-8?q?Offre_=C3=A9t=C3=A9/hiver?=\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\nContent-Type: text/plain\r\n\r\ninner\r\n--i\r\nContent-Type: application/pdf; name=in.pdf\r\n\r\n%PDF\r\n--i--";
    let file = only("Content-Type: message/rfc822", inner);
    assert_eq!((file.filename.as_str(), file.content_type.as_str()), ("Offre été-hiver.eml", "message/rfc822"));
    assert_eq!(file.size, inner.len() as u64);
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, inner);
    let file = only("Content-Type: message/rfc822; name=\"Re: offer\"\r\nContent-Transfer-Encoding: base64", &encoded);
    assert_eq!((file.filename.as_str(), file.size), ("Re: offer.eml", inner.len() as u64));
    assert_eq!(only("Content-Type: message/rfc822; name=a.EML", inner).filename, "a.EML");
    assert_eq!(only("Content-Type: message/rfc822", "To: nobody\r\n\r\nx").filename, "message.eml");
}

#[test]
fn what_only_some_programs_understand_stays_a_file() {
    let file = only(
        "Content-Type: application/ms-tnef; name=\"winmail.dat\"\r\nContent-Transfer-Encoding: base64",
        "eJ8+Ig==",
    );
    assert_eq!(
        (file.filename.as_str(), file.content_type.as_str(), file.size),
        ("winmail.dat", "application/ms-tnef", 4)
    );
    let invite = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR";
    let raw = format!(
        "Subject: meet\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\nContent-Type: text/plain\r\n\r\nCome\r\n\
         --a\r\nContent-Type: text/html\r\n\r\n<p>Come</p>\r\n--a\r\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\n{invite}\r\n--a--\r\n"
    );
    let mail = parse(raw.as_bytes());
    assert_eq!((mail.text.trim(), mail.html.as_deref()), ("Come", Some("<p>Come</p>")));
    let [file] = mail.attachments.as_slice() else { panic!("{:?}", mail.attachments) };
    assert_eq!(
        (file.filename.as_str(), file.content_type.as_str(), file.inline),
        ("invite.ics", "text/calendar", false)
    );
    assert_eq!(attachment_bytes(raw.as_bytes(), file.part).unwrap(), invite.as_bytes());
}

#[test]
fn shown_within_is_what_the_html_shows() {
    let part = |id: &str, fields: &str| {
        let bytes = if id == "vector" { "<svg/>" } else { "GIF89a" };
        format!("--r\r\nContent-Type: image/png; name={id}.png\r\nContent-ID: <{id}@x>\r\n{fields}\r\n\r\n{bytes}\r\n")
    };
    let raw = format!(
        "Subject: s\r\nContent-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html\r\n\r\n\
         <img src=cid:shown@x><img alt=b src='CID:attached%40x'><img src=\"cid:twice@x\"><img src=cid:vector@x><a href=cid:linked@x>l</a>\r\n{}{}{}{}{}{}{}--r--\r\n",
        part("shown", "Content-Disposition: inline"),
        part("attached", "Content-Disposition: attachment; filename=attached.png"),
        part("beside", "Content-Disposition: inline"),
        part("linked", "X: y"),
        part("vector", "X: y"),
        part("twice", "X: y"),
        part("twice", "X: y"),
    );
    let mail = parse(raw.as_bytes());
    let inline: Vec<_> = mail.attachments.iter().map(|file| (file.filename.as_str(), file.inline)).collect();
    assert_eq!(
        inline,
        [
            ("shown.png", true),
            ("attached.png", true),
            ("beside.png", false),
            ("linked.png", false),
            ("vector.png", false),
            ("twice.png", true),
            ("twice.png", false)
        ]
    );
    // Photos from a phone are called inline, and are attached to a mail of text.
    let photo = only(
        "Content-Type: image/jpeg\r\nContent-Disposition: inline; filename=IMG_1.jpeg\r\nContent-ID: <a@x>",
        "GIF89a",
    );
    assert!(!photo.inline);
}

#[test]
fn sizes_are_of_what_is_downloaded() {
    let mut wrong = Vec::new();
    for (fields, body, size) in [
        ("Content-Type: text/csv; charset=utf-16\r\nContent-Disposition: attachment", "a;b\r\nc;d", 8),
        ("Content-Type: a/b\r\nContent-Transfer-Encoding: base64", "AAEC\r\nAwQ=\r\n", 5),
        ("Content-Type: a/b\r\nContent-Transfer-Encoding: BASE64", "!!!not base64!!!", 16),
        ("Content-Type: a/b\r\nContent-Transfer-Encoding: quoted-printable", "=00=FF=\r\nx", 3),
        ("Content-Type: a/b\r\nContent-Transfer-Encoding: x-unheard-of", "raw", 3),
        ("Content-Type: a/b", "", 0),
    ] {
        let read = only(fields, body).size;
        if read != size {
            wrong.push((fields, read));
        }
    }
    assert_eq!(wrong, []);
}
