//! Removing the links of deleted tags, behind the deletion.

use std::time::Duration;

use entity::{TagId, WorkspaceId, contact_tag, tag};
use sea_orm::entity::prelude::*;
use sea_orm::{FromQueryResult, QuerySelect, Statement};

use crate::clock::Clock;
use crate::db::{Db, Fault};

/// How often deleted tags are looked for.
const INTERVAL: Duration = Duration::from_secs(30);

/// Links removed in one transaction: short enough to hold nobody up.
const BATCH: i64 = 1000;

/// Deleted tags are taken out of reads by the deletion itself; this only frees the space.
pub struct Cleanup;

impl Cleanup {
    /// Cleans up now and then, until dropped.
    pub async fn run(db: &Db, clock: &Clock) {
        loop {
            if let Err(error) = Self::once(db).await {
                tracing::warn!(%error, "Could not clean up behind deleted tags");
            }
            clock.sleep(INTERVAL).await;
        }
    }

    /// Removes the links of every deleted tag, then the tag.
    pub async fn once(db: &Db) -> Result<(), Fault> {
        let deleted: Vec<(WorkspaceId, TagId)> = tag::Entity::find()
            .select_only()
            .columns([tag::Column::Workspace, tag::Column::Id])
            .filter(tag::Column::DeletedAt.is_not_null())
            .into_tuple()
            .all(db.reader())
            .await?;
        for (workspace, tag) in deleted {
            while remove_links(db, workspace, tag).await? > 0 {}
            tag::Entity::delete_by_id((workspace, tag)).exec(db.writer()).await?;
        }
        Ok(())
    }
}

async fn remove_links(db: &Db, workspace: WorkspaceId, tag: TagId) -> Result<usize, Fault> {
    #[derive(FromQueryResult)]
    struct Carrier {
        contact: entity::ContactId,
    }
    let carriers = Statement::from_sql_and_values(
        db.backend(),
        "SELECT contact FROM contact_tag WHERE workspace = $1 AND tag = $2 LIMIT $3",
        [workspace.into(), tag.into(), BATCH.into()],
    );
    let carriers = Carrier::find_by_statement(carriers).all(db.writer()).await?;
    if !carriers.is_empty() {
        contact_tag::Entity::delete_many()
            .filter(contact_tag::Column::Workspace.eq(workspace))
            .filter(contact_tag::Column::Tag.eq(tag))
            .filter(contact_tag::Column::Contact.is_in(carriers.iter().map(|carrier| carrier.contact)))
            .exec(db.writer())
            .await?;
    }
    Ok(carriers.len())
}
