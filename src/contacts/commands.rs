//! Adding, editing and deleting contacts.

use std::collections::HashMap;

use entity::{ContactId, TagId, contact};

use super::draft::{self, ContactChange, Email, NewContact, Phone};
use super::{Contact, Error, Field, addresses, store, words};
use crate::access::{Cx, Right};
use crate::changes::{Action, Body, Kind, NewChange};
use crate::db::{Db, Tx};
use crate::history::{self, Deed, NewEntry, Subject};
use crate::tags::{self, Tag, TagName, Tagging, Wanted};
use crate::text;

/// Adds a contact, with tags made on first use.
pub async fn create(cx: &Cx, db: &Db, new: NewContact) -> Result<Contact, Error> {
    let name = draft::name(&new.name)?;
    let company = draft::title(new.company.as_deref(), Field::Company)?;
    let job_title = draft::title(new.job_title.as_deref(), Field::JobTitle)?;
    let notes = draft::notes(&new.notes)?;
    let emails = draft::emails(&new.emails)?;
    let phones = draft::phones(&new.phones)?;
    let tag_names = draft::tag_names(&new.tags, "tags")?;

    let mut tx = db.begin(cx).await?;
    let row = contact::Model {
        workspace: cx.workspace,
        id: cx.new_id(),
        name_sort: text::plain(&name),
        company_sort: text::plain(company.as_deref().unwrap_or_default()),
        name,
        company,
        job_title,
        notes,
        version: 1,
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    store::insert(tx.conn(), row.clone()).await?;
    if !emails.is_empty() {
        addresses::set(&tx, row.id, &emails).await?;
    }
    store::insert_phones(tx.conn(), cx.workspace, row.id, &phones).await?;
    let words = words::of(&row.name, row.company.as_deref(), &emails, &phones);
    store::insert_words(tx.conn(), cx.workspace, row.id, words).await?;
    let held = tags::hold(&mut tx, &Wanted { made: &tag_names, ..Wanted::default() }).await?;
    tx.note(NewEntry::of(Subject::Contact(row.id), Deed::Created { name: row.name.clone() }));
    let body = retag(&mut tx, &row, &held.all_named(&tag_names), &[]).await?;
    tx.record(NewChange::in_workspace(Kind::Contact, Action::Created, row.id).version(1).body(body));
    tx.commit().await?;
    Ok(row.into())
}

/// Edits a contact. What is given as it already is changes nothing.
///
/// # Errors
/// `Changed` when `version` is not the current one; `EmailTaken`; `Invalid`.
pub async fn update(cx: &Cx, db: &Db, change: ContactChange) -> Result<Contact, Error> {
    let name = change.name.as_deref().map(draft::name).transpose()?;
    let company =
        change.company.as_ref().map(|company| draft::title(company.as_deref(), Field::Company)).transpose()?;
    let job_title =
        change.job_title.as_ref().map(|title| draft::title(title.as_deref(), Field::JobTitle)).transpose()?;
    let notes = change.notes.as_deref().map(draft::notes).transpose()?;
    let emails = change.emails.as_deref().map(draft::emails).transpose()?;
    let phones = change.phones.as_deref().map(draft::phones).transpose()?;
    let all_tags = change.tags.as_deref().map(|names| draft::tag_names(names, "tags")).transpose()?;
    let add_tags = draft::tag_names(&change.add_tags, "addTags")?;
    let remove_tags = draft::tag_names(&change.remove_tags, "removeTags")?;

    let mut tx = db.begin(cx).await?;
    let before = store::lock(tx.conn(), cx.workspace, &[change.id]).await?.pop().ok_or(Error::NotFound)?;
    if change.version.is_some_and(|version| version != before.version) {
        return Err(Error::Changed(change.id));
    }
    let mut row = before.clone();
    if let Some(name) = name {
        row.name_sort = text::plain(&name);
        row.name = name;
    }
    if let Some(company) = company {
        row.company_sort = text::plain(company.as_deref().unwrap_or_default());
        row.company = company;
    }
    row.job_title = job_title.unwrap_or(row.job_title);
    row.notes = notes.unwrap_or(row.notes);

    let old_emails = store::email_drafts(&store::emails(tx.conn(), cx.workspace, &[change.id]).await?);
    let old_phones = store::phone_drafts(&store::phones(tx.conn(), cx.workspace, &[change.id]).await?);
    let new_emails: Vec<Email> = emails.unwrap_or_else(|| old_emails.clone());
    let new_phones: Vec<Phone> = phones.unwrap_or_else(|| old_phones.clone());
    let edited = row != before || new_emails != old_emails || new_phones != old_phones;
    if edited {
        row.version += 1;
        row.updated_at = cx.now();
        store::save(tx.conn(), row.clone()).await?;
        if new_emails != old_emails {
            addresses::set(&tx, row.id, &new_emails).await?;
        }
        if new_phones != old_phones {
            store::set_phones(tx.conn(), cx.workspace, row.id, &new_phones).await?;
        }
        let old_words = words::of(&before.name, before.company.as_deref(), &old_emails, &old_phones);
        let new_words = words::of(&row.name, row.company.as_deref(), &new_emails, &new_phones);
        if new_words != old_words {
            store::set_words(tx.conn(), cx.workspace, row.id, new_words).await?;
        }
        let fields = changed_fields(&before, &row, new_emails != old_emails, new_phones != old_phones);
        tx.note(NewEntry::of(Subject::Contact(row.id), Deed::Updated { fields }));
    }
    let (add, remove) = tag_changes(&mut tx, row.id, all_tags, add_tags, &remove_tags).await?;
    let body = retag(&mut tx, &row, &add, &remove).await?;
    if row.name_sort != before.name_sort {
        // Behind whatever waits for tags: a merge holds tags and wants links.
        tags::rename_contact(&tx, &tagging(&row)).await?;
    }
    if edited || body != Body::default() {
        tx.record(NewChange::in_workspace(Kind::Contact, Action::Updated, row.id).version(row.version).body(body));
    }
    tx.commit().await?;
    Ok(row.into())
}

/// Deletes a contact. Mail from and to it stays with its mailboxes.
pub async fn delete(cx: &Cx, db: &Db, id: ContactId) -> Result<(), Error> {
    cx.require(Right::DeleteContacts)?;
    let mut tx = db.begin(cx).await?;
    let row = store::lock(tx.conn(), cx.workspace, &[id]).await?.pop().ok_or(Error::NotFound)?;
    let removed = tags::unlink_all(&mut tx, &[id]).await?;
    store::delete(tx.conn(), cx.workspace, id).await?;
    tags::count_change(&tx, &[], &removed).await?;
    tx.note(NewEntry::of(Subject::Contact(id), Deed::Deleted { name: row.name }));
    let body = Body { tags_removed: tags_of(&removed), ..Body::default() };
    tx.record(NewChange::in_workspace(Kind::Contact, Action::Removed, id).version(row.version + 1).body(body));
    Ok(tx.commit().await?)
}

/// What `tags`, `addTags` and `removeTags` together add and remove. A tag both added and removed is removed.
async fn tag_changes(
    tx: &mut Tx,
    contact: ContactId,
    all: Option<Vec<TagName>>,
    mut add: Vec<TagName>,
    remove: &[TagName],
) -> Result<(Vec<Tag>, Vec<Tag>), Error> {
    if all.is_none() && add.is_empty() && remove.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let replacing = all.is_some();
    add.extend(all.unwrap_or_default());
    add.retain(|name| !remove.iter().any(|gone| gone.key() == name.key()));
    let carried_by = [contact];
    let wanted = Wanted {
        names: remove,
        made: &add,
        carried_by: if replacing { &carried_by } else { &[] },
        ..Wanted::default()
    };
    let held = tags::hold(tx, &wanted).await?;
    let mut gone = held.all_named(remove);
    let mut wanted = held.all_named(&add);
    // Added by one of its names and removed by another.
    wanted.retain(|tag| !ids(&gone).contains(&tag.id));
    let carried = held.carried().iter().filter(|tag| !ids(&wanted).contains(tag));
    gone.extend(carried.filter_map(|tag| held.tag(*tag).cloned()));
    Ok((wanted, gone))
}

/// Puts tags on a contact and takes others off; what really changed, for the change's body.
async fn retag(tx: &mut Tx, row: &contact::Model, add: &[Tag], remove: &[Tag]) -> Result<Body, Error> {
    if add.is_empty() && remove.is_empty() {
        return Ok(Body::default());
    }
    let removed = tags::unlink(tx, &[row.id], &ids(remove)).await?;
    let added = tags::link(tx, &[tagging(row)], &ids(add)).await?;
    tags::count_change(tx, &added, &removed).await?;
    note_links(tx, remove, &removed, NewEntry::untagged);
    note_links(tx, add, &added, NewEntry::tagged);
    Ok(Body { tags_added: tags_of(&added), tags_removed: tags_of(&removed), ..Body::default() })
}

/// Tells the history which contacts got tags or lost them, in the order in which the tags were given.
pub(super) fn note_links(
    tx: &mut Tx,
    tags: &[Tag],
    links: &[(ContactId, TagId)],
    entry: impl Fn(ContactId, TagId, &str) -> NewEntry,
) {
    let given: HashMap<TagId, (usize, &Tag)> = tags.iter().enumerate().map(|(at, tag)| (tag.id, (at, tag))).collect();
    let mut noted: Vec<_> = links
        .iter()
        .filter_map(|(contact, tag)| given.get(tag).map(|(at, tag)| (*at, entry(*contact, tag.id, &tag.name))))
        .collect();
    noted.sort_by_key(|(at, _)| *at);
    for (_, entry) in noted {
        tx.note(entry);
    }
}

/// The fields of a contact that are different, for the history.
pub(super) fn changed_fields(
    before: &contact::Model,
    row: &contact::Model,
    emails: bool,
    phones: bool,
) -> Vec<history::Field> {
    let changed = [
        (history::Field::Name, row.name != before.name),
        (history::Field::Company, row.company != before.company),
        (history::Field::JobTitle, row.job_title != before.job_title),
        (history::Field::Emails, emails),
        (history::Field::Phones, phones),
        (history::Field::Notes, row.notes != before.notes),
    ];
    changed.into_iter().filter_map(|(field, changed)| changed.then_some(field)).collect()
}

pub(super) fn tagging(row: &contact::Model) -> Tagging {
    Tagging { contact: row.id, sort: row.name_sort.clone() }
}

fn ids(tags: &[Tag]) -> Vec<TagId> {
    tags.iter().map(|tag| tag.id).collect()
}

fn tags_of(links: &[(ContactId, TagId)]) -> Vec<TagId> {
    links.iter().map(|(_, tag)| *tag).collect()
}
