//! Rows of contacts.

use entity::{ContactId, WorkspaceId, address, contact, contact_phone, contact_word};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{DbBackend, DbErr, QueryOrder, QuerySelect};

use super::draft::{Email, Phone};
use crate::text::EmailAddress;

/// Contacts locked until the transaction ends, in the order of their ids by everyone.
pub(super) async fn lock(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    ids: &[ContactId],
) -> Result<Vec<contact::Model>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = contact::Entity::find()
        .filter(contact::Column::Workspace.eq(workspace))
        .filter(contact::Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(contact::Column::Id);
    if conn.get_database_backend() == DbBackend::Postgres {
        query = query.lock_exclusive();
    }
    query.all(conn).await
}

/// Contacts whose names are ordered alike, the oldest first.
pub(super) async fn by_name_sorts(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    sorts: &[&str],
) -> Result<Vec<contact::Model>, DbErr> {
    if sorts.is_empty() {
        return Ok(Vec::new());
    }
    contact::Entity::find()
        .filter(contact::Column::Workspace.eq(workspace))
        .filter(contact::Column::NameSort.is_in(sorts.iter().copied()))
        .order_by_asc(contact::Column::Id)
        .all(conn)
        .await
}

pub(super) async fn insert(conn: &impl ConnectionTrait, row: contact::Model) -> Result<(), DbErr> {
    contact::Entity::insert(contact::ActiveModel::from(row).reset_all()).exec_without_returning(conn).await.map(drop)
}

pub(super) async fn save(conn: &impl ConnectionTrait, row: contact::Model) -> Result<(), DbErr> {
    contact::Entity::update(contact::ActiveModel::from(row).reset_all()).exec(conn).await.map(drop)
}

pub(super) async fn delete(conn: &impl ConnectionTrait, workspace: WorkspaceId, id: ContactId) -> Result<(), DbErr> {
    // Addresses stay: mail points to them.
    address::Entity::update_many()
        .col_expr(address::Column::Contact, Expr::value(Option::<Uuid>::None))
        .col_expr(address::Column::Label, Expr::value(Option::<String>::None))
        .filter(address::Column::Workspace.eq(workspace))
        .filter(address::Column::Contact.eq(id))
        .exec(conn)
        .await?;
    set_phones(conn, workspace, id, &[]).await?;
    set_words(conn, workspace, id, Vec::new()).await?;
    contact::Entity::delete_by_id((workspace, id)).exec(conn).await.map(drop)
}

pub(super) async fn set_phones(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: ContactId,
    phones: &[Phone],
) -> Result<(), DbErr> {
    contact_phone::Entity::delete_many()
        .filter(contact_phone::Column::Workspace.eq(workspace))
        .filter(contact_phone::Column::Contact.eq(id))
        .exec(conn)
        .await?;
    insert_phones(conn, workspace, id, phones).await
}

pub(super) async fn insert_phones(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: ContactId,
    phones: &[Phone],
) -> Result<(), DbErr> {
    if phones.is_empty() {
        return Ok(());
    }
    let rows = phones.iter().zip(0..).map(|(phone, position)| contact_phone::ActiveModel {
        workspace: Set(workspace),
        contact: Set(id),
        position: Set(position),
        number: Set(phone.number.clone()),
        label: Set(phone.label.clone()),
    });
    contact_phone::Entity::insert_many(rows).exec_without_returning(conn).await.map(drop)
}

pub(super) async fn set_words(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: ContactId,
    words: Vec<String>,
) -> Result<(), DbErr> {
    contact_word::Entity::delete_many()
        .filter(contact_word::Column::Workspace.eq(workspace))
        .filter(contact_word::Column::Contact.eq(id))
        .exec(conn)
        .await?;
    insert_words(conn, workspace, id, words).await
}

pub(super) async fn insert_words(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: ContactId,
    words: Vec<String>,
) -> Result<(), DbErr> {
    if words.is_empty() {
        return Ok(());
    }
    let rows = words.into_iter().map(|word| contact_word::ActiveModel {
        workspace: Set(workspace),
        word: Set(word),
        contact: Set(id),
    });
    contact_word::Entity::insert_many(rows).exec_without_returning(conn).await.map(drop)
}

pub(super) async fn emails(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    contacts: &[ContactId],
) -> Result<Vec<address::Model>, DbErr> {
    address::Entity::find()
        .filter(address::Column::Workspace.eq(workspace))
        .filter(address::Column::Contact.is_in(contacts.iter().copied()))
        .order_by_asc(address::Column::Position)
        .order_by_asc(address::Column::AddressKey)
        .all(conn)
        .await
}

pub(super) async fn phones(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    contacts: &[ContactId],
) -> Result<Vec<contact_phone::Model>, DbErr> {
    contact_phone::Entity::find()
        .filter(contact_phone::Column::Workspace.eq(workspace))
        .filter(contact_phone::Column::Contact.is_in(contacts.iter().copied()))
        .order_by_asc(contact_phone::Column::Position)
        .all(conn)
        .await
}

/// What is stored of a contact's addresses, as a draft.
pub(super) fn email_drafts(rows: &[address::Model]) -> Vec<Email> {
    rows.iter()
        .filter_map(|row| Some(Email { address: EmailAddress::parse(&row.address).ok()?, label: row.label.clone() }))
        .collect()
}

/// What is stored of a contact's phones, as a draft.
pub(super) fn phone_drafts(rows: &[contact_phone::Model]) -> Vec<Phone> {
    rows.iter().map(|row| Phone { number: row.number.clone(), label: row.label.clone() }).collect()
}
