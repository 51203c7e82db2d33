//! Blocking and unblocking.

use entity::blocked_address::{self, State};
use entity::{BlockedAddressId, UserId};
use sea_orm::entity::prelude::*;

use super::pattern::Pattern;
use super::{BlockScope, Error, Settling, store};
use crate::access::{Cx, Right};
use crate::db::Db;
use crate::mail_accounts;

/// Most entries of one list.
const MOST: u64 = 10_000;

/// What is to be blocked.
#[derive(Clone, Debug)]
pub struct NewBlock {
    /// An address, or a domain with those below it.
    pub pattern: String,
    /// Whose mail.
    pub scope: BlockScope,
}

/// Whose list a scope means.
///
/// # Errors
/// `Denied` for the workspace's without ADMIN.
pub(super) fn list_of(cx: &Cx, scope: BlockScope) -> Result<Option<UserId>, Error> {
    let user = cx.user().ok_or(Error::NoUser)?;
    match scope {
        BlockScope::User => Ok(Some(user)),
        BlockScope::Workspace => {
            cx.require(Right::Admin)?;
            Ok(None)
        }
    }
}

/// Blocks an address or domain: at once for new mail, and by the steps of what is returned for stored mail. What is blocked already is
/// that entry, unchanged.
///
/// # Errors
/// `Pattern` for what is neither; `OwnAddress` for the address of one of the actor's mailboxes; `TooMany`; `Denied`.
pub async fn block(cx: &Cx, db: &Db, new: &NewBlock) -> Result<Settling, Error> {
    let owner = list_of(cx, new.scope)?;
    let pattern = Pattern::parse(&new.pattern)?;
    let user = cx.user().ok_or(Error::NoUser)?;
    for mailbox in mail_accounts::mailboxes_of(cx, db, user).await? {
        if Pattern::parse(&mailbox.address).is_ok_and(|own| own.key == pattern.key) {
            return Err(Error::OwnAddress);
        }
    }
    let tx = db.begin(cx).await?;
    // What is being stored now is stored, and found among what is stored; what comes next meets the entry.
    mail_accounts::hold_all(&tx, owner).await?;
    if store::count(tx.conn(), cx.workspace, owner).await? >= MOST {
        return Err(Error::TooMany);
    }
    let row = blocked_address::Model {
        workspace: cx.workspace,
        id: cx.new_id(),
        owner,
        pattern: pattern.shown,
        pattern_key: pattern.key,
        state: State::Applying,
        created_at: cx.now(),
    };
    let row = store::insert(tx.conn(), row).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Settling::begin(cx, db, row).await
}

/// Takes an entry out of a list: at once for new mail, and by the steps of what is returned for stored mail.
///
/// # Errors
/// `NotFound` for one that the actor does not see; `Denied` for the workspace's without ADMIN.
pub async fn unblock(cx: &Cx, db: &Db, id: BlockedAddressId) -> Result<Settling, Error> {
    let tx = db.begin(cx).await?;
    let row = store::seen_by(cx).filter(blocked_address::Column::Id.eq(id)).one(tx.conn()).await?;
    let mut row = row.ok_or(Error::NotFound)?;
    if row.owner.is_none() {
        cx.require(Right::Admin)?;
    }
    mail_accounts::hold_all(&tx, row.owner).await?;
    store::remove(tx.conn(), cx.workspace, id).await?;
    tx.commit().await?;
    row.state = State::Removing;
    Settling::begin(cx, db, row).await
}
