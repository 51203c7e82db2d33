//! Parameters cut into pieces or in another charset (RFC 2231): `filename*0*=koi8-r''%F4; filename*1="b.txt"`.
//! Owns joining their bytes before they are decoded, since characters are cut too. Start at [`parameter`].

use super::charset;

/// Bytes of a field that are looked at.
const LONGEST: usize = 64 << 10;
/// Pieces of one parameter.
const PIECES: usize = 1_000;

struct Piece {
    number: u32,
    escaped: bool,
    value: Vec<u8>,
}

/// The value of a parameter that a field has in pieces; `None` when it has it whole, or not.
pub(super) fn parameter(field: &[u8], name: &str) -> Option<String> {
    let field = field.get(..field.len().min(LONGEST))?;
    let mut pieces: Vec<Piece> =
        parameters(field).filter_map(|(key, value)| piece(key, value, name)).take(PIECES).collect();
    pieces.sort_by_key(|piece| piece.number);
    pieces.dedup_by_key(|piece| piece.number);
    let mut label = None;
    let mut bytes = Vec::new();
    for (number, piece) in (0..).zip(&pieces) {
        if piece.number != number {
            break;
        }
        let mut value = piece.value.as_slice();
        if number == 0 && piece.escaped {
            // `charset'language'value`
            let mut parts = value.splitn(3, |byte| *byte == b'\'');
            if let (Some(charset), Some(_), Some(rest)) = (parts.next(), parts.next(), parts.next()) {
                label = std::str::from_utf8(charset).ok().filter(|label| !label.is_empty());
                value = rest;
            }
        }
        if piece.escaped { unescape(value, &mut bytes) } else { bytes.extend_from_slice(value) }
    }
    (!bytes.is_empty()).then(|| charset::decode(&bytes, label, None))
}

fn piece(key: &[u8], value: Vec<u8>, name: &str) -> Option<Piece> {
    let key = std::str::from_utf8(key).ok()?;
    let behind = key.get(..name.len()).filter(|start| start.eq_ignore_ascii_case(name)).and(key.get(name.len()..))?;
    let behind = behind.strip_prefix('*')?;
    let (number, escaped) = behind.strip_suffix('*').map_or((behind, behind.is_empty()), |number| (number, true));
    let number = if number.is_empty() { 0 } else { number.parse().ok()? };
    Some(Piece { number, escaped, value })
}

/// The parameters of a field with their quotes undone. What stands before the first is not one.
fn parameters(field: &[u8]) -> impl Iterator<Item = (&[u8], Vec<u8>)> {
    let mut rest = field;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (key, value, behind) = next(rest);
            rest = behind;
            if let Some(value) = value {
                return Some((key.trim_ascii(), value));
            }
        }
        None
    })
}

/// What stands before the next semicolon: its name, its value where it has one; and what is behind.
fn next(field: &[u8]) -> (&[u8], Option<Vec<u8>>, &[u8]) {
    let (mut key, mut value, mut behind) = (field, None, b"".as_slice());
    let (mut quoted, mut escaped, mut end) = (false, false, 0);
    for (position, byte) in field.iter().enumerate() {
        let rest = field.get(position + 1..).unwrap_or_default();
        match (*byte, &mut value) {
            (b';', _) if !quoted => {
                behind = rest;
                break;
            }
            (b'=', None) => {
                key = field.get(..position).unwrap_or_default();
                value = Some(Vec::new());
            }
            (b'\r' | b'\n', _) | (_, None) => {}
            (b'\\', Some(_)) if quoted && !escaped => escaped = true,
            (b'"', Some(_)) if !std::mem::take(&mut escaped) => quoted = !quoted,
            // Blanks count within quotes and between words.
            (b' ' | b'\t', Some(value)) if !quoted && value.is_empty() => {}
            (byte, Some(value)) => {
                escaped = false;
                value.push(byte);
                if quoted || !byte.is_ascii_whitespace() {
                    end = value.len();
                }
            }
        }
    }
    if let Some(value) = &mut value {
        value.truncate(end);
    }
    (key, value, behind)
}

fn unescape(value: &[u8], into: &mut Vec<u8>) {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut rest = value;
    while let Some((byte, behind)) = rest.split_first() {
        let pair = behind.split_first_chunk::<2>().filter(|_| *byte == b'%');
        let decoded = pair.and_then(|([high, low], behind)| Some((digit(*high)? * 16 + digit(*low)?, behind)));
        let (byte, behind) = decoded.unwrap_or((*byte, behind));
        into.push(byte);
        rest = behind;
    }
}
