//! Sealing letters anew that are still to be sent, under another key.

use entity::outbox;
use sea_orm::entity::prelude::*;

use super::{PostError, context};
use crate::db::{Db, Fault};
use crate::secrets::Secrets;

/// Seals what is stored under another key than the one that seals now; how much that was.
pub async fn reseal(db: &Db, secrets: &Secrets) -> Result<u64, PostError> {
    let waiting = outbox::Entity::find().filter(outbox::Column::Sealed.is_not_null()).all(db.writer()).await;
    let mut resealed = 0;
    for row in waiting.map_err(Fault::from)? {
        let Some(sealed) = row.sealed else { continue };
        let Some(renewed) = secrets.renewed(&context(row.workspace, row.id), &sealed)? else { continue };
        let update = outbox::Entity::update_many()
            .col_expr(outbox::Column::Sealed, Expr::value(renewed))
            .filter(outbox::Column::Workspace.eq(row.workspace))
            .filter(outbox::Column::Id.eq(row.id))
            .filter(outbox::Column::Sealed.eq(sealed));
        resealed += update.exec(db.writer()).await.map_err(Fault::from)?.rows_affected;
    }
    Ok(resealed)
}
