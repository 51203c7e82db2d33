//! The mail of the demo: who writes what.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;

use super::dovecot::ADDRESS;
use super::people::CONTACTS;

/// Subject and text.
const LETTERS: [(&str, &str); 8] = [
    ("Offer for next month", "Could you send me an offer? We need it before the end of the week."),
    ("Re: our meeting", "Thursday at ten suits me well. I will bring the drawings."),
    ("Invoice question", "The amount on the last invoice differs from the offer. Could you have a look?"),
    ("Delivery is late", "The boxes have not arrived yet. Do you know where they are?"),
    ("Thank you!", "Everything works as we hoped. Thank you for the quick help."),
    ("New address", "From the first of the month you find us around the corner."),
    ("Lunch?", "I am in town on Wednesday. Shall we have lunch?"),
    ("One more order", "Please add two more of the same to our order."),
];

/// A mail and what of it is shown.
pub struct Letter {
    /// Sender, as the screen shows them.
    pub from: &'static str,
    /// Subject.
    pub subject: &'static str,
    /// The whole mail.
    pub text: String,
}

/// The mail with this number, sent at `seconds` since 1970. The same arguments give the same mail.
pub fn letter(number: usize, seconds: i64) -> Letter {
    // Steps that share no factor with the lengths visit every contact, with another subject each round.
    let (from, _, _, address, _) = CONTACTS[number * 7 % CONTACTS.len()];
    let (subject, text) = LETTERS[(number * 3 + number / CONTACTS.len()) % LETTERS.len()];
    let date = DateTime::from_timestamp(seconds, 0).unwrap_or_default().to_rfc2822();
    let first_name = from.split(' ').next().unwrap_or(from);
    let text = format!(
        "From: {} <{address}>\r\nTo: Ann Admin <{ADDRESS}>\r\nSubject: {subject}\r\nDate: {date}\r\n\
         Message-ID: <{seconds}.{number}@demo.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
         Dear Ann,\r\n\r\n{text}\r\n\r\nKind regards,\r\n{first_name}\r\n",
        header(from)
    );
    Letter { from, subject, text }
}

/// A name as a header field holds it (RFC 2047).
fn header(name: &str) -> String {
    if name.is_ascii() { format!("\"{name}\"") } else { format!("=?utf-8?B?{}?=", STANDARD.encode(name)) }
}
