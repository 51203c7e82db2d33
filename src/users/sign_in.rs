//! Signing in.

use std::net::IpAddr;

use entity::{WorkspaceId, workspace};
use sea_orm::entity::prelude::*;

use super::{Error, Password, User, Workspace, attempts, session, store};
use crate::access::Cx;
use crate::clock::Clock;
use crate::db::Db;
use crate::text::EmailAddress;

/// What somebody signs in with.
#[derive(Debug)]
pub struct SignIn {
    /// Their address.
    pub email: String,
    /// Their password.
    pub password: Password,
    /// Which workspace, where they belong to several.
    pub workspace: Option<WorkspaceId>,
    /// Where the attempt comes from.
    pub peer: Option<IpAddr>,
    /// What it comes from, as it calls itself.
    pub user_agent: Option<String>,
}

/// What signing in gives.
#[derive(Debug)]
pub enum SignedIn {
    /// A session.
    Session {
        /// Which proves it from now on; shown this once.
        token: String,
        /// Who signed in.
        user: User,
        /// Where.
        workspace: WorkspaceId,
    },
    /// The person belongs to several workspaces and has to choose.
    Choose(Vec<Workspace>),
}

/// Signs in.
///
/// # Errors
/// `WrongCredentials`, in the same time, whether the address is unknown, the password wrong, or the person may not sign in there;
/// `TooManyAttempts` per account and per address.
pub async fn sign_in(db: &Db, clock: &Clock, given: SignIn) -> Result<SignedIn, Error> {
    let key = EmailAddress::key_of(&given.email);
    attempts::begin(db, clock.now(), &key, given.peer).await?;
    let person = store::person_by_email(db.reader(), &key).await?;
    let hash = person.as_ref().and_then(|person| person.password_hash.clone());
    let matches = given.password.matches(hash).await;
    let person = person.filter(|_| matches).ok_or(Error::WrongCredentials)?;
    let mut users = store::users_of_person(db.reader(), person.id).await?;
    if let Some(workspace) = given.workspace {
        users.retain(|user| user.workspace == workspace);
    }
    if users.is_empty() {
        return Err(Error::WrongCredentials);
    }
    attempts::succeeded(db, &key, given.peer).await?;
    if users.len() > 1 {
        let workspaces = workspace::Entity::find()
            .filter(workspace::Column::Id.is_in(users.iter().map(|user| user.workspace)))
            .all(db.reader())
            .await?;
        return Ok(SignedIn::Choose(workspaces.into_iter().map(Workspace::from).collect()));
    }
    let user = users.pop().ok_or(Error::WrongCredentials)?;
    let tx = db.begin(&Cx::of_system(user.workspace, clock.clone())).await?;
    let token = session::begin_session(&tx, user.id, given.user_agent.as_deref()).await?;
    tx.commit().await?;
    Ok(SignedIn::Session { token, workspace: user.workspace, user: user.into() })
}
