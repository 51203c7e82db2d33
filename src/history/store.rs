//! The table of history.

use entity::{HistoryEntryId, TagId, WorkspaceId, history_entry};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, Query, SelectStatement, UnionType};
use sea_orm::{DbErr, FromQueryResult, Iterable};

use super::{Deed, Entry, NewEntry, Subject};
use crate::access::Cx;
use crate::paging::{Page, PageError, Place, Rows, Sort};

/// Rows of one INSERT: 8 values each stay far below both databases' limits of bound values (32 766 and 65 535).
const ROWS_PER_INSERT: usize = 1000;

/// Pages read in one statement: SQLite takes 500 parts of a union.
const PAGES: usize = 200;

/// Writes what a command noted.
pub async fn write(conn: &impl ConnectionTrait, cx: &Cx, notes: Vec<NewEntry>) -> Result<(), DbErr> {
    let at = cx.now();
    let mut rows = Vec::with_capacity(notes.len());
    for NewEntry { subject, tag, deed } in notes {
        let (kind, subject) = subject.stored();
        rows.push(history_entry::ActiveModel {
            workspace: Set(cx.workspace),
            id: Set(cx.new_id()),
            kind: Set(kind.to_owned()),
            subject: Set(subject),
            at: Set(at),
            actor: Set(cx.actor_user()),
            tag: Set(tag),
            deed: Set(serde_json::to_string(&deed).map_err(|error| DbErr::Json(error.to_string()))?),
        });
    }
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(ROWS_PER_INSERT));
        history_entry::Entity::insert_many(rows).exec_without_returning(conn).await?;
        rows = rest;
    }
    Ok(())
}

/// Makes the history of merged tags part of that of the tag that stays.
pub async fn merge(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    from: &[TagId],
    into: TagId,
) -> Result<(), DbErr> {
    history_entry::Entity::update_many()
        .col_expr(history_entry::Column::Subject, Expr::value(into))
        .filter(history_entry::Column::Workspace.eq(workspace))
        .filter(history_entry::Column::Subject.is_in(from.iter().copied()))
        .exec(conn)
        .await
        .map(drop)
}

/// Entries by id.
pub async fn by_ids(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    ids: &[HistoryEntryId],
) -> Result<Vec<Entry>, DbErr> {
    let rows = history_entry::Entity::find()
        .filter(history_entry::Column::Workspace.eq(workspace))
        .filter(history_entry::Column::Id.is_in(ids.iter().copied()))
        .all(conn)
        .await?;
    rows.iter().map(decode).collect()
}

/// A page of the history of each subject, newest first, in the order in which they are asked: one statement for all of them.
pub async fn pages(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    asked: &[(Subject, Page)],
) -> Result<Vec<Result<Rows<Entry>, PageError>>, DbErr> {
    let mut pages = Vec::with_capacity(asked.len());
    for asked in asked.chunks(PAGES) {
        let (mut union, mut refused): (Option<SelectStatement>, Vec<Option<PageError>>) = (None, Vec::new());
        for (number, (subject, page)) in (0..).zip(asked) {
            let select = select(workspace, number, *subject, page);
            refused.push(select.as_ref().err().cloned());
            union = match (union, select) {
                (Some(mut union), Ok(select)) => Some(union.union(UnionType::All, select).take()),
                (None, Ok(select)) => Some(select),
                (union, Err(_)) => union,
            };
        }
        let mut found: Vec<Vec<Entry>> = vec![Vec::new(); asked.len()];
        if let Some(union) = union {
            let statement = conn.get_database_backend().build(&union);
            for Row { number, entry } in Row::find_by_statement(statement).all(conn).await? {
                if let Some(page) = usize::try_from(number).ok().and_then(|number| found.get_mut(number)) {
                    page.push(decode(&entry)?);
                }
            }
        }
        for (((_, page), mut entries), refused) in asked.iter().zip(found).zip(refused) {
            // A union has no order.
            entries.sort_unstable_by_key(|entry| (entry.at, entry.id));
            if !page.is_backward() {
                entries.reverse();
            }
            let place = |entry: &Entry| Place(Sort::Number(entry.at.0), entry.id.0);
            pages.push(refused.map_or_else(|| Ok(page.rows(entries, place)), Err));
        }
    }
    Ok(pages)
}

/// A row of a union of pages.
#[derive(FromQueryResult)]
struct Row {
    number: i32,
    #[sea_orm(nested)]
    entry: history_entry::Model,
}

/// The statement of one page, in brackets, as a union takes it.
fn select(workspace: WorkspaceId, number: i32, subject: Subject, page: &Page) -> Result<SelectStatement, PageError> {
    let column = |column: history_entry::Column| Expr::col(column);
    let mut query = Query::select();
    query
        .expr_as(Expr::value(number), Alias::new("number"))
        .columns(history_entry::Column::iter())
        .from(history_entry::Entity)
        .and_where(column(history_entry::Column::Workspace).eq(workspace))
        .and_where(column(history_entry::Column::Subject).eq(subject.stored().1));
    page.apply(&mut query, &column(history_entry::Column::At), &column(history_entry::Column::Id), true, true)?;
    Ok(Query::select().column(Asterisk).from_subquery(query, Alias::new("page")).take())
}

impl Subject {
    fn stored(self) -> (&'static str, Uuid) {
        match self {
            Self::Contact(id) => ("CONTACT", id.0),
            Self::Tag(id) => ("TAG", id.0),
        }
    }
}

fn decode(row: &history_entry::Model) -> Result<Entry, DbErr> {
    let subject = match row.kind.as_str() {
        "CONTACT" => Subject::Contact(row.subject.into()),
        "TAG" => Subject::Tag(row.subject.into()),
        other => return Err(DbErr::Type(format!("history entry {} is of an unknown {other}", row.id))),
    };
    let deed = serde_json::from_str::<Deed>(&row.deed).map_err(|error| DbErr::Json(error.to_string()))?;
    let tag = match subject {
        Subject::Tag(tag) => Some(tag),
        Subject::Contact(_) => row.tag,
    };
    Ok(Entry { id: row.id, subject, at: row.at, actor: row.actor, tag, deed })
}
