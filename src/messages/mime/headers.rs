//! The header fields of a mail.
//! Owns reading them, raw 8-bit ones too; does not touch the bodies.
//! Start at [`read`].

use std::borrow::Cow;

use chrono::{NaiveDate, TimeDelta};
use encoding_rs::Encoding;
use mail_parser::{Address, DateTime, Header, HeaderName, HeaderValue, Message, MessagePart, parsers::MessageStream};

use super::{Oddities, Oddity, ParsedMessage, address, body, bounds, charset, continued};

/// The domain of the author, by which a charset is guessed.
pub(super) fn domain_of_sender(message: &Message<'_>) -> Option<String> {
    let address = message.from()?.first()?.address.as_deref()?;
    address.rsplit_once('@').map(|(_, domain)| domain.to_owned())
}

/// All fields but those that describe bodies.
pub(super) fn read(message: &Message<'_>, sender: Option<&str>, oddities: &mut Oddities) -> ParsedMessage {
    let headers = message.parts.first().map(|root| root.headers.as_slice()).unwrap_or_default();
    let mut second_try = SecondTry { message, sender, charset: None };
    let mut parsed = ParsedMessage::default();
    let mut room = bounds::PARTICIPANTS;
    let (mut has_subject, mut has_date) = (false, false);
    for header in headers {
        let value = &second_try.value(header, oddities);
        match &header.name {
            HeaderName::From => address::read(value, &mut parsed.from, &mut room, oddities),
            HeaderName::To => address::read(value, &mut parsed.to, &mut room, oddities),
            HeaderName::Cc => address::read(value, &mut parsed.cc, &mut room, oddities),
            HeaderName::Bcc => address::read(value, &mut parsed.bcc, &mut room, oddities),
            HeaderName::ReplyTo => address::read(value, &mut parsed.reply_to, &mut room, oddities),
            HeaderName::Subject if !has_subject => {
                has_subject = true;
                parsed.subject = bounds::line(value.as_text().unwrap_or_default(), bounds::SUBJECT, oddities);
            }
            HeaderName::Date if !has_date => {
                has_date = true;
                parsed.sent_at = value.as_datetime().and_then(microseconds);
                if parsed.sent_at.is_none() {
                    oddities.note(Oddity::BadDate);
                }
            }
            HeaderName::MessageId if parsed.message_id.is_none() => {
                parsed.message_id = ids(value, oddities).into_iter().next();
            }
            HeaderName::InReplyTo if parsed.in_reply_to.is_empty() => parsed.in_reply_to = ids(value, oddities),
            HeaderName::References if parsed.references.is_empty() => parsed.references = ids(value, oddities),
            HeaderName::ListId if parsed.list_id.is_none() => parsed.list_id = list_id(value, oddities),
            HeaderName::AutoSubmitted => {
                parsed.automatic |= value.as_text().is_some_and(|text| !starts_with(text, "no"));
            }
            HeaderName::Other(name) if name.eq_ignore_ascii_case("Precedence") => {
                let text = value.as_text().unwrap_or_default();
                parsed.automatic |= ["bulk", "list", "junk"].iter().any(|kind| starts_with(text, kind));
            }
            _ => {}
        }
    }
    parsed
}

fn starts_with(text: &str, word: &str) -> bool {
    text.trim_start().get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// The moment a date names, unless there is none such (32 January, year 0).
fn microseconds(date: &DateTime) -> Option<i64> {
    let day = NaiveDate::from_ymd_opt(i32::from(date.year), u32::from(date.month), u32::from(date.day))?;
    // A leap second counts as the one before.
    let second = if date.second == 60 { 59 } else { date.second };
    let local = day.and_hms_opt(u32::from(date.hour), u32::from(date.minute), u32::from(second))?;
    if date.tz_hour > 24 || date.tz_minute > 59 {
        return None;
    }
    let east = TimeDelta::minutes(i64::from(date.tz_hour) * 60 + i64::from(date.tz_minute));
    let utc = if date.tz_before_gmt { local.checked_add_signed(east)? } else { local.checked_sub_signed(east)? };
    let year = chrono::Datelike::year(&utc);
    (1..=9999).contains(&year).then(|| utc.and_utc().timestamp_micros())
}

fn ids(value: &HeaderValue<'_>, oddities: &mut Oddities) -> Vec<String> {
    let found: &[Cow<'_, str>] = match value {
        HeaderValue::Text(id) => std::slice::from_ref(id),
        HeaderValue::TextList(list) => list,
        _ => &[],
    };
    // The first says where a thread began, the last what is answered.
    let surplus = found.len().saturating_sub(bounds::REFERENCES);
    if surplus > 0 {
        oddities.note(Oddity::Shortened);
    }
    let kept = found.iter().enumerate().filter(|(position, _)| *position == 0 || *position > surplus || surplus == 0);
    kept.map(|(_, id)| bounds::line(id, bounds::MESSAGE_ID, oddities)).filter(|id| !id.is_empty()).collect()
}

fn list_id(value: &HeaderValue<'_>, oddities: &mut Oddities) -> Option<String> {
    let first = value.as_address().and_then(Address::first)?;
    let text = first.address.as_deref().or(first.name.as_deref())?;
    Some(bounds::line(text, bounds::NAME, oddities)).filter(|id| !id.is_empty())
}

/// Fields sent in raw 8 bits that are not UTF-8: the parser loses them, here they are read in the mail's own charset.
struct SecondTry<'m, 'x> {
    message: &'m Message<'x>,
    sender: Option<&'m str>,
    charset: Option<&'static Encoding>,
}

impl<'m, 'x> SecondTry<'m, 'x> {
    fn value(&mut self, header: &'m Header<'x>, oddities: &mut Oddities) -> Cow<'m, HeaderValue<'x>> {
        if !is_lossy(&header.value) {
            return Cow::Borrowed(&header.value);
        }
        let Some(bytes) = bytes_of(self.message, header) else { return Cow::Borrowed(&header.value) };
        if std::str::from_utf8(bytes).is_ok() {
            return Cow::Borrowed(&header.value);
        }
        oddities.note(Oddity::CharsetGuessed);
        let charset = self.charset();
        let text = charset.decode_without_bom_handling(bytes).0;
        let mut stream = MessageStream::new(text.as_bytes());
        let value = match header.value {
            HeaderValue::Address(_) => stream.parse_address(),
            HeaderValue::Text(_) if header.name == HeaderName::Subject => stream.parse_unstructured(),
            _ => stream.parse_id(),
        };
        Cow::Owned(value.into_owned())
    }

    /// One for the whole mail: what its text says of itself, else the likeliest for all its raw fields together.
    fn charset(&mut self) -> &'static Encoding {
        if let Some(known) = self.charset {
            return known;
        }
        let label = self.message.text_bodies().chain(self.message.html_bodies()).find_map(body::charset_label);
        let found = charset::labelled(label).unwrap_or_else(|| {
            let fields = self.message.headers().iter().filter(|header| is_lossy(&header.value));
            let text =
                self.message.text_bodies().next().filter(|part| part.text_contents().is_some_and(charset::is_broken));
            let text = text.map(|part| body::transferred(self.message, part));
            let fields: Vec<&[u8]> = fields.filter_map(|header| bytes_of(self.message, header)).collect();
            charset::guess(fields.into_iter().chain(text.as_deref()), self.sender)
        });
        self.charset = Some(found);
        found
    }
}

/// The name of an attachment whose fields are in raw 8 bits, read in the likeliest charset.
pub(super) fn attachment_name(raw: &[u8], part: &MessagePart<'_>) -> Option<String> {
    let fields = part.headers.iter().filter(|header| matches!(header.value, HeaderValue::ContentType(_)));
    fields.rev().find_map(|header| {
        let bytes = raw.get(usize::try_from(header.offset_start).ok()?..usize::try_from(header.offset_end).ok()?)?;
        let text = charset::decode(bytes, None, None);
        let value = MessageStream::new(text.as_bytes()).parse_content_type();
        let kind = value.as_content_type()?;
        kind.attribute("filename").or_else(|| kind.attribute("name")).map(str::to_owned)
    })
}

/// The name of an attachment that its fields have in pieces.
pub(super) fn continued_name(raw: &[u8], part: &MessagePart<'_>) -> Option<String> {
    let fields = [(HeaderName::ContentDisposition, "filename"), (HeaderName::ContentType, "name")];
    fields.into_iter().find_map(|(field, parameter)| {
        let header = part.headers.iter().rev().find(|header| header.name == field)?;
        let bytes = raw.get(usize::try_from(header.offset_start).ok()?..usize::try_from(header.offset_end).ok()?)?;
        continued::parameter(bytes, parameter)
    })
}

/// With the line end, which the field parsers need.
fn bytes_of<'m>(message: &'m Message<'_>, header: &Header<'_>) -> Option<&'m [u8]> {
    message.raw_message.get(usize::try_from(header.offset_start).ok()?..usize::try_from(header.offset_end).ok()?)
}

fn is_lossy(value: &HeaderValue<'_>) -> bool {
    let lossy = charset::is_broken;
    match value {
        HeaderValue::Text(text) => lossy(text),
        HeaderValue::TextList(list) => list.iter().any(|text| lossy(text)),
        HeaderValue::Address(list) => list
            .iter()
            .any(|entry| entry.name.as_deref().is_some_and(lossy) || entry.address.as_deref().is_some_and(lossy)),
        _ => false,
    }
}
