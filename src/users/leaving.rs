//! Users who leave, and come back: disabled by an Admin, or when their last working day is over.
//!
//! What they made stays. Who may not sign in any more is out at once: their sessions end with the transaction.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use entity::{UserId, WorkspaceId, session, workspace_user};
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;

use super::{Error, Status, User, store};
use crate::access::{Cx, Denied, Right};
use crate::changes::{Action, Kind, NewChange, Scope};
use crate::clock::Clock;
use crate::db::{Db, Fault, Tx};

/// What is to be done once a transaction is committed.
pub type Afterwards = Box<dyn FnOnce() + Send>;

/// Told of users who are disabled, within the transaction that does it: their things stop with them.
pub trait Leaving: Send + Sync {
    /// A user is disabled.
    fn disabled<'a>(
        &'a self,
        tx: &'a mut Tx,
        user: UserId,
    ) -> Pin<Box<dyn Future<Output = Result<Afterwards, Fault>> + Send + 'a>>;
}

/// Keeps a user from signing in: their sign-ins end, their sockets close, what they connected stops; nothing of theirs is removed. One who
/// is disabled stays so.
///
/// # Errors
/// `Denied` for all but Admins; `NotFound`; `LastAdmin`; `StillInvited` for one who has not joined.
pub async fn disable(cx: &Cx, db: &Db, leaving: &dyn Leaving, id: UserId) -> Result<User, Error> {
    cx.require(Right::Admin)?;
    let mut tx = db.begin(cx).await?;
    let admins = lock_admins_for(&tx).await?;
    let mut user = store::lock_user(tx.conn(), cx.workspace, id).await?.ok_or(Error::NotFound)?;
    match user.status {
        Status::Active => {}
        Status::Disabled => return Ok(user.into()),
        Status::Invited => return Err(Error::StillInvited),
    }
    if admins.len() == 1 && admins.iter().any(|admin| admin.id == id) {
        return Err(Error::LastAdmin);
    }
    set_status(&tx, id, Status::Disabled).await?;
    user.status = Status::Disabled;
    end_sessions(&mut tx, id).await?;
    tx.record(NewChange::in_workspace(Kind::User, Action::Updated, id));
    let afterwards = leaving.disabled(&mut tx, id).await?;
    tx.commit().await?;
    afterwards();
    Ok(user.into())
}

/// Lets a disabled user sign in again. What they connected stays stopped until they let it go on. One who is not disabled stays as they are.
///
/// # Errors
/// `Denied` for all but Admins; `NotFound`.
pub async fn enable(cx: &Cx, db: &Db, id: UserId) -> Result<User, Error> {
    cx.require(Right::Admin)?;
    let mut tx = db.begin(cx).await?;
    lock_admins_for(&tx).await?;
    let mut user = store::lock_user(tx.conn(), cx.workspace, id).await?.ok_or(Error::NotFound)?;
    if user.status != Status::Disabled {
        return Ok(user.into());
    }
    set_status(&tx, id, Status::Active).await?;
    user.status = Status::Active;
    if user.last_working_day.as_deref().is_some_and(|day| day < today(cx.now()).as_str()) {
        // It would disable them again at once.
        store::set_last_working_day(tx.conn(), cx.workspace, id, None).await?;
        user.last_working_day = None;
    }
    tx.record(NewChange::in_workspace(Kind::User, Action::Updated, id));
    tx.commit().await?;
    Ok(user.into())
}

/// Disables those whose last working day is over; until dropped. The last Admin of a workspace stays.
pub async fn run_departures(db: &Db, clock: &Clock, leaving: &dyn Leaving) {
    loop {
        // Taken before it is looked: what comes due meanwhile is not slept over.
        let next = clock.now().plus(LOOK);
        if let Err(error) = depart(db, clock, leaving).await {
            tracing::warn!(%error, "Users whose last working day is over could not be disabled; tried again in a minute");
        }
        clock.sleep_until(next).await;
    }
}

/// How often is looked whose last working day is over.
const LOOK: Duration = Duration::from_secs(60);

async fn depart(db: &Db, clock: &Clock, leaving: &dyn Leaving) -> Result<(), Error> {
    let over: Vec<(WorkspaceId, UserId)> = workspace_user::Entity::find()
        .select_only()
        .columns([workspace_user::Column::Workspace, workspace_user::Column::Id])
        .filter(workspace_user::Column::LastWorkingDay.lt(today(clock.now())))
        .filter(workspace_user::Column::Status.eq(Status::Active))
        .into_tuple()
        .all(db.reader())
        .await?;
    for (workspace, user) in over {
        match disable(&Cx::of_system(workspace, clock.clone()), db, leaving, user).await {
            Err(Error::LastAdmin) => {
                tracing::debug!(%user, "The last Admin stays, although their last working day is over");
            }
            done => drop(done?),
        }
    }
    Ok(())
}

/// The date of an instant in UTC, as dates are stored.
pub(super) fn today(now: entity::Timestamp) -> String {
    chrono::DateTime::from_timestamp_micros(now.0).unwrap_or_default().date_naive().to_string()
}

/// The Admins, locked. Who acts is asked again under the lock: they may have lost ADMIN meanwhile.
pub(super) async fn lock_admins_for(tx: &Tx) -> Result<Vec<workspace_user::Model>, Error> {
    let admins = store::lock_admins(tx.conn(), tx.workspace()).await?;
    match tx.cx().viewer() {
        Some(viewer) if admins.iter().all(|admin| admin.id != viewer.user) => Err(Denied(Right::Admin).into()),
        _ => Ok(admins),
    }
}

async fn set_status(tx: &Tx, id: UserId, status: Status) -> Result<(), Error> {
    workspace_user::Entity::update_many()
        .col_expr(workspace_user::Column::Status, Expr::value(status))
        .filter(workspace_user::Column::Workspace.eq(tx.workspace()))
        .filter(workspace_user::Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Ends all sign-ins of a user.
async fn end_sessions(tx: &mut Tx, user: UserId) -> Result<(), Error> {
    let theirs = session::Entity::find()
        .filter(session::Column::Workspace.eq(tx.workspace()))
        .filter(session::Column::UserId.eq(user))
        .all(tx.conn())
        .await?;
    for row in theirs {
        session::Entity::delete_by_id(row.token_hash).exec(tx.conn()).await?;
        tx.record(NewChange::in_scope(Scope::Nobody, Kind::Session, Action::Removed, row.id));
    }
    Ok(())
}
