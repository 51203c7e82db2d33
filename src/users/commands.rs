//! Making workspaces and users, and setting rights.

use entity::{UserId, WorkspaceId, workspace};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

use super::newcomers::{self, Newcomer};
use super::{Error, Language, Password, Plan, Status, User, Workspace, password, store};
use crate::access::{Cx, Right, Rights};
use crate::changes::{Action, Kind, NewChange, log};
use crate::clock::Clock;
use crate::db::{Db, Tx};
use crate::text::{self, EmailAddress};

/// A workspace with its first Admin.
#[derive(Debug)]
pub struct NewWorkspace {
    /// The company's name.
    pub name: String,
    /// What the operator grants it.
    pub edition: Plan,
    /// Its first user, who gets ADMIN.
    pub admin: NewUser,
}

/// A user.
#[derive(Debug)]
pub struct NewUser {
    /// How colleagues see them.
    pub name: String,
    /// What they sign in with.
    pub email: EmailAddress,
    /// Their password; a person who already signs in elsewhere keeps the one they have.
    pub password: Password,
    /// What they may do.
    pub rights: Rights,
}

/// Makes a workspace. For the operator.
pub async fn create_workspace(db: &Db, clock: &Clock, new: NewWorkspace) -> Result<(WorkspaceId, UserId), Error> {
    let name = name(&new.name)?;
    let cx = Cx::of_system(clock.new_id(), clock.clone());
    let hash = hash(&new.admin).await?;
    let mut tx = db.begin(&cx).await?;
    let row = workspace::ActiveModel {
        id: Set(cx.workspace),
        name: Set(name),
        granted_edition: Set(new.edition),
        created_at: Set(cx.now()),
        language: Set(Language::English),
    };
    workspace::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    log::create(tx.conn(), cx.workspace, cx.new_id::<Uuid>()).await?;
    tx.record(NewChange::in_workspace(Kind::Workspace, Action::Created, cx.workspace));
    let admin = NewUser { rights: new.admin.rights.iter().chain([Right::Admin]).collect(), ..new.admin };
    let user = insert_user(&mut tx, admin, hash).await?;
    tx.commit().await?;
    Ok((cx.workspace, user))
}

/// Makes a user. For the operator.
pub async fn create_user(cx: &Cx, db: &Db, new: NewUser) -> Result<UserId, Error> {
    let hash = hash(&new).await?;
    if workspace::Entity::find_by_id(cx.workspace).one(db.reader()).await?.is_none() {
        return Err(Error::NotFound);
    }
    let mut tx = db.begin(cx).await?;
    let user = insert_user(&mut tx, new, hash).await?;
    tx.commit().await?;
    Ok(user)
}

/// What can be changed of a workspace; what is left out stays.
#[derive(Clone, Debug, Default)]
pub struct WorkspaceChange {
    /// The company's name.
    pub name: Option<String>,
    /// In which language Tagwire writes to its people.
    pub language: Option<Language>,
}

/// Changes the workspace itself. The same again changes nothing.
///
/// # Errors
/// `Denied` for all but Admins; `Name`.
pub async fn update_workspace(cx: &Cx, db: &Db, change: WorkspaceChange) -> Result<Workspace, Error> {
    cx.require(Right::Admin)?;
    let name = change.name.as_deref().map(name).transpose()?;
    let mut tx = db.begin(cx).await?;
    let before = super::queries::hold_workspace(&tx).await?.ok_or(Error::NotFound)?;
    let after = Workspace {
        name: name.unwrap_or_else(|| before.name.clone()),
        language: change.language.unwrap_or(before.language),
        ..before.clone()
    };
    if after == before {
        return Ok(before);
    }
    workspace::Entity::update_many()
        .col_expr(workspace::Column::Name, Expr::value(after.name.as_str()))
        .col_expr(workspace::Column::Language, Expr::value(after.language))
        .filter(workspace::Column::Id.eq(cx.workspace))
        .exec(tx.conn())
        .await?;
    tx.record(NewChange::in_workspace(Kind::Workspace, Action::Updated, cx.workspace));
    tx.commit().await?;
    Ok(after)
}

/// Sets what a user may do. The same rights again change nothing.
///
/// # Errors
/// `Denied` for all but Admins; `NotFound`; `LastAdmin`; `NotYours` and `PrivateMailToSelf` for rights that are not the actor's to give.
pub async fn set_rights(cx: &Cx, db: &Db, id: UserId, rights: Rights) -> Result<User, Error> {
    cx.require(Right::Admin)?;
    let mut tx = db.begin(cx).await?;
    // Locked in this order by everyone: the Admins, then the user.
    let admins = store::lock_admins(tx.conn(), cx.workspace).await?;
    let mut user = store::lock_user(tx.conn(), cx.workspace, id).await?.ok_or(Error::NotFound)?;
    if let Some(viewer) = cx.viewer() {
        // Asked again under the lock: the actor may have lost ADMIN meanwhile.
        let own = admins.iter().find(|admin| admin.id == viewer.user).ok_or(crate::access::Denied(Right::Admin))?;
        let held = Rights::from_bits(own.rights);
        for right in rights.iter().filter(|right| !Rights::from_bits(user.rights).contains(*right)) {
            if right == Right::ViewPrivateMail {
                if viewer.user == id {
                    return Err(Error::PrivateMailToSelf);
                }
            } else if !held.allow(right) {
                return Err(Error::NotYours(right));
            }
        }
    }
    if admins.len() == 1 && admins.iter().any(|admin| admin.id == id) && !rights.contains(Right::Admin) {
        return Err(Error::LastAdmin);
    }
    if user.rights == rights.bits() {
        return Ok(user.into());
    }
    store::set_rights(tx.conn(), cx.workspace, id, rights).await?;
    user.rights = rights.bits();
    tx.record(NewChange::in_workspace(Kind::User, Action::Updated, id));
    tx.commit().await?;
    Ok(user.into())
}

/// The password's hash for a person who is new; made before the transaction, since it takes long.
async fn hash(new: &NewUser) -> Result<String, Error> {
    new.password.clone().hash().await.ok_or(Error::Password(password::PasswordError))
}

async fn insert_user(tx: &mut Tx, new: NewUser, hash: String) -> Result<UserId, Error> {
    let (status, hash) = (Status::Active, Some(hash));
    let newcomer = Newcomer { name: &new.name, email: &new.email, status, rights: new.rights, hash };
    newcomers::insert(tx, newcomer).await
}

/// What somebody can be called.
///
/// # Errors
/// `Name` for other than 1 to 200 characters on one line.
pub fn name(text: &str) -> Result<String, Error> {
    let name = text.trim();
    let sound = (1..=200).contains(&name.chars().count()) && text::is_one_line(name);
    if sound { Ok(name.to_owned()) } else { Err(Error::Name) }
}
