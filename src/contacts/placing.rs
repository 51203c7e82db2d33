//! What one transaction writes of incoming contacts: as much as can be in one statement for all.

use std::collections::{BTreeMap, HashMap};

use entity::{ContactId, TagId, contact, contact_phone, contact_word};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

use super::commands::{changed_fields, note_links, tagging};
use super::draft::{self, Email, Phone};
use super::incoming::{Checked, Mode, Placed};
use super::{Error, Field, addresses, store, words};
use crate::changes::{Action, Body, Kind, NewChange};
use crate::db::Tx;
use crate::history::{self, Deed, NewEntry, Subject};
use crate::tags::{self, TagName, Wanted};
use crate::text;

/// Rows of one INSERT.
const ROWS_PER_INSERT: usize = 4000;

/// What one transaction writes.
pub(super) struct Batch {
    mode: Mode,
    before: HashMap<ContactId, contact::Model>,
    emails: HashMap<ContactId, Vec<Email>>,
    phones: HashMap<ContactId, Vec<Phone>>,
    new_emails: Vec<(ContactId, Vec<Email>)>,
    new_phones: Vec<contact_phone::ActiveModel>,
    new_words: Vec<contact_word::ActiveModel>,
    written: Vec<Written>,
}

struct Written {
    row: contact::Model,
    action: Action,
    /// The fields that are different.
    fields: Vec<history::Field>,
    edited: bool,
    renamed: bool,
    tags: Vec<TagName>,
    /// It carries no others.
    all_tags: bool,
}

impl Batch {
    pub(super) fn new(mode: Mode) -> Self {
        Self {
            mode,
            before: HashMap::new(),
            emails: HashMap::new(),
            phones: HashMap::new(),
            new_emails: Vec::new(),
            new_phones: Vec::new(),
            new_words: Vec::new(),
            written: Vec::new(),
        }
    }

    /// Locks those that are to be changed, and reads what they have.
    pub(super) async fn read(&mut self, tx: &Tx, found: &[Option<ContactId>]) -> Result<(), Error> {
        let ids: Vec<ContactId> = found.iter().copied().flatten().collect();
        if ids.is_empty() {
            return Ok(());
        }
        let rows = store::lock(tx.conn(), tx.workspace(), &ids).await?;
        if rows.len() < ids.len() {
            return Err(Error::Tags(tags::Error::Overtaken));
        }
        self.before = rows.into_iter().map(|row| (row.id, row)).collect();
        let mut emails = HashMap::<ContactId, Vec<_>>::new();
        for row in store::emails(tx.conn(), tx.workspace(), &ids).await? {
            if let Some(contact) = row.contact {
                emails.entry(contact).or_default().push(row);
            }
        }
        self.emails = emails.into_iter().map(|(id, rows)| (id, store::email_drafts(&rows))).collect();
        let mut phones = HashMap::<ContactId, Vec<_>>::new();
        for row in store::phones(tx.conn(), tx.workspace(), &ids).await? {
            phones.entry(row.contact).or_default().push(row);
        }
        self.phones = phones.into_iter().map(|(id, rows)| (id, store::phone_drafts(&rows))).collect();
        Ok(())
    }

    pub(super) fn add(&mut self, tx: &Tx, given: Checked) -> Placed {
        let cx = tx.cx();
        let company = given.company.flatten();
        let row = contact::Model {
            workspace: cx.workspace,
            id: cx.new_id(),
            name_sort: text::plain(&given.name),
            company_sort: text::plain(company.as_deref().unwrap_or_default()),
            name: given.name,
            company,
            job_title: given.job_title.flatten(),
            notes: given.notes.unwrap_or_default(),
            version: 1,
            created_at: cx.now(),
            updated_at: cx.now(),
        };
        let (emails, phones) = (given.emails.unwrap_or_default(), given.phones.unwrap_or_default());
        self.new_phones.extend(phones.iter().zip(0..).map(|(phone, position)| contact_phone::ActiveModel {
            workspace: Set(row.workspace),
            contact: Set(row.id),
            position: Set(position),
            number: Set(phone.number.clone()),
            label: Set(phone.label.clone()),
        }));
        let words = words::of(&row.name, row.company.as_deref(), &emails, &phones);
        self.new_words.extend(words.into_iter().map(|word| contact_word::ActiveModel {
            workspace: Set(row.workspace),
            word: Set(word),
            contact: Set(row.id),
        }));
        self.new_emails.push((row.id, emails));
        self.written.push(Written {
            row,
            action: Action::Created,
            fields: Vec::new(),
            edited: true,
            renamed: false,
            tags: given.tags.unwrap_or_default(),
            all_tags: false,
        });
        Placed::Created
    }

    pub(super) async fn change(&mut self, tx: &Tx, given: Checked, id: ContactId) -> Result<Placed, Error> {
        let before = self.before.remove(&id).ok_or(Error::Tags(tags::Error::Overtaken))?;
        let old_emails = self.emails.remove(&id).unwrap_or_default();
        let old_phones = self.phones.remove(&id).unwrap_or_default();
        let mut row = before.clone();
        let all_tags = self.mode == Mode::Replace && given.tags.is_some();
        let tags = given.tags.unwrap_or_default();
        let (new_emails, new_phones) = if self.mode == Mode::Replace {
            if given.named {
                row.name = given.name;
            }
            row.company = given.company.unwrap_or(row.company);
            row.job_title = given.job_title.unwrap_or(row.job_title);
            row.notes = given.notes.unwrap_or(row.notes);
            let emails = given.emails.unwrap_or_else(|| old_emails.clone());
            (emails, given.phones.unwrap_or_else(|| old_phones.clone()))
        } else {
            row.company = row.company.or(given.company.flatten());
            row.job_title = row.job_title.or(given.job_title.flatten());
            if row.notes.is_empty() {
                row.notes = given.notes.unwrap_or_default();
            }
            let (mut emails, mut phones) = (old_emails.clone(), old_phones.clone());
            for email in given.emails.unwrap_or_default() {
                if !emails.iter().any(|known| known.address.key() == email.address.key()) {
                    emails.push(email);
                }
            }
            for phone in given.phones.unwrap_or_default() {
                if !phones.iter().any(|known| digits(&known.number) == digits(&phone.number)) {
                    phones.push(phone);
                }
            }
            if emails.len().max(phones.len()) > draft::MOST_ENTRIES {
                let message = "This contact would have more than 50 addresses or phone numbers.";
                return Ok(Placed::Refused(Error::Invalid(Field::Name, message)));
            }
            (emails, phones)
        };
        row.name_sort = text::plain(&row.name);
        row.company_sort = text::plain(row.company.as_deref().unwrap_or_default());
        let edited = row != before || new_emails != old_emails || new_phones != old_phones;
        if edited {
            row.version += 1;
            row.updated_at = tx.cx().now();
            store::save(tx.conn(), row.clone()).await?;
            if new_emails != old_emails {
                addresses::set(tx, id, &new_emails).await.map_err(overtaken)?;
            }
            if new_phones != old_phones {
                store::set_phones(tx.conn(), row.workspace, id, &new_phones).await?;
            }
            let words = words::of(&row.name, row.company.as_deref(), &new_emails, &new_phones);
            store::set_words(tx.conn(), row.workspace, id, words).await?;
        }
        let renamed = row.name_sort != before.name_sort;
        let fields = changed_fields(&before, &row, new_emails != old_emails, new_phones != old_phones);
        self.written.push(Written { row, action: Action::Updated, fields, edited, renamed, tags, all_tags });
        Ok(Placed::Updated(id))
    }

    /// Writes what is written for all at once, and records the changes. Contacts that did not really change are kept.
    pub(super) async fn finish(mut self, tx: &mut Tx, placed: &mut [Placed]) -> Result<(), Error> {
        self.insert(tx).await?;
        for written in &self.written {
            let deed = match written.action {
                Action::Created => Deed::Imported { name: written.row.name.clone() },
                _ if written.edited => Deed::Updated { fields: written.fields.clone() },
                _ => continue,
            };
            tx.note(NewEntry::of(Subject::Contact(written.row.id), deed));
        }
        let bodies = self.tag(tx).await?;
        for (written, body) in self.written.into_iter().zip(bodies) {
            let Written { row, action, edited, renamed, .. } = written;
            if renamed {
                tags::rename_contact(tx, &tagging(&row)).await?;
            }
            if edited || body != Body::default() {
                tx.record(NewChange::in_workspace(Kind::Contact, action, row.id).version(row.version).body(body));
            } else {
                let unchanged = placed.iter_mut().find(|placed| matches!(placed, Placed::Updated(id) if *id == row.id));
                if let Some(placed) = unchanged {
                    *placed = Placed::Kept(row.id);
                }
            }
        }
        Ok(())
    }

    /// Those that are new, without tags.
    async fn insert(&mut self, tx: &Tx) -> Result<(), Error> {
        let new = self.written.iter().filter(|written| written.action == Action::Created);
        let rows: Vec<_> = new.map(|written| contact::ActiveModel::from(written.row.clone()).reset_all()).collect();
        if rows.is_empty() {
            return Ok(());
        }
        contact::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
        let emails = self.new_emails.iter().flat_map(|(_, emails)| emails);
        let wanted: Vec<_> =
            emails.map(|email| (email.address.as_str().to_owned(), email.address.key().to_owned())).collect();
        let ids = addresses::intern_addresses(tx, &wanted).await?;
        for (contact, emails) in &self.new_emails {
            addresses::claim(tx, *contact, emails, &ids).await.map_err(overtaken)?;
        }
        for rows in self.new_phones.chunks(ROWS_PER_INSERT) {
            contact_phone::Entity::insert_many(rows.to_vec()).exec_without_returning(tx.conn()).await?;
        }
        for rows in self.new_words.chunks(ROWS_PER_INSERT) {
            contact_word::Entity::insert_many(rows.to_vec()).exec_without_returning(tx.conn()).await?;
        }
        Ok(())
    }

    /// Puts tags on and takes them off; what really changed of each contact.
    async fn tag(&self, tx: &mut Tx) -> Result<Vec<Body>, Error> {
        let names: Vec<TagName> = self.written.iter().flat_map(|written| &written.tags).cloned().collect();
        let replaced: Vec<ContactId> =
            self.written.iter().filter(|written| written.all_tags).map(|written| written.row.id).collect();
        let held = tags::hold(tx, &Wanted { made: &names, carried_by: &replaced, ..Wanted::default() }).await?;
        let (mut made, mut removed, mut used) = (Vec::new(), Vec::new(), Vec::new());
        // Those that get the same tags get them at once.
        let mut alike: BTreeMap<Vec<TagId>, Vec<&Written>> = BTreeMap::new();
        for written in &self.written {
            let named = held.all_named(&written.tags);
            let wanted: Vec<TagId> = named.iter().map(|tag| tag.id).collect();
            used.extend(named);
            if written.all_tags {
                let gone: Vec<TagId> = held.carried().iter().filter(|tag| !wanted.contains(tag)).copied().collect();
                removed.extend(tags::unlink(tx, &[written.row.id], &gone).await?);
            }
            if !wanted.is_empty() {
                alike.entry(wanted).or_default().push(written);
            }
        }
        for (tags, contacts) in alike {
            let contacts: Vec<_> = contacts.into_iter().map(|written| tagging(&written.row)).collect();
            made.extend(tags::link(tx, &contacts, &tags).await?);
        }
        tags::count_change(tx, &made, &removed).await?;
        let gone: Vec<tags::Tag> = held.carried().iter().filter_map(|tag| held.tag(*tag).cloned()).collect();
        note_links(tx, &gone, &removed, NewEntry::untagged);
        note_links(tx, &used, &made, NewEntry::tagged);
        let mut bodies: HashMap<ContactId, Body> = HashMap::new();
        for (contact, tag) in made {
            bodies.entry(contact).or_default().tags_added.push(tag);
        }
        for (contact, tag) in removed {
            bodies.entry(contact).or_default().tags_removed.push(tag);
        }
        Ok(self.written.iter().map(|written| bodies.remove(&written.row.id).unwrap_or_default()).collect())
    }
}

fn digits(number: &str) -> String {
    number.chars().filter(|c| c.is_numeric() || *c == '+').collect()
}

/// An address that was nobody's a moment ago is somebody's now.
fn overtaken(error: Error) -> Error {
    match error {
        Error::EmailTaken { .. } => Error::Tags(tags::Error::Overtaken),
        other => other,
    }
}
