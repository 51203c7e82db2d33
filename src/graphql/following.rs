//! One subscriber's place in a workspace's log, and the events that are shown to them.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Context;
use entity::WorkspaceId;
use futures_util::stream::{self, BoxStream, StreamExt};

use super::api::Caller;
use super::error::ApiError;
use super::reader::{EventLoaders, Reader};
use super::scalar::Cursor;
use crate::app::App;
use crate::changes::{self, Action, Change};
use crate::feed::{FeedError, Follower, Positions};
use crate::users::LiveSession;

/// A committed change, and how it is seen.
#[derive(Clone)]
pub(super) struct Event {
    pub(super) change: Arc<Change>,
    pub(super) cursor: changes::Cursor,
    /// What happened in the eyes of the viewer.
    pub(super) action: Action,
    pub(super) reader: Reader,
}

/// What a subscription's field is to show when it is run for one event alone.
#[derive(Clone)]
pub(super) enum Told {
    Event(Event),
    /// The subscription ends with this.
    Failed(FeedError),
}

/// Where a subscription's field leaves its place in the log, for whoever runs it for each event alone.
#[derive(Clone, Default)]
pub(super) struct Begun(Arc<Mutex<Option<Following>>>);

impl Begun {
    pub(super) fn take(&self) -> Option<Following> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// One subscriber to a workspace's log.
pub(super) struct Following {
    app: App,
    session: Arc<LiveSession>,
    loaders: Arc<EventLoaders>,
    positions: Option<Positions>,
    follower: Follower,
}

impl Event {
    /// In the eyes of a reader; none when it is nothing to them.
    pub(super) fn seen_by(reader: &Reader, change: Change, cursor: changes::Cursor) -> Option<Self> {
        let action = change.action_for(reader.cx())?;
        Some(Self { change: Arc::new(change), cursor, action, reader: reader.clone() })
    }
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
        let positions = ctx.data_opt::<Positions>().cloned();
        if let Some(positions) = &positions {
            follower.join(positions);
        }
        Ok(Self { app, session, loaders, positions, follower })
    }

    /// Goes on behind another cursor.
    pub(super) async fn move_to(&mut self, after: changes::Cursor) -> Result<(), FeedError> {
        self.follower = self.app.feed.follow(&self.session.cx(), Some(after)).await?;
        if let Some(positions) = &self.positions {
            self.follower.join(positions);
        }
        Ok(())
    }

    /// For what is read beside the events.
    pub(super) fn reader(&self) -> Reader {
        Reader::new(&self.app, self.session.cx())
    }

    /// The next change that is something to the subscriber, and what happened in their eyes; waits for it.
    pub(super) async fn next(&mut self, concerns: fn(&Change) -> bool) -> Result<(Arc<Change>, Action), FeedError> {
        loop {
            let change = self.follower.next().await?;
            if !concerns(&change) {
                continue;
            }
            if let Some(action) = change.action_for(&self.session.cx()) {
                return Ok((change, action));
            }
        }
    }

    pub(super) fn event(&self, change: Arc<Change>, action: Action) -> Event {
        let reader = Reader::of_event(&self.app, self.session.cx(), &self.loaders, change.seq);
        Event { cursor: self.follower.cursor(&change), change, action, reader }
    }

    pub(super) fn workspace(&self) -> WorkspaceId {
        self.session.cx().workspace
    }
}

/// The events of a subscription's field: those that `make` makes something of. An error ends the stream.
pub(super) async fn events<T, F>(
    ctx: &Context<'_>,
    after: Option<Cursor>,
    make: F,
) -> Result<BoxStream<'static, Result<T, ApiError>>, ApiError>
where
    T: Send + 'static,
    F: Fn(&Event) -> Option<T> + Send + Sync + 'static,
{
    match ctx.data_opt::<Told>() {
        Some(Told::Event(event)) => return Ok(stream::iter(make(event).map(Ok)).boxed()),
        Some(Told::Failed(error)) => return Err(error.clone().into()),
        None => {}
    }
    let following = Following::begin(ctx, after).await?;
    if let Some(begun) = ctx.data_opt::<Begun>() {
        *begun.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(following);
        return Ok(stream::empty().boxed());
    }
    let following = stream::unfold(Some((following, make)), |state| async {
        let (mut following, make) = state?;
        loop {
            let (change, action) = match following.next(|_| true).await {
                Ok(next) => next,
                Err(error) => return Some((Err(error.into()), None)),
            };
            if let Some(event) = make(&following.event(change, action)) {
                return Some((Ok(event), Some((following, make))));
            }
        }
    });
    Ok(following.boxed())
}
