//! Blocked addresses.

use std::time::Duration;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use entity::BlockedAddressId;
use futures_util::FutureExt;

use super::command::run;
use super::connection::{self, PageArguments, connection};
use super::contact::DeletePayload;
use super::error::{ApiError, Code, ErrorCode, Refusal, UserError, denied};
use super::id;
use super::reader::Reader;
use crate::messages::blocks::{self, Error, NewBlock, Settling};

/// How long a client waits until stored mail follows the list. It goes on behind the answer.
const BRIEF: Duration = Duration::from_secs(10);

/// Whose mail is blocked.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "blocks::BlockScope")]
pub enum BlockScope {
    /// That of the mailboxes of who blocks.
    User,
    /// That of everyone in the workspace. Only Admins block and unblock it.
    Workspace,
}

/// `pattern`: an address, or a domain (with its sub-domains).
#[derive(Clone)]
pub struct BlockedAddress(blocks::BlockedAddress);

impl BlockedAddress {
    pub(super) fn new(blocked: blocks::BlockedAddress) -> Self {
        Self(blocked)
    }

    pub(super) async fn load(reader: &Reader, id: BlockedAddressId) -> Result<Option<Self>, ApiError> {
        Ok(blocks::by_ids(reader.cx(), reader.db(), &[id]).await?.pop().map(Self))
    }
}

/// `pattern`: an address, or a domain (with its sub-domains).
#[Object]
impl BlockedAddress {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// The address or domain, as typed.
    async fn pattern(&self) -> &str {
        &self.0.pattern
    }

    /// Whose mail it blocks.
    async fn scope(&self) -> BlockScope {
        self.0.scope().into()
    }
}

connection!(BlockedAddressConnection, BlockedAddressEdge, BlockedAddress, "blocked addresses");

/// Reading block lists.
#[derive(Default)]
pub struct BlockQuery;

/// Reading block lists.
#[Object]
impl BlockQuery {
    /// The viewer's own blocked addresses and the workspace's, newest first.
    #[graphql(complexity = "connection::cost(first, last, child_complexity)")]
    async fn block_list(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<BlockedAddressConnection, ApiError> {
        let reader = Reader::of(ctx)?;
        let page = PageArguments { first, after, last, before }.page()?;
        let rows = blocks::list(reader.cx(), reader.db(), &page).await??;
        let counting = reader.clone();
        let count = Box::new(move || {
            let reader = counting.clone();
            async move { Ok(blocks::count(reader.cx(), reader.db()).await?) }.boxed()
        });
        Ok(BlockedAddressConnection { rows: rows.map(BlockedAddress), count })
    }

    /// How many stored messages, of those that the viewer sees, blocking this would hide.
    async fn block_preview(&self, ctx: &Context<'_>, pattern: String, scope: BlockScope) -> Result<i32, ApiError> {
        let reader = Reader::of(ctx)?;
        let new = NewBlock { pattern, scope: scope.into() };
        let count = blocks::preview(reader.cx(), reader.db(), &new).await.map_err(of_read)?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }
}

/// What is to be blocked.
#[derive(InputObject)]
pub struct BlockInput {
    /// An address such as jan@example.com, or a domain such as example.com with all domains below it. The last word of domains alone is
    /// written with an @: @example.
    pub pattern: String,
    /// Whose mail. WORKSPACE takes the right ADMIN.
    pub scope: BlockScope,
}

/// What blocking did.
#[derive(SimpleObject)]
pub struct BlockPayload {
    /// The entry of the list; the one that was there, if it was.
    pub blocked: Option<BlockedAddress>,
    /// Stored messages that are now hidden, of those that the viewer saw; null while it is still at work.
    pub affected_count: Option<i32>,
    /// Why nothing was changed; empty when it was done.
    pub user_errors: Vec<UserError>,
}

/// Blocking mail.
#[derive(Default)]
pub struct BlockMutation;

/// Blocking mail.
#[Object]
impl BlockMutation {
    /// Hides mail by who sent it (what a mailbox sent itself: when all it went to are blocked), as if it had never come: stored mail, and
    /// what comes. It stays in the mailbox on its server. What takes longer than ten seconds goes on behind the answer. MESSAGE changes
    /// tell of up to 500 messages one by one; of more, MAIL_ACCOUNT changes of their mailboxes.
    async fn block(&self, ctx: &Context<'_>, input: BlockInput) -> Result<BlockPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let new = NewBlock { pattern: input.pattern, scope: input.scope.into() };
        let begun = match run(&["input"], || blocks::block(reader.cx(), reader.db(), &new)).await? {
            Ok(begun) => begun,
            Err(error) => return Ok(BlockPayload { blocked: None, affected_count: None, user_errors: vec![error] }),
        };
        let blocked = Some(BlockedAddress(begun.blocked.clone()));
        let hidden = settle(reader, begun).await?.map(|hidden| i32::try_from(hidden).unwrap_or(i32::MAX));
        Ok(BlockPayload { blocked, affected_count: hidden, user_errors: Vec::new() })
    }

    /// Shows again what an entry hid and no other hides. It is told as `block` is; nothing of it counts as received.
    async fn unblock(&self, ctx: &Context<'_>, id: ID) -> Result<DeletePayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let entry = id::decode_or_nil(&id);
        match run(&["id"], || blocks::unblock(reader.cx(), reader.db(), entry)).await? {
            Ok(begun) => {
                settle(reader, begun).await?;
                Ok(DeletePayload::of(id, Ok(())))
            }
            Err(error) => Ok(DeletePayload::of(id, Err(error))),
        }
    }
}

/// Goes through stored mail, behind the answer where it takes long. How many messages were hidden; none when it is still at work.
async fn settle(reader: &Reader, begun: Settling) -> Result<Option<usize>, ApiError> {
    let (working, mut at_work) = (reader.clone(), begun);
    let work = async move {
        // Nothing is refused any more: a step fails by our fault, or not at all.
        while let Some(next) = run(&[], || at_work.step(working.cx(), working.db())).await?.unwrap_or_default() {
            at_work = next;
        }
        Ok(at_work.hidden)
    };
    let work = reader.app().work.spawn(work).await;
    tokio::select! {
        done = work => match done {
            Some(done) => done.map(Some),
            // What is left is found when the server starts.
            None => Ok(None),
        },
        () = reader.app().clock.sleep(BRIEF) => Ok(None),
    }
}

impl Refusal for Error {
    fn refusal(self, path: &[&str]) -> Result<UserError, ApiError> {
        let message = self.to_string();
        Ok(match self {
            Self::Denied(error) => denied(error),
            Self::NotFound => UserError::new(ErrorCode::NotFound, message, path),
            Self::NoUser => UserError::new(ErrorCode::Unauthenticated, message, &[]),
            Self::Pattern | Self::OwnAddress => UserError::new(ErrorCode::Invalid, message, &["input", "pattern"]),
            Self::TooMany => UserError::new(ErrorCode::Invalid, message, &["input"]),
            Self::Fault(fault) => return Err(fault.into()),
        })
    }

    fn lost_a_race(&self) -> bool {
        matches!(self, Self::Fault(fault) if fault.is_transient())
    }
}

/// A read's error where a command's would be a `UserError`.
fn of_read(error: Error) -> ApiError {
    let message = error.to_string();
    match error {
        Error::Fault(fault) => fault.into(),
        Error::Denied(_) => ApiError::new(Code::Forbidden, message),
        Error::NoUser => ApiError::unauthenticated(),
        Error::NotFound | Error::Pattern | Error::OwnAddress | Error::TooMany => {
            ApiError::new(Code::BadUserInput, message)
        }
    }
}
