//! The log's tables.

use entity::{Timestamp, UserId, WorkspaceId, change_head, change_log};
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, DbBackend, DbErr, FromQueryResult, QueryOrder, QuerySelect, Statement};
use uuid::Uuid;

use super::{Action, Body, Change, Cursor, CursorError, Kind, NewChange, Scope};

/// Rows of one INSERT: 11 values each stay far below both databases' limits of bound values (32 766 and 65 535).
const ROWS_PER_INSERT: usize = 500;

/// The newest number of a workspace's log, the newest that retention took, and the log's epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Newest number.
    pub seq: i64,
    /// Changes up to this number are no longer kept.
    pub floor: i64,
    /// Life of the log.
    pub epoch: Uuid,
}

impl Head {
    /// The place behind the newest change.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.at(self.seq)
    }

    /// The place behind a change of this log.
    #[must_use]
    pub fn at(&self, seq: i64) -> Cursor {
        Cursor { workspace: self.workspace, epoch: self.epoch, seq }
    }

    /// Whether a client's cursor can be followed from here: the number of the last change it saw.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another workspace or from the future, `Expired` for one below the floor or of another epoch.
    pub fn check(&self, cursor: Cursor) -> Result<i64, CursorError> {
        if cursor.workspace != self.workspace || cursor.seq < 0 {
            Err(CursorError::Invalid)
        } else if cursor.epoch != self.epoch || cursor.seq < self.floor {
            Err(CursorError::Expired)
        } else if cursor.seq > self.seq {
            Err(CursorError::Invalid)
        } else {
            Ok(cursor.seq)
        }
    }
}

impl From<change_head::Model> for Head {
    fn from(row: change_head::Model) -> Self {
        Self { workspace: row.workspace, seq: row.seq, floor: row.floor, epoch: row.epoch }
    }
}

/// Begins the log of a new workspace.
pub async fn create(conn: &impl ConnectionTrait, workspace: WorkspaceId, epoch: Uuid) -> Result<(), DbErr> {
    let row = change_head::ActiveModel { workspace: Set(workspace), seq: Set(0), floor: Set(0), epoch: Set(epoch) };
    change_head::Entity::insert(row).exec_without_returning(conn).await.map(drop)
}

/// The head of a workspace's log.
pub async fn head(conn: &impl ConnectionTrait, workspace: WorkspaceId) -> Result<Option<Head>, DbErr> {
    Ok(change_head::Entity::find_by_id(workspace).one(conn).await?.map(Head::from))
}

/// The heads of several workspaces in one statement.
pub async fn heads(conn: &impl ConnectionTrait, workspaces: Vec<WorkspaceId>) -> Result<Vec<Head>, DbErr> {
    let rows = change_head::Entity::find().filter(change_head::Column::Workspace.is_in(workspaces)).all(conn).await?;
    Ok(rows.into_iter().map(Head::from).collect())
}

/// Numbers changes and writes them. Must be the last thing a transaction does before it commits: the lock on the head row, held
/// until then, is what makes the order of numbers the order of commits. (Taken first, it would serialize whole transactions.)
pub async fn append(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    at: Timestamp,
    actor: Option<UserId>,
    changes: &[NewChange],
) -> Result<(), DbErr> {
    #[derive(FromQueryResult)]
    struct Numbered {
        seq: i64,
    }
    if conn.get_database_backend() == DbBackend::Postgres {
        for batch in changes.chunks(ROWS_PER_INSERT) {
            append_at_once(conn, workspace, at, actor, batch).await?;
        }
        return Ok(());
    }
    let count = i64::try_from(changes.len()).unwrap_or(i64::MAX);
    let numbering = Statement::from_sql_and_values(
        conn.get_database_backend(),
        "UPDATE change_head SET seq = seq + $2 WHERE workspace = $1 RETURNING seq",
        [workspace.into(), count.into()],
    );
    let last = Numbered::find_by_statement(numbering).one(conn).await?.ok_or_else(no_head)?;
    let mut seq = last.seq - count;
    for batch in changes.chunks(ROWS_PER_INSERT) {
        let rows: Vec<_> = batch
            .iter()
            .map(|change| {
                seq += 1;
                Ok(change_log::ActiveModel {
                    workspace: Set(workspace),
                    seq: Set(seq),
                    at: Set(at),
                    kind: Set(change.kind.as_str().to_owned()),
                    action: Set(change.action.as_str().to_owned()),
                    subject: Set(change.subject),
                    version: Set(change.version),
                    scope_before: Set(change.before.to_text()),
                    scope_after: Set(change.after.to_text()),
                    actor: Set(actor.map(Uuid::from)),
                    body: Set(serde_json::to_string(&change.body).map_err(|error| DbErr::Json(error.to_string()))?),
                })
            })
            .collect::<Result<_, DbErr>>()?;
        change_log::Entity::insert_many(rows).exec_without_returning(conn).await?;
    }
    Ok(())
}

/// Numbering and rows in one statement, which SQLite does not have: the lock on the head row is held for one round trip less.
async fn append_at_once(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    at: Timestamp,
    actor: Option<UserId>,
    changes: &[NewChange],
) -> Result<(), DbErr> {
    let count = i64::try_from(changes.len()).unwrap_or(i64::MAX);
    let mut values: Vec<Value> = vec![workspace.into(), count.into(), at.into(), actor.map(Uuid::from).into()];
    let mut rows = Vec::with_capacity(changes.len());
    for (change, number) in changes.iter().zip(1..) {
        let body = serde_json::to_string(&change.body).map_err(|error| DbErr::Json(error.to_string()))?;
        let row: [Value; 7] = [
            change.kind.as_str().into(),
            change.action.as_str().into(),
            change.subject.into(),
            change.version.into(),
            change.before.to_text().into(),
            change.after.to_text().into(),
            body.into(),
        ];
        let places: Vec<_> = (values.len() + 1..=values.len() + row.len()).map(|place| format!("${place}")).collect();
        rows.push(format!("({number}, {})", places.join(", ")));
        values.extend(row);
    }
    let sql = format!(
        "WITH head AS (UPDATE change_head SET seq = seq + $2 WHERE workspace = $1 RETURNING seq - $2 AS seq) \
         INSERT INTO change_log \
         (workspace, seq, at, kind, action, subject, version, scope_before, scope_after, actor, body) \
         SELECT $1, head.seq + number, $3, kind, action, subject, version, scope_before, scope_after, $4, body \
         FROM head CROSS JOIN (VALUES {}) \
         AS new (number, kind, action, subject, version, scope_before, scope_after, body)",
        rows.join(", ")
    );
    let done = conn.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    if done.rows_affected() == 0 { Err(no_head()) } else { Ok(()) }
}

fn no_head() -> DbErr {
    DbErr::RecordNotFound("the head of the workspace's change log".to_owned())
}

/// The changes behind `after`, oldest first, at most `limit`.
pub async fn read(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    after: i64,
    limit: u64,
) -> Result<Vec<Change>, DbErr> {
    let rows = change_log::Entity::find()
        .filter(change_log::Column::Workspace.eq(workspace))
        .filter(change_log::Column::Seq.gt(after))
        .order_by_asc(change_log::Column::Seq)
        .limit(limit)
        .all(conn)
        .await?;
    rows.iter().map(decode).collect()
}

fn decode(row: &change_log::Model) -> Result<Change, DbErr> {
    let unknown = |what: &str| DbErr::Type(format!("change {} has an unknown {what}", row.seq));
    Ok(Change {
        seq: row.seq,
        at: row.at,
        kind: Kind::parse(&row.kind).ok_or_else(|| unknown("kind"))?,
        action: Action::parse(&row.action).ok_or_else(|| unknown("action"))?,
        subject: row.subject,
        version: row.version,
        before: Scope::parse(row.scope_before.as_deref()),
        after: Scope::parse(row.scope_after.as_deref()),
        actor: row.actor.map(UserId),
        body: serde_json::from_str::<Body>(&row.body).map_err(|error| DbErr::Json(error.to_string()))?,
    })
}

/// Forgets changes: those committed before `before`, and those more than `keep` behind the newest. Returns how many went.
///
/// The floor is raised first, in a transaction of its own, so that a reader that finds changes missing finds the reason too.
pub async fn trim<C>(conn: &C, workspace: WorkspaceId, before: Timestamp, keep: i64) -> Result<u64, DbErr>
where
    C: ConnectionTrait,
{
    #[derive(FromQueryResult)]
    struct Newest {
        seq: Option<i64>,
    }
    let Some(head) = head(conn, workspace).await? else { return Ok(0) };
    let oldest_kept = Statement::from_sql_and_values(
        conn.get_database_backend(),
        "SELECT MAX(seq) AS seq FROM change_log WHERE workspace = $1 AND at < $2",
        [workspace.into(), before.into()],
    );
    let too_old = Newest::find_by_statement(oldest_kept).one(conn).await?.and_then(|row| row.seq).unwrap_or(0);
    let floor = too_old.max(head.seq - keep).max(head.floor);
    if floor > head.floor {
        change_head::Entity::update_many()
            .col_expr(change_head::Column::Floor, Expr::value(floor))
            .filter(change_head::Column::Workspace.eq(workspace))
            .filter(change_head::Column::Floor.lt(floor))
            .exec(conn)
            .await?;
    }
    let gone = change_log::Entity::delete_many()
        .filter(change_log::Column::Workspace.eq(workspace))
        .filter(change_log::Column::Seq.lte(floor))
        .exec(conn)
        .await?;
    Ok(gone.rows_affected)
}
