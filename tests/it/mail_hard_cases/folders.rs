//! Listings that lack folders.

use std::time::Duration;

use super::{Scene, subjects, tell};
use crate::support::scripted_mailbox::{Fault, Mailbox, Persona};

fn two_folders(mailbox: &mut Mailbox) {
    mailbox.fill("INBOX", subjects(1..=5));
    mailbox.fill("Work", subjects(6..=9));
}

/// 4
#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_is_refused_or_empty_removes_nothing() {
    for fault in [|| Fault::Ends(0, "NO not now"), || Fault::Ends(0, "OK that is all"), || Fault::Ends(2, "BAD what")] {
        tell(Persona::Full, two_folders, async |scene: &mut Scene<'_>| {
            scene.is_connected().await;
            let before = scene.holds().await;
            scene.server.plan("LIST", fault());
            // Listed every five minutes.
            scene.test.app.clock.advance(Duration::from_mins(6));
            scene.looks().await;
            scene.is("RETRYING").await;
            assert_eq!(scene.holds().await, before);
            scene.looks().await;
            scene.is("LIVE").await;
            assert_eq!(scene.holds().await, before);
        })
        .await;
    }
}

/// 34
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_one_listing_lacks_stays() {
    tell(Persona::Full, two_folders, async |scene: &mut Scene<'_>| {
        scene.is_connected().await;
        let before = scene.holds().await;
        scene.server.with(|mailbox| mailbox.folder("Work").listed = false);
        lists(scene).await;
        assert_eq!(scene.holds().await, before);
        scene.server.with(|mailbox| mailbox.folder("Work").listed = true);
        lists(scene).await;
        // It is read on as if nothing had been.
        scene.delivers("Work", "new");
        scene.looks().await;
        assert_eq!(scene.hears().await, "new");
        // One that is listed no more and can still be opened stays too, however long.
        scene.server.with(|mailbox| mailbox.folder("Work").listed = false);
        for _ in 0..3 {
            scene.test.app.clock.advance(Duration::from_hours(1));
            lists(scene).await;
        }
        scene.agrees().await;
        // One that is not listed for long, and does not open, is gone.
        scene.server.with(|mailbox| mailbox.folder("Work").opens = false);
        lists(scene).await;
        lists(scene).await;
        scene.becomes(|held| held.iter().all(|(_, folders)| !folders.contains(&"Work".to_owned()))).await;
    })
    .await;
}

/// Has the folders listed, and looked at behind that.
async fn lists(scene: &mut Scene<'_>) {
    scene.test.app.clock.advance(Duration::from_mins(6));
    let before = scene.server.count("LIST");
    scene.looks().await;
    scene.server.until(|mailbox| mailbox.count("LIST") > before).await;
    let examined = scene.server.count("EXAMINE \"Archive\"");
    scene.looks().await;
    scene.server.until(|mailbox| mailbox.count("EXAMINE \"Archive\"") > examined).await;
}
