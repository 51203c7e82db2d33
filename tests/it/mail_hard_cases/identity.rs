//! What is one mail, and what is two.

use serde_json::json;

use super::{Scene, subjects, tell};
use crate::deeds::array;
use crate::support::mailbox::mail;
use crate::support::scripted_mailbox::{Mailbox, Persona};

const PERSONAS: [Persona; 3] = [Persona::Full, Persona::Gmail, Persona::Office365];

/// 30
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_in_several_folders_is_one_in_each_mailbox() {
    for persona in PERSONAS {
        let filling = |mailbox: &mut Mailbox| {
            mailbox.fill("INBOX", subjects(1..=3));
            let sent = mailbox.folders[1].name;
            for folder in [sent, "Work"] {
                mailbox.copy("INBOX", 2, folder);
            }
            mailbox.copy("INBOX", 3, "Archive");
        };
        tell(persona, filling, async |scene: &mut Scene<'_>| {
            let create = "mutation { createContact(input: { name: \"Jan\", emails: [{ address: \"jan@bedrijf.test\" }] }) { contact { id } } }";
            let contact = scene.ann.query(create, json!({})).await["createContact"]["contact"]["id"].take();
            scene.is_connected().await;
            scene.agrees().await;
            assert_eq!(scene.holds().await.len(), 3);
            let linked = "query($id: ID!) { messages(filter: { contactId: $id }) { totalCount nodes { contacts { id } } } }";
            let found = scene.ann.query(linked, json!({ "id": contact })).await["messages"].take();
            assert_eq!(found["totalCount"], 3);
            assert!(array(&found["nodes"]).iter().all(|message| message["contacts"] == json!([{ "id": contact }])), "{found}");
            // In a second mailbox it is a mail of that one.
            let input = json!({ "email": "bob@crm.test", "password": "secret", "imapHost": "127.0.0.1",
                "imapPort": scene.server.port(), "imapSecurity": "PLAINTEXT" });
            let document = "mutation($input: ConnectMailAccountInput!) { connectMailAccount(input: $input) { userErrors { code } } }";
            scene.ann.does(document, json!({ "input": input })).await;
            scene.becomes(|held| held.len() == 6).await;
        })
        .await;
    }
}

/// 31
#[tokio::test(flavor = "multi_thread")]
async fn a_move_is_a_move_whichever_folder_is_looked_at_first() {
    for persona in PERSONAS {
        let filling = |mailbox: &mut Mailbox| {
            mailbox.fill("INBOX", subjects(1..=3));
            mailbox.fill("Work", subjects(4..=6));
        };
        tell(persona, filling, async |scene: &mut Scene<'_>| {
            scene.is_connected().await;
            let ids = "{ messages { nodes { id subject } } }";
            let (before, since) = (scene.ann.query(ids, json!({})).await, scene.ann.cursor().await);
            // Out of the inbox, which is looked at first; into it, which is too.
            scene.server.with(|mailbox| mailbox.move_to("INBOX", 2, "Work"));
            scene.looks().await;
            scene.agrees().await;
            scene.server.with(|mailbox| mailbox.move_to("Work", 2, "INBOX"));
            scene.looks().await;
            scene.agrees().await;
            // Between two that are not watched, in both orders.
            scene.server.with(|mailbox| {
                mailbox.move_to("Work", 3, "Archive");
            });
            scene.looks().await;
            scene.agrees().await;
            scene.server.with(|mailbox| mailbox.move_to("Archive", 1, "Work"));
            scene.looks().await;
            scene.agrees().await;
            assert_eq!(scene.ann.query(ids, json!({})).await, before, "the same messages");
            let told = scene.told(&since).await;
            assert!(told.iter().all(|action| action == "UPDATED"), "{persona:?}: {told:?}");
        })
        .await;
    }
}

/// 32
#[tokio::test(flavor = "multi_thread")]
async fn the_id_on_a_mail_does_not_make_it_one() {
    for persona in [Persona::Full, Persona::Office365] {
        let filling = |mailbox: &mut Mailbox| {
            let forged = String::from_utf8(mail("eve@evil.test", "forged")).unwrap();
            let forged = forged.replace("<forged@test>", "<real@test>").into_bytes();
            let without = String::from_utf8(mail("jan@bedrijf.test", "without")).unwrap();
            let without = without.replace("Message-ID: <without@test>\r\n", "").into_bytes();
            mailbox.add("INBOX", forged);
            mailbox.add("INBOX", mail("jan@bedrijf.test", "real"));
            mailbox.add("INBOX", without);
            // The same bytes twice in one folder.
            mailbox.add("INBOX", mail("jan@bedrijf.test", "twice"));
            mailbox.add("INBOX", mail("jan@bedrijf.test", "twice"));
        };
        tell(persona, filling, async |scene: &mut Scene<'_>| {
            scene.is_connected().await;
            let subjects: Vec<String> = scene.holds().await.into_iter().map(|(subject, _)| subject).collect();
            assert_eq!(subjects, ["forged", "real", "twice", "without"]);
            // One of the two goes: the mail stays.
            let since = scene.ann.cursor().await;
            scene.server.with(|mailbox| mailbox.folder("INBOX").expunge(4));
            scene.is_looked_over().await;
            scene.is_looked_over().await;
            assert_eq!(scene.holds().await.len(), 4);
            assert_eq!(scene.told(&since).await, [""; 0]);
            scene.delivers("INBOX", "real");
            scene.delivers("INBOX", "new");
            // What was there before is not announced again.
            assert_eq!(scene.hears().await, "new");
        })
        .await;
    }
}
