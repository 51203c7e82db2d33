//! The cards of a vCard file (RFC 6350, RFC 2426), each a contact or a problem.

use std::io;

use calcard::vcard::{
    VCard, VCardEntry, VCardParameterName, VCardParameterValue, VCardProperty, VCardType, VCardValue,
};

use super::Error;
use super::columns::Origins;
use super::rows::{Row, RowProblem};
use super::text_lines::{Line, TextLines};
use crate::contacts::Incoming;

/// Longest card in bytes, without pictures, sounds and keys.
const LONGEST: usize = 256 << 10;

/// Properties that are passed over unread: they are long, and nothing of them is kept.
const PASSED_OVER: [&str; 4] = ["PHOTO", "LOGO", "SOUND", "KEY"];

/// Reads cards.
pub(super) struct Vcards {
    lines: TextLines,
    /// The line at which the last card was found to have no end.
    ahead: Option<Line>,
    number: i64,
}

impl Vcards {
    /// Over a file that begins with a card.
    pub(super) fn open(mut lines: TextLines) -> Result<Self, Error> {
        loop {
            match lines.next()? {
                Some(line) if is(&line, "BEGIN:VCARD") => return Ok(Self { lines, ahead: Some(line), number: 0 }),
                Some(line) if line.text.trim().is_empty() && !line.is_cut => {}
                _ => return Err(Error::Format("This is not a vCard file: it does not begin with BEGIN:VCARD.")),
            }
        }
    }

    /// The next card; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        // What stands between cards is nobody's.
        loop {
            let line = match self.ahead.take() {
                Some(line) => Some(line),
                None => self.lines.next()?,
            };
            match line {
                None => return Ok(None),
                Some(line) if is(&line, "BEGIN:VCARD") => break,
                Some(_) => {}
            }
        }
        self.number += 1;
        let card = self.card()?;
        let (content, origins) = match card.and_then(|text| parsed(&text)) {
            Ok(card) => {
                let (incoming, origins) = contact(&card);
                (Ok(incoming), origins)
            }
            Err(message) => (Err(RowProblem { column: None, message }), Origins::default()),
        };
        Ok(Some(Row { number: self.number, content, origins }))
    }

    /// The text of a card whose first line was read.
    fn card(&mut self) -> io::Result<Result<String, &'static str>> {
        let mut text = "BEGIN:VCARD\r\n".to_owned();
        let (mut passing, mut too_long) = (false, false);
        loop {
            match self.lines.next()? {
                None => return Ok(Err("This card has no end.")),
                Some(line) if is(&line, "BEGIN:VCARD") => {
                    self.ahead = Some(line);
                    return Ok(Err("This card has no end."));
                }
                Some(line) if is(&line, "END:VCARD") => {
                    text.push_str("END:VCARD\r\n");
                    return Ok(if too_long { Err("This card is too long.") } else { Ok(text) });
                }
                Some(line) => {
                    let continues = line.text.starts_with([' ', '\t']);
                    if !continues {
                        let name = line.text.split([':', ';']).next().unwrap_or_default();
                        let name = name.rsplit('.').next().unwrap_or_default();
                        passing = PASSED_OVER.iter().any(|passed| name.eq_ignore_ascii_case(passed));
                    }
                    if passing {
                        continue;
                    }
                    too_long |= line.is_cut || text.len() + line.text.len() > LONGEST;
                    if !too_long {
                        text.push_str(&line.text);
                    }
                }
            }
        }
    }
}

/// Whatever a card holds costs that card only.
fn parsed(text: &str) -> Result<VCard, &'static str> {
    let parsed = std::panic::catch_unwind(|| VCard::parse(text));
    parsed.ok().and_then(Result::ok).ok_or("This card cannot be read.")
}

fn is(line: &Line, what: &str) -> bool {
    line.text.trim().eq_ignore_ascii_case(what)
}

fn contact(card: &VCard) -> (Incoming, Origins) {
    let mut given = Incoming::default();
    let mut origins = Origins {
        name: Some("FN".into()),
        company: Some("ORG".into()),
        job_title: Some("TITLE".into()),
        notes: Some("NOTE".into()),
        ..Origins::default()
    };
    let mut structured = None;
    for entry in &card.entries {
        let texts = texts(entry);
        let text = || texts.first().cloned().filter(|text| !text.trim().is_empty());
        match &entry.name {
            VCardProperty::Fn if given.name.is_none() => given.name = text(),
            VCardProperty::N if structured.is_none() => structured = Some(name(&texts)),
            VCardProperty::Org if given.company.is_none() => given.company = text(),
            VCardProperty::Title if given.job_title.is_none() => given.job_title = text(),
            VCardProperty::Note => {
                if let Some(text) = text() {
                    let notes = given.notes.get_or_insert_default();
                    if !notes.is_empty() {
                        notes.push('\n');
                    }
                    notes.push_str(&text);
                }
            }
            VCardProperty::Email => {
                given.emails.get_or_insert_default().extend(text().map(|text| (text, label(card, entry))));
                origins.emails.push("EMAIL".into());
            }
            VCardProperty::Tel => {
                let number = text().map(|text| text.strip_prefix("tel:").map_or(text.clone(), str::to_owned));
                given.phones.get_or_insert_default().extend(number.map(|number| (number, label(card, entry))));
                origins.phones.push("TEL".into());
            }
            VCardProperty::Categories => {
                let names = texts.into_iter().filter(|name| !name.trim().is_empty());
                given.tags.get_or_insert_default().extend(names);
            }
            _ => {}
        }
    }
    origins.tags = given.tags.iter().flatten().map(|_| "CATEGORIES".into()).collect();
    given.name = given.name.or(structured);
    (given, origins)
}

/// All texts of a property, the components of a structured one each by itself.
fn texts(entry: &VCardEntry) -> Vec<String> {
    let mut texts = Vec::with_capacity(entry.values.len());
    for value in &entry.values {
        match value {
            VCardValue::Text(text) => texts.push(text.clone()),
            VCardValue::Component(parts) => texts.push(parts.join(" ")),
            VCardValue::Integer(number) => texts.push(number.to_string()),
            _ => {}
        }
    }
    texts
}

/// Family, given, additional, prefixes, suffixes: in the order in which they are spoken.
fn name(parts: &[String]) -> String {
    let spoken = [3, 1, 2, 0, 4].into_iter().filter_map(|part| parts.get(part)).map(|part| part.trim());
    spoken.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What an address or number is for: the label that a card gives beside it, else its type.
fn label(card: &VCard, entry: &VCardEntry) -> Option<String> {
    let beside = entry.group.as_ref().and_then(|group| {
        card.entries.iter().find(|other| {
            let is_label = matches!(&other.name, VCardProperty::Other(name) if name.eq_ignore_ascii_case("X-ABLABEL"));
            is_label && other.group.as_ref() == Some(group)
        })
    });
    if let Some(text) = beside.and_then(|label| texts(label).into_iter().next()) {
        let bare = text.strip_prefix("_$!<").and_then(|text| text.strip_suffix(">!$_")).map(str::to_lowercase);
        return Some(bare.unwrap_or(text));
    }
    entry.params.iter().filter(|param| param.name == VCardParameterName::Type).find_map(|param| match &param.value {
        VCardParameterValue::Type(VCardType::Work) => Some("work".to_owned()),
        VCardParameterValue::Type(VCardType::Home) => Some("home".to_owned()),
        VCardParameterValue::Type(VCardType::Cell) => Some("mobile".to_owned()),
        VCardParameterValue::Type(VCardType::Fax) => Some("fax".to_owned()),
        _ => None,
    })
}
