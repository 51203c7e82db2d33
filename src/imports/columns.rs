//! What a column of a CSV file holds, by its header.

use std::sync::Arc;

use super::Error;
use crate::contacts::Field;
use crate::text;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// The whole name.
    Name,
    /// A part of the name; parts are put together in this order.
    NamePart(u8),
    Company,
    JobTitle,
    Emails,
    /// What the addresses are for, a line each.
    EmailLabels,
    Phones,
    /// What the numbers are for, a line each.
    PhoneLabels,
    Notes,
    /// Names of tags, or of the older keywords.
    Tags,
}

/// A column whose meaning the client gives.
#[derive(Clone, Debug)]
pub struct ColumnGiven {
    /// As the file names it.
    pub header: String,
    /// As the API names it.
    pub field: String,
}

/// A header of the file, and what its column holds.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub header: Arc<str>,
    pub holds: Option<Holds>,
}

/// Headers in English and Dutch, and of what other programs export, without blanks, signs and numbers.
const KNOWN: &[(Holds, &[&str])] = &[
    (
        Holds::Name,
        &[
            "name",
            "fullname",
            "displayname",
            "contact",
            "contactname",
            "contactperson",
            "naam",
            "volledigenaam",
            "weergavenaam",
            "contactpersoon",
            "contactnaam",
        ],
    ),
    (Holds::NamePart(0), &["firstname", "givenname", "voornaam", "roepnaam"]),
    (Holds::NamePart(1), &["middlename", "additionalname", "tussenvoegsel", "tussenvoegsels", "tussennaam"]),
    (Holds::NamePart(2), &["lastname", "surname", "familyname", "achternaam", "familienaam"]),
    (
        Holds::Company,
        &[
            "company",
            "companyname",
            "organization",
            "organisation",
            "organizationname",
            "account",
            "employer",
            "bedrijf",
            "bedrijfsnaam",
            "organisatie",
            "organisatienaam",
            "firma",
            "firmanaam",
            "werkgever",
        ],
    ),
    (
        Holds::JobTitle,
        &[
            "jobtitle",
            "title",
            "position",
            "role",
            "functie",
            "functietitel",
            "functienaam",
            "rol",
            "beroep",
            "organizationtitle",
        ],
    ),
    (
        Holds::Emails,
        &[
            "email",
            "emails",
            "mail",
            "emailaddress",
            "emailaddresses",
            "mailaddress",
            "emailvalue",
            "emailadres",
            "emailadressen",
            "mailadres",
            "epost",
        ],
    ),
    (Holds::EmailLabels, &["emaillabel", "emaillabels", "emailtype"]),
    (
        Holds::Phones,
        &[
            "phone",
            "phones",
            "phonenumber",
            "phonenumbers",
            "phonevalue",
            "telephone",
            "telephonenumber",
            "tel",
            "mobile",
            "mobilephone",
            "mobilenumber",
            "cell",
            "businessphone",
            "homephone",
            "workphone",
            "telefoon",
            "telefoonnummer",
            "telefoonnummers",
            "telefoonnr",
            "telnr",
            "mobiel",
            "mobielnummer",
            "mobieletelefoon",
            "gsm",
            "gsmnummer",
            "telefoonwerk",
            "telefoonthuis",
        ],
    ),
    (Holds::PhoneLabels, &["phonelabel", "phonelabels", "phonetype"]),
    (
        Holds::Notes,
        &[
            "notes",
            "note",
            "comment",
            "comments",
            "remarks",
            "description",
            "notities",
            "notitie",
            "opmerking",
            "opmerkingen",
            "omschrijving",
            "toelichting",
        ],
    ),
    (
        Holds::Tags,
        &[
            "tags",
            "tag",
            "labels",
            "groups",
            "groupmembership",
            "categories",
            "category",
            "keywords",
            "keyword",
            "categorie",
            "categorieen",
            "trefwoorden",
            "trefwoord",
            "steekwoorden",
            "sleutelwoorden",
            "kenmerken",
            "kenmerk",
            "groepen",
        ],
    ),
];

fn recognized(header: &str) -> Option<Holds> {
    let plain: String = text::plain(header).chars().filter(|c| c.is_alphabetic()).collect();
    KNOWN.iter().find(|(_, names)| names.contains(&plain.as_str())).map(|(holds, _)| *holds)
}

/// Whether a header is one of those given, or is recognized where nothing is given.
pub(super) fn is_known(header: &str, given: Option<&[ColumnGiven]>) -> bool {
    match given {
        Some(given) => given.iter().any(|column| text::key(&column.header) == text::key(header)),
        None => recognized(header).is_some(),
    }
}

fn of_field(field: &str) -> Option<Holds> {
    Some(match field {
        "name" => Holds::Name,
        "company" => Holds::Company,
        "jobTitle" => Holds::JobTitle,
        "email" => Holds::Emails,
        "phone" => Holds::Phones,
        "notes" => Holds::Notes,
        "tags" | "keywords" => Holds::Tags,
        _ => return None,
    })
}

/// What the columns with these headers hold, as given, or as recognized where nothing is given.
///
/// # Errors
/// `Column` for an entry that fits no header or field; `File` when nothing is recognized by which a contact could be named.
pub(super) fn of_headers(headers: &[String], given: Option<&[ColumnGiven]>) -> Result<Vec<Column>, Error> {
    let mut columns: Vec<Column> =
        headers.iter().map(|header| Column { header: header.trim().into(), holds: None }).collect();
    match given {
        Some(given) => {
            for (entry, ColumnGiven { header, field }) in given.iter().enumerate() {
                let message = "A field is one of name, company, jobTitle, email, phone, notes, tags, keywords.";
                let holds = of_field(field).ok_or(Error::Column(entry, "field", message))?;
                let key = text::key(header);
                let mut found = false;
                for column in columns.iter_mut().filter(|column| text::key(&column.header) == key) {
                    column.holds = Some(holds);
                    found = true;
                }
                if !found {
                    return Err(Error::Column(entry, "header", "The file has no column with this header."));
                }
            }
        }
        None => {
            for column in &mut columns {
                column.holds = recognized(&column.header);
            }
        }
    }
    let names = |column: &Column| {
        matches!(column.holds, Some(Holds::Name | Holds::NamePart(_) | Holds::Company | Holds::Emails))
    };
    if columns.iter().any(names) {
        return Ok(columns);
    }
    let message =
        "No column of this file is known to hold a name, company or e-mail address. Say with columns which one does.";
    Err(Error::File(message))
}

/// The columns from which a row's contact was read, to say where it is wrong.
#[derive(Clone, Debug, Default)]
pub(super) struct Origins {
    pub name: Option<Arc<str>>,
    pub company: Option<Arc<str>>,
    pub job_title: Option<Arc<str>>,
    pub notes: Option<Arc<str>>,
    /// Of each address.
    pub emails: Vec<Arc<str>>,
    /// Of each number.
    pub phones: Vec<Arc<str>>,
    /// Of each tag.
    pub tags: Vec<Arc<str>>,
}

impl Origins {
    pub(super) fn of(&self, field: Field) -> Option<String> {
        let entry = |list: &[Arc<str>], entry: Option<usize>| list.get(entry.unwrap_or(0)).cloned();
        match field {
            Field::Name => self.name.clone(),
            Field::Company => self.company.clone(),
            Field::JobTitle => self.job_title.clone(),
            Field::Notes => self.notes.clone(),
            Field::Emails(number) => entry(&self.emails, number),
            Field::Phones(number) => entry(&self.phones, number),
            Field::Tags(_, number) => entry(&self.tags, Some(number)),
            Field::List(_) => entry(&self.tags, None),
        }
        .map(|header| header.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_known_in_english_and_dutch() {
        for (header, holds) in [
            ("Name", Holds::Name),
            ("E-mail", Holds::Emails),
            ("E-mail 2 - Value", Holds::Emails),
            ("E-mailadres", Holds::Emails),
            ("Telefoon (werk)", Holds::Phones),
            ("Job title", Holds::JobTitle),
            ("Trefwoorden", Holds::Tags),
            ("Categorieën", Holds::Tags),
            ("Achternaam", Holds::NamePart(2)),
            ("emailLabel", Holds::EmailLabels),
        ] {
            assert_eq!(recognized(header), Some(holds), "{header}");
        }
        assert_eq!(recognized("Postcode"), None);
    }
}
