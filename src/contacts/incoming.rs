//! Contacts that come from elsewhere, some at a time: found where they exist already, and added, filled up or replaced.

use std::collections::{HashMap, HashSet};

use entity::{ContactId, TagId, contact, contact_phone, contact_word};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

use super::commands::tagging;
use super::draft::{self, Email, Phone};
use super::{Error, Field, addresses, store, words};
use crate::changes::{Action, Body, Kind, NewChange};
use crate::db::Tx;
use crate::tags::{self, TagName, Wanted};
use crate::text;

/// Most distinct names of tags that one transaction takes.
const MOST_NAMES: usize = 1000;

/// Rows of one INSERT.
const ROWS_PER_INSERT: usize = 4000;

/// What happens to a contact that exists already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It stays as it is.
    Skip,
    /// What it lacks is added; what it has stays.
    Add,
    /// What is given takes the place of what it has.
    Replace,
}

/// A contact from elsewhere, as given there. `None` where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Incoming {
    /// Its name. A new contact without one is named by its company, else by its first address.
    pub name: Option<String>,
    /// Its company.
    pub company: Option<String>,
    /// What it does there.
    pub job_title: Option<String>,
    /// Free notes.
    pub notes: Option<String>,
    /// Addresses with labels.
    pub emails: Option<Vec<(String, Option<String>)>>,
    /// Numbers with labels.
    pub phones: Option<Vec<(String, Option<String>)>>,
    /// Names of tags.
    pub tags: Option<Vec<String>>,
}

/// What became of an incoming contact.
#[derive(Debug)]
pub enum Placed {
    /// It was added.
    Created,
    /// The one that exists was changed.
    Updated(ContactId),
    /// The one that exists stays as it is.
    Kept(ContactId),
    /// It cannot be used as it is.
    Refused(Error),
}

/// An incoming contact, checked.
struct Checked {
    name: String,
    named: bool,
    company: Option<Option<String>>,
    job_title: Option<Option<String>>,
    notes: Option<String>,
    emails: Option<Vec<Email>>,
    phones: Option<Vec<Phone>>,
    tags: Option<Vec<TagName>>,
}

impl Checked {
    fn of(given: &Incoming) -> Result<Self, Error> {
        let title = |text: &Option<String>, field| {
            text.as_ref().map(|text| draft::title(Some(text.as_str()), field)).transpose()
        };
        let company = title(&given.company, Field::Company)?;
        let emails = given.emails.as_deref().map(draft::emails).transpose()?;
        let typed = given.name.as_deref().filter(|name| !name.trim().is_empty());
        let first = || emails.iter().flatten().next().map(|email| email.address.as_str());
        let name = typed.or(company.as_ref().and_then(Option::as_deref)).or_else(first).unwrap_or_default();
        Ok(Self {
            name: draft::name(name)?,
            named: typed.is_some(),
            job_title: title(&given.job_title, Field::JobTitle)?,
            notes: given.notes.as_deref().map(draft::notes).transpose()?,
            phones: given.phones.as_deref().map(draft::phones).transpose()?,
            tags: given.tags.as_deref().map(|names| draft::tag_names(names, "tags")).transpose()?,
            company,
            emails,
        })
    }

    fn emails(&self) -> &[Email] {
        self.emails.as_deref().unwrap_or_default()
    }

    fn tags(&self) -> &[TagName] {
        self.tags.as_deref().unwrap_or_default()
    }

    /// Name and company as two contacts without addresses are compared.
    fn key(&self) -> (String, String) {
        let company = self.company.as_ref().and_then(Option::as_deref);
        (text::key(&self.name), text::key(company.unwrap_or_default()))
    }
}

/// Places incoming contacts from the first on, and returns what became of each: of one at least, and of those behind it up to one
/// that depends on another before it, which is for the next transaction.
///
/// A contact exists already when one of the addresses is its own, or, where none is given, when name and company are the same.
///
/// # Errors
/// `Overtaken` when somebody changed meanwhile what was found: it takes a new transaction.
pub async fn place(tx: &mut Tx, incoming: &[Incoming], mode: Mode) -> Result<Vec<Placed>, Error> {
    let (checked, found) = find(tx, incoming).await?;
    let mut batch = Batch { mode, ..Batch::default() };
    if mode != Mode::Skip {
        batch.read(tx, &found).await?;
    }
    // Of all at once, in one order by everyone.
    let new = checked
        .iter()
        .zip(&found)
        .filter(|(_, found)| found.is_none())
        .filter_map(|(checked, _)| checked.as_ref().ok());
    let wanted: Vec<(String, String)> = new
        .flat_map(Checked::emails)
        .map(|email| (email.address.as_str().to_owned(), email.address.key().to_owned()))
        .collect();
    addresses::intern_addresses(tx, &wanted).await?;
    let mut placed = Vec::with_capacity(checked.len());
    for (checked, found) in checked.into_iter().zip(found) {
        placed.push(match (checked, found) {
            (Err(error), _) => Placed::Refused(error),
            (Ok(_), Some(id)) if mode == Mode::Skip => Placed::Kept(id),
            (Ok(checked), Some(id)) => batch.change(tx, checked, id).await?,
            (Ok(checked), None) => batch.add(tx, checked).await?,
        });
    }
    batch.finish(tx, &mut placed).await?;
    Ok(placed)
}

type Found = (Vec<Result<Checked, Error>>, Vec<Option<ContactId>>);

/// Checks what comes, and looks up which contacts there are already. Ends before the first that depends on another.
async fn find(tx: &Tx, incoming: &[Incoming]) -> Result<Found, Error> {
    let mut checked: Vec<Result<Checked, Error>> = Vec::with_capacity(incoming.len());
    let (mut emails, mut keys, mut names) = (HashSet::new(), HashSet::new(), HashSet::new());
    for given in incoming {
        let next = Checked::of(given);
        if let Ok(next) = &next {
            let key = next.key();
            let depends = next.emails().iter().any(|email| emails.contains(email.address.key()))
                || (next.emails().is_empty() && keys.contains(&key));
            names.extend(next.tags().iter().map(|name| name.key().to_owned()));
            if !checked.is_empty() && (depends || names.len() > MOST_NAMES) {
                break;
            }
            emails.extend(next.emails().iter().map(|email| email.address.key().to_owned()));
            keys.insert(key);
        }
        checked.push(next);
    }
    let keys: Vec<&str> = emails.iter().map(String::as_str).collect();
    let owners = addresses::owners(tx, &keys).await?;
    let bare = checked.iter().flatten().filter(|checked| checked.emails().is_empty());
    let sorts: Vec<String> = bare.map(|checked| text::plain(&checked.name)).collect();
    let sorts: Vec<&str> = sorts.iter().map(String::as_str).collect();
    let alike = store::by_name_sorts(tx.conn(), tx.workspace(), &sorts).await?;
    let (mut found, mut taken) = (Vec::with_capacity(checked.len()), HashSet::new());
    for next in &mut checked {
        let id = match next {
            Err(_) => None,
            Ok(row) if row.emails().is_empty() => {
                let key = row.key();
                let same = alike
                    .iter()
                    .find(|row| (text::key(&row.name), text::key(row.company.as_deref().unwrap_or_default())) == key);
                same.map(|row| row.id)
            }
            Ok(row) => {
                let mut of = row.emails().iter().filter_map(|email| owners.get(email.address.key()));
                let first = of.next().copied();
                if of.any(|other| Some(*other) != first) {
                    let message = "These addresses belong to several contacts.";
                    *next = Err(Error::Invalid(Field::Emails(None), message));
                    None
                } else {
                    first
                }
            }
        };
        if id.is_some_and(|id| !taken.insert(id)) {
            break;
        }
        found.push(id);
    }
    checked.truncate(found.len());
    Ok((checked, found))
}

/// What one transaction writes.
struct Batch {
    mode: Mode,
    before: HashMap<ContactId, contact::Model>,
    emails: HashMap<ContactId, Vec<Email>>,
    phones: HashMap<ContactId, Vec<Phone>>,
    new_phones: Vec<contact_phone::ActiveModel>,
    new_words: Vec<contact_word::ActiveModel>,
    /// In the order of what was placed, but for what was refused or kept from the beginning.
    written: Vec<Written>,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            mode: Mode::Skip,
            before: HashMap::new(),
            emails: HashMap::new(),
            phones: HashMap::new(),
            new_phones: Vec::new(),
            new_words: Vec::new(),
            written: Vec::new(),
        }
    }
}

struct Written {
    row: contact::Model,
    action: Action,
    edited: bool,
    renamed: bool,
    tags: Option<Vec<TagName>>,
}

impl Batch {
    /// Locks those that are to be changed, and reads what they have.
    async fn read(&mut self, tx: &Tx, found: &[Option<ContactId>]) -> Result<(), Error> {
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
            emails.entry(row.contact.unwrap_or(ContactId(Uuid::nil()))).or_default().push(row);
        }
        self.emails = emails.into_iter().map(|(id, rows)| (id, store::email_drafts(&rows))).collect();
        let mut phones = HashMap::<ContactId, Vec<_>>::new();
        for row in store::phones(tx.conn(), tx.workspace(), &ids).await? {
            phones.entry(row.contact).or_default().push(row);
        }
        self.phones = phones.into_iter().map(|(id, rows)| (id, store::phone_drafts(&rows))).collect();
        Ok(())
    }

    async fn add(&mut self, tx: &Tx, given: Checked) -> Result<Placed, Error> {
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
        store::insert(tx.conn(), row.clone()).await?;
        if !emails.is_empty() {
            addresses::set(tx, row.id, &emails).await.map_err(overtaken)?;
        }
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
        let written = Written { row, action: Action::Created, edited: true, renamed: false, tags: given.tags };
        self.written.push(written);
        Ok(Placed::Created)
    }

    async fn change(&mut self, tx: &Tx, given: Checked, id: ContactId) -> Result<Placed, Error> {
        let before = self.before.remove(&id).ok_or(Error::Tags(tags::Error::Overtaken))?;
        let old_emails = self.emails.remove(&id).unwrap_or_default();
        let old_phones = self.phones.remove(&id).unwrap_or_default();
        let mut row = before.clone();
        let (new_emails, new_phones) = match self.mode {
            Mode::Replace => {
                if given.named {
                    row.name = given.name;
                }
                row.company = given.company.unwrap_or(row.company);
                row.job_title = given.job_title.unwrap_or(row.job_title);
                row.notes = given.notes.unwrap_or(row.notes);
                let emails = given.emails.unwrap_or_else(|| old_emails.clone());
                (emails, given.phones.unwrap_or_else(|| old_phones.clone()))
            }
            Mode::Add | Mode::Skip => {
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
            }
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
        self.written.push(Written { row, action: Action::Updated, edited, renamed, tags: given.tags });
        Ok(Placed::Updated(id))
    }

    /// Writes what is written for all at once: phones, words, tags, and the changes. Those that did not really change are kept.
    async fn finish(self, tx: &mut Tx, placed: &mut [Placed]) -> Result<(), Error> {
        for rows in self.new_phones.chunks(ROWS_PER_INSERT) {
            contact_phone::Entity::insert_many(rows.to_vec()).exec_without_returning(tx.conn()).await?;
        }
        for rows in self.new_words.chunks(ROWS_PER_INSERT) {
            contact_word::Entity::insert_many(rows.to_vec()).exec_without_returning(tx.conn()).await?;
        }
        let names: Vec<TagName> =
            self.written.iter().filter_map(|written| written.tags.as_deref()).flatten().cloned().collect();
        let replacing = |written: &&Written| {
            self.mode == Mode::Replace && written.action == Action::Updated && written.tags.is_some()
        };
        let replaced: Vec<ContactId> = self.written.iter().filter(replacing).map(|written| written.row.id).collect();
        let held = tags::hold(tx, &Wanted { made: &names, carried_by: &replaced, ..Wanted::default() }).await?;
        let (mut made, mut removed) = (Vec::new(), Vec::new());
        let mut bodies = Vec::with_capacity(self.written.len());
        for written in &self.written {
            let wanted = held.all_named(written.tags.as_deref().unwrap_or_default());
            let wanted: Vec<TagId> = wanted.iter().map(|tag| tag.id).collect();
            let mut body = Body::default();
            if replacing(&written) {
                let gone: Vec<TagId> = held.carried().iter().filter(|tag| !wanted.contains(tag)).copied().collect();
                let gone = tags::unlink(tx, &[written.row.id], &gone).await?;
                body.tags_removed = gone.iter().map(|(_, tag)| *tag).collect();
                removed.extend(gone);
            }
            if !wanted.is_empty() {
                let added = tags::link(tx, &[tagging(&written.row)], &wanted).await?;
                body.tags_added = added.iter().map(|(_, tag)| *tag).collect();
                made.extend(added);
            }
            bodies.push(body);
        }
        tags::count_change(tx, &made, &removed).await?;
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
