//! Mail that its owner marked private, and who read it all the same.

use entity::{MailMessageId, mail_message, private_reading};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;

use super::queries::{self, Owned};
use super::{Message, scope};
use crate::access::{Cx, Level};
use crate::changes::{Action, Kind, NewChange};
use crate::db::{Db, Fault};
use crate::mail_accounts;

/// Why a message is not marked.
#[derive(Debug, thiserror::Error)]
pub enum MarkError {
    /// No such message, or one the actor may not see.
    #[error("There is no such message.")]
    NotFound,
    /// In a mailbox of another, who shares it.
    #[error("Only the owner of a mailbox says which of its mail is private.")]
    NotYours,
    /// The database failed.
    #[error("storage failed")]
    Fault(#[from] Fault),
}

impl From<sea_orm::DbErr> for MarkError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Fault(error.into())
    }
}

/// Keeps a message from those with whom its owner shares the inbox, or no longer does. To them it goes, or comes back. The same again
/// changes nothing.
pub async fn set_private(cx: &Cx, db: &Db, id: MailMessageId, private: bool) -> Result<Message, MarkError> {
    let mut tx = db.begin(cx).await?;
    let found = queries::find(tx.conn(), cx, id, Level::Metadata).await?.ok_or(MarkError::NotFound)?;
    if cx.user() != Some(found.owner) {
        return Err(MarkError::NotYours);
    }
    // The sync of the mailbox waits, so that what it tells of the message meanwhile is told to whom it may be.
    mail_accounts::hold(&tx, found.row.account).await?;
    let mut found = queries::find(tx.conn(), cx, id, Level::Full).await?.ok_or(MarkError::NotFound)?;
    if found.row.private == private {
        return Ok(found.into());
    }
    let before = scope(found.row.account, found.owner, found.row.private);
    found.row.private = private;
    found.row.version += 1;
    mail_message::Entity::update_many()
        .col_expr(mail_message::Column::Private, Expr::value(private))
        .col_expr(mail_message::Column::Version, Expr::value(found.row.version))
        .filter(mail_message::Column::Workspace.eq(cx.workspace))
        .filter(mail_message::Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    let after = scope(found.row.account, found.owner, private);
    let change = NewChange::in_scope(after, Kind::Message, Action::Updated, id).version(found.row.version);
    tx.record(NewChange { before, ..change });
    tx.commit().await?;
    Ok(found.into())
}

/// Puts on record that the actor reads the text of what another marked private: once for each message and reader.
pub(super) async fn note_reading(cx: &Cx, db: &Db, found: &Owned) -> Result<(), Fault> {
    let Some(viewer) = cx.viewer().filter(|viewer| found.row.private && viewer.user != found.owner) else {
        return Ok(());
    };
    let key = (cx.workspace, found.row.id, viewer.user);
    if private_reading::Entity::find_by_id(key).one(db.reader()).await?.is_none() {
        let reading = private_reading::ActiveModel {
            workspace: Set(cx.workspace),
            message: Set(found.row.id),
            viewer: Set(viewer.user),
            first_at: Set(cx.now()),
        };
        let once = OnConflict::new().do_nothing().to_owned();
        private_reading::Entity::insert(reading).on_conflict(once).exec_without_returning(db.writer()).await?;
    }
    Ok(())
}
