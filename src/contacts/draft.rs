//! What a contact is to become, checked.

use entity::ContactId;

use super::{Error, Field};
use crate::tags::TagName;
use crate::text::{self, EmailAddress};

/// Most addresses, and most phones, of a contact.
pub(super) const MOST_ENTRIES: usize = 50;

/// Most tags in one request.
pub(super) const MOST_TAGS: usize = 200;

/// A contact to be added, as given.
#[derive(Clone, Debug, Default)]
pub struct NewContact {
    /// Its name.
    pub name: String,
    /// Its company.
    pub company: Option<String>,
    /// What it does there.
    pub job_title: Option<String>,
    /// Addresses with labels.
    pub emails: Vec<(String, Option<String>)>,
    /// Numbers with labels.
    pub phones: Vec<(String, Option<String>)>,
    /// Free notes.
    pub notes: String,
    /// Names of tags.
    pub tags: Vec<String>,
}

/// What changes of a contact, as given. `None` stays as it is; `Some(None)` clears.
#[derive(Clone, Debug)]
pub struct ContactChange {
    /// Which contact.
    pub id: ContactId,
    /// Its version as the client knows it.
    pub version: Option<i64>,
    /// Its name.
    pub name: Option<String>,
    /// Its company.
    pub company: Option<Option<String>>,
    /// What it does there.
    pub job_title: Option<Option<String>>,
    /// All its addresses.
    pub emails: Option<Vec<(String, Option<String>)>>,
    /// All its numbers.
    pub phones: Option<Vec<(String, Option<String>)>>,
    /// Free notes.
    pub notes: Option<String>,
    /// Names of all its tags.
    pub tags: Option<Vec<String>>,
    /// Names of tags to add.
    pub add_tags: Vec<String>,
    /// Names of tags to take off.
    pub remove_tags: Vec<String>,
}

/// An address, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Email {
    pub address: EmailAddress,
    pub label: Option<String>,
}

/// A number, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Phone {
    pub number: String,
    pub label: Option<String>,
}

pub(super) fn name(text: &str) -> Result<String, Error> {
    line(text, 200)
        .filter(|name| !text::key(name).is_empty())
        .ok_or(Error::Invalid(Field::Name, "A name has 1 to 200 characters on one line."))
}

/// A company or job title; blank is none.
pub(super) fn title(text: Option<&str>, field: Field) -> Result<Option<String>, Error> {
    match text.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => match line(text, 200) {
            Some(text) => Ok(Some(text)),
            None => Err(Error::Invalid(field, "This has at most 200 characters on one line.")),
        },
    }
}

pub(super) fn notes(text: &str) -> Result<String, Error> {
    // PostgreSQL stores no NUL, and nobody types one.
    let sound = text.chars().count() <= 20_000 && !text.contains('\0');
    if sound { Ok(text.to_owned()) } else { Err(Error::Invalid(Field::Notes, "Notes have at most 20 000 characters.")) }
}

pub(super) fn emails(given: &[(String, Option<String>)]) -> Result<Vec<Email>, Error> {
    if given.len() > MOST_ENTRIES {
        return Err(Error::Invalid(Field::Emails(None), "A contact has at most 50 addresses."));
    }
    let mut emails: Vec<Email> = Vec::with_capacity(given.len());
    for (entry, (address, given_label)) in given.iter().enumerate() {
        let field = || Field::Emails(Some(entry));
        let address =
            EmailAddress::parse(address).map_err(|_| Error::Invalid(field(), "This is not an e-mail address."))?;
        // The same address twice is one address.
        if !emails.iter().any(|known| known.address.key() == address.key()) {
            emails.push(Email { address, label: label(given_label.as_deref(), field())? });
        }
    }
    Ok(emails)
}

pub(super) fn phones(given: &[(String, Option<String>)]) -> Result<Vec<Phone>, Error> {
    if given.len() > MOST_ENTRIES {
        return Err(Error::Invalid(Field::Phones(None), "A contact has at most 50 phone numbers."));
    }
    let check = |(entry, (number, given_label)): (usize, &(String, Option<String>))| {
        let field = || Field::Phones(Some(entry));
        let number = line(number, 60)
            .filter(|number| number.chars().any(char::is_numeric))
            .ok_or(Error::Invalid(field(), "A phone number has digits, and at most 60 characters."))?;
        Ok(Phone { number, label: label(given_label.as_deref(), field())? })
    };
    given.iter().enumerate().map(check).collect()
}

/// Names of tags from a list that the API calls `list`.
pub(super) fn tag_names(given: &[String], list: &'static str) -> Result<Vec<TagName>, Error> {
    if given.len() > MOST_TAGS {
        return Err(Error::Invalid(Field::List(list), "At most 200 tags can be given at once."));
    }
    let parse = |(entry, name): (usize, &String)| {
        TagName::parse(name)
            .map_err(|_| Error::Invalid(Field::Tags(list, entry), "A tag has 1 to 100 characters on one line."))
    };
    given.iter().enumerate().map(parse).collect()
}

fn label(text: Option<&str>, field: Field) -> Result<Option<String>, Error> {
    match text.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => {
            line(text, 50).map(Some).ok_or(Error::Invalid(field, "A label has at most 50 characters on one line."))
        }
    }
}

fn line(text: &str, most: usize) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && text.chars().count() <= most && text::is_one_line(text)).then(|| text.to_owned())
}
