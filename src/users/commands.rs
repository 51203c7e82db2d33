//! Making workspaces and users, and setting rights.

use entity::{PersonId, UserId, WorkspaceId, person, workspace, workspace_user};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

use super::{Error, Password, Plan, Status, User, password, store};
use crate::access::{Cx, Right, Rights};
use crate::changes::{Action, Kind, NewChange, log};
use crate::clock::Clock;
use crate::db::{Db, Tx, Unique};
use crate::text::{self, EmailAddress};

const EMAIL: Unique =
    Unique { index: "workspace_user_email", columns: "workspace_user.workspace, workspace_user.email_key" };

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
    let name = name(&new.name)?;
    let cx = tx.cx().clone();
    let person = match store::person_by_email(tx.conn(), new.email.key()).await? {
        Some(person) => person.id,
        None => insert_person(tx, &new.email, hash).await?,
    };
    let id: UserId = cx.new_id();
    let row = workspace_user::ActiveModel {
        workspace: Set(cx.workspace),
        id: Set(id),
        person: Set(person),
        name_sort: Set(text::plain(&name)),
        name: Set(name),
        email: Set(new.email.as_str().to_owned()),
        email_key: Set(new.email.key().to_owned()),
        status: Set(Status::Active),
        rights: Set(new.rights.bits()),
        created_at: Set(cx.now()),
    };
    workspace_user::Entity::insert(row).exec_without_returning(tx.conn()).await.map_err(|error| {
        let fault = crate::db::Fault::from(error);
        if fault.breaks(EMAIL) || fault.breaks(PERSON) { Error::EmailTaken } else { fault.into() }
    })?;
    tx.record(NewChange::in_workspace(Kind::User, Action::Created, id));
    Ok(id)
}

async fn insert_person(tx: &Tx, email: &EmailAddress, hash: String) -> Result<PersonId, Error> {
    let id: PersonId = tx.cx().new_id();
    let row = person::ActiveModel {
        id: Set(id),
        email: Set(email.as_str().to_owned()),
        email_key: Set(email.key().to_owned()),
        password_hash: Set(Some(hash)),
        created_at: Set(tx.cx().now()),
    };
    person::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(id)
}

const PERSON: Unique =
    Unique { index: "workspace_user_person", columns: "workspace_user.workspace, workspace_user.person" };

fn name(text: &str) -> Result<String, Error> {
    let name = text.trim();
    let sound = (1..=200).contains(&name.chars().count()) && text::is_one_line(name);
    if sound { Ok(name.to_owned()) } else { Err(Error::Name) }
}
