//! Making stored mail follow a changed list.

use std::sync::Arc;
use std::time::Duration;

use entity::blocked_address::{self, State};
use entity::{MailAccountId, MailMessageId, WorkspaceId, mail_message};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Order, SelectStatement};
use sea_orm::{FromQueryResult, QuerySelect};

use super::judging::{self, OnMail};
use super::pattern::Pattern;
use super::{BlockedAddress, Error, queries, store};
use crate::access::Cx;
use crate::changes::{Action, Kind, NewChange};
use crate::clock::Clock;
use crate::db::{Db, Tx};
use crate::mail_accounts::{self, Mailbox};
use crate::messages::{rows, scope, visible};

/// Mails that are told one by one; of more, their mailboxes are told.
const EACH: usize = 500;

/// Mails of one transaction.
const BATCH: usize = 2000;

/// Mails listed at once.
const PAGE: usize = 50_000;

/// How often changes of lists are looked for whose process ended in the middle.
const INTERVAL: Duration = Duration::from_mins(5);

/// A change of a list on its way through stored mail, some mails in each step.
#[derive(Clone, Debug)]
pub struct Settling {
    /// The entry that came or went.
    pub blocked: BlockedAddress,
    /// Mails hidden so far that the actor saw until then.
    pub hidden: usize,
    workspace: WorkspaceId,
    pattern: Pattern,
    state: State,
    each: bool,
    found: Arc<[Place]>,
    at: usize,
    more: bool,
}

#[derive(Clone, Copy, Debug, FromQueryResult)]
struct Place {
    account: MailAccountId,
    id: MailMessageId,
}

impl Settling {
    pub(super) async fn begin(cx: &Cx, db: &Db, row: blocked_address::Model) -> Result<Self, Error> {
        let mut begun = Self {
            workspace: row.workspace,
            pattern: Pattern::stored(row.pattern.clone(), row.pattern_key.clone()),
            state: row.state,
            blocked: row.into(),
            hidden: 0,
            each: false,
            found: Arc::new([]),
            at: 0,
            more: false,
        };
        if begun.state != State::Applied {
            begun.list(cx, db, None).await?;
            begun.each = !begun.more && begun.found.len() <= EACH;
        }
        Ok(begun)
    }

    /// One step further, in one transaction; none when nothing is left to do. A step that failed can be taken again.
    pub async fn step(&self, cx: &Cx, db: &Db) -> Result<Option<Self>, Error> {
        let Some(first) = self.found.get(self.at) else {
            if !self.more {
                if self.state != State::Applied {
                    store::settle(db.writer(), self.workspace, self.blocked.id).await?;
                }
                return Ok(None);
            }
            let mut next = self.clone();
            next.list(cx, db, self.found.last().copied()).await?;
            return Ok(Some(next));
        };
        let rest = self.found.get(self.at..).unwrap_or_default().iter();
        let ids: Vec<_> =
            rest.take_while(|place| place.account == first.account).take(BATCH).map(|place| place.id).collect();
        let hidden = apply(cx, db, first.account, &ids, self.each).await?;
        Ok(Some(Self { at: self.at + ids.len(), hidden: self.hidden + hidden, ..self.clone() }))
    }

    /// Lists mail that the entry may be about and that does not follow it yet, behind a place.
    async fn list(&mut self, cx: &Cx, db: &Db, after: Option<Place>) -> Result<(), Error> {
        let column = |column: mail_message::Column| Expr::col((mail_message::Entity, column));
        let mut query: SelectStatement = queries::touched(cx.workspace, self.blocked.owner, &self.pattern);
        query.and_where(column(mail_message::Column::Blocked).eq(self.state == State::Removing));
        if let Some(after) = after {
            let place = [column(mail_message::Column::Account), column(mail_message::Column::Id)];
            let there = [Expr::value(after.account), Expr::value(after.id)];
            query.and_where(Expr::tuple(place).gt(Expr::tuple(there)));
        }
        query
            .order_by((mail_message::Entity, mail_message::Column::Account), Order::Asc)
            .order_by((mail_message::Entity, mail_message::Column::Id), Order::Asc)
            .limit(PAGE as u64);
        let found = Place::find_by_statement(db.backend().build(&query)).all(db.reader()).await?;
        (self.more, self.found, self.at) = (found.len() == PAGE, found.into(), 0);
        Ok(())
    }
}

#[derive(FromQueryResult)]
struct Judged {
    id: MailMessageId,
    blocked: bool,
    hidden: bool,
    private: bool,
    version: i64,
}

/// Judges mails of one mailbox anew, and hides and shows them accordingly. How many were hidden that the actor saw.
async fn apply(cx: &Cx, db: &Db, account: MailAccountId, ids: &[MailMessageId], each: bool) -> Result<usize, Error> {
    let mut tx = db.begin(cx).await?;
    let Some(mailbox) = mail_accounts::hold(&tx, account).await? else { return Ok(0) };
    let mut on = OnMail::default();
    on.read(tx.conn(), cx.workspace, ids).await?;
    let patterns = on.patterns(tx.conn(), cx.workspace, &mailbox).await?;
    let mut changed: [Vec<Judged>; 2] = Default::default();
    for some in ids.chunks(rows::IDS_PER_STATEMENT) {
        let found = mail_message::Entity::find()
            .select_only()
            .columns([
                mail_message::Column::Id,
                mail_message::Column::Blocked,
                mail_message::Column::Hidden,
                mail_message::Column::Private,
                mail_message::Column::Version,
            ])
            .filter(mail_message::Column::Workspace.eq(cx.workspace))
            .filter(mail_message::Column::Id.is_in(some.iter().copied()))
            .into_model::<Judged>()
            .all(tx.conn())
            .await?;
        for row in found {
            let blocked = judging::blocking(&mailbox.address, &on.people(row.id), &patterns).is_some();
            if blocked != row.blocked {
                let [shown, hidden] = &mut changed;
                if blocked { hidden.push(row) } else { shown.push(row) }
            }
        }
    }
    let [shown, hidden] = changed;
    let seen = count_seen(&tx, &hidden).await?;
    set(&tx, &shown, false).await?;
    set(&tx, &hidden, true).await?;
    tell(&mut tx, &mailbox, [shown, hidden], each);
    tx.commit().await?;
    Ok(seen)
}

/// How many of the mails a user who acts sees. What others see is not told.
async fn count_seen(tx: &Tx, mails: &[Judged]) -> Result<usize, Error> {
    if tx.cx().viewer().is_none() {
        return Ok(0);
    }
    let mut seen = 0;
    for some in mails.chunks(rows::IDS_PER_STATEMENT) {
        let ids = some.iter().map(|mail| mail.id);
        let some = mail_message::Entity::find().filter(mail_message::Column::Id.is_in(ids)).filter(visible(tx.cx()));
        seen += some.count(tx.conn()).await?;
    }
    Ok(usize::try_from(seen).unwrap_or(usize::MAX))
}

async fn set(tx: &Tx, mails: &[Judged], blocked: bool) -> Result<(), Error> {
    for some in mails.chunks(rows::IDS_PER_STATEMENT) {
        mail_message::Entity::update_many()
            .col_expr(mail_message::Column::Blocked, Expr::value(blocked))
            .col_expr(mail_message::Column::Version, Expr::col(mail_message::Column::Version).add(1))
            .filter(mail_message::Column::Workspace.eq(tx.workspace()))
            .filter(mail_message::Column::Id.is_in(some.iter().map(|mail| mail.id)))
            .exec(tx.conn())
            .await?;
    }
    Ok(())
}

fn tell(tx: &mut Tx, mailbox: &Mailbox, [shown, hidden]: [Vec<Judged>; 2], each: bool) {
    if mailbox.removing {
        return;
    }
    let shown = shown.into_iter().map(|mail| (Action::Created, mail));
    let hidden = hidden.into_iter().map(|mail| (Action::Removed, mail));
    let mut looking_different = shown.chain(hidden).filter(|(_, mail)| !mail.hidden).peekable();
    if each {
        for (action, mail) in looking_different {
            let scope = scope(mailbox.id, mailbox.owner, mail.private);
            tx.record(NewChange::in_scope(scope, Kind::Message, action, mail.id).version(mail.version + 1));
        }
    } else if looking_different.peek().is_some() {
        let scope = mail_accounts::scope(mailbox.id, mailbox.owner);
        let change = NewChange::in_scope(scope, Kind::MailAccount, Action::Updated, mailbox.id);
        tx.record(change.version(mailbox.version));
    }
}

/// Goes on with changes of lists whose process ended in the middle, now and then, until dropped.
pub async fn run_sweep(db: &Db, clock: &Clock) {
    loop {
        if let Err(error) = settle_all(db, clock).await {
            tracing::warn!(%error, "Stored mail could not be made to follow a block list; trying again in minutes");
        }
        clock.sleep(INTERVAL).await;
    }
}

/// Goes on with all changes of lists that are not through. Others may be at work on the same.
pub async fn settle_all(db: &Db, clock: &Clock) -> Result<(), Error> {
    for row in store::unsettled(db.reader()).await? {
        let cx = Cx::of_system(row.workspace, clock.clone());
        let mut settling = Settling::begin(&cx, db, row).await?;
        // Who told of some of them is gone: mailboxes are told, whose mail is then looked at as a whole.
        settling.each = false;
        while let Some(next) = settling.step(&cx, db).await? {
            settling = next;
        }
    }
    Ok(())
}
