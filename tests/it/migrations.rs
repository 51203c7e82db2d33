//! A database of an earlier version is brought up to date with all that is in it.

use migration::{Migrator, MigratorTrait};
use serde_json::json;
use tagwire::users::Plan;

use crate::deeds::{EDIT_TAG, MAKE_TAG};
use crate::support::TestApp;
use crate::tag_administration::names;
use crate::tags::{found, matching};

/// Migrations before tags had aliases.
const WITHOUT_ALIASES: usize = 3;

#[tokio::test]
async fn tags_keep_their_names_when_aliases_come() {
    TestApp::on_each_database(async |test| {
        let ann = test.workspace(Plan::Free).await.ann;
        ann.adds("Jan", &["Hot prospect", "клиент"]).await;
        let conn = test.app.db.writer();
        let later = u32::try_from(Migrator::migrations().len() - WITHOUT_ALIASES).unwrap();
        Migrator::down(conn, Some(later)).await.unwrap();
        Migrator::up(conn, None).await.unwrap();
        assert_eq!(found(&ann, "#pros").await, ["Hot prospect"]);
        assert_eq!(matching(&ann, json!({ "tag": { "name": "КЛИЕНТ" } })).await, ["Jan"]);
        let hot = ann.tag_id("Hot prospect").await;
        assert_eq!(ann.does(MAKE_TAG, json!({ "input": { "name": "hot PROSPECT" } })).await["tag"]["id"], hot);
        ann.does(EDIT_TAG, json!({ "input": { "id": hot, "name": "warm" } })).await;
        assert_eq!(names(&ann, &hot).await, ("warm".to_owned(), vec!["Hot prospect".to_owned()]));
    })
    .await;
}
