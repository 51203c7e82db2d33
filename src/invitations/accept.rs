//! Accepting an invitation: by who has its token, and proves or chooses a password.

use std::net::IpAddr;

use entity::WorkspaceId;

use super::{Error, store, told};
use crate::access::Cx;
use crate::changes::Action;
use crate::clock::Clock;
use crate::db::Db;
use crate::post::Post;
use crate::users::{self, User};

/// With what an invitation is accepted.
pub struct Acceptance {
    /// From the mail.
    pub token: String,
    /// The password that they have, or else will have.
    pub password: String,
    /// What they are called, if not as invited.
    pub name: Option<String>,
    /// Where they come from.
    pub peer: Option<IpAddr>,
    /// What they come with, as it calls itself.
    pub user_agent: Option<String>,
    /// Whether they are signed in with it.
    pub signs_in: bool,
}

/// Somebody is in.
#[derive(Debug)]
pub struct Accepted {
    /// Proves their sign-in, if they signed in; shown this once.
    pub token: Option<String>,
    /// Who they are.
    pub user: User,
    /// Where.
    pub workspace: WorkspaceId,
}

/// Accepts an invitation: its user is active, signed in if they want to be, and its token spent, or none of it. Of several at once one is let in.
///
/// # Errors
/// `NotValid`, whatever is wrong with the token; `User` for name or password.
pub async fn accept(db: &Db, clock: &Clock, post: &Post, given: Acceptance) -> Result<Accepted, Error> {
    let hash = users::token_hash(&given.token);
    let row = store::by_token(db.reader(), &hash, clock.now()).await?.ok_or(Error::NotValid)?;
    let user = row.user_id.ok_or(Error::NotValid)?;
    let name = given.name.as_deref().filter(|name| !name.trim().is_empty()).map(users::name).transpose()?;
    let proof = match users::prove(db, clock, (row.workspace, user), given.password, given.peer).await {
        // Taken back a moment ago.
        Err(users::Error::NotFound) => return Err(Error::NotValid),
        proof => proof?,
    };
    let mut tx = db.begin(&Cx::of_system(row.workspace, clock.clone())).await?;
    if !store::spend(tx.conn(), &row, &hash, clock.now()).await? {
        return Err(Error::NotValid);
    }
    let user = match users::join(&mut tx, user, name.as_deref(), proof).await {
        Err(users::Error::NotFound) => return Err(Error::NotValid),
        joined => joined?,
    };
    let mut token = None;
    if given.signs_in {
        token = Some(users::begin_session(&tx, user.id, given.user_agent.as_deref()).await?);
    }
    post.cancel(&tx, row.letter).await?;
    tx.record(told(Action::Updated, row.id));
    tx.commit().await?;
    Ok(Accepted { token, user, workspace: row.workspace })
}
