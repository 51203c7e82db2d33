//! What the planner of PostgreSQL knows of tables.

use std::time::Duration;

use sea_orm::{ConnectionTrait, Statement};

use crate::support::TestApp;
use crate::support::dovecot::{ALICE, Dovecot};
use crate::support::mailbox::{borrowed, connect, follow, mail, settings, until_state};
use tagwire::users::Plan;

const LOOKED_THROUGH: &str =
    "SELECT 1 AS yes FROM pg_stat_user_tables WHERE relname = 'mail_message' AND analyze_count > 0";

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_grows_fast_is_looked_through_at_once() {
    let server = Dovecot::start();
    server.deliver_all(ALICE.0, "INBOX", (0..1_000).map(|n| mail("jan@a.test", &format!("mail {n}"))));
    TestApp::in_real_time(&borrowed(&settings(&server)), async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        let mut socket = follow(&ann).await;
        connect(&ann, server.imaps_port(), ALICE).await;
        until_state(&mut socket, "LIVE").await;
        let db = &test.app.db;
        if db.is_embedded() {
            return;
        }
        // The server's own upkeep comes once a minute at most, and counts elsewhere (`autoanalyze_count`).
        let looked_through = Statement::from_string(db.backend(), LOOKED_THROUGH);
        while db.reader().query_one_raw(looked_through.clone()).await.unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}
