//! What can be followed.

use std::sync::Arc;

use async_graphql::{Context, ID, Subscription as GraphqlSubscription};
use futures_util::{Stream, stream};

use super::api::Caller;
use super::change::{Change, ChangeKind};
use super::error::ApiError;
use super::id;
use super::mail_change::{MailAccountChanged, MessageReceived};
use super::reader::{EventLoaders, Reader};
use super::scalar::Cursor;
use super::tag_change::TagChange;
use crate::app::App;
use crate::changes;
use crate::feed::{Follower, Positions};
use crate::users::LiveSession;

/// What can be followed.
#[derive(Default)]
pub struct Subscription;

/// What can be followed. Each event is judged with the rights of now, and shows its object as it is now.
#[GraphqlSubscription]
impl Subscription {
    /// Everything the viewer may see. History that is imported when a mailbox is connected is not told mail by mail: its account's
    /// progress is.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        after: Option<Cursor>,
        kinds: Option<Vec<ChangeKind>>,
    ) -> Result<impl Stream<Item = Result<Change, ApiError>> + use<>, ApiError> {
        let following = Following::begin(ctx, after).await?;
        Ok(following.events(move |change, cursor, reader| Change::of(change, cursor, &reader()?, kinds.as_deref())))
    }

    /// Tags and groups made, renamed, recolored, merged or removed; contacts tagged and untagged, one event per contact.
    async fn tag_changed(
        &self,
        ctx: &Context<'_>,
        after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<TagChange, ApiError>> + use<>, ApiError> {
        let following = Following::begin(ctx, after).await?;
        Ok(following.events(|change, cursor, reader| {
            if !TagChange::concerns(change) {
                return None;
            }
            TagChange::of(change, cursor, &reader()?)
        }))
    }

    /// Mail that arrives from the moment its account is first connected, each once: also what came during the import of history or
    /// while the server was down.
    async fn message_received(
        &self,
        ctx: &Context<'_>,
        account_ids: Option<Vec<ID>>,
        after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<MessageReceived, ApiError>> + use<>, ApiError> {
        let following = Following::begin(ctx, after).await?;
        let accounts = account_ids.map(|ids| ids.iter().filter_map(|id| id::decode(id)).collect::<Vec<_>>());
        Ok(following.events(move |change, cursor, reader| {
            MessageReceived::concerns(change, accounts.as_deref())
                .then(|| MessageReceived::of(change, cursor, &reader()?))
                .flatten()
        }))
    }

    /// State, problem, progress and folders of the viewer's mailboxes, or of one.
    async fn mail_account_changed(
        &self,
        ctx: &Context<'_>,
        id: Option<ID>,
        after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<MailAccountChanged, ApiError>> + use<>, ApiError> {
        let following = Following::begin(ctx, after).await?;
        let account = id.map(|id| id::decode_or_nil(&id));
        Ok(following.events(move |change, cursor, reader| {
            MailAccountChanged::concerns(change, account)
                .then(|| MailAccountChanged::of(change, cursor, &reader()?))
                .flatten()
        }))
    }
}

/// One subscriber to a workspace's log.
pub(super) struct Following {
    app: App,
    session: Arc<LiveSession>,
    loaders: Arc<EventLoaders>,
    follower: Follower,
}

impl Following {
    /// Follows behind `after`, or from now on.
    pub(super) async fn begin(ctx: &Context<'_>, after: Option<Cursor>) -> Result<Self, ApiError> {
        let session = ctx.data_opt::<Caller>().and_then(|caller| caller.session.clone());
        let session = session.ok_or_else(ApiError::unauthenticated)?;
        let app = ctx.data_opt::<App>().ok_or_else(|| ApiError::fault(&"a request without its node"))?.clone();
        let loaders = ctx.data_opt::<Arc<EventLoaders>>().cloned().unwrap_or_default();
        let after = after.map(|cursor| changes::Cursor::parse(&cursor.0)).transpose()?;
        let follower = app.feed.follow(&session.cx(), after).await?;
        if let Some(positions) = ctx.data_opt::<Positions>() {
            follower.join(positions);
        }
        Ok(Self { app, session, loaders, follower })
    }

    /// The events that `make` makes of changes. What it gets to read through is made only if it asks for it. An error ends the stream.
    pub(super) fn events<T, F>(self, make: F) -> impl Stream<Item = Result<T, ApiError>> + use<T, F>
    where
        T: Send,
        F: Fn(&Arc<changes::Change>, changes::Cursor, &dyn Fn() -> Option<Reader>) -> Option<T> + Send + Sync,
    {
        stream::unfold(Some((self, make)), |state| async {
            let (mut following, make) = state?;
            loop {
                let change = match following.follower.next().await {
                    Ok(change) => change,
                    Err(error) => return Some((Err(error.into()), None)),
                };
                let cursor = following.follower.cursor(&change);
                let reader = || {
                    let cx = following.session.cx();
                    Some(Reader::of_event(&following.app, cx, &following.loaders, change.seq))
                };
                let event = make(&change, cursor, &reader);
                if let Some(event) = event {
                    return Some((Ok(event), Some((following, make))));
                }
            }
        })
    }
}
