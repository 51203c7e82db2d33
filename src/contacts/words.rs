//! The words by which a contact is found.

use super::draft::{Email, Phone};
use crate::text;

/// Most words kept of one contact.
const MOST: usize = 300;

/// The distinct words of name, company, addresses and phones. A number is also found by its digits without blanks between them.
pub(super) fn of(name: &str, company: Option<&str>, emails: &[Email], phones: &[Phone]) -> Vec<String> {
    let mut words = text::words(name);
    words.extend(text::words(company.unwrap_or_default()));
    for email in emails {
        words.extend(text::words(email.address.as_str()));
    }
    for phone in phones {
        words.extend(text::words(&phone.number));
        words.push(phone.number.chars().filter(char::is_ascii_digit).collect());
    }
    words.retain(|word| !word.is_empty());
    words.sort_unstable();
    words.dedup();
    words.truncate(MOST);
    words
}
