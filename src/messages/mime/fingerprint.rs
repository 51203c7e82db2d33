//! The identity of a mail's content.
//! Owns what of a mail makes it the same mail when a server has rebuilt its MIME structure (boundaries, transfer
//! encodings, charsets, order of fields), and another when anything said in it differs. Start at [`of`].

use mail_parser::{MimeHeaders, PartType};
use sha2::{Digest, Sha256};

use super::{ParsedAddress, ParsedMessage, body::Leaves, nesting, read};

/// SHA-256 over Message-ID, Date, From, To, Cc, Subject and the digests of the decoded parts; `rest` is what could not
/// be read of it.
pub(super) fn of(leaves: &Leaves<'_, '_>, parsed: &ParsedMessage, rest: &[u8], nested: usize) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix(b"mail 1\0");
    field(&mut hash, parsed.message_id.as_deref().unwrap_or_default().as_bytes());
    field(&mut hash, &parsed.sent_at.unwrap_or(i64::MIN).to_be_bytes());
    for list in [&parsed.from, &parsed.to, &parsed.cc] {
        addresses(&mut hash, list);
    }
    field(&mut hash, parsed.subject.as_bytes());
    for (number, part) in leaves.message.parts.iter().enumerate() {
        match &part.body {
            PartType::Multipart(_) => {}
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
                let subtype = part.content_type().and_then(mail_parser::ContentType::subtype);
                let digest = if nested > 0 && subtype.is_some_and(nesting::is_message) {
                    read(bytes, nested - 1).fingerprint
                } else {
                    of_bytes(bytes)
                };
                hash.update(digest);
            }
            _ => hash.update(of_text(leaves.text(number).unwrap_or_default())),
        }
    }
    if !rest.is_empty() {
        hash.update(of_bytes(rest));
    }
    hash.finalize().into()
}

/// Of a mail that cannot be read.
pub(super) fn of_bytes(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Line ends, spaces before them, and empty lines at the end change in transport and say nothing.
fn of_text(text: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut pending = 0_usize;
    for line in text.split('\n').map(str::trim_end) {
        if line.is_empty() {
            pending += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut pending) {
            hash.update(b"\n");
        }
        hash.update(line.as_bytes());
        hash.update(b"\n");
    }
    hash.finalize().into()
}

fn addresses(hash: &mut Sha256, list: &[ParsedAddress]) {
    hash.update((list.len() as u64).to_be_bytes());
    for entry in list {
        field(hash, entry.normalized.as_bytes());
    }
}

/// With its length, so that no two fields can run into each other.
fn field(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}
