//! Writing many rows in few statements.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{DbErr, IntoActiveModel};

/// Rows of one statement. Few sizes, so that few statements are prepared and each is used again; the largest stays far below the
/// limits of bound values (32 766 in SQLite, 65 535 in PostgreSQL) with the widest of our rows.
const SIZES: [usize; 4] = [128, 32, 8, 1];

/// Ids of one `IN (…)`.
pub(super) const IDS_PER_STATEMENT: usize = 200;

/// Inserts rows; one that is there already stays as it is. Returns how many are new.
pub(super) async fn insert<A>(
    conn: &impl ConnectionTrait,
    rows: Vec<<A::Entity as EntityTrait>::Model>,
) -> Result<u64, DbErr>
where
    A: ActiveModelTrait + ActiveModelBehavior + Send,
    <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
{
    write::<A>(conn, rows, &OnConflict::new().do_nothing().to_owned()).await
}

/// Inserts rows; `there` says what becomes of one that is there already. Returns how many are written.
pub(super) async fn write<A>(
    conn: &impl ConnectionTrait,
    rows: Vec<<A::Entity as EntityTrait>::Model>,
    there: &OnConflict,
) -> Result<u64, DbErr>
where
    A: ActiveModelTrait + ActiveModelBehavior + Send,
    <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
{
    let mut rows = rows.into_iter();
    let mut inserted = 0;
    for size in SIZES {
        while rows.len() >= size {
            let some = rows.by_ref().take(size).map(IntoActiveModel::into_active_model);
            let insert = A::Entity::insert_many(some);
            inserted += insert.on_conflict(there.clone()).exec_without_returning(conn).await?;
        }
    }
    Ok(inserted)
}
