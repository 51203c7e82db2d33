//! What users let colleagues see.
//!
//! Owns the table `share`. What a share of an inbox lets one see is `access::Cx::mail_access`'s; it is loaded with the session. Start
//! reading at `share`.

use std::collections::HashMap;

pub use entity::share::Resource;
use entity::{ShareId, UserId, share as row};
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Condition;

use super::{Status, queries, store};
use crate::access::{Cx, Denied, Level, Right, Rights};
use crate::changes::{Action, Kind, NewChange, Scope};
use crate::db::{Db, Fault, Tx};

/// What a user lets a colleague see: all of a kind that they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Its id.
    pub id: ShareId,
    /// Who shares.
    pub owner: UserId,
    /// With whom.
    pub grantee: UserId,
    /// What.
    pub resource: Resource,
    /// How much of it.
    pub level: Level,
}

/// A share to be made, or to be given another level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewShare {
    /// Who shares; the actor when left out.
    pub owner: Option<UserId>,
    /// With whom.
    pub grantee: UserId,
    /// What.
    pub resource: Resource,
    /// How much of it.
    pub level: Level,
}

/// Why a command about shares is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A right is missing.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// No such share, or one that does not concern the actor.
    #[error("There is no such share.")]
    NotFound,
    /// No such user in this workspace.
    #[error("There is no such user.")]
    OwnerNotFound,
    /// No such user in this workspace.
    #[error("There is no such user.")]
    GranteeNotFound,
    /// Nobody acts whose it could be.
    #[error("Sign in first.")]
    NoOwner,
    /// It is theirs already.
    #[error("What belongs to somebody is shared with colleagues, not with themselves.")]
    WithOneself,
    /// The colleague is no longer here.
    #[error("This colleague can no longer sign in, so nothing can be shared with them.")]
    Disabled,
    /// The database failed.
    #[error("storage failed")]
    Fault(#[from] Fault),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Fault(error.into())
    }
}

impl From<row::Model> for Share {
    fn from(row: row::Model) -> Self {
        let row::Model { id, owner, grantee, resource, level, .. } = row;
        Self { id, owner, grantee, resource, level }
    }
}

/// Shares, or gives what is shared already another level. The same again changes nothing.
///
/// # Errors
/// `Denied` for what is another's, unless an Admin shares it, and an Admin to himself only with `ViewPrivateMail`; `OwnerNotFound`,
/// `GranteeNotFound`, `WithOneself`, `Disabled`.
pub async fn share(cx: &Cx, db: &Db, new: NewShare) -> Result<Share, Error> {
    let owner = new.owner.or_else(|| cx.user()).ok_or(Error::NoOwner)?;
    let mut tx = db.begin(cx).await?;
    may_share(&tx, owner, new.grantee).await?;
    // Those who share the same user's things wait for each other: what is looked up here stays so.
    queries::hold(&tx, owner).await?;
    let users = store::users_by_ids(tx.conn(), cx.workspace, vec![owner, new.grantee]).await?;
    let user = |id| users.iter().find(|user| user.id == id);
    user(owner).ok_or(Error::OwnerNotFound)?;
    let grantee = user(new.grantee).ok_or(Error::GranteeNotFound)?;
    if owner == new.grantee {
        return Err(Error::WithOneself);
    }
    if grantee.status == Status::Disabled {
        return Err(Error::Disabled);
    }
    let there = of(cx)
        .filter(row::Column::Owner.eq(owner))
        .filter(row::Column::Grantee.eq(new.grantee))
        .filter(row::Column::Resource.eq(new.resource))
        .one(tx.conn())
        .await?;
    let (share, action) = match there {
        Some(row) if row.level == new.level => return Ok(row.into()),
        Some(row) => {
            row::Entity::update_many()
                .col_expr(row::Column::Level, Expr::value(new.level))
                .filter(row::Column::Workspace.eq(cx.workspace))
                .filter(row::Column::Id.eq(row.id))
                .exec(tx.conn())
                .await?;
            (Share { level: new.level, ..row.into() }, Action::Updated)
        }
        None => {
            let made = row::ActiveModel {
                workspace: Set(cx.workspace),
                id: Set(cx.new_id()),
                owner: Set(owner),
                grantee: Set(new.grantee),
                resource: Set(new.resource),
                level: Set(new.level),
                created_at: Set(cx.now()),
            };
            (row::Entity::insert(made).exec_with_returning(tx.conn()).await?.into(), Action::Created)
        }
    };
    record(&mut tx, &share, action);
    tx.commit().await?;
    Ok(share)
}

/// Ends a share. By its owner or an Admin.
///
/// # Errors
/// `NotFound`; `Denied` for who sees it and may not end it.
pub async fn unshare(cx: &Cx, db: &Db, id: ShareId) -> Result<(), Error> {
    let mut tx = db.begin(cx).await?;
    let row = of(cx).filter(row::Column::Id.eq(id)).filter(seen(cx)).one(tx.conn()).await?.ok_or(Error::NotFound)?;
    if cx.user() != Some(row.owner) {
        cx.require(Right::Admin)?;
    }
    queries::hold(&tx, row.owner).await?;
    if row::Entity::delete_by_id((cx.workspace, id)).exec(tx.conn()).await?.rows_affected == 0 {
        return Err(Error::NotFound);
    }
    record(&mut tx, &row.into(), Action::Removed);
    Ok(tx.commit().await?)
}

/// Shares by id, those that the actor may see: their own, those with them, and to an Admin all.
pub async fn by_ids(cx: &Cx, db: &Db, ids: &[ShareId]) -> Result<Vec<Share>, Fault> {
    let rows = of(cx).filter(row::Column::Id.is_in(ids.iter().copied())).filter(seen(cx)).all(db.reader()).await?;
    Ok(rows.into_iter().map(Share::from).collect())
}

/// What users share, oldest first; as far as the actor may see all of it: their own, and to an Admin everybody's.
pub async fn of_owners(cx: &Cx, db: &Db, owners: &[UserId]) -> Result<HashMap<UserId, Vec<Share>>, Fault> {
    let may = |owner: &UserId| cx.can(Right::Admin) || cx.user() == Some(*owner);
    let mut shares: HashMap<UserId, Vec<Share>> =
        owners.iter().copied().filter(may).map(|owner| (owner, Vec::new())).collect();
    if shares.is_empty() {
        return Ok(shares);
    }
    let query = of(cx).filter(row::Column::Owner.is_in(shares.keys().copied())).order_by_asc(row::Column::Id);
    for row in query.all(db.reader()).await? {
        shares.entry(row.owner).or_default().push(row.into());
    }
    Ok(shares)
}

/// Another's is shared by an Admin only. Asked of the Admins' rows, locked: who acts may have lost a right meanwhile.
async fn may_share(tx: &Tx, owner: UserId, grantee: UserId) -> Result<(), Error> {
    let cx = tx.cx();
    let Some(viewer) = cx.viewer().filter(|viewer| viewer.user != owner) else { return Ok(()) };
    cx.require(Right::Admin)?;
    let admins = store::lock_admins(tx.conn(), cx.workspace).await?;
    let own = admins.iter().find(|admin| admin.id == viewer.user).ok_or(Denied(Right::Admin))?;
    if grantee == viewer.user && !Rights::from_bits(own.rights).allow(Right::ViewPrivateMail) {
        return Err(Denied(Right::ViewPrivateMail).into());
    }
    Ok(())
}

fn of(cx: &Cx) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::Workspace.eq(cx.workspace))
}

/// As `Scope::Share` has it.
fn seen(cx: &Cx) -> Condition {
    if cx.can(Right::Admin) {
        return Condition::all();
    }
    let user = cx.user();
    Condition::any().add(row::Column::Owner.eq(user)).add(row::Column::Grantee.eq(user))
}

fn record(tx: &mut Tx, share: &Share, action: Action) {
    tx.record(NewChange::in_scope(Scope::Share(share.owner, share.grantee), Kind::Share, action, share.id));
}
