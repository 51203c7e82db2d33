//! Mail addresses: as written and as compared.
//! Owns the one rule by which two addresses are the same; does not know contacts.
//! Start at [`normalize_address`].

use icu_casemap::CaseMapper;
use mail_parser::{Addr, Address, HeaderValue};

use super::{Oddities, Oddity, bounds};

/// One person or mailbox in an address field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedAddress {
    /// The name beside the address, where there is one.
    pub name: Option<String>,
    /// As written.
    pub address: String,
    /// As compared: [`normalize_address`] of it.
    pub normalized: String,
}

/// The form by which addresses are compared: trimmed, full Unicode case folding of both sides, at most 320 characters.
/// Nearly all servers ignore case before the @ too, and people write it both ways.
#[must_use]
pub fn normalize_address(address: &str) -> String {
    let address = address.trim();
    let folded = if address.is_ascii() {
        address.to_ascii_lowercase()
    } else {
        CaseMapper::new().fold_string(address).into_owned()
    };
    bounds::line(folded.trim_end_matches('.'), bounds::ADDRESS, &mut Oddities::default())
}

/// Adds the addresses of one field, as long as `room` (participants of the whole mail) lasts.
pub(super) fn read(value: &HeaderValue<'_>, into: &mut Vec<ParsedAddress>, room: &mut usize, oddities: &mut Oddities) {
    match value {
        HeaderValue::Address(Address::List(list)) => add(list, into, room, oddities),
        HeaderValue::Address(Address::Group(groups)) => {
            for group in groups {
                add(&group.addresses, into, room, oddities);
            }
        }
        _ => {}
    }
}

fn add(list: &[Addr<'_>], into: &mut Vec<ParsedAddress>, room: &mut usize, oddities: &mut Oddities) {
    for entry in list {
        if *room == 0 {
            oddities.note(Oddity::Shortened);
            return;
        }
        let name = entry.name.as_deref().map(|name| bounds::line(name, bounds::NAME, oddities));
        let name = name.filter(|name| !name.is_empty());
        let (name, written) = match (name, entry.address.as_deref()) {
            (name, Some(address)) if !address.trim().is_empty() => {
                (name, bounds::line(address, bounds::ADDRESS, oddities))
            }
            // A lone word, as in `From: MAILER-DAEMON`, or an address that was put in quotes.
            (Some(name), _) if !name.contains(' ') && !name.ends_with(':') => (None, name),
            (None, _) => continue,
            (Some(_), _) => {
                oddities.note(Oddity::BadAddress);
                continue;
            }
        };
        // `<example.com ada@example.com>`: spaces cannot be in an address, the last word with an @ is it.
        let written =
            written.split(' ').rfind(|word| word.contains('@')).map_or_else(|| written.clone(), str::to_owned);
        if written.is_empty() {
            continue;
        }
        if !written.contains('@') {
            oddities.note(Oddity::BadAddress);
        }
        *room -= 1;
        let name = name.filter(|name| *name != written);
        into.push(ParsedAddress { name, normalized: normalize_address(&written), address: written });
    }
}
