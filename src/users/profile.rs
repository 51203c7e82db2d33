//! What is kept of a user beside rights: their name, and when they leave.

use chrono::NaiveDate;
use entity::{UserId, workspace_user};
use sea_orm::entity::prelude::*;

use super::leaving::{lock_admins_for, today};
use super::{Error, User, commands, store};
use crate::access::{Cx, Right};
use crate::changes::{Action, Kind, NewChange};
use crate::db::Db;
use crate::text;

/// What is to be different; what is left out stays.
#[derive(Clone, Debug)]
pub struct UserChange {
    /// Whose.
    pub id: UserId,
    /// What they are called.
    pub name: Option<String>,
    /// The day after which they are disabled; none inside for nobody knows.
    pub last_working_day: Option<Option<NaiveDate>>,
}

/// Changes what is kept of a user. One's own name by oneself, all else by Admins. The same again changes nothing.
///
/// # Errors
/// `NotFound`; `Denied`; `Name`; `DayIsOver` for a last working day before today (UTC).
pub async fn update_user(cx: &Cx, db: &Db, change: UserChange) -> Result<User, Error> {
    let name = change.name.as_deref().map(commands::name).transpose()?;
    let day = change.last_working_day.map(|day| day.map(|day| day.to_string()));
    let own = cx.user() == Some(change.id) && day.is_none();
    let mut tx = db.begin(cx).await?;
    if !own {
        cx.require(Right::Admin)?;
        lock_admins_for(&tx).await?;
    }
    let before = store::lock_user(tx.conn(), cx.workspace, change.id).await?.ok_or(Error::NotFound)?;
    let after = workspace_user::Model {
        name: name.unwrap_or_else(|| before.name.clone()),
        last_working_day: day.unwrap_or_else(|| before.last_working_day.clone()),
        ..before.clone()
    };
    if after == before {
        return Ok(before.into());
    }
    let moved = after.last_working_day != before.last_working_day;
    if moved && after.last_working_day.as_deref().is_some_and(|day| day < today(cx.now()).as_str()) {
        return Err(Error::DayIsOver);
    }
    workspace_user::Entity::update_many()
        .col_expr(workspace_user::Column::Name, Expr::value(after.name.as_str()))
        .col_expr(workspace_user::Column::NameSort, Expr::value(text::plain(&after.name)))
        .filter(workspace_user::Column::Workspace.eq(cx.workspace))
        .filter(workspace_user::Column::Id.eq(change.id))
        .exec(tx.conn())
        .await?;
    store::set_last_working_day(tx.conn(), cx.workspace, change.id, after.last_working_day.clone()).await?;
    tx.record(NewChange::in_workspace(Kind::User, Action::Updated, change.id));
    tx.commit().await?;
    Ok(after.into())
}
