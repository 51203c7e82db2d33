//! Reading imports: each by who began it.

use entity::{ContactImportId, contact_import, contact_import_problem};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Query};
use sea_orm::{FromQueryResult, Iterable};

use super::{ContactImport, ImportProblem};
use crate::access::Cx;
use crate::db::{Db, Fault};
use crate::paging::{Page, PageError, Place, Rows, Sort};

/// The actor's imports by id.
pub async fn by_ids(cx: &Cx, db: &Db, ids: &[ContactImportId]) -> Result<Vec<ContactImport>, Fault> {
    let rows = contact_import::Entity::find()
        .filter(contact_import::Column::Workspace.eq(cx.workspace))
        .filter(contact_import::Column::Owner.eq(cx.user()))
        .filter(contact_import::Column::Id.is_in(ids.iter().copied()))
        .all(db.reader())
        .await?;
    Ok(rows.into_iter().map(ContactImport::from).collect())
}

/// A page of what there is to say about the rows of an import, in their order.
pub async fn problems(
    cx: &Cx,
    db: &Db,
    import: ContactImportId,
    page: &Page,
) -> Result<Result<Rows<ImportProblem>, PageError>, Fault> {
    let column = |column: contact_import_problem::Column| Expr::col((contact_import_problem::Entity, column));
    let mut query = Query::select();
    query
        .columns(contact_import_problem::Column::iter().map(|column| (contact_import_problem::Entity, column)))
        .from(contact_import_problem::Entity)
        .and_where(column(contact_import_problem::Column::Workspace).eq(cx.workspace))
        .and_where(column(contact_import_problem::Column::Import).eq(import));
    let (sort, id) = (column(contact_import_problem::Column::Number), column(contact_import_problem::Column::Import));
    if let Err(error) = page.apply(&mut query, &sort, &id, false, true) {
        return Ok(Err(error));
    }
    let rows = contact_import_problem::Model::find_by_statement(db.backend().build(&query)).all(db.reader()).await?;
    let rows = page.rows(rows, |row| Place(Sort::Number(row.number), row.import.0));
    let problem = |row: contact_import_problem::Model| ImportProblem {
        row: row.row_number,
        column: row.column_name,
        message: row.message,
    };
    Ok(Ok(rows.map(problem)))
}

/// How much there is to say about an import.
pub async fn problem_count(cx: &Cx, db: &Db, import: ContactImportId) -> Result<u64, Fault> {
    let row = contact_import::Entity::find_by_id((cx.workspace, import)).one(db.reader()).await?;
    Ok(row.map_or(0, |row| u64::try_from(row.problem_count).unwrap_or(0)))
}
