//! Invitations to a workspace.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use entity::InvitationId;
use futures_util::FutureExt;

use super::api::Caller;
use super::command::run;
use super::connection::{self, PageArguments, connection};
use super::error::{ApiError, ErrorCode, Refusal, UserError};
use super::id;
use super::mail_delivery::MailDelivery;
use super::reader::Reader;
use super::scalar::{DateTime, EmailAddress};
use super::sign_in::{SignInPayload, say_when};
use super::user::User;
use crate::app::App;
use crate::invitations::{self, Acceptance, Error, NewInvitation, Sent};
use crate::{post, users};

/// What became of an invitation.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "invitations::Status")]
pub enum InvitationStatus {
    /// Not answered yet.
    Pending,
    /// Its user is here.
    Accepted,
    /// Its 72 hours are over; it can be sent again.
    Expired,
    /// Taken back.
    Revoked,
}

/// An invitation to this workspace. Seen by those who may invite.
#[derive(Clone)]
pub struct Invitation {
    pub(super) invitation: invitations::Invitation,
    pub(super) reader: Reader,
}

impl Invitation {
    pub(super) async fn load(reader: &Reader, id: InvitationId) -> Result<Option<Self>, ApiError> {
        let found = invitations::by_ids(reader.cx(), reader.db(), &reader.app().post, &[id]).await?.pop();
        Ok(found.map(|invitation| Self { invitation, reader: reader.clone() }))
    }
}

/// An invitation to this workspace. Seen by those who may invite.
#[Object]
impl Invitation {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.invitation.id)
    }

    /// Of whom it is for.
    async fn name(&self) -> &str {
        &self.invitation.name
    }

    /// Where it went.
    async fn email(&self) -> EmailAddress {
        EmailAddress(self.invitation.email.clone())
    }

    /// What became of it.
    async fn status(&self) -> InvitationStatus {
        self.invitation.status.into()
    }

    /// Who sent it last.
    async fn invited_by(&self) -> Result<User, ApiError> {
        let user = self.reader.shared().load_one(self.invitation.invited_by).await?;
        let user = user.ok_or_else(|| ApiError::fault(&"an invitation without who invited"))?;
        Ok(User::new(user, &self.reader))
    }

    /// When it was first made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.invitation.created_at)
    }

    /// Until when it can be accepted.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.invitation.expires_at)
    }

    /// Whether the invitation mail has left: queued, sent, or failed with the reason.
    async fn delivery(&self) -> MailDelivery {
        MailDelivery(self.invitation.delivery.clone())
    }
}

connection!(InvitationConnection, InvitationEdge, Invitation, "invitations");

/// Reading invitations.
#[derive(Default)]
pub struct InvitationQuery;

/// Reading invitations.
#[Object]
impl InvitationQuery {
    /// The workspace's invitations, newest first. None for those who may not invite.
    #[graphql(complexity = "connection::cost(first, last, child_complexity)")]
    async fn invitations(
        &self,
        ctx: &Context<'_>,
        status: Option<InvitationStatus>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<InvitationConnection, ApiError> {
        let reader = Reader::of(ctx)?;
        let page = PageArguments { first, after, last, before }.page()?;
        let status = status.map(invitations::Status::from);
        let rows = invitations::list(reader.cx(), reader.db(), &reader.app().post, status, &page).await??;
        let counting = reader.clone();
        let count = Box::new(move || {
            let reader = counting.clone();
            async move { Ok(invitations::count(reader.cx(), reader.db(), status).await?) }.boxed()
        });
        Ok(InvitationConnection {
            rows: rows.map(|invitation| Invitation { invitation, reader: reader.clone() }),
            count,
        })
    }
}

/// Who is to be invited.
#[derive(InputObject)]
pub struct InviteUserInput {
    /// What colleagues call them, until they say otherwise.
    pub name: String,
    /// Where the invitation goes, and what they will sign in with.
    pub email: EmailAddress,
}

/// With what an invitation is accepted. An address that already signs in elsewhere gives its existing password; an invitation never sets
/// or resets it.
#[derive(InputObject)]
pub struct AcceptInvitationInput {
    /// From the link in the mail: what stands behind `/invitations/`.
    pub token: String,
    /// The password that they have, or else will have: 10 to 1000 characters.
    pub password: String,
    /// What they are called, if not as they were invited.
    pub name: Option<String>,
}

/// What inviting did. `link` is shown to an Admin once, here, when no mail can be sent; only its hash is kept.
#[derive(SimpleObject)]
pub struct InvitationPayload {
    /// The invitation as it is now.
    pub invitation: Option<Invitation>,
    /// The link of the invitation, to be handed on where no mail can be sent.
    pub link: Option<String>,
    /// Why nothing was changed; empty when it was done.
    pub user_errors: Vec<UserError>,
}

impl InvitationPayload {
    fn of(done: Result<Sent, UserError>, reader: &Reader) -> Self {
        match done {
            Ok(Sent { invitation, link }) => {
                let invitation = Some(Invitation { invitation, reader: reader.clone() });
                Self { invitation, link, user_errors: Vec::new() }
            }
            Err(error) => Self { invitation: None, link: None, user_errors: vec![error] },
        }
    }
}

/// Inviting colleagues, and joining them.
#[derive(Default)]
pub struct InvitationMutation;

/// Inviting colleagues, and joining them.
#[Object]
impl InvitationMutation {
    /// Invites a colleague by mail, in the workspace's language; they are a user from now on, INVITED until they accept. An address that is
    /// invited already gets a new link, and the one before is worth nothing any more. Takes the right INVITE_USERS.
    async fn invite_user(&self, ctx: &Context<'_>, input: InviteUserInput) -> Result<InvitationPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let (post, base) = (&reader.app().post, reader.app().config.public_url.as_str());
        let new = NewInvitation { name: input.name, email: input.email.0 };
        let invite = || invitations::invite(reader.cx(), reader.db(), post, base, new.clone());
        Ok(InvitationPayload::of(run(&["input"], invite).await?, reader))
    }

    /// Sends an invitation that is pending or expired again, with a new link and 72 hours from now. Takes the right INVITE_USERS.
    async fn resend_invitation(&self, ctx: &Context<'_>, id: ID) -> Result<InvitationPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let (post, base) = (&reader.app().post, reader.app().config.public_url.as_str());
        let invitation = id::decode_or_nil(&id);
        let resend = || invitations::resend(reader.cx(), reader.db(), post, base, invitation);
        Ok(InvitationPayload::of(run(&["id"], resend).await?, reader))
    }

    /// Takes an invitation back, and with it the user that was to be. Takes the right INVITE_USERS.
    async fn revoke_invitation(&self, ctx: &Context<'_>, id: ID) -> Result<InvitationPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let invitation = id::decode_or_nil(&id);
        let revoke = || invitations::revoke(reader.cx(), reader.db(), &reader.app().post, invitation);
        let done = run(&["id"], revoke).await?;
        Ok(InvitationPayload::of(done.map(|invitation| Sent { invitation, link: None }), reader))
    }

    /// Joins a workspace by an invitation, and signs in there. The same answer for a token that is unknown, used, taken back, or too old.
    async fn accept_invitation(
        &self,
        ctx: &Context<'_>,
        input: AcceptInvitationInput,
    ) -> Result<SignInPayload, ApiError> {
        let app = ctx.data_opt::<App>().ok_or_else(|| ApiError::fault(&"a request without its node"))?;
        let caller = ctx.data_opt::<Caller>();
        let accept = || {
            let given = Acceptance {
                token: input.token.clone(),
                password: input.password.clone(),
                name: input.name.clone(),
                peer: caller.and_then(|caller| caller.peer),
                user_agent: caller.and_then(|caller| caller.user_agent.clone()),
                signs_in: true,
            };
            invitations::accept(&app.db, &app.clock, &app.post, given)
        };
        Ok(match run(&["input", "token"], accept).await? {
            Ok(accepted) => SignInPayload {
                token: accepted.token,
                user: Some(User { user: accepted.user, reader: None }),
                ..SignInPayload::default()
            },
            Err(error) => {
                say_when(ctx, app.clock.now(), &error);
                SignInPayload { user_errors: vec![error], ..SignInPayload::default() }
            }
        })
    }
}

impl Refusal for Error {
    fn refusal(self, path: &[&str]) -> Result<UserError, ApiError> {
        let message = self.to_string();
        Ok(match self {
            Self::Denied(_) => UserError::new(ErrorCode::Forbidden, message, &[]),
            Self::NoUser => UserError::new(ErrorCode::Unauthenticated, message, &[]),
            Self::NotFound | Self::NotValid => UserError::new(ErrorCode::NotFound, message, path),
            Self::Email(_) => UserError::new(ErrorCode::Invalid, message, &["input", "email"]),
            Self::Taken(user) => {
                UserError::new(ErrorCode::Conflict, message, &["input", "email"]).conflicting(id::encode(user))
            }
            Self::Accepted | Self::Revoked => UserError::new(ErrorCode::Conflict, message, path),
            Self::User(users::Error::WrongCredentials) => UserError::new(
                ErrorCode::Unauthenticated,
                "This address already signs in here: give the password that it has.",
                &["input", "password"],
            ),
            Self::User(error) => return error.refusal(path),
            Self::Post(post::PostError::Unsendable(_)) => {
                UserError::new(ErrorCode::Invalid, "No mail can be sent to this address.", &["input", "email"])
            }
            Self::Post(error) => return Err(ApiError::fault(&error)),
            Self::Fault(fault) => return Err(fault.into()),
        })
    }

    fn lost_a_race(&self) -> bool {
        match self {
            Self::User(error) => error.lost_a_race(),
            Self::Post(post::PostError::Fault(fault)) | Self::Fault(fault) => fault.is_transient(),
            _ => false,
        }
    }
}
