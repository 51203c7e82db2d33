//! Answers of the server as values of our own. Owns: turning the parser's borrowed responses into them.
//! Does not own: reading from the network, or deciding what an answer means.
//! Start reading at [`Untagged`].

use std::ops::RangeInclusive;

use async_imap::imap_proto::{self, AttributeValue, MailboxDatum, NameAttribute, Response, StatusAttribute};
use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::code::{ResponseCode, capability_names, read_outcome};
use super::folder_name::display_name;
use super::quoted::unescape;

/// How a command ended, or what a greeting or notice says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    No,
    Bad,
    PreAuth,
    Bye,
}

/// One response.
#[derive(Debug)]
pub(super) enum Reply {
    Tagged { tag: String, status: Status, code: Option<ResponseCode>, text: String },
    Notice { status: Status, code: Option<ResponseCode>, text: String },
    Continue,
    Untagged(Untagged),
}

/// What a server says besides the end of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Untagged {
    /// The folder has this many messages.
    Exists(u32),
    /// The message with this sequence number is gone; those after it move down by one.
    Expunge(u32),
    /// The messages with these UIDs are gone (RFC 7162).
    Vanished {
        /// Whether they went before the folder was opened.
        earlier: bool,
        /// Ranges of UIDs.
        uids: Vec<RangeInclusive<u32>>,
    },
    /// Data of a message.
    Fetch(Box<FetchItem>),
    /// A folder.
    List(ListedFolder),
    /// Figures of a folder.
    Status(FolderStatus),
    /// What the server can do, in capitals.
    Capability(Vec<String>),
    /// A code sent without ending a command, such as the UIDVALIDITY of the folder that is being opened.
    Code(ResponseCode),
    /// Something else, of no use here.
    Other,
}

/// Data of one message. Only what was asked for and could be read is present; a server may also send less.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchItem {
    /// Position in the folder; changes with each expunge.
    pub seq: u32,
    /// The lasting number in the folder while UIDVALIDITY stays.
    pub uid: Option<u32>,
    /// Flags and keywords as the server writes them, such as `\Seen`.
    pub flags: Option<Vec<String>>,
    /// When the server received the message.
    pub internal_date: Option<DateTime<Utc>>,
    /// Size of the whole message in bytes, as the server counts.
    pub size: Option<u32>,
    /// Modification sequence (RFC 7162).
    pub modseq: Option<u64>,
    /// X-GM-MSGID: the message across all folders.
    pub gmail_message: Option<u64>,
    /// X-GM-THRID.
    pub gmail_thread: Option<u64>,
    /// X-GM-LABELS, with names as in [`ListedFolder::name`] and system labels such as `\Inbox`.
    pub gmail_labels: Option<Vec<String>>,
    /// EMAILID (RFC 8474): the message across all folders.
    pub email_id: Option<String>,
    /// THREADID (RFC 8474).
    pub thread_id: Option<String>,
    /// The message, or the part of it that was asked for.
    pub body: Option<Bytes>,
    /// Where `body` begins in the message, when the server sent a part.
    pub body_offset: Option<u32>,
    /// The headers that were asked for.
    pub headers: Option<Bytes>,
}

/// What a folder is for (RFC 6154, RFC 8457).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpecialUse {
    /// All mail of the account.
    All,
    /// The archive.
    Archive,
    /// Drafts.
    Drafts,
    /// Mail marked by the user.
    Flagged,
    /// Mail the provider holds important.
    Important,
    /// Spam.
    Junk,
    /// Sent mail.
    Sent,
    /// Deleted mail.
    Trash,
}

/// A folder of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFolder {
    /// The name as the server knows it; commands take this.
    pub name: String,
    /// What separates the levels in the name; none when names are flat.
    pub delimiter: Option<String>,
    /// What the folder is for, if the server says.
    pub special_use: Option<SpecialUse>,
    /// Whether it can hold messages at all.
    pub selectable: bool,
}

impl ListedFolder {
    /// Whether this is the inbox, whose name is the only one in which case does not matter (RFC 3501 section 5.1).
    #[must_use]
    pub fn is_inbox(&self) -> bool {
        self.name.eq_ignore_ascii_case("INBOX")
    }

    /// The name for people, with all levels.
    #[must_use]
    pub fn display_name(&self) -> String {
        display_name(&self.name)
    }
}

/// Figures of a folder; a server may leave out any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FolderStatus {
    /// Messages in the folder.
    pub messages: Option<u32>,
    /// The UID the next message will have at least.
    pub uid_next: Option<u32>,
    /// The identity of the folder's UIDs.
    pub uid_validity: Option<u32>,
    /// Messages not seen.
    pub unseen: Option<u32>,
    /// Highest modification sequence (RFC 7162).
    pub highest_modseq: Option<u64>,
}

impl From<&Response<'_>> for Reply {
    fn from(response: &Response<'_>) -> Self {
        match response {
            Response::Done { tag, status, outcome } => {
                let (code, text) = read_outcome(outcome);
                Self::Tagged { tag: tag.0.clone(), status: status.into(), code, text }
            }
            Response::Data { status, outcome } => {
                let (code, text) = read_outcome(outcome);
                Self::Notice { status: status.into(), code, text }
            }
            Response::Continue(_) => Self::Continue,
            Response::Expunge(seq) => Self::Untagged(Untagged::Expunge(*seq)),
            Response::Vanished { earlier, uids } => {
                Self::Untagged(Untagged::Vanished { earlier: *earlier, uids: uids.clone() })
            }
            Response::Fetch(seq, values) => Self::Untagged(Untagged::Fetch(Box::new(fetch_item(*seq, values)))),
            Response::Capabilities(list) => Self::Untagged(Untagged::Capability(capability_names(list))),
            Response::MailboxData(MailboxDatum::Exists(count)) => Self::Untagged(Untagged::Exists(*count)),
            Response::MailboxData(MailboxDatum::List(folder)) => Self::Untagged(Untagged::List(listed(folder))),
            Response::MailboxData(MailboxDatum::Status { status, .. }) => {
                Self::Untagged(Untagged::Status(folder_status(status)))
            }
            _ => Self::Untagged(Untagged::Other),
        }
    }
}

impl From<&imap_proto::Status> for Status {
    fn from(status: &imap_proto::Status) -> Self {
        match status {
            imap_proto::Status::Ok => Self::Ok,
            imap_proto::Status::No => Self::No,
            imap_proto::Status::Bad => Self::Bad,
            imap_proto::Status::PreAuth => Self::PreAuth,
            imap_proto::Status::Bye => Self::Bye,
        }
    }
}

fn fetch_item(seq: u32, values: &[AttributeValue<'_>]) -> FetchItem {
    let mut item = FetchItem { seq, ..FetchItem::default() };
    for value in values {
        match value {
            AttributeValue::Uid(uid) => item.uid = Some(*uid),
            AttributeValue::Flags(flags) => item.flags = Some(flags.iter().map(ToString::to_string).collect()),
            AttributeValue::InternalDate(date) => item.internal_date = internal_date(date),
            AttributeValue::Rfc822Size(size) => item.size = Some(*size),
            AttributeValue::ModSeq(modseq) => item.modseq = Some(*modseq),
            AttributeValue::GmailMsgId(id) => item.gmail_message = Some(*id),
            AttributeValue::GmailThrId(id) => item.gmail_thread = Some(*id),
            AttributeValue::GmailLabels(labels) => {
                item.gmail_labels = Some(labels.iter().map(|label| label_name(label)).collect());
            }
            AttributeValue::EmailId(id) => item.email_id = Some(id.to_string()),
            AttributeValue::ThreadId(id) => item.thread_id = id.as_ref().map(ToString::to_string),
            AttributeValue::BodySection { section: None, index, data } => {
                item.body = data.as_deref().map(Bytes::copy_from_slice);
                item.body_offset = *index;
            }
            AttributeValue::BodySection { section: Some(_), data, .. } => {
                item.headers = data.as_deref().map(Bytes::copy_from_slice);
            }
            _ => {}
        }
    }
    item
}

/// A label as an atom (`\Inbox`, a flag) or as a quoted string (`\\Inbox`): the same label.
fn label_name(label: &str) -> String {
    unescape(label)
}

/// `17-Jul-1996 02:44:25 -0700`, the day perhaps padded by a space (RFC 3501 `date-time`).
fn internal_date(text: &str) -> Option<DateTime<Utc>> {
    let date = DateTime::parse_from_str(text.trim(), "%d-%b-%Y %H:%M:%S %z").ok()?;
    Some(date.to_utc())
}

fn listed(folder: &imap_proto::MailboxListData<'_>) -> ListedFolder {
    let mut special_use = None;
    let mut selectable = true;
    for attribute in &folder.name_attributes {
        match attribute {
            NameAttribute::NoSelect => selectable = false,
            NameAttribute::All => special_use = Some(SpecialUse::All),
            NameAttribute::Archive => special_use = Some(SpecialUse::Archive),
            NameAttribute::Drafts => special_use = Some(SpecialUse::Drafts),
            NameAttribute::Flagged => special_use = Some(SpecialUse::Flagged),
            NameAttribute::Junk => special_use = Some(SpecialUse::Junk),
            NameAttribute::Sent => special_use = Some(SpecialUse::Sent),
            NameAttribute::Trash => special_use = Some(SpecialUse::Trash),
            NameAttribute::Extension(name) if name.eq_ignore_ascii_case("\\NonExistent") => selectable = false,
            NameAttribute::Extension(name) if name.eq_ignore_ascii_case("\\Important") => {
                special_use = special_use.or(Some(SpecialUse::Important));
            }
            _ => {}
        }
    }
    let delimiter = folder.delimiter.as_deref().map(unescape);
    ListedFolder { name: unescape(&folder.name), delimiter, special_use, selectable }
}

fn folder_status(attributes: &[StatusAttribute]) -> FolderStatus {
    let mut status = FolderStatus::default();
    for attribute in attributes {
        match attribute {
            StatusAttribute::Messages(count) => status.messages = Some(*count),
            StatusAttribute::UidNext(uid) => status.uid_next = Some(*uid),
            StatusAttribute::UidValidity(validity) => status.uid_validity = Some(*validity),
            StatusAttribute::Unseen(count) => status.unseen = Some(*count),
            StatusAttribute::HighestModSeq(modseq) => status.highest_modseq = Some(*modseq),
            _ => {}
        }
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    fn untagged(line: &str) -> Untagged {
        let (_, response) = Response::parse(line.as_bytes()).expect("parses");
        match Reply::from(&response) {
            Reply::Untagged(untagged) => untagged,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn all_that_a_fetch_may_bring_is_read() {
        let line = "* 3 FETCH (UID 9 FLAGS (\\Seen $Work) INTERNALDATE \" 7-Jul-1996 02:44:25 -0700\" RFC822.SIZE 12 \
                    MODSEQ (77) X-GM-MSGID 1 X-GM-THRID 2 X-GM-LABELS (\\Sent \"\\\\Inbox\" \"a b\") EMAILID (M1) \
                    THREADID (T1) BODY[]<0> {3}\r\nabc)\r\n";
        let Untagged::Fetch(item) = untagged(line) else { panic!("a fetch") };
        let expected = FetchItem {
            seq: 3,
            uid: Some(9),
            flags: Some(vec!["\\Seen".into(), "$Work".into()]),
            internal_date: Some("1996-07-07T09:44:25Z".parse().expect("a date")),
            size: Some(12),
            modseq: Some(77),
            gmail_message: Some(1),
            gmail_thread: Some(2),
            gmail_labels: Some(vec!["\\Sent".into(), "\\Inbox".into(), "a b".into()]),
            email_id: Some("M1".into()),
            thread_id: Some("T1".into()),
            body: Some(Bytes::from_static(b"abc")),
            body_offset: Some(0),
            headers: None,
        };
        assert_eq!(*item, expected);
    }

    #[test]
    fn what_cannot_be_read_in_a_fetch_is_left_out() {
        let Untagged::Fetch(item) = untagged("* 3 FETCH (UID 99999999999 INTERNALDATE \"yesterday\" FOO (1 2))\r\n")
        else {
            panic!("a fetch")
        };
        assert_eq!(*item, FetchItem { seq: 3, ..FetchItem::default() });
    }

    #[test]
    fn folders_keep_their_name_and_tell_their_use() {
        let folder = |line: &str| match untagged(line) {
            Untagged::List(folder) => folder,
            other => panic!("{other:?}"),
        };
        let sent = folder("* LIST (\\HasNoChildren \\Sent) \"/\" \"a \\\"b\\\" \\\\c\"\r\n");
        assert_eq!((sent.name.as_str(), sent.special_use), (r#"a "b" \c"#, Some(SpecialUse::Sent)));
        let literal = folder("* LIST (\\Noselect) NIL {3}\r\na\\b\r\n");
        assert_eq!((literal.name.as_str(), literal.delimiter, literal.selectable), ("a\\b", None, false));
        let inbox = folder("* LIST () \"\\\\\" inbox\r\n");
        assert_eq!((inbox.is_inbox(), inbox.delimiter.as_deref()), (true, Some("\\")));
    }
}
