//! What is changed of users: names, addresses, and whether they are here.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};

use super::api::Caller;
use super::command::run;
use super::error::{ApiError, Refusal, UserError};
use super::given::{clearable, required};
use super::id;
use super::reader::Reader;
use super::scalar::{Date, EmailAddress};
use super::sign_in::say_when;
use super::user::{User, UserPayload};
use crate::app::App;
use crate::users::{self, NewEmail, Password, UserChange};

/// What is to be changed of a user; what is left out stays, null clears.
#[derive(InputObject)]
pub struct UpdateUserInput {
    /// Whose.
    pub id: ID,
    /// What colleagues call them. One's own, or as an Admin anybody's.
    pub name: MaybeUndefined<String>,
    /// When it is over (in UTC), they are disabled by themselves. By Admins only.
    pub last_working_day: MaybeUndefined<Date>,
}

/// What one wants to sign in with from now on.
#[derive(InputObject)]
pub struct ChangeEmailInput {
    /// The new address.
    pub email: EmailAddress,
    /// The password that one has.
    pub current_password: String,
}

/// What asking for another address did.
#[derive(SimpleObject)]
pub struct ChangeEmailPayload {
    /// Why nothing was done; empty when a mail is on its way.
    pub user_errors: Vec<UserError>,
}

/// What is changed of users.
#[derive(Default)]
pub struct UserUpdate;

/// What is changed of users.
#[Object]
impl UserUpdate {
    /// Changes a user's name, or when they leave.
    async fn update_user(&self, ctx: &Context<'_>, input: UpdateUserInput) -> Result<UserPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let name = match required(input.name, "name") {
            Ok(name) => name,
            Err(cleared) => return Ok(Err(UserError::from(cleared)).into()),
        };
        let change = UserChange {
            id: id::decode_or_nil(&input.id),
            name,
            last_working_day: clearable(input.last_working_day).map(|day| day.map(|day| day.0)),
        };
        let update = || users::update_user(reader.cx(), reader.db(), change.clone());
        Ok(run(&["input", "id"], update).await?.map(|user| User::new(user, reader)).into())
    }

    /// Keeps a user from signing in: their sign-ins end and their sockets close, their mailboxes stop, and nothing of theirs is removed.
    /// By Admins only.
    async fn disable_user(&self, ctx: &Context<'_>, id: ID) -> Result<UserPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let user = id::decode_or_nil(&id);
        let disable = || users::disable(reader.cx(), reader.db(), reader.app().leaving.as_ref(), user);
        Ok(run(&["id"], disable).await?.map(|user| User::new(user, reader)).into())
    }

    /// Lets a disabled user sign in again. Their mailboxes stay stopped until they let them go on. By Admins only.
    async fn enable_user(&self, ctx: &Context<'_>, id: ID) -> Result<UserPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let user = id::decode_or_nil(&id);
        let done = run(&["id"], || users::enable(reader.cx(), reader.db(), user)).await?;
        Ok(done.map(|user| User::new(user, reader)).into())
    }

    /// Sends a mail to another address, from which it is confirmed that one signs in with it from now on, in all one's workspaces. The same
    /// answer whether anybody has the address already.
    async fn change_email(&self, ctx: &Context<'_>, input: ChangeEmailInput) -> Result<ChangeEmailPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let (post, base) = (&reader.app().post, reader.app().config.public_url.as_str());
        let new = NewEmail {
            email: input.email.0,
            password: Password::given(input.current_password),
            peer: ctx.data_opt::<Caller>().and_then(|caller| caller.peer),
        };
        let request = users::request_email_change(reader.cx(), reader.db(), post, base, new);
        let user_errors = match request.await {
            Ok(()) => Vec::new(),
            Err(error) => {
                let error = error.refusal(&["input", "currentPassword"])?;
                say_when(ctx, reader.app().clock.now(), &error);
                vec![error]
            }
        };
        Ok(ChangeEmailPayload { user_errors })
    }

    /// Confirms an address by the token of the mail that was sent there: what stands behind `/addresses/` in its link. Signed in or not.
    async fn confirm_email_change(&self, ctx: &Context<'_>, token: String) -> Result<UserPayload, ApiError> {
        let app = ctx.data_opt::<App>().ok_or_else(|| ApiError::fault(&"a request without its node"))?;
        let confirm = || users::confirm_email_change(&app.db, &app.clock, &app.post, &token);
        Ok(run(&["token"], confirm).await?.map(|user| User { user, reader: None }).into())
    }
}
