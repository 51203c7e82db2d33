//! Contacts made of people who write, or are written to.

use entity::{contact, contact_word};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

use super::draft::{self, Email};
use super::{Error, addresses, words};
use crate::changes::{Action, Kind, NewChange};
use crate::db::Tx;
use crate::history::{Deed, NewEntry, Subject};
use crate::text::{self, EmailAddress};

/// Most characters of a contact's name.
const NAME: usize = 200;

/// Rows of one INSERT: 11 values each stay far below both databases' limits of bound values (32 766 and 65 535).
const ROWS_PER_INSERT: usize = 1000;

/// Somebody on a mail of whom a contact is to be made.
#[derive(Clone, Debug)]
pub struct Correspondent {
    /// Their address.
    pub address: EmailAddress,
    /// The name beside it.
    pub name: Option<String>,
}

/// Makes a contact of each whose address belongs to nobody, in the transaction that stores their mail. Seen again, or by two mailboxes
/// at once, they are made once. How many were made.
///
/// The name is the one beside the address; without one, or where that is an address too, what stands before the @.
pub async fn record_correspondence(tx: &mut Tx, mut seen: Vec<Correspondent>) -> Result<usize, Error> {
    // The first name of each stays.
    seen.sort_by(|a, b| a.address.key().cmp(b.address.key()));
    seen.dedup_by(|a, b| a.address.key() == b.address.key());
    let wanted: Vec<_> =
        seen.iter().map(|one| (one.address.as_str().to_owned(), one.address.key().to_owned())).collect();
    let ids = addresses::intern_addresses(tx, &wanted).await?;
    let keys: Vec<&str> = seen.iter().map(|one| one.address.key()).collect();
    let free = addresses::hold_free(tx, &keys).await?;
    let cx = tx.cx().clone();
    let (mut rows, mut claims, mut found_by) = (Vec::new(), Vec::new(), Vec::new());
    for one in seen.into_iter().filter(|one| free.contains(one.address.key())) {
        let name = name(&one);
        let row = contact::Model {
            workspace: cx.workspace,
            id: cx.new_id(),
            name_sort: text::plain(&name),
            company_sort: String::new(),
            name,
            company: None,
            job_title: None,
            notes: String::new(),
            version: 1,
            created_at: cx.now(),
            updated_at: cx.now(),
        };
        let emails = [Email { address: one.address, label: None }];
        found_by.extend(words::of(&row.name, None, &emails, &[]).into_iter().map(|word| contact_word::ActiveModel {
            workspace: Set(cx.workspace),
            word: Set(word),
            contact: Set(row.id),
        }));
        claims.push((row.id, emails));
        rows.push(row);
    }
    if rows.is_empty() {
        return Ok(0);
    }
    for some in rows.chunks(ROWS_PER_INSERT) {
        let models = some.iter().map(|row| contact::ActiveModel::from(row.clone()).reset_all());
        contact::Entity::insert_many(models).exec_without_returning(tx.conn()).await?;
    }
    for (contact, emails) in &claims {
        addresses::claim(tx, *contact, emails, &ids).await?;
    }
    for some in found_by.chunks(ROWS_PER_INSERT) {
        contact_word::Entity::insert_many(some.to_vec()).exec_without_returning(tx.conn()).await?;
    }
    let made = rows.len();
    for row in rows {
        tx.record(NewChange::in_workspace(Kind::Contact, Action::Created, row.id).version(1));
        tx.note(NewEntry::of(Subject::Contact(row.id), Deed::Corresponded { name: row.name }));
    }
    Ok(made)
}

fn name(one: &Correspondent) -> String {
    let beside = one.name.as_deref().filter(|name| !name.contains('@'));
    let beside = beside.map(|name| name.chars().take(NAME).collect::<String>());
    let named = beside.and_then(|name| draft::name(name.trim_matches(['"', '\'', ' '])).ok());
    named.unwrap_or_else(|| {
        let whole = one.address.as_str();
        let local = whole.rsplit_once('@').map_or(whole, |(local, _)| local);
        draft::name(local).unwrap_or_else(|_| whole.to_owned())
    })
}
