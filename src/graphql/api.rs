//! What the transports call.

use std::net::IpAddr;
use std::sync::Arc;

use async_graphql::{EmptyMutation, EmptySubscription, Request, Response};
use futures_util::Stream;

use super::query::Query;
use super::reader::Reader;
use crate::app::App;
use crate::feed::Positions;
use crate::users::LiveSession;

/// The executable schema.
pub type Schema = async_graphql::Schema<Query, EmptyMutation, EmptySubscription>;

/// Who sends a request.
#[derive(Clone)]
pub struct Caller {
    /// Their session; none when they did not sign in.
    pub session: Option<Arc<LiveSession>>,
    /// Where they come from.
    pub peer: Option<IpAddr>,
    /// What they come with, as it calls itself.
    pub user_agent: Option<String>,
}

/// The API of one node.
#[derive(Clone)]
pub struct Api {
    app: App,
    schema: Schema,
}

impl Api {
    /// Over a node.
    #[must_use]
    pub fn new(app: App) -> Self {
        let schema = Schema::build(Query, EmptyMutation, EmptySubscription).finish();
        Self { app, schema }
    }

    /// The node.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The schema as SDL.
    #[must_use]
    pub fn sdl(&self) -> String {
        self.schema.sdl()
    }

    /// Runs a query or mutation.
    pub async fn execute(&self, request: Request, caller: &Caller) -> Response {
        self.schema.execute(self.prepare(request, caller, None)).await
    }

    /// Runs any operation; a query or mutation gives one response. Subscriptions join `positions`.
    pub fn stream(
        &self,
        request: Request,
        caller: &Caller,
        positions: &Positions,
    ) -> impl Stream<Item = Response> + Send + use<> {
        self.schema.execute_stream(self.prepare(request, caller, Some(positions.clone())))
    }

    fn prepare(&self, request: Request, caller: &Caller, positions: Option<Positions>) -> Request {
        let request = request.data(caller.clone()).data(Reader::new(&self.app, caller));
        match positions {
            Some(positions) => request.data(positions),
            None => request,
        }
    }
}
