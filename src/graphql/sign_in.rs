//! Signing in and out.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::Timestamp;

use super::api::Caller;
use super::error::{ApiError, Refusal, UserError};
use super::id;
use super::reader::Reader;
use super::scalar::{DateTime, EmailAddress};
use super::user::{User, Workspace};
use crate::app::App;
use crate::users::{self, Password, SignIn, SignedIn};

/// What somebody signs in with. `workspaceId` where a person belongs to several.
#[derive(InputObject)]
pub struct SignInInput {
    /// Their address.
    pub email: EmailAddress,
    /// Their password.
    pub password: String,
    /// Which workspace, where they belong to several.
    pub workspace_id: Option<ID>,
}

/// What signing in gives: a token, or `workspaces` to choose from.
#[derive(SimpleObject, Default)]
pub struct SignInPayload {
    /// Proves the sign-in: `Authorization: Bearer …` over HTTP, `{"Authorization": "Bearer …"}` in connection_init. Shown this once.
    pub token: Option<String>,
    /// Who signed in.
    pub user: Option<User>,
    /// To choose from, for a person who belongs to several.
    pub workspaces: Option<Vec<Workspace>>,
    /// Why there is no token.
    pub user_errors: Vec<UserError>,
}

/// What signing out did.
#[derive(SimpleObject)]
pub struct SignOutPayload {
    /// Why nothing was changed; empty when it was done.
    pub user_errors: Vec<UserError>,
}

/// Says in the answer's header too when to try again.
pub(super) fn say_when(ctx: &Context<'_>, now: Timestamp, error: &UserError) {
    if let Some(DateTime(retry_at)) = error.retry_at {
        let seconds = retry_at.0.saturating_sub(now.0).max(0) / 1_000_000 + 1;
        ctx.insert_http_header("retry-after", seconds.to_string());
    }
}

/// Signing in and out.
#[derive(Default)]
pub struct SignInMutation;

/// Signing in and out.
#[Object]
impl SignInMutation {
    /// Signs in. The same answer, in the same time, for an unknown address and a wrong password.
    async fn sign_in(&self, ctx: &Context<'_>, input: SignInInput) -> Result<SignInPayload, ApiError> {
        let app = ctx.data_opt::<App>().ok_or_else(|| ApiError::fault(&"a request without its node"))?;
        let caller = ctx.data_opt::<Caller>();
        let workspace = input.workspace_id.map(|id| id::decode_or_nil(&id));
        let given = SignIn {
            email: input.email.0,
            password: Password::given(input.password),
            workspace,
            peer: caller.and_then(|caller| caller.peer),
            user_agent: caller.and_then(|caller| caller.user_agent.clone()),
        };
        let now = app.clock.now();
        match users::sign_in(&app.db, &app.clock, given).await {
            Ok(SignedIn::Session { token, user, .. }) => Ok(SignInPayload {
                token: Some(token),
                user: Some(User { user, reader: None }),
                ..SignInPayload::default()
            }),
            Ok(SignedIn::Choose(workspaces)) => Ok(SignInPayload {
                workspaces: Some(workspaces.into_iter().map(Workspace).collect()),
                ..SignInPayload::default()
            }),
            Err(error) => {
                let error = error.refusal(&[])?;
                say_when(ctx, now, &error);
                Ok(SignInPayload { user_errors: vec![error], ..SignInPayload::default() })
            }
        }
    }

    /// Ends this sign-in. Its token is worth nothing from then on, and its sockets close.
    async fn sign_out(&self, ctx: &Context<'_>) -> Result<SignOutPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let user_errors = match users::sign_out(reader.cx(), reader.db()).await {
            Ok(()) => Vec::new(),
            Err(error) => vec![error.refusal(&[])?],
        };
        Ok(SignOutPayload { user_errors })
    }
}
