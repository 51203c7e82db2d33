use proptest::prelude::*;

use super::{Expr, Mistake, parse};

fn tag(name: &str) -> Expr {
    Expr::Tag(name.to_owned())
}

fn group(name: &str) -> Expr {
    Expr::Group(name.to_owned())
}

fn text(text: &str) -> Expr {
    Expr::Text(text.to_owned())
}

fn not(expr: Expr) -> Expr {
    Expr::Not(Box::new(expr))
}

#[test]
fn a_query_is_read_as_people_mean_it() {
    let (a, b, c) = (|| tag("a"), || tag("b"), || tag("c"));
    for (query, read) in [
        ("#a", a()),
        ("#a and #b", Expr::And(vec![a(), b()])),
        ("#a #b", Expr::And(vec![a(), b()])),
        ("#a AND #b Or #c", Expr::Or(vec![Expr::And(vec![a(), b()]), c()])),
        ("#a or #b #c", Expr::Or(vec![a(), Expr::And(vec![b(), c()])])),
        ("(#a or #b)#c", Expr::And(vec![Expr::Or(vec![a(), b()]), c()])),
        ("not #a #b", Expr::And(vec![not(a()), b()])),
        ("not(#a #b)", not(Expr::And(vec![a(), b()]))),
        ("NOT not #a", not(not(a()))),
        ("((#a))", a()),
        ("(#a #b) #c", Expr::And(vec![Expr::And(vec![a(), b()]), c()])),
        (
            "#hot and (#nl or #be) and not #lost jansen",
            Expr::And(vec![tag("hot"), Expr::Or(vec![tag("nl"), tag("be")]), not(tag("lost")), text("jansen")]),
        ),
        ("#\"hot prospect\"", tag("hot prospect")),
        (r#"#"a \"b\" \\ c""#, tag(r#"a "b" \ c"#)),
        (r#"#a"b\"c"#, tag(r#"a"b\"c"#)),
        ("##a", tag("#a")),
        ("#and #or #not", Expr::And(vec![tag("and"), tag("or"), tag("not")])),
        ("\u{3000}#日本語\u{a0}#клиент\n", Expr::And(vec![tag("日本語"), tag("клиент")])),
        ("group:Status", group("Status")),
        ("GROUP:\"My group\"", group("My group")),
        ("\"group:Status\"", text("group:Status")),
        ("groups:Status", text("groups:Status")),
        ("Untagged", Expr::Untagged),
        ("\"untagged\" \"AND\"", Expr::And(vec![text("untagged"), text("AND")])),
        ("\"jan jansen\"", text("jan jansen")),
        ("\"\"", text("")),
        ("o'neil 5\" a\\b", Expr::And(vec![text("o'neil"), text("5\""), text("a\\b")])),
        ("android nothing", Expr::And(vec![text("android"), text("nothing")])),
    ] {
        assert_eq!(parse(query), Ok(Some(read)), "{query}");
    }
    for blank in ["", " ", "\u{3000}\n"] {
        assert_eq!(parse(blank), Ok(None));
    }
}

#[test]
fn a_mistake_is_told_where_it_is() {
    const ONE: &str = "a word, a tag or `(`";
    const END: &str = "a word, a tag or the end";
    for (query, position, expected) in [
        ("#", 1, "a tag name"),
        ("é日😀 # b", 5, "a tag name"),
        ("#(a)", 1, "a tag name"),
        ("#\" \"", 1, "a tag name"),
        ("#\"\"", 1, "a tag name"),
        ("group: Status", 6, "a group name"),
        ("group:\"\"", 6, "a group name"),
        ("and #a", 0, ONE),
        ("#a or", 5, ONE),
        ("#a or  ", 7, ONE),
        ("#é and or #b", 7, ONE),
        ("not", 3, ONE),
        ("not and #a", 4, ONE),
        ("()", 1, ONE),
        (")", 0, ONE),
        ("(#a or #b", 9, "`)`"),
        ("(#a", 3, "`)`"),
        ("#ü) #b", 2, END),
        ("\"jan", 4, "a closing quote"),
        ("#\"", 2, "a closing quote"),
        ("\"a\\n\"", 3, "`\"` or `\\` behind a backslash"),
        ("\"a\\", 3, "`\"` or `\\` behind a backslash"),
        ("#\"a\"b\"", 4, "a blank or a parenthesis behind a quote"),
    ] {
        assert_eq!(parse(query), Err(Mistake { position, expected }), "{query}");
    }
}

#[test]
fn what_is_at_a_limit_is_read_and_what_is_beyond_is_a_mistake() {
    let position = |query: &str| parse(query).map_err(|mistake| mistake.position).map(drop);
    assert_eq!(position(&format!("#{}", "é".repeat(19_999))), Ok(()));
    assert_eq!(position(&format!("#{}", "é".repeat(20_000))), Err(20_000));
    let nested = |depth: usize| format!("{}#a{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!((position(&nested(64)), position(&nested(65))), (Ok(()), Err(64)));
    let negated = |depth: usize| format!("{}#a", "not ".repeat(depth));
    assert_eq!((position(&negated(64)), position(&negated(65))), (Ok(()), Err(64 * 4)));
    // What joins them is a part too.
    assert_eq!((position(&"a ".repeat(199)), position(&"a ".repeat(200))), (Ok(()), Err(398)));
}

#[test]
fn a_huge_text_is_refused() {
    for piece in ["(", ")", "not ", "#", "\"", "\\", "a", "#a or ", "(#a ", "group:", "é(", " ", "\0"] {
        assert!(parse(&piece.repeat(1_000_000)).is_err(), "{piece}");
        let longest: String = piece.chars().cycle().take(20_000).collect();
        let _ = parse(&longest).map(|read| read.map(|expr| expr.to_string()));
    }
}

fn exprs() -> impl Strategy<Value = Expr> {
    // Names that are keywords, or look like syntax, more often than chance has it.
    let odd = prop::sample::select(vec![
        "and",
        "OR",
        "Not",
        "untagged",
        "group:",
        "Group:x",
        "#",
        "##a",
        "\"",
        "\\",
        "\\\"",
        "a\"b",
        "(",
        "a)",
        " a ",
        "hot prospect",
        "日本語",
        "é\u{301}",
        "\u{3000}",
        "\0",
        "",
    ]);
    let any = prop_oneof![odd.prop_map(str::to_owned), ".{0,12}", "[a-c\"\\\\ ()#:]{0,8}"];
    let name = any.clone().prop_filter("a name is not blank", |name| !name.trim().is_empty());
    let leaf = prop_oneof![
        name.clone().prop_map(Expr::Tag),
        name.prop_map(Expr::Group),
        Just(Expr::Untagged),
        any.prop_map(Expr::Text),
    ];
    leaf.prop_recursive(8, 60, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..5).prop_map(Expr::And),
            prop::collection::vec(inner.clone(), 2..5).prop_map(Expr::Or),
            inner.prop_map(not),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_as_the_same(expr in exprs()) {
        prop_assert_eq!(parse(&expr.to_string()), Ok(Some(expr)));
    }

    #[test]
    fn any_text_is_read_or_refused(text in prop_oneof![
        "(?s).{0,200}",
        "[ab()#\"\\\\: é\u{3000}]{0,60}",
        "(#a|and|or|not|untagged|group:b|\\(|\\)|\"c\"| ){0,40}",
    ]) {
        match parse(&text) {
            Ok(Some(expr)) => prop_assert_eq!(parse(&expr.to_string()), Ok(Some(expr))),
            Ok(None) => prop_assert!(text.trim().is_empty()),
            Err(mistake) => prop_assert!(mistake.position <= text.chars().count()),
        }
    }
}
