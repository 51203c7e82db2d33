//! Rows of blocked addresses.

use std::collections::HashMap;

use entity::blocked_address::{self, State};
use entity::{BlockedAddressId, UserId, WorkspaceId};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{Condition, DbErr, IntoActiveModel, QuerySelect};

use crate::access::Cx;

/// Keys of one statement.
const KEYS_PER_STATEMENT: usize = 1000;

/// What is in force for the mail of a user.
fn in_force(workspace: WorkspaceId, owner: Option<UserId>) -> Select<blocked_address::Entity> {
    let own = owner.map(|owner| blocked_address::Column::Owner.eq(owner));
    blocked_address::Entity::find()
        .filter(blocked_address::Column::Workspace.eq(workspace))
        .filter(blocked_address::Column::State.ne(State::Removing))
        .filter(Condition::any().add(blocked_address::Column::Owner.is_null()).add_option(own))
}

/// The entries that the actor sees: their own, and the workspace's.
pub(super) fn seen_by(cx: &Cx) -> Select<blocked_address::Entity> {
    in_force(cx.workspace, cx.user())
}

pub(super) async fn any(conn: &impl ConnectionTrait, workspace: WorkspaceId, owner: UserId) -> Result<bool, DbErr> {
    Ok(in_force(workspace, Some(owner)).one(conn).await?.is_some())
}

/// Those with one of these keys that are in force for the mail of a user.
pub(super) async fn among(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    owner: UserId,
    keys: &[String],
) -> Result<HashMap<String, BlockedAddressId>, DbErr> {
    let mut found = HashMap::new();
    for some in keys.chunks(KEYS_PER_STATEMENT) {
        let rows: Vec<(String, BlockedAddressId)> = in_force(workspace, Some(owner))
            .select_only()
            .columns([blocked_address::Column::PatternKey, blocked_address::Column::Id])
            .filter(blocked_address::Column::PatternKey.is_in(some.iter().map(String::as_str)))
            .into_tuple()
            .all(conn)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

/// The entry of a user's list, or of the workspace's, with a key.
fn of(workspace: WorkspaceId, owner: Option<UserId>) -> Condition {
    let owner = match owner {
        Some(owner) => blocked_address::Column::Owner.eq(owner),
        None => blocked_address::Column::Owner.is_null(),
    };
    Condition::all().add(blocked_address::Column::Workspace.eq(workspace)).add(owner)
}

/// Inserts an entry, unless the list has one for the same; the one that is in it then.
pub(super) async fn insert(
    conn: &impl ConnectionTrait,
    row: blocked_address::Model,
) -> Result<Option<blocked_address::Model>, DbErr> {
    let list = of(row.workspace, row.owner);
    let key = row.pattern_key.clone();
    // One on its way out is no longer in force: what it leaves to do is this one's too.
    blocked_address::Entity::delete_many()
        .filter(list.clone())
        .filter(blocked_address::Column::PatternKey.eq(key.as_str()))
        .filter(blocked_address::Column::State.eq(State::Removing))
        .exec(conn)
        .await?;
    let unique = OnConflict::new().do_nothing().to_owned();
    blocked_address::Entity::insert(row.into_active_model()).on_conflict(unique).exec_without_returning(conn).await?;
    blocked_address::Entity::find().filter(list).filter(blocked_address::Column::PatternKey.eq(key)).one(conn).await
}

pub(super) async fn count(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    owner: Option<UserId>,
) -> Result<u64, DbErr> {
    blocked_address::Entity::find().filter(of(workspace, owner)).count(conn).await
}

pub(super) async fn remove(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: BlockedAddressId,
) -> Result<(), DbErr> {
    blocked_address::Entity::update_many()
        .col_expr(blocked_address::Column::State, Expr::value(State::Removing))
        .filter(blocked_address::Column::Workspace.eq(workspace))
        .filter(blocked_address::Column::Id.eq(id))
        .exec(conn)
        .await
        .map(drop)
}

/// Notes that all stored mail follows an entry, or that none does any more.
pub(super) async fn settle(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: BlockedAddressId,
) -> Result<(), DbErr> {
    let this =
        Condition::all().add(blocked_address::Column::Workspace.eq(workspace)).add(blocked_address::Column::Id.eq(id));
    blocked_address::Entity::update_many()
        .col_expr(blocked_address::Column::State, Expr::value(State::Applied))
        .filter(this.clone())
        .filter(blocked_address::Column::State.eq(State::Applying))
        .exec(conn)
        .await?;
    blocked_address::Entity::delete_many()
        .filter(this)
        .filter(blocked_address::Column::State.eq(State::Removing))
        .exec(conn)
        .await
        .map(drop)
}

/// The entries that stored mail does not follow yet, of all workspaces.
pub(super) async fn unsettled(conn: &impl ConnectionTrait) -> Result<Vec<blocked_address::Model>, DbErr> {
    blocked_address::Entity::find().filter(blocked_address::Column::State.ne(State::Applied)).all(conn).await
}
