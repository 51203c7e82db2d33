//! Signing in with another address: asked for with one's password, and confirmed by who reads the mail of the new address.
//!
//! An address belongs to a person, in all their workspaces. Who asks learns nothing about whether anybody has it already.

use std::net::IpAddr;
use std::time::Duration;

use entity::{PersonId, Timestamp, UserId, WorkspaceId, email_change, person, workspace_user};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Query};

use super::{Error, Language, Password, User, attempts, queries, session, store};
use crate::access::Cx;
use crate::changes::{Action, Kind, NewChange};
use crate::clock::Clock;
use crate::db::{Db, Fault, Tx, Unique};
use crate::post::{Letter, Post, PostError};
use crate::text::{EmailAddress, in_html};

/// How long a new address can be confirmed.
const LASTS: Duration = Duration::from_secs(24 * 60 * 60);

const PERSON_EMAIL: Unique = Unique { index: "person_email", columns: "person.email_key" };

/// What somebody wants to sign in with from now on.
#[derive(Clone, Debug)]
pub struct NewEmail {
    /// The address.
    pub email: String,
    /// The password they have.
    pub password: Password,
    /// Where they ask from.
    pub peer: Option<IpAddr>,
}

/// Sends a letter to the new address, with what confirms it. One that was asked for before is forgotten. `base` is the public URL of this
/// server.
///
/// # Errors
/// `WrongCredentials` and `TooManyAttempts`, as when signing in; `Email`.
pub async fn request_email_change(cx: &Cx, db: &Db, post: &Post, base: &str, new: NewEmail) -> Result<(), Error> {
    let user = cx.viewer().map(|viewer| viewer.user).ok_or(Error::WrongCredentials)?;
    let email = EmailAddress::parse(&new.email)?;
    let person = store::person_of_user(db.reader(), cx.workspace, user).await?.ok_or(Error::NotFound)?;
    attempts::begin(db, cx.now(), &person.email_key, new.peer).await?;
    if !new.password.matches(person.password_hash).await {
        return Err(Error::WrongCredentials);
    }
    attempts::succeeded(db, &person.email_key, new.peer).await?;
    let tx = db.begin(cx).await?;
    let workspace = queries::workspace(cx, db).await?.ok_or(Error::NotFound)?;
    let name = store::lock_user(tx.conn(), cx.workspace, user).await?.ok_or(Error::NotFound)?.name;
    let (token, expires_at) = (session::new_token(), cx.now().plus(LASTS));
    email_change::Entity::delete_by_id(person.id).exec(tx.conn()).await?;
    let row = email_change::ActiveModel {
        person: Set(person.id),
        workspace: Set(cx.workspace),
        user_id: Set(user),
        email: Set(email.as_str().to_owned()),
        token_hash: Set(session::token_hash(&token)),
        expires_at: Set(expires_at),
    };
    email_change::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    let letter = letter(workspace.language, &name, &email, &format!("{base}/addresses/{token}"));
    post.put(&tx, &letter, expires_at, None).await?;
    tx.commit().await?;
    post.wake();
    Ok(())
}

/// Confirms a new address: it is what the person signs in with from now on, everywhere. The one before is told, in case it was not they.
///
/// # Errors
/// `NotValid` for a token that is unknown, used, or too old; `EmailTaken` where somebody else signs in with the address.
pub async fn confirm_email_change(db: &Db, clock: &Clock, post: &Post, token: &str) -> Result<User, Error> {
    let now = clock.now();
    let row = email_change::Entity::find()
        .filter(email_change::Column::TokenHash.eq(session::token_hash(token)))
        .filter(email_change::Column::ExpiresAt.gt(now))
        .one(db.reader())
        .await?
        .ok_or(Error::NotValid)?;
    let email = EmailAddress::parse(&row.email)?;
    let mut tx = db.begin(&Cx::of_system(row.workspace, clock.clone())).await?;
    let spent = email_change::Entity::delete_many()
        .filter(email_change::Column::Person.eq(row.person))
        .filter(email_change::Column::TokenHash.eq(row.token_hash.as_slice()))
        .exec(tx.conn())
        .await?;
    if spent.rows_affected == 0 {
        return Err(Error::NotValid);
    }
    let user = store::lock_user(tx.conn(), row.workspace, row.user_id).await?.ok_or(Error::NotValid)?;
    give(&tx, row.person, &email).await?;
    follow(&mut tx, row.user_id, &email).await?;
    let language = queries::hold_workspace(&tx).await?.ok_or(Error::NotValid)?.language;
    let notice = notice(language, &user.name, &user.email, &email);
    match post.put(&tx, &notice, now.plus(LASTS), None).await {
        // Nobody can be told there.
        Ok(_) | Err(PostError::Unsendable(_)) => {}
        Err(error) => return Err(error.into()),
    }
    tx.commit().await?;
    post.wake();
    // Each workspace has a log of its own. What is left undone here is done when the address is changed or confirmed again.
    for (workspace, user) in elsewhere(db, row.person, email.key()).await? {
        let mut tx = db.begin(&Cx::of_system(workspace, clock.clone())).await?;
        follow(&mut tx, user, &email).await?;
        tx.commit().await?;
    }
    let cx = Cx::of_system(row.workspace, clock.clone());
    queries::by_ids(&cx, db, vec![row.user_id]).await?.pop().ok_or(Error::NotFound)
}

/// Removes what was not confirmed in time.
pub(super) async fn remove_expired(db: &Db, now: Timestamp) -> Result<(), Fault> {
    email_change::Entity::delete_many().filter(email_change::Column::ExpiresAt.lte(now)).exec(db.writer()).await?;
    Ok(())
}

/// Lets a person sign in with an address.
async fn give(tx: &Tx, id: PersonId, email: &EmailAddress) -> Result<(), Error> {
    // Left of an invitation that was taken back: nobody.
    let mut users = Query::select();
    users.column(workspace_user::Column::Person).from(workspace_user::Entity);
    person::Entity::delete_many()
        .filter(person::Column::EmailKey.eq(email.key()))
        .filter(person::Column::Id.ne(id))
        .filter(person::Column::PasswordHash.is_null())
        .filter(Expr::col(person::Column::Id).not_in_subquery(users))
        .exec(tx.conn())
        .await?;
    let given = person::Entity::update_many()
        .col_expr(person::Column::Email, Expr::value(email.as_str()))
        .col_expr(person::Column::EmailKey, Expr::value(email.key()))
        .filter(person::Column::Id.eq(id))
        .exec(tx.conn())
        .await;
    given.map(drop).map_err(|error| {
        let fault = Fault::from(error);
        if fault.breaks(PERSON_EMAIL) { Error::EmailTaken } else { fault.into() }
    })
}

/// Shows a person's address in one of their workspaces.
async fn follow(tx: &mut Tx, user: UserId, email: &EmailAddress) -> Result<(), Error> {
    workspace_user::Entity::update_many()
        .col_expr(workspace_user::Column::Email, Expr::value(email.as_str()))
        .col_expr(workspace_user::Column::EmailKey, Expr::value(email.key()))
        .filter(workspace_user::Column::Workspace.eq(tx.workspace()))
        .filter(workspace_user::Column::Id.eq(user))
        .exec(tx.conn())
        .await?;
    tx.record(NewChange::in_workspace(Kind::User, Action::Updated, user));
    Ok(())
}

/// Where a person has another address still.
async fn elsewhere(db: &Db, person: PersonId, key: &str) -> Result<Vec<(WorkspaceId, UserId)>, Fault> {
    let users = workspace_user::Entity::find()
        .filter(workspace_user::Column::Person.eq(person))
        .filter(workspace_user::Column::EmailKey.ne(key))
        .all(db.reader())
        .await?;
    Ok(users.into_iter().map(|user| (user.workspace, user.id)).collect())
}

fn letter(language: Language, name: &str, email: &EmailAddress, link: &str) -> Letter {
    let said = match language {
        Language::English => Said {
            subject: "Confirm your address",
            greeting: format!("Hello {name},"),
            what: format!(
                "To sign in with {email} from now on, open this address within 24 hours and confirm it there:"
            ),
            link: Some(link),
            otherwise: "If you did not ask for this, you need not do anything: nothing changes.",
        },
        Language::Dutch => Said {
            subject: "Bevestig uw adres",
            greeting: format!("Beste {name},"),
            what: format!(
                "Om u voortaan met {email} aan te melden, opent u dit adres binnen 24 uur en bevestigt u het daar:"
            ),
            link: Some(link),
            otherwise: "Vroeg u hier niet om, dan hoeft u niets te doen: er verandert niets.",
        },
    };
    said.letter(language, name, email.as_str())
}

/// For the address before.
fn notice(language: Language, name: &str, before: &str, email: &EmailAddress) -> Letter {
    let said = match language {
        Language::English => Said {
            subject: "Your address was changed",
            greeting: format!("Hello {name},"),
            what: format!("From now on you sign in with {email}, and no more with {before}."),
            link: None,
            otherwise: "If that was not you, tell an Admin of your workspace at once.",
        },
        Language::Dutch => Said {
            subject: "Uw adres is gewijzigd",
            greeting: format!("Beste {name},"),
            what: format!("Voortaan meldt u zich aan met {email}, en niet meer met {before}."),
            link: None,
            otherwise: "Was u dat niet, zeg het dan meteen tegen een Admin van uw workspace.",
        },
    };
    said.letter(language, name, before)
}

/// The sentences of a letter, in their order.
struct Said<'a> {
    subject: &'static str,
    greeting: String,
    what: String,
    link: Option<&'a str>,
    otherwise: &'static str,
}

impl Said<'_> {
    fn letter(&self, language: Language, name: &str, address: &str) -> Letter {
        let Self { subject, greeting, what, otherwise, .. } = self;
        let link = self.link.map(|link| format!("{link}\n\n")).unwrap_or_default();
        let text = format!("{greeting}\n\n{what}\n\n{link}{otherwise}\n");
        let link = self
            .link
            .map(in_html)
            .map(|link| format!("<p style=\"word-break:break-all\"><a href=\"{link}\">{link}</a></p>\n"));
        let html = format!(
            "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{subject}</title></head>\n\
             <body style=\"font-family:sans-serif;line-height:1.5;color:#1a1a1a\">\n<p>{}</p>\n<p>{}</p>\n{}<p>{otherwise}</p></body></html>\n",
            if language == Language::Dutch { "nl" } else { "en" },
            in_html(greeting),
            in_html(what),
            link.unwrap_or_default(),
        );
        Letter { name: name.to_owned(), address: address.to_owned(), subject: (*subject).to_owned(), text, html }
    }
}
