//! Sealing stored passwords anew, under another key.

use entity::{MailAccountId, WorkspaceId, mail_account};
use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};

use super::Error;
use super::connect::secret_context;
use crate::db::Db;
use crate::secrets::Secrets;

/// Rows read at once.
const ROWS: u64 = 200;

/// Seals what is stored under another key than the one that seals now; how much that was. What is meant by it stays as it is, so
/// nobody is told, and a password that is replaced meanwhile is left alone.
pub async fn reseal(db: &Db, secrets: &Secrets) -> Result<u64, Error> {
    let mut resealed = 0;
    let mut after: Option<MailAccountId> = None;
    loop {
        let mut query = mail_account::Entity::find()
            .select_only()
            .column(mail_account::Column::Workspace)
            .column(mail_account::Column::Id)
            .column(mail_account::Column::Secret)
            .filter(mail_account::Column::Secret.is_not_null())
            .order_by_asc(mail_account::Column::Id)
            .limit(ROWS);
        if let Some(after) = after {
            query = query.filter(mail_account::Column::Id.gt(after));
        }
        let rows: Vec<(WorkspaceId, MailAccountId, Vec<u8>)> = query.into_tuple().all(db.writer()).await?;
        let Some((_, last, _)) = rows.last() else { return Ok(resealed) };
        after = Some(*last);
        for (workspace, id, sealed) in rows {
            let Some(renewed) = secrets.renewed(&secret_context(workspace, id), &sealed)? else { continue };
            let update = mail_account::Entity::update_many()
                .col_expr(mail_account::Column::Secret, Expr::value(renewed))
                .filter(mail_account::Column::Workspace.eq(workspace))
                .filter(mail_account::Column::Id.eq(id))
                .filter(mail_account::Column::Secret.eq(sealed));
            resealed += update.exec(db.writer()).await?.rows_affected;
        }
    }
}
