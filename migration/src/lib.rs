//! Tagwire's schema history.
//!
//! A migration that has run is never edited, and none imports entities: they move on, history does not.
#![expect(missing_docs, reason = "sea-orm-migration names what a migration is; each file says what it makes and why")]

use sea_orm_migration::prelude::*;

pub use sea_orm_migration::MigratorTrait;

mod ddl;
mod m20261124_000001_people;
mod m20261124_000002_contacts;
mod m20261124_000003_mail;
mod m20261124_000004_tag_aliases;
mod m20261124_000005_saved_filters;
mod m20261124_000006_history;
mod m20261124_000007_imports;
mod m20261124_000008_shares;
mod m20261124_000009_threads;
mod m20261124_000010_mail_search;
mod m20261124_000011_coverage;
mod m20261124_000012_blocks;
mod m20261124_000015_daily_reading;
mod m20261124_000020_outbox;
mod m20261124_000021_invitations;
mod m20261124_000022_users;

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_people::Migration),
            Box::new(m20261124_000002_contacts::Migration),
            Box::new(m20261124_000003_mail::Migration),
            Box::new(m20261124_000004_tag_aliases::Migration),
            Box::new(m20261124_000005_saved_filters::Migration),
            Box::new(m20261124_000006_history::Migration),
            Box::new(m20261124_000007_imports::Migration),
            Box::new(m20261124_000008_shares::Migration),
            Box::new(m20261124_000009_threads::Migration),
            Box::new(m20261124_000010_mail_search::Migration),
            Box::new(m20261124_000011_coverage::Migration),
            Box::new(m20261124_000012_blocks::Migration),
            Box::new(m20261124_000015_daily_reading::Migration),
            Box::new(m20261124_000020_outbox::Migration),
            Box::new(m20261124_000021_invitations::Migration),
            Box::new(m20261124_000022_users::Migration),
        ]
    }
}
