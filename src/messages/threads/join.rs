//! Giving mails their threads, within the transaction that stores them.

use std::collections::HashMap;

use entity::{MailAccountId, MailThreadId, UserId, mail_message};

use super::joining::{Joined, Joining};
use super::store;
use super::ties::{Key, Ties};
use crate::changes::{Action, Kind, NewChange};
use crate::db::{Fault, Tx};
use crate::messages::scope;

/// Gives mails of one account their threads. Threads that turn out to be one become one: the greater stays, of equals the older. The
/// mails that move are told to `owner` and whoever sees them too; of very many only the newest. Costs a few statements, however many mails there are.
///
/// The caller makes transactions of one account follow each other.
pub async fn join(
    tx: &mut Tx,
    account: MailAccountId,
    owner: Option<UserId>,
    mails: &mut [mail_message::Model],
) -> Result<(), Fault> {
    let Joined { threads, moves, keys } = find(tx, account, mails).await?;
    for (mail, thread) in mails.iter_mut().zip(threads) {
        mail.thread = Some(thread);
    }
    if !moves.is_empty() {
        let moving: Vec<MailThreadId> = moves.iter().map(|(from, _)| *from).collect();
        if let Some(owner) = owner {
            for mail in store::newest_of(tx, &moving).await? {
                let scope = scope(account, owner, mail.private);
                tx.record(
                    NewChange::in_scope(scope, Kind::Message, Action::Updated, mail.id).version(mail.version + 1),
                );
            }
        }
        store::move_threads(tx, &moves).await?;
    }
    store::write_keys(tx, account, keys).await
}

async fn find(tx: &Tx, account: MailAccountId, mails: &[mail_message::Model]) -> Result<Joined, Fault> {
    let ties: Vec<Ties> = mails.iter().map(Ties::of).collect();
    let mut keys: Vec<Key> = ties.iter().flat_map(Ties::keys).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut joining = Joining::default();
    for known in store::known(tx, account, &keys).await? {
        joining.know(known);
    }
    for known in store::known_ends(tx, account, &joining.open(&ties)).await? {
        joining.know(known);
    }
    for (mail, ties) in mails.iter().zip(&ties) {
        joining.add(mail.id, ties);
    }
    let merging: Vec<MailThreadId> = joining.merging().into_iter().flatten().collect();
    let sizes = if merging.is_empty() { HashMap::new() } else { store::sizes(tx, &merging).await? };
    let size = |thread: &MailThreadId| sizes.get(thread).copied().unwrap_or_default();
    let stays = |group: &[MailThreadId]| group.iter().copied().min_by_key(|thread| (-size(thread), *thread));
    Ok(joining.finish(stays, || tx.cx().new_id()))
}
