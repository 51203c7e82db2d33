//! People who come to a workspace: made by the operator, or invited until they join.
//!
//! A person who signs in elsewhere is the same person here, with the password they have: nothing here sets or changes a password that
//! is there.

use std::net::IpAddr;

use entity::{PersonId, ShareId, UserId, WorkspaceId, person, share, workspace_user};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{Condition, DbErr};

use super::{Error, Password, Status, User, attempts, commands, password, store};
use crate::access::Rights;
use crate::changes::{Action, Kind, NewChange, Scope};
use crate::clock::Clock;
use crate::db::{Db, Fault, Tx, Unique};
use crate::text::{self, EmailAddress};

const EMAIL: Unique =
    Unique { index: "workspace_user_email", columns: "workspace_user.workspace, workspace_user.email_key" };
const PERSON: Unique =
    Unique { index: "workspace_user_person", columns: "workspace_user.workspace, workspace_user.person" };

/// A user to be made.
pub(super) struct Newcomer<'a> {
    pub(super) name: &'a str,
    pub(super) email: &'a EmailAddress,
    pub(super) status: Status,
    pub(super) rights: Rights,
    /// Of their password, for a person who has none yet.
    pub(super) hash: Option<String>,
}

/// What shows that an invited person may join: their password, or the hash of the first one they have.
#[derive(Clone)]
pub struct Proof(Option<String>);

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proof(…)")
    }
}

/// Makes a user who is invited, and cannot sign in yet.
///
/// # Errors
/// `Name`; `EmailTaken`.
pub async fn invite(tx: &mut Tx, name: &str, email: &EmailAddress) -> Result<UserId, Error> {
    let (status, rights) = (Status::Invited, Rights::default());
    insert(tx, Newcomer { name, email, status, rights, hash: None }).await
}

/// Calls an invited user otherwise. The same name changes nothing.
///
/// # Errors
/// `Name`; `NotFound` for one who is not invited any more.
pub async fn rename_invited(tx: &mut Tx, id: UserId, name: &str) -> Result<(), Error> {
    let name = commands::name(name)?;
    let user = invited(tx, id).await?;
    if user.name != name {
        set(tx, id, &name, Status::Invited).await?;
    }
    Ok(())
}

/// Removes a user who is invited, with what was prepared for them.
///
/// # Errors
/// `NotFound` for one who is not invited any more.
pub async fn withdraw(tx: &mut Tx, id: UserId) -> Result<(), Error> {
    invited(tx, id).await?;
    let theirs = Condition::any().add(share::Column::Owner.eq(id)).add(share::Column::Grantee.eq(id));
    let shares = share::Entity::find().filter(share::Column::Workspace.eq(tx.workspace())).filter(theirs);
    for row in shares.all(tx.conn()).await? {
        share::Entity::delete_by_id((row.workspace, row.id)).exec(tx.conn()).await?;
        let (scope, id): (_, ShareId) = (Scope::Share(row.owner, row.grantee), row.id);
        tx.record(NewChange::in_scope(scope, Kind::Share, Action::Removed, id));
    }
    workspace_user::Entity::delete_by_id((tx.workspace(), id)).exec(tx.conn()).await?;
    tx.record(NewChange::in_workspace(Kind::User, Action::Removed, id));
    Ok(())
}

/// Checks the password with which an invited person wants to join: the one they have, or else a new one. Counts as an attempt to sign in
/// for who has one.
///
/// # Errors
/// `Password` for one that cannot be used, whoever gives it; `WrongCredentials`; `TooManyAttempts`; `NotFound`.
pub async fn prove(
    db: &Db,
    clock: &Clock,
    (workspace, user): (WorkspaceId, UserId),
    password: String,
    peer: Option<IpAddr>,
) -> Result<Proof, Error> {
    let password = Password::parse(password)?;
    let person = store::person_of_user(db.reader(), workspace, user).await?.ok_or(Error::NotFound)?;
    let Some(hash) = person.password_hash else {
        let hash = password.hash().await.ok_or(Error::Password(password::PasswordError))?;
        return Ok(Proof(Some(hash)));
    };
    attempts::begin(db, clock.now(), &person.email_key, peer).await?;
    if !password.matches(Some(hash)).await {
        return Err(Error::WrongCredentials);
    }
    attempts::succeeded(db, &person.email_key, peer).await?;
    Ok(Proof(None))
}

/// Lets an invited user in. They sign in by `begin_session`, or later by themselves.
///
/// # Errors
/// `NotFound` for one who is not invited any more; `WrongCredentials` for a person who got their first password elsewhere meanwhile.
pub async fn join(tx: &mut Tx, id: UserId, name: Option<&str>, proof: Proof) -> Result<User, Error> {
    let user = invited(tx, id).await?;
    if let Some(hash) = proof.0
        && !set_first_password(tx, user.person, hash).await?
    {
        return Err(Error::WrongCredentials);
    }
    let name = name.map(commands::name).transpose()?.unwrap_or_else(|| user.name.clone());
    set(tx, id, &name, Status::Active).await?;
    Ok(User { name, status: Status::Active, ..user.into() })
}

pub(super) async fn insert(tx: &mut Tx, new: Newcomer<'_>) -> Result<UserId, Error> {
    let name = commands::name(new.name)?;
    let cx = tx.cx().clone();
    let person = person(tx, new.email).await?;
    if let Some(hash) = new.hash {
        set_first_password(tx, person, hash).await?;
    }
    let id: UserId = cx.new_id();
    let row = workspace_user::ActiveModel {
        workspace: Set(cx.workspace),
        id: Set(id),
        person: Set(person),
        name_sort: Set(text::plain(&name)),
        name: Set(name),
        email: Set(new.email.as_str().to_owned()),
        email_key: Set(new.email.key().to_owned()),
        status: Set(new.status),
        rights: Set(new.rights.bits()),
        created_at: Set(cx.now()),
        last_working_day: Set(None),
    };
    workspace_user::Entity::insert(row).exec_without_returning(tx.conn()).await.map_err(|error| {
        let fault = Fault::from(error);
        if fault.breaks(EMAIL) || fault.breaks(PERSON) { Error::EmailTaken } else { fault.into() }
    })?;
    tx.record(NewChange::in_workspace(Kind::User, Action::Created, id));
    Ok(id)
}

/// The person with an address; a new one without a password if there is none.
async fn person(tx: &Tx, email: &EmailAddress) -> Result<PersonId, Error> {
    let row = person::ActiveModel {
        id: Set(tx.cx().new_id()),
        email: Set(email.as_str().to_owned()),
        email_key: Set(email.key().to_owned()),
        password_hash: Set(None),
        created_at: Set(tx.cx().now()),
    };
    let unique = OnConflict::column(person::Column::EmailKey).do_nothing().to_owned();
    person::Entity::insert(row).on_conflict(unique).exec_without_returning(tx.conn()).await?;
    let person = store::person_by_email(tx.conn(), email.key()).await?;
    Ok(person.ok_or(Error::NotFound)?.id)
}

/// False for a person who has a password: it is never replaced.
async fn set_first_password(tx: &Tx, person: PersonId, hash: String) -> Result<bool, DbErr> {
    let done = person::Entity::update_many()
        .col_expr(person::Column::PasswordHash, Expr::value(hash))
        .filter(person::Column::Id.eq(person))
        .filter(person::Column::PasswordHash.is_null())
        .exec(tx.conn())
        .await?;
    Ok(done.rows_affected > 0)
}

async fn invited(tx: &Tx, id: UserId) -> Result<workspace_user::Model, Error> {
    let user = store::lock_user(tx.conn(), tx.workspace(), id).await?;
    user.filter(|user| user.status == Status::Invited).ok_or(Error::NotFound)
}

async fn set(tx: &mut Tx, id: UserId, name: &str, status: Status) -> Result<(), Error> {
    workspace_user::Entity::update_many()
        .col_expr(workspace_user::Column::Name, Expr::value(name))
        .col_expr(workspace_user::Column::NameSort, Expr::value(text::plain(name)))
        .col_expr(workspace_user::Column::Status, Expr::value(status))
        .filter(workspace_user::Column::Workspace.eq(tx.workspace()))
        .filter(workspace_user::Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    tx.record(NewChange::in_workspace(Kind::User, Action::Updated, id));
    Ok(())
}
