//! Inviting, inviting again, and taking back.

use entity::invitation::{self, Status};
use entity::{InvitationId, UserId};
use sea_orm::entity::prelude::*;

use super::letter::Words;
use super::{Error, Invitation, LASTS, queries, store, told};
use crate::access::{Cx, Right};
use crate::changes::Action;
use crate::db::{Db, Tx};
use crate::post::Post;
use crate::text::EmailAddress;
use crate::users::{self, Workspace};

/// Who is to be invited.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// Their name, until they say otherwise.
    pub name: String,
    /// Their address.
    pub email: String,
}

/// An invitation that is on its way.
#[derive(Clone, Debug)]
pub struct Sent {
    /// It.
    pub invitation: Invitation,
    /// Its address, for an Admin to hand on, where no mail can be sent. Shown this once: only its hash is kept.
    pub link: Option<String>,
}

/// Invites somebody, who becomes a user that cannot sign in yet. An address that is invited already has its invitation renewed. `base` is
/// the public URL of this server.
///
/// # Errors
/// `Denied`, naming the Admins; `Email`; `User` for a name that cannot be used; `Taken` for the address of a user who is or was here.
pub async fn invite(cx: &Cx, db: &Db, post: &Post, base: &str, new: NewInvitation) -> Result<Sent, Error> {
    let inviter = may_invite(cx, db).await?;
    let name = users::name(&new.name)?;
    let email = EmailAddress::parse(&new.email)?;
    let mut tx = db.begin(cx).await?;
    let workspace = users::hold_workspace(&tx).await?.ok_or(Error::NotFound)?;
    let (row, action) = if let Some(row) = store::open_for(tx.conn(), cx.workspace, email.key()).await? {
        users::rename_invited(&mut tx, row.user_id.ok_or(Error::NotFound)?, &name).await?;
        (invitation::Model { name, email: email.as_str().to_owned(), ..row }, Action::Updated)
    } else {
        if let Some(user) = users::by_address(&tx, email.key()).await? {
            return Err(Error::Taken(user.id));
        }
        let user = users::invite(&mut tx, &name, &email).await?;
        (draft(cx, inviter, user, (name, &email)), Action::Created)
    };
    issue(tx, db, post, Issue { base, workspace, inviter, row, action }).await
}

/// Sends an invitation again, with a new token and from now on 72 hours. What was sent before is worth nothing any more.
///
/// # Errors
/// `Denied`; `NotFound`; `Accepted` and `Revoked` for one that is not open.
pub async fn resend(cx: &Cx, db: &Db, post: &Post, base: &str, id: InvitationId) -> Result<Sent, Error> {
    let inviter = may_invite(cx, db).await?;
    let tx = db.begin(cx).await?;
    let workspace = users::hold_workspace(&tx).await?.ok_or(Error::NotFound)?;
    let row = store::lock(tx.conn(), cx.workspace, id).await?.ok_or(Error::NotFound)?;
    match row.status {
        Status::Pending | Status::Expired => {}
        Status::Accepted => return Err(Error::Accepted),
        Status::Revoked => return Err(Error::Revoked),
    }
    issue(tx, db, post, Issue { base, workspace, inviter, row, action: Action::Updated }).await
}

/// Takes an invitation back, and the user that was made with it. One that was taken back stays so.
///
/// # Errors
/// `Denied`; `NotFound`; `Accepted`.
pub async fn revoke(cx: &Cx, db: &Db, post: &Post, id: InvitationId) -> Result<Invitation, Error> {
    may_invite(cx, db).await?;
    let mut tx = db.begin(cx).await?;
    users::hold_workspace(&tx).await?;
    let mut row = store::lock(tx.conn(), cx.workspace, id).await?.ok_or(Error::NotFound)?;
    match row.status {
        Status::Pending | Status::Expired => {}
        Status::Accepted => return Err(Error::Accepted),
        Status::Revoked => return queries::with_delivery(cx, post, row).await,
    }
    let user = row.user_id.take();
    row.status = Status::Revoked;
    row.token_hash = None;
    store::save(tx.conn(), &row).await?;
    if let Some(user) = user {
        users::withdraw(&mut tx, user).await?;
    }
    post.cancel(&tx, row.letter).await?;
    tx.record(told(Action::Updated, id));
    tx.commit().await?;
    queries::with_delivery(cx, post, row).await
}

/// An invitation that is to be sent.
struct Issue<'a> {
    base: &'a str,
    workspace: Workspace,
    inviter: UserId,
    row: invitation::Model,
    action: Action,
}

/// Gives it a token and a letter, and sends it with the end of the transaction.
async fn issue(mut tx: Tx, db: &Db, post: &Post, issue: Issue<'_>) -> Result<Sent, Error> {
    let Issue { base, workspace, inviter, mut row, action } = issue;
    let cx = tx.cx().clone();
    let names = users::by_ids(&cx, db, vec![inviter]).await?;
    let token = users::new_token();
    let link = format!("{base}/invitations/{token}");
    let words = Words {
        language: workspace.language,
        workspace: &workspace.name,
        inviter: names.first().map_or("", |user| &user.name),
        name: &row.name,
        email: &row.email,
        link: &link,
        base,
    };
    row.expires_at = cx.now().plus(LASTS);
    let letter = post.put(&tx, &words.letter(), row.expires_at, Some(&told(Action::Updated, row.id))).await?;
    if action == Action::Updated {
        post.cancel(&tx, row.letter).await?;
    }
    row.letter = letter;
    row.status = Status::Pending;
    row.invited_by = inviter;
    row.token_hash = Some(users::token_hash(&token));
    if action == Action::Created {
        store::insert(tx.conn(), &row).await?;
    } else {
        store::save(tx.conn(), &row).await?;
    }
    tx.record(told(action, row.id));
    tx.commit().await?;
    let link = (!post.can_send() && cx.can(Right::Admin)).then_some(link);
    let invitation = queries::with_delivery(&cx, post, row).await?;
    post.wake();
    Ok(Sent { invitation, link })
}

fn draft(cx: &Cx, inviter: UserId, user: UserId, (name, email): (String, &EmailAddress)) -> invitation::Model {
    invitation::Model {
        workspace: cx.workspace,
        id: cx.new_id(),
        user_id: Some(user),
        name,
        email: email.as_str().to_owned(),
        email_key: email.key().to_owned(),
        status: Status::Pending,
        token_hash: None,
        invited_by: inviter,
        // Given with the letter.
        letter: entity::LetterId(Uuid::nil()),
        created_at: cx.now(),
        expires_at: cx.now(),
    }
}

/// The actor, if they may invite.
async fn may_invite(cx: &Cx, db: &Db) -> Result<UserId, Error> {
    if !cx.can(Right::InviteUsers) {
        let admins = users::admins(cx, db).await?;
        return Err(Error::Denied(admins.into_iter().take(NAMED).map(|admin| admin.name).collect()));
    }
    cx.viewer().map(|viewer| viewer.user).ok_or(Error::NoUser)
}

/// Admins named to who may not invite.
const NAMED: usize = 5;
