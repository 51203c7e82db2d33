//! What is seen of mail is the same whether it is judged in memory, for events, or in SQL, for reads.

use std::collections::BTreeSet;

use entity::mail_account::{Authentication, ContactCreation, Provider, Security, State};
use entity::{MailAccountId, MailMessageId, ShareLevel, Timestamp, UserId, WorkspaceId, mail_account, mail_message};
use sea_orm::{EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use tagwire::access::{Cx, Level, Right};
use tagwire::db::Db;
use tagwire::mail_accounts;
use tagwire::messages::{self, MessageFilter};
use tagwire::users::shares::{self, NewShare, Resource};
use tagwire::users::{self, Plan};

use crate::filters::Dice;
use crate::support::{Person, TestApp};

const LEVELS: [Level; 3] = [Level::Metadata, Level::Subject, Level::Full];

struct Known {
    id: MailMessageId,
    account: MailAccountId,
    owner: UserId,
    private: bool,
    hidden: bool,
}

fn account(workspace: WorkspaceId, id: MailAccountId, owner: UserId) -> mail_account::Model {
    let email = format!("{id}@crm.test");
    mail_account::Model {
        workspace,
        id,
        owner,
        email_key: email.clone(),
        username: email.clone(),
        email,
        provider: Provider::Imap,
        authentication: Authentication::Password,
        secret: None,
        secret_version: 1,
        imap_host: "imap.crm.test".to_owned(),
        imap_port: 993,
        imap_security: Security::Tls,
        smtp_host: None,
        smtp_port: None,
        smtp_security: None,
        // Nobody shall try to sync it.
        state: State::Paused,
        problem_code: None,
        problem_message: None,
        problem_since: None,
        failures: 0,
        last_success_at: None,
        next_attempt_at: None,
        progress_stored: 0,
        progress_total: 0,
        progress_skipped: 0,
        read_day: 0,
        read_bytes: 0,
        history_days: None,
        contact_creation: ContactCreation::Never,
        contact_creation_since: None,
        folders_chosen: false,
        lease_owner: None,
        lease_epoch: 0,
        lease_until: None,
        disconnected_at: None,
        removing: false,
        version: 1,
        created_at: Timestamp(0),
    }
}

fn message(workspace: WorkspaceId, known: &Known, number: i64) -> mail_message::Model {
    mail_message::Model {
        workspace,
        id: known.id,
        account: known.account,
        identity: known.id.0.as_bytes().to_vec(),
        message_id: None,
        in_reply_to: None,
        reference_ids: String::new(),
        provider_thread: None,
        thread: None,
        subject: format!("mail {number}"),
        snippet: String::new(),
        sent_at: None,
        received_at: Timestamp(number),
        size: 1,
        partial: false,
        has_attachment: false,
        private: known.private,
        blocked: false,
        bulk: None,
        seen: false,
        flagged: false,
        answered: false,
        locations: 1,
        gone_at: None,
        hidden: known.hidden,
        pack: String::new(),
        pack_offset: 0,
        pack_length: 0,
        hash: Vec::new(),
        version: 1,
        created_at: Timestamp(0),
        search_place: None,
    }
}

async fn agree(cx: &Cx, db: &Db, all: &[Known]) {
    for least in LEVELS {
        let seen = |known: &&Known| {
            let level = cx.mail_access(known.account, known.owner, known.private);
            !known.hidden && level.is_some_and(|level| level >= least)
        };
        let in_memory: BTreeSet<_> = all.iter().filter(seen).map(|known| known.id).collect();
        let in_sql: Vec<MailMessageId> = mail_message::Entity::find()
            .select_only()
            .column(mail_message::Column::Id)
            .filter(messages::visible_at(cx, least))
            .into_tuple()
            .all(db.reader())
            .await
            .unwrap();
        assert_eq!(in_sql.into_iter().collect::<BTreeSet<_>>(), in_memory, "{:?} at {least:?}", cx.actor);
    }
    let ids: Vec<_> = all.iter().map(|known| known.id).collect();
    let found = messages::by_ids(cx, db, &ids).await.unwrap();
    for known in all {
        let level = cx.mail_access(known.account, known.owner, known.private);
        let told = messages::scope(known.account, known.owner, known.private).admits(cx);
        assert_eq!(told, level.is_some());
        let found = found.iter().find(|message| message.id == known.id);
        let read = found.map(|message| messages::access(cx, message));
        assert_eq!(read, level.filter(|_| !known.hidden));
    }
    assert_eq!(messages::count(cx, db, &MessageFilter::default()).await.unwrap(), found.len() as u64);
    let listed: BTreeSet<_> =
        mail_accounts::list(cx, db).await.unwrap().into_iter().map(|account| account.id).collect();
    let heard = all.iter().filter(|known| mail_accounts::scope(known.account, known.owner).admits(cx));
    assert_eq!(listed, heard.map(|known| known.account).collect());
}

#[tokio::test]
async fn what_is_seen_of_mail_is_the_same_in_memory_and_in_sql() {
    TestApp::on_each_database(async |test| {
        let (company, other) = (test.workspace(Plan::Free).await, test.workspace(Plan::Free).await);
        let db = &test.app.db;
        let mut people: Vec<Person> = vec![company.ann.clone()];
        for name in ["Bob", "Cleo", "Dan", "Eva"] {
            people.push(company.user(name, &[]).await);
        }
        let mut dice = Dice(11);
        let mut all = Vec::new();
        for (workspace, owner) in people
            .iter()
            .chain([&people[1], &people[2]])
            .map(|person| (company.id, person.id))
            .chain([(other.id, other.ann.id)])
        {
            let of = test.app.clock.new_id();
            let row = account(workspace, of, owner).into_active_model();
            mail_account::Entity::insert(row).exec_without_returning(db.writer()).await.unwrap();
            for number in 0..6 {
                let (private, hidden) = (dice.roll(2) == 0, dice.roll(6) == 0);
                let known = Known { id: test.app.clock.new_id(), account: of, owner, private, hidden };
                let row = message(workspace, &known, number).into_active_model();
                mail_message::Entity::insert(row).exec_without_returning(db.writer()).await.unwrap();
                if workspace == company.id {
                    all.push(known);
                }
            }
        }
        let system = Cx::of_system(company.id, test.app.clock.clone());
        let as_user = async |person: &Person| {
            let session = test.app.sessions.authenticate(&person.token).await.unwrap().unwrap();
            Cx::of_user(company.id, session.viewer, test.app.clock.clone())
        };
        let mut seen_by_others = 0;
        for round in 0..60 {
            let (one, another) = (&people[dice.roll(5)], &people[dice.roll(5)]);
            match dice.roll(5) {
                0..=2 if one.id != another.id => {
                    let resource = [Resource::Inbox, Resource::Inbox, Resource::Calendar][dice.roll(3)];
                    let level = [ShareLevel::Metadata, ShareLevel::Subject, ShareLevel::Full][dice.roll(3)];
                    let new = NewShare { owner: Some(one.id), grantee: another.id, resource, level };
                    let share = shares::share(&system, db, new).await.unwrap();
                    if dice.roll(3) == 0 {
                        shares::unshare(&system, db, share.id).await.unwrap();
                    }
                }
                3 => {
                    let rights = [&[Right::ViewPrivateMail, Right::Admin] as &[_], &[Right::Admin], &[]][dice.roll(3)];
                    let person = if one.id == company.ann.id { &people[1] } else { one };
                    users::set_rights(&system, db, person.id, rights.iter().copied().collect()).await.unwrap();
                }
                _ => {
                    let place = dice.roll(all.len());
                    let known = &mut all[place];
                    if !known.hidden {
                        let owner = people.iter().find(|person| person.id == known.owner).unwrap();
                        known.private = !known.private;
                        messages::set_private(&as_user(owner).await, db, known.id, known.private).await.unwrap();
                    }
                }
            }
            for person in &people {
                let cx = as_user(person).await;
                agree(&cx, db, &all).await;
                let sees = |known: &&Known| cx.mail_access(known.account, known.owner, known.private).is_some();
                seen_by_others += all.iter().filter(sees).filter(|known| known.owner != person.id).count();
            }
            if round % 20 == 0 {
                agree(&system, db, &all).await;
                let (account, owner) = (all[0].account, all[0].owner);
                agree(&Cx::of_mail_account(company.id, account, owner, test.app.clock.clone()), db, &all).await;
            }
        }
        assert!(seen_by_others > 500, "the story tells of sharing: {seen_by_others}");
    })
    .await;
}
