//! Which mail one sees, and how much of it: the one place that makes SQL of what `access` defines.

use entity::{MailAccountId, UserId, mail_message};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Condition, ExprTrait};

use super::Message;
use crate::access::{Cx, Level};
use crate::changes::Scope;
use crate::mail_accounts;

/// Which messages the actor sees, however little of them: a condition on `mail_message`.
#[must_use]
pub fn visible(cx: &Cx) -> Condition {
    visible_at(cx, Level::Metadata)
}

/// Of which messages the actor sees at least this much: a condition on `mail_message`. For what is asked of subjects and bodies.
#[must_use]
pub fn visible_at(cx: &Cx, least: Level) -> Condition {
    let column = |column: mail_message::Column| Expr::col((mail_message::Entity, column));
    let within =
        |private| column(mail_message::Column::Account).in_subquery(mail_accounts::accounts_at(cx, least, private));
    let visible = Condition::all()
        .add(column(mail_message::Column::Workspace).eq(cx.workspace))
        .add(column(mail_message::Column::Hidden).eq(false))
        .add(within(false));
    if cx.mail_reach(least, false) == cx.mail_reach(least, true) {
        return visible;
    }
    visible.add(Condition::any().add(column(mail_message::Column::Private).eq(false)).add(within(true)))
}

/// How much the actor sees of a message that is visible to them.
#[must_use]
pub fn access(cx: &Cx, message: &Message) -> Level {
    cx.mail_access(message.account, message.owner, message.private).unwrap_or(Level::Metadata)
}

/// Who may see a message of a mailbox.
#[must_use]
pub fn scope(account: MailAccountId, owner: UserId, private: bool) -> Scope {
    if private { Scope::Private(account, owner) } else { mail_accounts::scope(account, owner) }
}
