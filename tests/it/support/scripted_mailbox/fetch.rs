//! Answers about messages.

use std::ops::RangeInclusive;

use super::contents::{Mailbox, Message, Persona};

/// The answer to `UID FETCH`, with a folder open.
pub fn fetch(mailbox: &Mailbox, open: Option<&str>, command: &str) -> Vec<Vec<u8>> {
    let Some(folder) = mailbox.folders.iter().find(|folder| Some(folder.name) == open) else { return Vec::new() };
    let wanted = ranges(command.split(' ').nth(2).unwrap_or_default());
    let since = command
        .split_once("CHANGEDSINCE ")
        .map(|(_, rest)| rest.split([' ', ')']).next().and_then(|number| number.parse().ok()).unwrap_or(0));
    let mut lines = Vec::new();
    if command.contains("VANISHED") {
        let gone =
            folder.gone.iter().filter(|(uid, at)| Some(*at) > since && wanted.iter().any(|range| range.contains(uid)));
        lines.extend(gone.map(|(uid, _)| format!("* VANISHED (EARLIER) {uid}").into_bytes()));
    }
    let last = folder.messages.last().map(|message| message.uid);
    for (message, seq) in folder.messages.iter().zip(1..) {
        let beyond =
            mailbox.gives_last && last == Some(message.uid) && wanted.iter().any(|range| *range.end() == u32::MAX);
        let asked = beyond || wanted.iter().any(|range| range.contains(&message.uid));
        if asked && since.is_none_or(|since| message.mod_seq > since) {
            lines.push(answer_of(mailbox.persona, message, seq, command));
        }
    }
    lines
}

/// The answer to a fetch, of one message.
fn answer_of(persona: Persona, message: &Message, seq: u32, command: &str) -> Vec<u8> {
    if let Some((on, garbage)) = message.garbled
        && command.contains(on)
    {
        return garbage.as_bytes().to_vec();
    }
    let mut items = flags(persona, message);
    if command.contains("INTERNALDATE") {
        let (date, size) = (&message.date, message.bytes.len());
        items = format!("{items} INTERNALDATE \"{date}\" RFC822.SIZE {size}");
        if persona == Persona::Gmail {
            let id = message.id;
            items = format!("{items} X-GM-MSGID {id} X-GM-THRID {id} X-GM-LABELS ()");
        }
    }
    let mut line = format!("* {seq} FETCH ({items}").into_bytes();
    if let Some((_, rest)) = command.split_once("BODY.PEEK[]") {
        let part =
            rest.strip_prefix('<').and_then(|rest| rest.split_once('>')).and_then(|(part, _)| part.split_once('.'));
        let (offset, length) =
            part.map_or((0, usize::MAX), |(offset, length)| (offset.parse().unwrap(), length.parse().unwrap()));
        let body: Vec<u8> = message.bytes.iter().copied().skip(offset).take(length).collect();
        let origin = if part.is_some() { format!("<{offset}>") } else { String::new() };
        line.extend_from_slice(format!(" BODY[]{origin} {{{}}}\r\n", body.len()).as_bytes());
        line.extend_from_slice(&body);
    }
    line.push(b')');
    line
}

/// What is told of a message in any case.
pub fn flags(persona: Persona, message: &Message) -> String {
    let mod_seq = if persona.has_condstore() { format!(" MODSEQ ({})", message.mod_seq) } else { String::new() };
    format!("UID {} FLAGS ({}){mod_seq}", message.uid, message.flags.join(" "))
}

/// A set of UIDs, as a command has it.
pub fn ranges(set: &str) -> Vec<RangeInclusive<u32>> {
    let number = |text: &str| text.parse().unwrap_or(u32::MAX);
    let range = |part: &str| match part.split_once(':') {
        Some((first, last)) => number(first)..=number(last),
        None => number(part)..=number(part),
    };
    set.split(',').map(range).collect()
}
