//! Contacts that come from elsewhere, some at a time: found where they exist already, and added, filled up or replaced.

use std::collections::HashSet;

use entity::ContactId;

use super::draft::{self, Email, Phone};
use super::placing::Batch;
use super::{Error, Field, addresses, store};
use crate::db::Tx;
use crate::tags::TagName;
use crate::text;

/// Most distinct names of tags that one transaction takes.
const MOST_NAMES: usize = 1000;

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
#[expect(clippy::option_option, reason = "left out, cleared and given are three things")]
pub(super) struct Checked {
    pub name: String,
    pub named: bool,
    pub company: Option<Option<String>>,
    pub job_title: Option<Option<String>>,
    pub notes: Option<String>,
    pub emails: Option<Vec<Email>>,
    pub phones: Option<Vec<Phone>>,
    pub tags: Option<Vec<TagName>>,
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
    let mut batch = Batch::new(mode);
    if mode != Mode::Skip {
        batch.read(tx, &found).await?;
    }
    let mut placed = Vec::with_capacity(checked.len());
    for (checked, found) in checked.into_iter().zip(found) {
        placed.push(match (checked, found) {
            (Err(error), _) => Placed::Refused(error),
            (Ok(_), Some(id)) if mode == Mode::Skip => Placed::Kept(id),
            (Ok(checked), Some(id)) => batch.change(tx, checked, id).await?,
            (Ok(checked), None) => batch.add(tx, checked),
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
