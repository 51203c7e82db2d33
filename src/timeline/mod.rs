//! The timeline of a contact: mail, tags and edits as one list, newest first.
//!
//! Owns nothing but the order: mail comes from `messages`, as far as the actor may see it, the rest from `history`.

use entity::ContactId;

use crate::access::Cx;
use crate::db::Db;
use crate::history::{self, Entry, Subject};
use crate::messages::{self, Message, MessageFilter};
use crate::paging::{Page, PageError, Rows};

/// Something that happened with a contact.
#[derive(Clone, Debug)]
pub enum Item {
    /// A mail with an address of it, at the time its server received it.
    Message(Message),
    /// A tag put on or taken off, or an edit.
    Entry(Entry),
}

/// A page of a contact's timeline. Cursors stand for instants, so it may go on in a page of one kind or the other.
pub async fn of_contact(
    cx: &Cx,
    db: &Db,
    contact: ContactId,
    page: &Page,
) -> Result<Result<Rows<Item>, PageError>, messages::Error> {
    let filter = MessageFilter { contact_id: Some(contact), ..MessageFilter::default() };
    let messages = match messages::list(cx, db, &filter, page).await? {
        Ok(messages) => messages.map(Item::Message),
        Err(error) => return Ok(Err(error)),
    };
    let asked = [(Subject::Contact(contact), page.clone())];
    let entries = history::store::pages(db.reader(), cx.workspace, &asked).await?.pop();
    Ok(match entries {
        Some(Ok(entries)) => Ok(page.newest_of(messages, entries.map(Item::Entry))),
        Some(Err(error)) => Err(error),
        None => Ok(messages),
    })
}
