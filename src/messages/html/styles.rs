//! Inline CSS of mail.
//! Owns the list of properties that may pass and the grammar of their values, which has no way to name a resource.
//! Start at [`filter`].

/// Properties that change how text and boxes look, but cannot place them over the page around the mail.
pub(super) const PROPERTIES: [&str; 61] = [
    "background-color",
    "border",
    "border-bottom",
    "border-bottom-color",
    "border-bottom-style",
    "border-bottom-width",
    "border-collapse",
    "border-color",
    "border-left",
    "border-left-color",
    "border-left-style",
    "border-left-width",
    "border-radius",
    "border-right",
    "border-right-color",
    "border-right-style",
    "border-right-width",
    "border-spacing",
    "border-style",
    "border-top",
    "border-top-color",
    "border-top-style",
    "border-top-width",
    "border-width",
    "clear",
    "color",
    "direction",
    "display",
    "float",
    "font",
    "font-family",
    "font-size",
    "font-style",
    "font-variant",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "list-style-type",
    "margin",
    "margin-bottom",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-height",
    "max-width",
    "min-height",
    "min-width",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "table-layout",
    "text-align",
    "text-decoration",
    "text-indent",
    "text-transform",
    "vertical-align",
    "white-space",
    "width",
];

/// Functions that only compute a color.
const FUNCTIONS: [&str; 4] = ["rgb", "rgba", "hsl", "hsla"];

/// Characters of one `style` attribute that are looked at.
const LONGEST: usize = 8 << 10;

/// The declarations that may pass. `background` passes as `background-color` when it is nothing but a color.
pub(super) fn filter(style: &str) -> String {
    let mut kept = String::new();
    if style.len() > LONGEST {
        return kept;
    }
    for declaration in style.split(';') {
        let Some((name, value)) = declaration.split_once(':') else { continue };
        let name = name.trim().to_ascii_lowercase();
        let name = if name == "background" { "background-color" } else { &name };
        let value = value.trim();
        if PROPERTIES.binary_search(&name).is_err() || !is_plain(value) {
            continue;
        }
        if !kept.is_empty() {
            kept.push(';');
        }
        kept.push_str(name);
        kept.push(':');
        kept.push_str(value);
    }
    kept
}

/// Words, numbers, colors, quoted font names. No escapes, comments, at-rules, and no function but a color's.
fn is_plain(value: &str) -> bool {
    let plain = |character: char| {
        character.is_alphanumeric()
            || matches!(character, ' ' | '#' | '%' | '.' | ',' | '-' | '+' | '!' | '_' | '\'' | '"')
    };
    let quotes = |quote: char| value.matches(quote).count().is_multiple_of(2);
    if value.is_empty() || !quotes('"') || !quotes('\'') {
        return false;
    }
    let mut rest = value;
    while let Some((before, behind)) = rest.split_once('(') {
        let Some((inside, after)) = behind.split_once(')') else { return false };
        let name = before
            .rsplit(|character: char| !character.is_alphanumeric() && character != '-')
            .next()
            .unwrap_or_default();
        let color = FUNCTIONS.iter().any(|function| name.eq_ignore_ascii_case(function));
        let numbers = inside
            .chars()
            .all(|character| character.is_ascii_digit() || matches!(character, ' ' | ',' | '.' | '%' | '/' | '-'));
        if !color || !numbers || !before.chars().all(plain) {
            return false;
        }
        rest = after;
    }
    rest.chars().all(plain)
}
