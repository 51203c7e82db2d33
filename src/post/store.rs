//! Rows of the outbox.

use entity::{LetterId, Timestamp, WorkspaceId, outbox};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{DbBackend, DbErr, FromQueryResult, Statement};

use super::State;
use crate::db::{Db, Fault};

pub(super) async fn by_ids(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    ids: Vec<LetterId>,
) -> Result<Vec<outbox::Model>, DbErr> {
    outbox::Entity::find()
        .filter(outbox::Column::Workspace.eq(workspace))
        .filter(outbox::Column::Id.is_in(ids))
        .all(conn)
        .await
}

/// Takes letters that are due, of all workspaces: until `until` nobody else does.
pub(super) async fn take(db: &Db, now: Timestamp, until: Timestamp, most: u64) -> Result<Vec<outbox::Model>, Fault> {
    let lock = if db.backend() == DbBackend::Postgres { "FOR UPDATE SKIP LOCKED" } else { "" };
    let sql = format!(
        "UPDATE outbox SET attempts = attempts + 1, next_attempt_at = $2 \
         WHERE (workspace, id) IN (SELECT workspace, id FROM outbox \
           WHERE state = 'QUEUED' AND next_attempt_at <= $1 ORDER BY next_attempt_at LIMIT $3 {lock}) \
         RETURNING *"
    );
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let statement = Statement::from_sql_and_values(db.backend(), sql, [now.into(), until.into(), most.into()]);
    Ok(outbox::Model::find_by_statement(statement).all(db.writer()).await?)
}

/// Writes down how an attempt ended; false when a later one was begun, or the letter was taken back.
pub(super) async fn write_down(
    conn: &impl ConnectionTrait,
    row: &outbox::Model,
    state: State,
    next: Timestamp,
    why: Option<String>,
) -> Result<bool, DbErr> {
    let mut update = outbox::Entity::update_many()
        .col_expr(outbox::Column::State, Expr::value(state))
        .col_expr(outbox::Column::NextAttemptAt, Expr::value(next))
        .col_expr(outbox::Column::LastError, Expr::value(why));
    if state == State::Sent {
        update = update.col_expr(outbox::Column::SentAt, Expr::value(next));
    }
    if state != State::Queued {
        update = update.col_expr(outbox::Column::Sealed, Expr::value(Option::<Vec<u8>>::None));
    }
    let done = update
        .filter(outbox::Column::Workspace.eq(row.workspace))
        .filter(outbox::Column::Id.eq(row.id))
        .filter(outbox::Column::Attempts.eq(row.attempts))
        .filter(outbox::Column::State.eq(State::Queued))
        .exec(conn)
        .await?;
    Ok(done.rows_affected > 0)
}

pub(super) async fn cancel(conn: &impl ConnectionTrait, workspace: WorkspaceId, id: LetterId) -> Result<(), DbErr> {
    outbox::Entity::update_many()
        .col_expr(outbox::Column::State, Expr::value(State::Failed))
        .col_expr(outbox::Column::LastError, Expr::value("It was taken back before it was sent."))
        .col_expr(outbox::Column::Sealed, Expr::value(Option::<Vec<u8>>::None))
        .filter(outbox::Column::Workspace.eq(workspace))
        .filter(outbox::Column::Id.eq(id))
        .filter(outbox::Column::State.eq(State::Queued))
        .exec(conn)
        .await
        .map(drop)
}
