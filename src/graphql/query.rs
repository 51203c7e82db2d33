//! What can be read.

use async_graphql::{Context, ID, MergedObject, Object};
use futures_util::FutureExt;
use futures_util::future::join_all;

use super::block::BlockQuery;
use super::change::{Change, ChangeKind, ChangePage};
use super::connection::{self, PageArguments};
use super::contact::ContactQuery;
use super::contact_creation::ContactCreationQuery;
use super::error::{ApiError, Code};
use super::following::Event;
use super::id;
use super::invitation::InvitationQuery;
use super::mail_account::MailAccountQuery;
use super::mail_discovery::MailDiscoveryQuery;
use super::message::MessageQuery;
use super::node::Node;
use super::reader::Reader;
use super::saved_filter::SavedFilterQuery;
use super::scalar::Cursor;
use super::tag::TagQuery;
use super::tag_facet::TagFacetQuery;
use super::tag_group::TagGroupQuery;
use super::thread::ThreadQuery;
use super::user::{User, UserConnection, UserOrder, UserStatus, Workspace};
use super::why::WhyQuery;
use crate::{changes, users};

/// Most ids of one `nodes`.
const MOST_NODES: usize = 200;

/// What can be read.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
pub struct Query(
    CommonQuery,
    ContactQuery,
    TagQuery,
    TagGroupQuery,
    TagFacetQuery,
    SavedFilterQuery,
    MailAccountQuery,
    MailDiscoveryQuery,
    MessageQuery,
    ThreadQuery,
    BlockQuery,
    ContactCreationQuery,
    WhyQuery,
    InvitationQuery,
);

/// What concerns no single noun.
#[derive(Default)]
pub struct CommonQuery;

/// What concerns no single noun.
#[Object]
impl CommonQuery {
    /// The object with this id; null when there is none, or the viewer may not see it.
    async fn node(&self, ctx: &Context<'_>, id: ID) -> Option<Result<Node, ApiError>> {
        let load = async {
            let reader = Reader::of(ctx)?;
            let Some((of, id)) = id::decode_any(&id) else { return Ok(None) };
            Node::load(reader, of, id).await
        };
        load.await.transpose()
    }

    /// The objects with these ids, in their order. At most 200 ids.
    #[graphql(complexity = "ids.len().saturating_mul(child_complexity).saturating_add(1)")]
    async fn nodes(&self, ctx: &Context<'_>, ids: Vec<ID>) -> Result<Vec<Option<Node>>, ApiError> {
        let reader = Reader::of(ctx)?;
        if ids.len() > MOST_NODES {
            return Err(ApiError::new(Code::BadUserInput, "At most 200 ids can be asked for at once."));
        }
        let load = |id: ID| async move {
            match id::decode_any(&id) {
                Some((of, id)) => Node::load(reader, of, id).await,
                None => Ok(None),
            }
        };
        join_all(ids.into_iter().map(load)).await.into_iter().collect()
    }

    /// Who is signed in.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<User, ApiError> {
        let reader = Reader::of(ctx)?;
        let id = reader.cx().user().ok_or_else(ApiError::unauthenticated)?;
        let user = reader.shared().load_one(id).await?.ok_or_else(ApiError::unauthenticated)?;
        Ok(User::new(user, reader))
    }

    /// The viewer's workspace.
    async fn workspace(&self, ctx: &Context<'_>) -> Result<Workspace, ApiError> {
        let reader = Reader::of(ctx)?;
        let workspace = users::workspace(reader.cx(), reader.db()).await?;
        workspace.map(Workspace).ok_or_else(ApiError::unauthenticated)
    }

    /// The newest position of the change log, taken before anything else of this request is read: subscribe `after` it and nothing
    /// is missed (an event may tell what the list already showed).
    #[expect(clippy::unused_self, reason = "a resolver")]
    fn cursor(&self, ctx: &Context<'_>) -> Result<Cursor, ApiError> {
        let reader = Reader::of(ctx)?;
        // Read by `Api` before the execution began.
        let head = reader.head().ok_or_else(|| ApiError::fault(&"a request for the cursor without the log's head"))?;
        Ok(Cursor(head.cursor().to_string()))
    }

    /// What changed since a position, for clients that were away: the same events as the subscription, a page at a time.
    /// At most 200 a page.
    #[graphql(complexity = "connection::cost(first, None, child_complexity)")]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        after: Cursor,
        first: Option<i32>,
        kinds: Option<Vec<ChangeKind>>,
    ) -> Result<ChangePage, ApiError> {
        let reader = Reader::of(ctx)?;
        let limit = PageArguments { first, after: None, last: None, before: None }.page()?.limit();
        let mut after = changes::Cursor::parse(&after.0)?;
        let mut page = Vec::new();
        // Many changes may be of other kinds or not for this viewer: read on until the page is full or the log ends.
        loop {
            let (head, changes, more) = reader.app().feed.page(reader.cx(), after, changes_at_once(limit)).await?;
            for change in changes {
                if page.len() as u64 == limit {
                    return Ok(ChangePage { changes: page, end_cursor: Cursor(after.to_string()), has_more: true });
                }
                after = head.at(change.seq);
                let event = Event::seen_by(reader, change, after);
                page.extend(event.and_then(|event| Change::of(&event, kinds.as_deref())));
            }
            if !more {
                return Ok(ChangePage { changes: page, end_cursor: Cursor(after.to_string()), has_more: false });
            }
        }
    }

    /// The workspace's users, by name where no order is asked for. `search`: each word of it is in their name or address.
    #[graphql(complexity = "connection::cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection field")]
    async fn users(
        &self,
        ctx: &Context<'_>,
        search: Option<String>,
        status: Option<UserStatus>,
        order_by: Option<UserOrder>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<UserConnection, ApiError> {
        let reader = Reader::of(ctx)?;
        let page = PageArguments { first, after, last, before }.page()?;
        let wanted = users::Wanted { search, status: status.map(users::Status::from) };
        let order = order_by.map_or((users::Order::Name, false), UserOrder::parts);
        let rows = users::list(reader.cx(), reader.db(), &wanted, order, &page).await??;
        let counting = reader.clone();
        let count = Box::new(move || {
            let (reader, wanted) = (counting.clone(), wanted.clone());
            async move { Ok(users::count(reader.cx(), reader.db(), &wanted).await?) }.boxed()
        });
        Ok(UserConnection { rows: rows.map(|user| User::new(user, reader)), count })
    }
}

/// Changes read at once for a page: a little more than the page, since some are not for it.
fn changes_at_once(limit: u64) -> u64 {
    (limit * 2).clamp(20, 500)
}
