//! What a mailbox holds.

use std::collections::VecDeque;

use super::Fault;

/// When mail of before a story came, and mail of now, as the server tells it.
pub const BEFORE: &str = "20-Nov-2026 10:00:00 +0000";
pub const NOW: &str = "24-Nov-2026 12:00:00 +0000";

/// What a server can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persona {
    /// All that is of use, as Dovecot has it.
    Full,
    /// As `Full`, and what is enabled is not confirmed, as at iCloud.
    Unconfirmed,
    /// CONDSTORE without QRESYNC, numbers of messages, labels as folders.
    Gmail,
    /// Neither, and no word of what folders are for.
    Office365,
}

impl Persona {
    pub fn capabilities(self) -> &'static str {
        match self {
            Self::Full | Self::Unconfirmed => {
                "IMAP4rev1 IDLE ENABLE CONDSTORE QRESYNC SPECIAL-USE LIST-EXTENDED ID NAMESPACE UIDPLUS"
            }
            Self::Gmail => "IMAP4rev1 IDLE ENABLE CONDSTORE SPECIAL-USE ID X-GM-EXT-1 UIDPLUS MOVE",
            Self::Office365 => "IMAP4 IMAP4rev1 AUTH=PLAIN IDLE UIDPLUS MOVE ID CHILDREN NAMESPACE LITERAL+",
        }
    }

    pub fn has_condstore(self) -> bool {
        self != Self::Office365
    }
}

/// Something that happens to a mailbox.
pub type Change = Box<dyn FnOnce(&mut Mailbox) + Send>;

pub struct Mailbox {
    pub persona: Persona,
    /// What it announces instead of what its persona can do.
    pub capabilities: Option<&'static str>,
    pub folders: Vec<Folder>,
    pub faults: Vec<(&'static str, Fault)>,
    /// Every command, without tags.
    pub commands: Vec<String>,
    /// Connections that were made.
    pub connections: usize,
    /// Connections are ended with BYE at once.
    pub closed: bool,
    /// Ends every connection that waits, or is about to, each time it grows.
    pub hang_ups: usize,
    /// What happens each time somebody waits for news, one after the other.
    pub script: VecDeque<Change>,
    /// Says that these UIDs have gone, whenever a folder is opened with QRESYNC.
    pub claims_vanished: Option<&'static str>,
    /// Takes a range beyond the last message for the last message.
    pub gives_last: bool,
    /// When mail that is added has come.
    pub date: String,
    next_id: u64,
}

pub struct Folder {
    pub name: &'static str,
    pub special_use: &'static str,
    pub uid_validity: u32,
    pub uid_next: u32,
    pub mod_seq: u64,
    pub messages: Vec<Message>,
    /// UIDs that went, and when.
    pub gone: Vec<(u32, u64)>,
    /// Whether it is in listings.
    pub listed: bool,
    /// Whether it can be opened.
    pub opens: bool,
    /// It gets another UIDVALIDITY whenever it is opened.
    pub restless: bool,
}

#[derive(Clone)]
pub struct Message {
    pub uid: u32,
    /// The same for the same mail in all folders.
    pub id: u64,
    pub bytes: Vec<u8>,
    pub flags: Vec<String>,
    pub mod_seq: u64,
    pub date: String,
    /// An answer that is sent instead of the list, or the body, of this message.
    pub garbled: Option<(&'static str, &'static str)>,
}

impl Mailbox {
    /// With an inbox, sent mail, an archive and a folder `Work`, all empty.
    pub fn new(persona: Persona) -> Self {
        let special = persona != Persona::Office365;
        let folder = |name, special_use| Folder {
            name,
            special_use: if special { special_use } else { "" },
            uid_validity: 7,
            uid_next: 1,
            mod_seq: 10,
            messages: Vec::new(),
            gone: Vec::new(),
            listed: true,
            opens: true,
            restless: false,
        };
        let sent = if special { "Sent" } else { "Sent Items" };
        let folders =
            vec![folder("INBOX", ""), folder(sent, "\\Sent"), folder("Archive", "\\Archive"), folder("Work", "")];
        Self {
            persona,
            capabilities: None,
            folders,
            faults: Vec::new(),
            commands: Vec::new(),
            connections: 0,
            closed: false,
            hang_ups: 0,
            script: VecDeque::new(),
            claims_vanished: None,
            gives_last: false,
            date: BEFORE.to_owned(),
            next_id: 1_000,
        }
    }

    pub fn folder(&mut self, name: &str) -> &mut Folder {
        self.folders.iter_mut().find(|folder| folder.name == name).expect("a folder of the mailbox")
    }

    /// Adds a mail; its UID.
    pub fn add(&mut self, folder: &str, bytes: Vec<u8>) -> u32 {
        self.next_id += 1;
        let (id, date) = (self.next_id, self.date.clone());
        self.folder(folder).put(Message { uid: 0, id, bytes, flags: Vec::new(), mod_seq: 0, date, garbled: None })
    }

    /// Adds mails of a sender, by subject.
    pub fn fill(&mut self, folder: &str, subjects: impl IntoIterator<Item = String>) {
        for subject in subjects {
            self.add(folder, crate::support::mailbox::mail("jan@bedrijf.test", &subject));
        }
    }

    /// Adds a mail that comes now; its UID.
    pub fn deliver(&mut self, folder: &str, bytes: Vec<u8>) -> u32 {
        if self.date == BEFORE {
            NOW.clone_into(&mut self.date);
        }
        self.add(folder, bytes)
    }

    /// The same mail in another folder too, as a label does it; its UID there.
    pub fn copy(&mut self, from: &str, uid: u32, to: &str) -> u32 {
        let message = self.folder(from).message(uid).clone();
        self.folder(to).put(message)
    }

    /// The mail in another folder; its UID there.
    pub fn move_to(&mut self, from: &str, uid: u32, to: &str) -> u32 {
        let there = self.copy(from, uid, to);
        self.folder(from).expunge(uid);
        there
    }

    pub fn count(&self, text: &str) -> usize {
        self.commands.iter().filter(|command| command.contains(text)).count()
    }

    /// The subjects with the folders they are in, in order.
    pub fn holds(&self) -> Vec<(String, Vec<String>)> {
        let mut held = std::collections::BTreeMap::<String, Vec<String>>::new();
        for folder in &self.folders {
            for message in &folder.messages {
                let text = String::from_utf8_lossy(&message.bytes);
                let subject = text.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap_or_default();
                held.entry(subject.to_owned()).or_default().push(folder.name.to_owned());
            }
        }
        for folders in held.values_mut() {
            folders.sort();
        }
        held.into_iter().collect()
    }

    /// The next fault for a command, if one is planned.
    pub(super) fn fault(&mut self, command: &str) -> Option<Fault> {
        let place = self.faults.iter().position(|(on, _)| command.contains(on))?;
        Some(self.faults.remove(place).1)
    }
}

impl Folder {
    fn next_mod_seq(&mut self) -> u64 {
        self.mod_seq += 1;
        self.mod_seq
    }

    fn put(&mut self, message: Message) -> u32 {
        let (uid, mod_seq) = (self.uid_next, self.next_mod_seq());
        self.uid_next += 1;
        self.messages.push(Message { uid, mod_seq, ..message });
        uid
    }

    pub fn message(&mut self, uid: u32) -> &mut Message {
        self.messages.iter_mut().find(|message| message.uid == uid).expect("a message of the folder")
    }

    pub fn flag(&mut self, uid: u32, flags: &[&str]) {
        let mod_seq = self.next_mod_seq();
        let message = self.message(uid);
        message.flags = flags.iter().map(ToString::to_string).collect();
        message.mod_seq = mod_seq;
    }

    pub fn expunge(&mut self, uid: u32) {
        let mod_seq = self.next_mod_seq();
        self.messages.retain(|message| message.uid != uid);
        self.gone.push((uid, mod_seq));
    }

    /// All UIDs begin anew, as after a repair.
    pub fn renumber(&mut self) {
        self.uid_validity += 1;
        self.gone.clear();
        for (message, uid) in self.messages.iter_mut().zip(101..) {
            message.uid = uid;
            self.uid_next = uid + 1;
        }
    }
}
