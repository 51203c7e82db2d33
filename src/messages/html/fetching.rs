//! Tests that nothing in a mail makes anybody fetch something, but for the mail's own pictures by addresses of ours.

use proptest::prelude::*;

use super::*;

/// An address of ours, with characters that must be escaped.
const OWN: &str = "https://own.test/blobs/attachment?ticket=a&b\"<";
const OWN_ESCAPED: &str = "https://own.test/blobs/attachment?ticket=a&amp;b&quot;&lt;";

const TAGS: [&str; 65] = [
    "a",
    "abbr",
    "acronym",
    "address",
    "article",
    "aside",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "dd",
    "del",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "font",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "main",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
];

const ATTRIBUTES: [&str; 26] = [
    "align",
    "alt",
    "bgcolor",
    "border",
    "cellpadding",
    "cellspacing",
    "color",
    "colspan",
    "dir",
    "face",
    "height",
    "href",
    "lang",
    "nowrap",
    "referrerpolicy",
    "rel",
    "rowspan",
    "size",
    "src",
    "start",
    "style",
    "target",
    "title",
    "type",
    "valign",
    "width",
];

/// An address as browsers take it: some characters do not count.
fn as_followed(address: &str) -> String {
    let address = address.trim_matches(|c: char| c.is_control() || c == ' ');
    address.chars().filter(|c| !matches!(c, '\t' | '\r' | '\n')).collect::<String>().to_ascii_lowercase()
}

/// Elements and attributes of the result, read by its own strict rules: whatever else is in it fails.
fn assert_fetches_nothing(html: &str, remote: RemoteImages) {
    let mut own = 0;
    for tag in html.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').expect("a tag that ends");
        assert!(!text.contains('>'), "{html}");
        if let Some(name) = tag.strip_prefix('/') {
            assert!(TAGS.contains(&name), "{name}: {html}");
            continue;
        }
        let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(TAGS.contains(&name), "{name}: {html}");
        while !rest.is_empty() {
            let (attribute, behind) = rest.split_once("=\"").expect("a value in quotes");
            let (value, behind) = behind.split_once('"').expect("a value that ends");
            rest = behind.strip_prefix(' ').unwrap_or(behind);
            assert!(ATTRIBUTES.contains(&attribute), "{attribute}: {html}");
            assert!(
                !["background-image", "url(", "\\", "/*", "@", "image-set", "expression", "cross-fade", "src("]
                    .iter()
                    .any(|word| attribute == "style" && value.to_ascii_lowercase().contains(word)),
                "{html}"
            );
            match attribute {
                "src" if value == OWN_ESCAPED => own += 1,
                "src" => {
                    let address = as_followed(value);
                    let scheme = address.starts_with("http:") || address.starts_with("https:");
                    assert!(name == "img" && remote == RemoteImages::Shown && scheme, "{html}");
                }
                // Followed by a click only.
                "href" => {
                    let address = as_followed(value);
                    assert!(
                        name == "a" && ["http:", "https:", "mailto:"].iter().any(|s| address.starts_with(s)),
                        "{html}"
                    );
                }
                _ => {}
            }
        }
    }
    assert_eq!(html.matches("https://own.test").count(), own, "{html}");
}

fn check(html: &str) -> String {
    for remote in [RemoteImages::Shown, RemoteImages::Blocked] {
        let safe = sanitize(html, remote);
        assert_fetches_nothing(&safe.html.with(|_| Some(OWN.to_owned())), remote);
        assert_fetches_nothing(&safe.html.bare(), remote);
    }
    sanitize(html, RemoteImages::Blocked).html.with(|_| Some(OWN.to_owned()))
}

#[test]
fn known_ways_to_fetch_are_closed() {
    for vector in [
        "<div style='background:#fff url(http://evil/a.gif)'>a</div>",
        "<div style='list-style:url(http://evil)'>a</div><div style='cursor:url(http://evil),auto'>a</div>",
        "<div style='border-image:url(http://evil) 1'>a</div><div style='mask:url(http://evil)'>a</div>",
        "<div style='filter:url(http://evil#a)'>a</div><div style='shape-outside:url(http://evil)'>a</div>",
        "<div style='background:src(\"http://evil\")'>a</div><div style='--a:url(http://evil);background:var(--a)'>a</div>",
        "<div style='font-family:a;src:url(http://evil)'>a</div><div style='color:red;@import url(http://evil)'>a</div>",
        "<style>@import url(//evil);@font-face{font-family:a;src:url(http://evil)}</style>",
        "<body background='http://evil/'><table background=http://evil><td background=cid:1>a",
        "<img srcset='http://evil/1 1x, http://evil/2 2x'><img src=x srcset=http://evil><img lowsrc=http://evil>",
        "<img dynsrc=http://evil><img src='' longdesc=http://evil><img usemap=http://evil><img src=cid:1 srcset=http://evil>",
        "<link rel=stylesheet href=http://evil><link rel=preconnect href=//evil><link rel=dns-prefetch href=//evil>",
        "<link rel=prerender href=http://evil><link rel=icon href=http://evil><link rel=preload as=image href=http://evil>",
        "<meta http-equiv=refresh content='0;url=http://evil'><meta http-equiv=x-dns-prefetch-control content=on>",
        "<base href=http://evil/><img src=pixel.gif><a href=page>a</a>",
        "<iframe src=http://evil></iframe><iframe srcdoc='<img src=http://evil>'></iframe><frame src=http://evil>",
        "<object data=http://evil><param name=movie value=http://evil></object><embed src=http://evil><applet archive=http://evil>",
        "<video poster=http://evil src=http://evil><track src=http://evil></video><audio src=http://evil autoplay>",
        "<svg><image href=http://evil /><use href=http://evil#a /><feImage xlink:href=http://evil /></svg>",
        "<svg><a><image xlink:href=http://evil></a></svg><image src=http://evil><math href=http://evil>",
        "<img src=//evil/a><img src='/\\evil/a'><img src='\\\\evil\\share\\a'><img src=///evil><img src='\t//evil'>",
        "<img src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><image href='http://evil'/></svg>\">",
        "<img src=data:image/png;base64,iVBORw0KGgo=><img src=blob:http://evil/1><img src=file:///etc/passwd><img src=ftp://evil>",
        "<form action=http://evil><button formaction=http://evil>a</button><input type=image src=http://evil></form>",
        "<img src='http://evil/pixel?you' width=1 height=1><img src=https://evil width=0 style='display:none'>",
        "<a href=http://evil ping=http://evil>a</a><area href=http://evil ping=http://evil><a href=cid:1>a</a>",
        "<table><tr><td style='background-image: url(&quot;http://evil&quot;)'>a</table>",
        "<p style=\"background:url&#40;http://evil&#41;\">a</p><p style='background:ur\u{0}l(http://evil)'>a</p>",
        "<div style='behavior:url(http://evil)'>a</div><xml src=http://evil></xml><bgsound src=http://evil>",
        "<input type=image src=http://evil><isindex prompt=a action=http://evil><marquee src=http://evil>",
        "<script src=http://evil></script><layer src=http://evil><ilayer src=http://evil><keygen>",
        "<html manifest=http://evil><head profile=http://evil><portal src=http://evil><fencedframe src=http://evil>",
        "<img src=cid:1 style='content:url(http://evil)'><img src=\"cid:1\" alt=\"a\" / onload=evil>",
        "<!--[if mso]><v:fill src=http://evil /><![endif]--><v:image src=http://evil /><o:p style='background:url(http://evil)'>",
        "<template shadowrootmode=open><img src=http://evil></template><slot><img src=http://evil></slot>",
    ] {
        let html = check(vector);
        // What is left of an address may be followed by a click, not by itself.
        let left = html.replace("href=\"http://evil\"", "");
        assert!(!left.contains("evil"), "{vector} became {html}");
    }
}

#[test]
fn own_pictures_have_places_and_nothing_else_does() {
    let html = "<p><img src='cid:a%40x' alt=one><img src=\" CID:b \"><img src=cid:unknown alt=three><img src=https://far/p></p>";
    let safe = sanitize(html, RemoteImages::Blocked);
    assert!(safe.html.has_pictures());
    let mut asked = Vec::new();
    let shown = safe.html.with(|id| {
        asked.push(id.to_owned());
        (id != "unknown").then(|| format!("/blobs/{id}"))
    });
    assert_eq!(asked, ["a@x", "b", "unknown"]);
    assert!(shown.contains(" src=\"/blobs/a@x\"") && shown.contains(" src=\"/blobs/b\""), "{shown}");
    assert_eq!(shown.matches("src=").count(), 2, "{shown}");
    assert!(shown.contains("alt=\"three\""), "{shown}");
    assert_eq!(safe.blocked_images, 1);
    assert_eq!(shown_pictures(html), HashSet::from(["a@x", "b", "unknown"].map(str::to_owned)));
    assert_eq!(shown_pictures("cid:a <a href=cid:b>c</a><img alt=cid:c><img src=cid:>"), HashSet::new());
    assert!(!sanitize("<p>Hello</p>", RemoteImages::Blocked).html.has_pictures());
}

#[test]
fn places_cannot_be_forged_and_are_few() {
    let mark = format!("place:{:032x}-0", 0);
    for forged in [
        format!("<p> src=\"{mark}\"</p>"),
        format!("<p title=' src=\"{mark}\"'>a</p>"),
        format!("<img src=\"{mark}\"><img alt='\" src=\"{mark}\"'>"),
        format!("<img src='cid:1' title='{OWN}' alt=' src=\"{mark}\"'>"),
    ] {
        let safe = sanitize(&forged, RemoteImages::Shown).html.with(|id| Some(format!("OWN{id}")));
        assert_eq!(safe.matches("OWN").count(), forged.matches("cid:1").count(), "{safe}");
    }
    let many = sanitize(&"<img src=cid:1>".repeat(5_000), RemoteImages::Blocked).html;
    assert_eq!(many.with(|_| Some("OWN".to_owned())).matches("OWN").count(), 500);
    assert_eq!(many.bare().matches("<img").count(), 5_000);
}

/// A word as HTML may hold it.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("http://evil/a.gif"),
        Just("//evil"),
        Just("/\\evil"),
        Just("cid:1"),
        Just("cid:%31"),
        Just("CID:1\t"),
        Just("data:image/svg+xml,<svg/onload=evil()>"),
        Just("javascript:evil()"),
        Just("url(http://evil)"),
        Just("background:url(http://evil)"),
        Just("background-color:rgb(1,2,3)"),
        Just("color:red;background:u\\72l(//evil)"),
        Just("@import 'http://evil'"),
        Just("0;url=http://evil"),
        Just("http://evil 1x, //evil 2x"),
        Just("\"><img src=http://evil>"),
        Just("' style='background:url(//evil)"),
        Just("place:0-0"),
        Just("&#x68;ttp://evil"),
        Just("h&Tab;ttp://evil"),
        Just(""),
        Just("image-set('//evil' 1x)"),
        Just("\u{1}http://evil"),
        Just("https:evil"),
        Just("mailto:a@b?body=<img>"),
    ]
    .prop_map(str::to_owned)
}

fn element() -> impl Strategy<Value = String> {
    let tag = prop_oneof![
        Just("img"),
        Just("a"),
        Just("p"),
        Just("table"),
        Just("td"),
        Just("tr"),
        Just("body"),
        Just("svg"),
        Just("image"),
        Just("math"),
        Just("style"),
        Just("link"),
        Just("meta"),
        Just("base"),
        Just("iframe"),
        Just("object"),
        Just("embed"),
        Just("video"),
        Just("source"),
        Just("form"),
        Just("input"),
        Just("button"),
        Just("script"),
        Just("template"),
        Just("noscript"),
        Just("title"),
        Just("textarea"),
        Just("select"),
        Just("option"),
        Just("font"),
        Just("b"),
        Just("IMG"),
    ];
    let attribute = prop_oneof![
        Just("src"),
        Just("href"),
        Just("srcset"),
        Just("background"),
        Just("style"),
        Just("poster"),
        Just("data"),
        Just("action"),
        Just("ping"),
        Just("xlink:href"),
        Just("content"),
        Just("http-equiv"),
        Just("rel"),
        Just("onerror"),
        Just("alt"),
        Just("title"),
        Just("SRC"),
        Just("lowsrc"),
        Just("formaction"),
        Just("cite"),
        Just("longdesc"),
        Just("manifest"),
    ];
    let quote = prop_oneof![Just("\""), Just("'"), Just(""), Just("`")];
    let attributes = proptest::collection::vec((attribute, quote, hostile()), 0..5);
    let ending = prop_oneof![
        Just(">"),
        Just("/>"),
        Just(" "),
        Just(">text</p>"),
        Just("></svg>"),
        Just("><!--"),
        Just("-->"),
        Just("</style>")
    ];
    (tag, attributes, ending).prop_map(|(tag, attributes, ending)| {
        let attributes: Vec<_> =
            attributes.into_iter().map(|(name, quote, value)| format!(" {name}={quote}{value}{quote}")).collect();
        format!("<{tag}{}{ending}", attributes.concat())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn whatever_is_mixed_fetches_nothing(elements in proptest::collection::vec(element(), 0..12)) {
        check(&elements.concat());
    }

    #[test]
    fn whatever_is_written_fetches_nothing(html in "(<[a-z/!]{1,3}|[ -~]|src=|url\\(|cid:1|//|\\PC){0,80}") {
        check(&html);
    }
}
