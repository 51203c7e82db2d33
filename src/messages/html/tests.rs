#![expect(clippy::format_collect, reason = "the speed of making test input does not matter")]

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn blocked(html: &str) -> String {
    sanitize(html, RemoteImages::Blocked).html.bare()
}

/// What must not be in any result: things that load, run, submit or refresh.
fn assert_inert(html: &str, source: &str) {
    let lower = html.to_ascii_lowercase();
    for word in [
        "evil",
        "url(",
        "javascript",
        "vbscript",
        "data:",
        "<script",
        "<style",
        "<svg",
        "<math",
        "<form",
        "<input",
        "<button",
        "<iframe",
        "<object",
        "<embed",
        "<meta",
        "<base",
        "<link",
        "<video",
        "<audio",
        "<source",
        "<picture",
        "<image",
        " onerror",
        " onload",
        " onclick",
        "srcset",
        "background=",
        "poster",
        " ping",
        "expression",
        "@import",
        "image-set",
        "\\",
        "action=",
        "<!--",
        "src=",
    ] {
        assert!(!lower.contains(word), "{word} left by {source}: {html}");
    }
}

#[test]
fn nothing_loads_or_runs_by_itself() {
    for vector in [
        "<style>@import 'http://evil/a.css'; body{background:url(http://evil/)}</style>",
        "<style><!--</style><img src=x onerror=javascript:evil()>-->",
        "<script>evil()</script><script src=//evil></script>",
        "<scr<script>ipt>bad()</scr</script>ipt>",
        "<p style='background:url(http://evil/)'>a</p>",
        "<p style='background: \\75\\72\\6C(http://evil/)'>a</p>",
        "<p style='background:u\\rl(http://evil/)'>a</p>",
        "<p style='background-color:foo(url(http://evil/))'>a</p>",
        "<p style='background-color:rgb(url(http://evil/))'>a</p>",
        "<p style=\"background-image:image-set('http://evil/' 1x)\">a</p>",
        "<p style=\"background:-webkit-image-set(url(http://evil/) 1x)\">a</p>",
        "<p style=\"content:'evil'\">a</p>",
        "<p style=\"color:red;/**/background/**/:/**/url/**/(http://evil)\">a</p>",
        "<p style=\"width:expression(evil())\">a</p>",
        "<p style=\"-moz-binding:url(//evil/x.xml#a)\">a</p>",
        "<p style=\"behavior:url(evil.htc)\">a</p>",
        "<p style='list-style-image:url(http://evil/)'>a</p>",
        "<p style=\"font-family:'a';src:url(http://evil)\">a</p>",
        "<p style='background&#58;url&#40;http://evil/&#41;'>a</p>",
        "<image src=http://evil/>",
        "<input type=image src=http://evil/><button formaction=http://evil>",
        "<img src=http://evil/ srcset='http://evil/ 1x' lowsrc=http://evil dynsrc=http://evil onerror=evil()>",
        "<img/src=\"http://evil/\"/onerror=evil()>",
        "<img src='cid:evil'><img src='data:image/png;base64,evil'><img src='/evil'><img src='file:///evil'>",
        "<img src=`http://evil/`><img src=\"  ht\ntp://evil/\">",
        "<svg><image xlink:href=http://evil /><animate attributeName=href values=javascript:evil() /></svg>",
        "<svg><set attributeName=href to=http://evil></svg><svg/onload=evil()>",
        "<svg><style>*{background:url(http://evil)}</style></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=evil()></style></mglyph></table></mtext></math>",
        "<body background=http://evil/ onload=evil()><table background=http://evil/><tr><td background=http://evil/>a</td></tr></table>",
        "<video poster=http://evil/><source src=http://evil></video><audio src=http://evil></audio>",
        "<picture><source srcset=http://evil><img></picture>",
        "<link rel=prefetch href=http://evil/><link rel=dns-prefetch href=//evil><link rel=stylesheet href=http://evil>",
        "<meta http-equiv=refresh content='0;url=http://evil/'><base href=http://evil/>",
        "<a href=\"javascript:evil()\">a</a>",
        "<a href=\"jav&#x09;ascript:evil()\">a</a><a href=\"&#1;javascript:evil()\">a</a>",
        "<a href=\"java\nscript:evil()\">a</a><a href='vbscript:evil()'>a</a>",
        "<a href=\"data:text/html,<script>evil()</script>\">a</a><a href=//evil/>a</a>",
        "<a ping=http://evil/ onclick=evil()>a</a>",
        "<iframe src=http://evil></iframe><iframe srcdoc='<img src=http://evil>'></iframe>",
        "<object data=http://evil></object><embed src=http://evil><applet code=evil></applet>",
        "<form action=http://evil><input name=a></form><isindex action=http://evil>",
        "<frameset><frame src=http://evil></frameset>",
        "<!--[if gte IE 4]><img src=http://evil><![endif]-->",
        "<!--><img src=http://evil/>-->",
        "<noscript><p title=\"</noscript><img src=x onerror=evil()>\">",
        "<template><img src=http://evil></template><textarea><img src=http://evil></textarea>",
        "<xmp><p title='</xmp><img src=http://evil>'>",
        "<p title='</p><img src=http://x/ onerror=1>'",
        "<blockquote cite=http://evil>a</blockquote><del cite=http://evil>a</del>",
        "<html manifest=http://evil><head profile=http://evil>",
        "<![CDATA[<img src=http://evil>]]><?xml-stylesheet href=http://evil?>",
        "<a href='http://good/' style='background:url(evil)'>ok</a>",
        "<img src=http://evil/\"onerror=evil()",
        "\u{0}<img src=http://evil/\u{0}>",
    ] {
        let safe = blocked(vector);
        assert_inert(&safe, vector);
        assert_inert(&blocked(&safe), vector);
    }
}

#[test]
fn pictures_are_blocked_until_asked_for_and_counted() {
    let html = "<p>Hi <img src='https://example.com/a.png' alt='A cat' width=10><img src=cid:1><img src='//example.com/b'></p>";
    let safe = sanitize(html, RemoteImages::Blocked);
    assert_eq!(safe.blocked_images, 1);
    let bare = safe.html.bare();
    assert!(bare.contains("alt=\"A cat\"") && !bare.contains("src"), "{bare}");
    let shown = sanitize(html, RemoteImages::Shown);
    assert_eq!(shown.blocked_images, 0);
    let bare = shown.html.bare();
    assert!(bare.contains("src=\"https://example.com/a.png\""), "{bare}");
}

#[test]
fn links_open_elsewhere_and_tell_nothing() {
    let safe = blocked(
        "<a href='https://example.com/?a=1&amp;b=2' id=x class=y>there</a> <a href=mailto:a@example.com>mail</a>",
    );
    assert_eq!(safe.matches("rel=\"noopener noreferrer nofollow\"").count(), 2);
    assert_eq!(safe.matches("target=\"_blank\"").count(), 2);
    assert!(
        safe.contains("href=\"https://example.com/?a=1&amp;b=2\"") && safe.contains("href=\"mailto:a@example.com\"")
    );
    assert!(!safe.contains("id=") && !safe.contains("class="));
}

#[test]
fn looks_survive() {
    let style = "color: #ff0000; font-family: 'Segoe UI', Arial; background: #FFF; margin:0 auto!important; position:fixed; z-index:9; color:rgb(1, 2, 3)";
    let safe = blocked(&format!(
        "<table width=600 bgcolor='#eee'><tr><td colspan=2 style=\"{style}\"><b>Hi</b></td></tr></table>"
    ));
    let kept =
        "color:#ff0000;font-family:'Segoe UI', Arial;background-color:#FFF;margin:0 auto!important;color:rgb(1, 2, 3)";
    assert!(safe.contains(kept), "{safe}");
    assert!(safe.contains("width=\"600\"") && safe.contains("colspan=\"2\"") && safe.contains("<b>Hi</b>"), "{safe}");
}

#[test]
fn broken_nesting_keeps_its_text_in_order() {
    for (html, text) in [
        ("<b><i>a</b></i>c", "ac"),
        ("<p>a<p>b<div>c</p>d", "a\nb\nc\nd"),
        ("<table>stray<tr><td>a<td>b<tr><td>c</table>d", "stray\na b\nc\nd"),
        ("a < b &amp; c &lt;d> &copy; &nope; &amp", "a < b & c <d> © &nope; &amp"),
        ("</div></table>a<td>b", "ab"),
        ("<ul><li>a<li>b</ul>", "a\nb"),
    ] {
        let safe = blocked(html);
        let squeeze = |text: &str| text.split_whitespace().collect::<String>();
        let shown = to_text(&safe);
        assert_eq!(squeeze(&shown), squeeze(text), "{html} became {safe}");
    }
}

#[test]
fn text_reads_as_it_would_look() {
    let html = "<html><head><title>T</title><style>p{}</style></head><body><p>Hello&nbsp;<b>Ada</b>,</p><div>how are<br>you?</div>\
                <blockquote>earlier<br>words</blockquote>&#8203;<p>Bye &eacute; &#x1F600;</p></body></html>";
    assert_eq!(to_text(html), "Hello Ada,\nhow are\nyou?\n> earlier\n> words\nBye é 😀");
}

#[test]
fn hostile_html_costs_little_time_and_no_stack() {
    let formatting: String = (0..200).map(|number| format!("<font color={number}>")).collect();
    let attributes: String = (0..400_000).map(|number| format!(" a{number}")).collect();
    for (name, html) in [
        ("nested div", "<div>".repeat(100_000)),
        ("nested table", "<table><tr><td>".repeat(100_000)),
        ("nested formatting", "<b><i><u>".repeat(100_000)),
        ("nested quotes", "<blockquote><p>".repeat(100_000)),
        ("reopened formatting", format!("<p>{formatting}{}", "<p>x</p>".repeat(100_000))),
        ("formatting in cells", format!("{formatting}{}", "<table><td>x".repeat(100_000))),
        ("stray table text", format!("<table>{}", "x<b>y</b>".repeat(100_000))),
        ("closing tags", "<div>".repeat(200) + &"</p></b>".repeat(200_000)),
        ("attributes", format!("<p {attributes}>")),
        ("open comments", "<!--".repeat(500_000)),
        ("open tags", "<a ".repeat(500_000)),
        ("open quotes", "<a b='".repeat(500_000)),
        ("open silent", "<title></".repeat(200_000)),
        ("less than", "<".repeat(1_000_000)),
        ("ampersands", "&a".repeat(1_000_000)),
        ("unknown references", "&zz;".repeat(1_000_000)),
        ("references", "&amp;".repeat(500_000)),
        ("list items", "<ul><li>".repeat(100_000)),
        ("links", "<a href=x>".repeat(100_000)),
        ("styles", format!("<p style='{}'>", "color:rgb(".repeat(100_000))),
    ] {
        // The least stack a worker has, so that recursion would show.
        let started = Instant::now();
        let worker = std::thread::Builder::new().stack_size(2 << 20);
        let work = move || (sanitize(&html, RemoteImages::Blocked).html.size(), to_text(&html).len());
        worker.spawn(work).unwrap().join().unwrap();
        let spent = started.elapsed();
        assert!(spent < Duration::from_secs(30), "{name} took {spent:?}");
        eprintln!("{name}: {spent:?}");
    }
}

#[test]
fn the_lists_are_sorted_for_their_search() {
    assert!(rebuild::allowed_tags().is_sorted());
    assert!(styles::filter("color:red;width:1px;background-color:red").matches(';').count() == 2);
    assert!(styles::PROPERTIES.is_sorted());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_taken_and_what_comes_out_stays_inert(html in ".{0,400}") {
        let safe = blocked(&html);
        let _ = to_text(&html);
        prop_assert!(!safe.contains("<script") && !safe.contains("src="));
    }

    #[test]
    fn any_mix_of_markup_is_inert(pieces in proptest::collection::vec(prop_oneof![
        Just("<"), Just(">"), Just("\""), Just("'"), Just("="), Just("/"), Just(" "), Just("<img src=http://evil "), Just("<style>"),
        Just("</style>"), Just("<svg>"), Just("</svg>"), Just("<!--"), Just("-->"), Just("<a href=javascript:evil "), Just("<p title="),
        Just("<table>"), Just("<td>"), Just("</table>"), Just("<title>"), Just("</title>"), Just("<b>"), Just("</b>"), Just("onerror=evil "),
        Just("&quot;"), Just("&#60;"), Just("style='background:url(evil)'"), Just("<textarea>"), Just("\u{0}"), Just("é"),
    ], 0..40)) {
        let html = pieces.concat();
        let safe = blocked(&html);
        let _ = to_text(&html);
        // Words in text and titles are harmless; what matters is inside of tags.
        for tag in safe.split('<').skip(1).filter_map(|tag| tag.split_once('>')).map(|(tag, _)| tag) {
            let tag = tag.split_once(" title=\"").map_or(tag, |(before, _)| before);
            prop_assert!(!tag.contains("src=") && !tag.contains(" on") && !tag.contains("javascript") && !tag.contains("url("), "{}", safe);
        }
    }
}
