//! Reading invitations. They are seen by those who may invite; to all others it is as if there were none.

use entity::invitation::{self, Status};
use entity::{InvitationId, LetterId};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Cond, ExprTrait, Query};
use sea_orm::{FromQueryResult, Iterable};

use super::{Error, Invitation};
use crate::access::{Cx, Right};
use crate::db::{Db, Fault};
use crate::paging::{Page, PageError, Place, Rows, Sort};
use crate::post::{Delivery, Post, State};

/// Invitations by id.
pub async fn by_ids(cx: &Cx, db: &Db, post: &Post, ids: &[InvitationId]) -> Result<Vec<Invitation>, Fault> {
    if !cx.can(Right::InviteUsers) {
        return Ok(Vec::new());
    }
    let rows = invitation::Entity::find()
        .filter(invitation::Column::Workspace.eq(cx.workspace))
        .filter(invitation::Column::Id.is_in(ids.iter().copied()))
        .all(db.reader())
        .await?;
    with_deliveries(cx, post, rows).await
}

/// A page of the workspace's invitations, those of one status or all, newest first.
pub async fn list(
    cx: &Cx,
    db: &Db,
    post: &Post,
    status: Option<Status>,
    page: &Page,
) -> Result<Result<Rows<Invitation>, PageError>, Fault> {
    let mut query = Query::select();
    query.columns(invitation::Column::iter()).from(invitation::Entity).cond_where(seen(cx, status));
    let sort = Expr::col(invitation::Column::CreatedAt);
    let id = Expr::col(invitation::Column::Id);
    if let Err(error) = page.apply(&mut query, &sort, &id, true, true) {
        return Ok(Err(error));
    }
    let rows = invitation::Model::find_by_statement(db.backend().build(&query)).all(db.reader()).await?;
    let invitations = with_deliveries(cx, post, rows).await?;
    Ok(Ok(page.rows(invitations, |row| Place(Sort::Number(row.created_at.0), row.id.0))))
}

/// How many there are.
pub async fn count(cx: &Cx, db: &Db, status: Option<Status>) -> Result<u64, Fault> {
    Ok(invitation::Entity::find().filter(seen(cx, status)).count(db.reader()).await?)
}

/// An invitation has the status of now, also a moment before that is written down.
fn seen(cx: &Cx, status: Option<Status>) -> Cond {
    let mut seen = Cond::all()
        .add(invitation::Column::Workspace.eq(cx.workspace))
        .add(Expr::value(cx.can(Right::InviteUsers)).eq(true));
    if let Some(status) = status {
        let late = invitation::Column::ExpiresAt.lte(cx.now());
        seen = match status {
            Status::Pending => {
                seen.add(invitation::Column::Status.eq(status)).add(invitation::Column::ExpiresAt.gt(cx.now()))
            }
            Status::Expired => seen.add(
                Cond::any()
                    .add(invitation::Column::Status.eq(status))
                    .add(Cond::all().add(invitation::Column::Status.eq(Status::Pending)).add(late)),
            ),
            Status::Accepted | Status::Revoked => seen.add(invitation::Column::Status.eq(status)),
        };
    }
    seen
}

pub(super) async fn with_delivery(cx: &Cx, post: &Post, row: invitation::Model) -> Result<Invitation, Error> {
    with_deliveries(cx, post, vec![row]).await?.pop().ok_or(Error::NotFound)
}

async fn with_deliveries(cx: &Cx, post: &Post, rows: Vec<invitation::Model>) -> Result<Vec<Invitation>, Fault> {
    let letters: Vec<LetterId> = rows.iter().map(|row| row.letter).collect();
    let mut deliveries = post.deliveries(cx.workspace, letters).await?;
    let now = cx.now();
    let invitation = |row: invitation::Model| Invitation {
        id: row.id,
        name: row.name,
        email: row.email,
        status: if row.status == Status::Pending && row.expires_at <= now { Status::Expired } else { row.status },
        invited_by: row.invited_by,
        created_at: row.created_at,
        expires_at: row.expires_at,
        delivery: deliveries.remove(&row.letter).unwrap_or(Delivery {
            state: State::Failed,
            attempts: 0,
            last_error: None,
            sent_at: None,
        }),
    };
    Ok(rows.into_iter().map(invitation).collect())
}
