//! HTML written anew in simple, well nested form, before the sanitizer parses it.
//! Owns the bounds: depth, attributes and repeated formatting, on which an HTML parser spends quadratic time or
//! memory otherwise. Safety does not rest on it: the sanitizer judges what comes out. Start at [`rebuild`].

use super::{
    references,
    tokens::{Token, Tokens, attributes},
};

/// Elements within elements; half of what browsers keep (512), and enough for 60 tables in tables.
const DEPTH: usize = 256;
/// Attributes of one tag.
const ATTRIBUTES: usize = 40;
/// Bytes of one attribute.
const VALUE: usize = 16 << 10;
/// Formatting elements a parser may have to open again because blocks cut through them, in the whole text.
const REOPENED: usize = 200_000;

/// Characters of one text (`&` and those of Latin-1 whose first byte is that of a no-break space) at each of which the serializer looks through all of it for the next tag;
/// after as many, an empty element ends the text.
const SPECIAL: usize = 1_000;

/// How an element nests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Without content.
    Void,
    /// Opened again by parsers when a block cuts through it.
    Formatting,
    /// Any other that holds text.
    Flow,
    /// `li`, `p`, …: ended by the next of its kind.
    Item,
    /// A table.
    Table,
    /// A group of rows.
    Group,
    /// A row.
    Row,
    /// A cell or caption.
    Cell,
}

use Kind::{Cell, Flow, Formatting, Group, Item, Row, Table, Void};

/// Every element that may pass.
const ALLOWED: [(&str, Kind); 65] = [
    ("a", Formatting),
    ("abbr", Flow),
    ("acronym", Flow),
    ("address", Flow),
    ("article", Flow),
    ("aside", Flow),
    ("b", Formatting),
    ("bdi", Flow),
    ("bdo", Flow),
    ("big", Formatting),
    ("blockquote", Flow),
    ("br", Void),
    ("caption", Cell),
    ("center", Flow),
    ("cite", Flow),
    ("code", Formatting),
    ("dd", Item),
    ("del", Flow),
    ("dfn", Flow),
    ("div", Flow),
    ("dl", Flow),
    ("dt", Item),
    ("em", Formatting),
    ("figcaption", Flow),
    ("figure", Flow),
    ("font", Formatting),
    ("footer", Flow),
    ("h1", Flow),
    ("h2", Flow),
    ("h3", Flow),
    ("h4", Flow),
    ("h5", Flow),
    ("h6", Flow),
    ("header", Flow),
    ("hr", Void),
    ("i", Formatting),
    ("img", Void),
    ("ins", Flow),
    ("kbd", Flow),
    ("li", Item),
    ("main", Flow),
    ("mark", Flow),
    ("ol", Flow),
    ("p", Item),
    ("pre", Flow),
    ("q", Flow),
    ("s", Formatting),
    ("samp", Flow),
    ("section", Flow),
    ("small", Formatting),
    ("span", Flow),
    ("strike", Formatting),
    ("strong", Formatting),
    ("sub", Flow),
    ("sup", Flow),
    ("table", Table),
    ("tbody", Group),
    ("td", Cell),
    ("tfoot", Group),
    ("th", Cell),
    ("thead", Group),
    ("tr", Row),
    ("tt", Formatting),
    ("u", Formatting),
    ("ul", Flow),
];

/// The names of all elements that may pass.
pub(super) fn allowed_tags() -> impl Iterator<Item = &'static str> {
    ALLOWED.iter().map(|(name, _)| *name)
}

/// Writes `html` anew with only elements that may pass, each closed where it belongs.
pub(super) fn rebuild(html: &str) -> String {
    let mut writer =
        Writer { out: String::with_capacity(html.len()), open: Vec::new(), formatting: 0, reopened: 0, special: 0 };
    for token in Tokens::new(html) {
        match token {
            Token::Text(text) => writer.text(text),
            Token::Open(name, inside) => writer.open(name, inside),
            Token::Close(name) => writer.close(name),
        }
    }
    while writer.pop() {}
    writer.out
}

struct Writer {
    out: String,
    open: Vec<(&'static str, Kind)>,
    /// Formatting elements among the open ones.
    formatting: usize,
    reopened: usize,
    /// Characters in the text at hand that cost the serializer a pass over it.
    special: usize,
}

impl Writer {
    fn text(&mut self, text: &str) {
        if !text.bytes().all(|byte| byte.is_ascii_whitespace()) {
            self.enter_cell();
        }
        for piece in references::decode(text)
            .split_inclusive(|character| character == '&' || ('\u{80}'..='\u{bf}').contains(&character))
        {
            self.escaped(piece);
            self.special += 1;
            if self.special > SPECIAL {
                self.out.push_str("<span></span>");
                self.special = 0;
            }
        }
    }

    /// Text or a value, with no reference in it but those that escape.
    fn escaped(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                _ => self.out.push(character),
            }
        }
    }

    fn open(&mut self, name: &str, inside: &str) {
        let Some((name, kind)) = known(name) else { return };
        match kind {
            Row | Group | Cell => {
                if !self.back_to_table() {
                    return;
                }
                self.place_in_table(name, kind);
            }
            _ => {
                self.enter_cell();
                if kind == Item && self.top() == Some((name, Item)) {
                    self.pop();
                }
                if name == "a" {
                    self.end("a");
                }
            }
        }
        self.push(name, kind, inside);
    }

    fn close(&mut self, name: &str) {
        if let Some((name, _)) = known(name) {
            self.end(name);
        }
    }

    /// Ends the innermost element of this name and all in it. What is outside a table is not ended from within it.
    fn end(&mut self, name: &str) {
        let inner = self.open.iter().rposition(|(open, _)| *open == name);
        let Some(position) = inner else { return };
        let (_, kind) = self.open.get(position).copied().unwrap_or((name, Flow));
        let within = self.open.get(position + 1..).unwrap_or_default();
        let barrier = match kind {
            Row | Group | Cell => within.iter().any(|(_, kind)| *kind == Table),
            Table => false,
            _ => within.iter().any(|(_, kind)| matches!(kind, Table | Cell)),
        };
        if !barrier {
            while self.open.len() > position && self.pop() {}
        }
    }

    /// Ends what is open in the innermost table's cells; `false` when there is no table.
    fn back_to_table(&mut self) -> bool {
        if !self.open.iter().any(|(_, kind)| *kind == Table) {
            return false;
        }
        while self.top().is_some_and(|(_, kind)| !matches!(kind, Table | Group | Row | Cell)) {
            self.pop();
        }
        true
    }

    fn place_in_table(&mut self, name: &str, kind: Kind) {
        if self.top().is_some_and(|(_, kind)| kind == Cell) {
            self.pop();
        }
        let row_stays = kind == Cell && name != "caption";
        if !row_stays && self.top().is_some_and(|(_, kind)| kind == Row) {
            self.pop();
        }
        if (kind == Group || name == "caption") && self.top().is_some_and(|(_, kind)| kind == Group) {
            self.pop();
        }
        if row_stays && self.top().is_some_and(|(_, kind)| kind != Row) {
            self.push("tr", Row, "");
        }
    }

    /// Content right in a table goes into a cell: browsers move it before the table, one costly move each.
    fn enter_cell(&mut self) {
        if matches!(self.top(), Some((_, Table | Group))) {
            self.push("tr", Row, "");
        }
        if matches!(self.top(), Some((_, Row))) {
            self.push("td", Cell, "");
        }
    }

    fn top(&self) -> Option<(&'static str, Kind)> {
        self.open.last().copied()
    }

    fn push(&mut self, name: &'static str, kind: Kind, inside: &str) {
        if self.reopened > REOPENED || kind != Void && self.open.len() >= DEPTH {
            return;
        }
        self.charge(kind);
        self.special = 0;
        self.out.push('<');
        self.out.push_str(name);
        for (attribute, value) in attributes(inside).take(ATTRIBUTES) {
            if value.len() <= VALUE
                && !attribute.is_empty()
                && attribute.len() <= 20
                && attribute.bytes().all(|byte| byte.is_ascii_alphabetic())
            {
                self.out.extend([" ", attribute, "=\""]);
                self.escaped(&references::decode(value));
                self.out.push('"');
            }
        }
        self.out.push('>');
        if kind != Void {
            self.open.push((name, kind));
            self.formatting += usize::from(kind == Formatting);
        }
    }

    fn pop(&mut self) -> bool {
        let Some((name, kind)) = self.open.pop() else { return false };
        self.formatting -= usize::from(kind == Formatting);
        self.charge(kind);
        self.out.extend(["</", name, ">"]);
        true
    }

    fn charge(&mut self, kind: Kind) {
        if kind != Formatting && kind != Void {
            self.reopened += self.formatting;
        }
    }
}

fn known(name: &str) -> Option<(&'static str, Kind)> {
    if name.len() > 10 {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let position = ALLOWED.binary_search_by(|(allowed, _)| allowed.cmp(&name.as_str())).ok()?;
    ALLOWED.get(position).copied()
}
