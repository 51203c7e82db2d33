//! Contacts as text: rows of CSV, or vCards 4.0 (RFC 6350). What is written here, `rows` reads as the same contacts.

use super::{Format, cells};
use crate::contacts::WholeContact;

/// Octets of a line of a vCard.
const FOLD: usize = 75;

/// What stands before the first contact. The byte order mark tells spreadsheets that it is UTF-8.
pub(super) fn head(format: Format) -> String {
    match format {
        Format::Csv => "\u{feff}name,company,jobTitle,email,emailLabel,phone,phoneLabel,notes,tags\r\n".to_owned(),
        Format::Vcard => String::new(),
    }
}

/// Contacts.
pub(super) fn contacts(format: Format, contacts: &[WholeContact]) -> Result<String, csv::Error> {
    match format {
        Format::Csv => rows(contacts),
        Format::Vcard => Ok(contacts.iter().fold(String::new(), |mut text, contact| {
            card(&mut text, contact);
            text
        })),
    }
}

fn rows(contacts: &[WholeContact]) -> Result<String, csv::Error> {
    let mut writer =
        csv::WriterBuilder::new().has_headers(false).terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for WholeContact { contact, emails, phones, tags } in contacts {
        let cells = [
            contact.name.clone(),
            contact.company.clone().unwrap_or_default(),
            contact.job_title.clone().unwrap_or_default(),
            cells::of_values(emails.iter().map(|email| email.address.as_str()), &[',', ';']),
            labels(emails.iter().map(|email| email.label.as_deref())),
            cells::of_values(phones.iter().map(|phone| phone.number.as_str()), &[';']),
            labels(phones.iter().map(|phone| phone.label.as_deref())),
            contact.notes.clone(),
            cells::of_names(tags),
        ];
        writer.write_record(cells.map(cells::defused))?;
    }
    let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    String::from_utf8(bytes).map_err(|error| std::io::Error::other(error).into())
}

/// A line for each label, also for those that are missing.
fn labels<'a>(labels: impl Iterator<Item = Option<&'a str>>) -> String {
    let lines: Vec<&str> = labels.map(Option::unwrap_or_default).collect();
    if lines.iter().all(|label| label.is_empty()) { String::new() } else { lines.join("\n") }
}

fn card(text: &mut String, WholeContact { contact, emails, phones, tags }: &WholeContact) {
    line(text, "BEGIN:VCARD");
    line(text, "VERSION:4.0");
    line(text, &format!("FN:{}", escaped(&contact.name)));
    for (property, value) in [("ORG", &contact.company), ("TITLE", &contact.job_title)] {
        if let Some(value) = value {
            line(text, &format!("{property}:{}", escaped(value)));
        }
    }
    let emails = emails.iter().map(|email| ("EMAIL", &email.address, &email.label));
    let phones = phones.iter().map(|phone| ("TEL", &phone.number, &phone.label));
    for (number, (property, value, label)) in (1..).zip(emails.chain(phones)) {
        let value = escaped(value);
        match label.as_deref() {
            None => line(text, &format!("{property}:{value}")),
            Some(label @ ("work" | "home" | "fax")) => line(text, &format!("{property};TYPE={label}:{value}")),
            Some("mobile") => line(text, &format!("{property};TYPE=cell:{value}")),
            Some(label) => {
                line(text, &format!("item{number}.{property}:{value}"));
                line(text, &format!("item{number}.X-ABLABEL:{}", escaped(label)));
            }
        }
    }
    if !contact.notes.is_empty() {
        line(text, &format!("NOTE:{}", escaped(&contact.notes)));
    }
    if !tags.is_empty() {
        let names: Vec<String> = tags.iter().map(|name| escaped(&cells::typed(name))).collect();
        line(text, &format!("CATEGORIES:{}", names.join(",")));
    }
    line(text, "END:VCARD");
}

fn escaped(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for c in value.replace("\r\n", "\n").chars() {
        match c {
            '\\' | ',' | ';' => escaped.extend(['\\', c]),
            '\n' | '\r' => escaped.push_str("\\n"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// One line, folded between characters.
fn line(text: &mut String, content: &str) {
    let mut length = 0;
    for c in content.chars() {
        if length + c.len_utf8() > FOLD {
            text.push_str("\r\n ");
            length = 1;
        }
        length += c.len_utf8();
        text.push(c);
    }
    text.push_str("\r\n");
}
