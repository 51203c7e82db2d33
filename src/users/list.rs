//! Lists of users: searched, ordered, a page at a time.

use entity::workspace_user;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Cond, ExprTrait, Query};
use sea_orm::{FromQueryResult, Iterable};

use super::{Status, User};
use crate::access::Cx;
use crate::db::{Db, Fault};
use crate::paging::{Page, PageError, Place, Rows, Sort};
use crate::text;

/// Which users.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Each word of it is in their name or address.
    pub search: Option<String>,
    /// Whether they can sign in.
    pub status: Option<Status>,
}

/// In which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By name.
    Name,
    /// By address.
    Email,
    /// By when they were made.
    CreatedAt,
}

/// A page of the workspace's users.
pub async fn list(
    cx: &Cx,
    db: &Db,
    wanted: &Wanted,
    (order, descending): (Order, bool),
    page: &Page,
) -> Result<Result<Rows<User>, PageError>, Fault> {
    let mut query = Query::select();
    query.columns(workspace_user::Column::iter()).from(workspace_user::Entity).cond_where(condition(cx, wanted));
    let (column, numeric) = match order {
        Order::Name => (workspace_user::Column::NameSort, false),
        Order::Email => (workspace_user::Column::EmailKey, false),
        Order::CreatedAt => (workspace_user::Column::CreatedAt, true),
    };
    let (sort, id) = (Expr::col(column), Expr::col(workspace_user::Column::Id));
    if let Err(error) = page.apply(&mut query, &sort, &id, descending, numeric) {
        return Ok(Err(error));
    }
    let rows = workspace_user::Model::find_by_statement(db.backend().build(&query)).all(db.reader()).await?;
    let place = |user: &workspace_user::Model| match order {
        Order::Name => Sort::Text(user.name_sort.clone()),
        Order::Email => Sort::Text(user.email_key.clone()),
        Order::CreatedAt => Sort::Number(user.created_at.0),
    };
    Ok(Ok(page.rows(rows, |user| Place(place(user), user.id.0)).map(User::from)))
}

/// How many there are.
pub async fn count(cx: &Cx, db: &Db, wanted: &Wanted) -> Result<u64, Fault> {
    Ok(workspace_user::Entity::find().filter(condition(cx, wanted)).count(db.reader()).await?)
}

fn condition(cx: &Cx, wanted: &Wanted) -> Cond {
    let mut condition = Cond::all().add(workspace_user::Column::Workspace.eq(cx.workspace));
    if let Some(status) = wanted.status {
        condition = condition.add(workspace_user::Column::Status.eq(status));
    }
    // Words hold nothing that LIKE takes for a pattern.
    for word in wanted.search.as_deref().map(text::words).unwrap_or_default() {
        let found = Cond::any()
            .add(Expr::col(workspace_user::Column::NameSort).like(format!("%{word}%")))
            .add(Expr::col(workspace_user::Column::EmailKey).like(format!("%{word}%")));
        condition = condition.add(found);
    }
    condition
}
