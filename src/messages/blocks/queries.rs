//! Reading block lists, and what a pattern would hide.

use std::collections::HashMap;

use entity::{
    BlockedAddressId, MailAccountId, MailMessageId, UserId, WorkspaceId, blocked_address, mail_message,
    mail_participant,
};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Order, Query, SelectStatement};
use sea_orm::{FromQueryResult, QueryTrait};

use super::commands::{NewBlock, list_of};
use super::judging::{self, OnMail};
use super::pattern::Pattern;
use super::{BlockedAddress, Error, store};
use crate::access::Cx;
use crate::contacts;
use crate::db::{Db, Fault};
use crate::mail_accounts::{self, Mailbox};
use crate::messages::{ParticipantRole, visible};
use crate::paging::{Page, PageError, Place, Rows, Sort};

/// Mails looked at at once.
const AT_ONCE: u64 = 1000;

/// A page of the entries that the actor sees: their own and the workspace's, newest first.
pub async fn list(cx: &Cx, db: &Db, page: &Page) -> Result<Result<Rows<BlockedAddress>, PageError>, Fault> {
    let column = |column: blocked_address::Column| Expr::col((blocked_address::Entity, column));
    let mut query = store::seen_by(cx).into_query();
    let (sort, id) = (column(blocked_address::Column::CreatedAt), column(blocked_address::Column::Id));
    if let Err(error) = page.apply(&mut query, &sort, &id, true, true) {
        return Ok(Err(error));
    }
    let rows = blocked_address::Model::find_by_statement(db.backend().build(&query)).all(db.reader()).await?;
    let rows = page.rows(rows, |row| Place(Sort::Number(row.created_at.0), row.id.0));
    Ok(Ok(rows.map(BlockedAddress::from)))
}

/// How many entries the actor sees.
pub async fn count(cx: &Cx, db: &Db) -> Result<u64, Fault> {
    Ok(store::seen_by(cx).count(db.reader()).await?)
}

/// Entries by id; those of other users are as if they never existed.
pub async fn by_ids(cx: &Cx, db: &Db, ids: &[BlockedAddressId]) -> Result<Vec<BlockedAddress>, Fault> {
    let query = store::seen_by(cx).filter(blocked_address::Column::Id.is_in(ids.iter().copied()));
    Ok(query.all(db.reader()).await?.into_iter().map(BlockedAddress::from).collect())
}

/// Stored mail, with its mailbox, that a pattern may be about: somebody on it is meant. Of a user's mailboxes, or of all.
pub(super) fn touched(workspace: WorkspaceId, owner: Option<UserId>, pattern: &Pattern) -> SelectStatement {
    let column = |column: mail_message::Column| Expr::col((mail_message::Entity, column));
    let participant = |column: mail_participant::Column| Expr::col((mail_participant::Entity, column));
    let forms = pattern.forms();
    let mut on = Query::select();
    on.column((mail_participant::Entity, mail_participant::Column::Message))
        .from(mail_participant::Entity)
        .and_where(participant(mail_participant::Column::Workspace).eq(workspace))
        .and_where(participant(mail_participant::Column::Role).ne(ParticipantRole::ReplyTo))
        .and_where(participant(mail_participant::Column::Address).in_subquery(contacts::addresses_like(
            workspace,
            &forms.whole,
            &forms.endings,
        )));
    let mut query = Query::select();
    query
        .columns([
            (mail_message::Entity, mail_message::Column::Account),
            (mail_message::Entity, mail_message::Column::Id),
        ])
        .from(mail_message::Entity)
        .and_where(column(mail_message::Column::Workspace).eq(workspace))
        .and_where(column(mail_message::Column::Id).in_subquery(on));
    if let Some(owner) = owner {
        let accounts = mail_accounts::accounts_of(workspace, owner);
        query.and_where(column(mail_message::Column::Account).in_subquery(accounts));
    }
    query
}

/// How many stored mails that the actor sees a pattern would hide.
///
/// # Errors
/// As `block` has them, but for what is there already.
pub async fn preview(cx: &Cx, db: &Db, new: &NewBlock) -> Result<u64, Error> {
    #[derive(FromQueryResult)]
    struct Found {
        account: MailAccountId,
        id: MailMessageId,
    }
    let column = |column: mail_message::Column| Expr::col((mail_message::Entity, column));
    let owner = list_of(cx, new.scope)?;
    let pattern = Pattern::parse(&new.pattern)?;
    let (mut after, mut count) = (None, 0);
    let (mut on, mut mailboxes) = (OnMail::default(), HashMap::<MailAccountId, Mailbox>::new());
    loop {
        let mut query = touched(cx.workspace, owner, &pattern);
        query.cond_where(visible(cx));
        if let Some(after) = after {
            query.and_where(column(mail_message::Column::Id).gt(Expr::value::<MailMessageId>(after)));
        }
        query.order_by((mail_message::Entity, mail_message::Column::Id), Order::Asc).limit(AT_ONCE);
        let found = Found::find_by_statement(db.backend().build(&query)).all(db.reader()).await?;
        let Some(last) = found.last() else { return Ok(count) };
        after = Some(last.id);
        let mut by_account: HashMap<MailAccountId, Vec<MailMessageId>> = HashMap::new();
        for found in found {
            by_account.entry(found.account).or_default().push(found.id);
        }
        for (account, ids) in by_account {
            if !mailboxes.contains_key(&account) {
                mailboxes
                    .extend(mail_accounts::mailbox_by_id(cx, db, account).await?.map(|mailbox| (account, mailbox)));
            }
            let Some(mailbox) = mailboxes.get(&account) else { continue };
            on.read(db.reader(), cx.workspace, &ids).await?;
            let patterns = on.patterns(db.reader(), cx.workspace, mailbox).await?.with(&pattern.key);
            let hidden =
                |id: &&MailMessageId| judging::blocking(&mailbox.address, &on.people(**id), &patterns).is_some();
            count += ids.iter().filter(hidden).count() as u64;
        }
    }
}
