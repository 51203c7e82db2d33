//! What the transports call.

use std::net::IpAddr;
use std::sync::Arc;

use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};
use async_graphql::{Request, Response};
use futures_util::{Stream, StreamExt};

use super::error::ApiError;
use super::mutation::Mutation;
use super::query::Query;
use super::reader::{EventLoaders, Reader};
use super::subscription::Subscription;
use crate::app::App;
use crate::feed::Positions;
use crate::users::LiveSession;

/// The executable schema.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

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
        let schema = Schema::build(Query::default(), Mutation::default(), Subscription)
            .data(app.clone())
            .data(Arc::new(EventLoaders::default()))
            .finish();
        Self { app, schema }
    }

    /// The node.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The schema as SDL.
    #[must_use]
    pub fn sdl() -> String {
        Schema::build(Query::default(), Mutation::default(), Subscription).finish().sdl_with_options(
            async_graphql::SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items(),
        )
    }

    /// Runs a query or mutation.
    pub async fn execute(&self, request: Request, caller: &Caller) -> Response {
        match self.prepare(request, caller).await {
            Ok(request) => self.schema.execute(request).await,
            Err(error) => refused(error),
        }
    }

    /// Runs any operation; a query or mutation gives one response. Subscriptions join `positions`.
    pub async fn stream(
        &self,
        request: Request,
        caller: &Caller,
        positions: &Positions,
    ) -> impl Stream<Item = Response> + Send + use<> {
        match self.prepare(request, caller).await {
            Ok(request) => self.schema.execute_stream(request.data(positions.clone())).left_stream(),
            Err(error) => futures_util::stream::iter([refused(error)]).right_stream(),
        }
    }

    async fn prepare(&self, request: Request, caller: &Caller) -> Result<Request, ApiError> {
        let mut request = request.data(caller.clone());
        let Some(session) = &caller.session else { return Ok(request) };
        let reader = Reader::new(&self.app, session.cx());
        let operation = request.operation_name.clone();
        if let Ok(document) = request.parsed_query() {
            // Before anything else of the request is read.
            if asks_for_cursor(document, operation.as_deref()) {
                reader.set_head(self.app.feed.head(reader.cx().workspace).await?);
            }
        }
        Ok(request.data(reader))
    }
}

fn refused(error: ApiError) -> Response {
    let error: async_graphql::Error = error.into();
    Response::from_errors(vec![error.into_server_error(async_graphql::Pos::default())])
}

/// Whether the operation selects the root field `cursor`.
fn asks_for_cursor(document: &ExecutableDocument, operation: Option<&str>) -> bool {
    document.operations.iter().any(|(name, definition)| {
        definition.node.ty == OperationType::Query
            && operation.is_none_or(|wanted| name.is_some_and(|name| name == wanted))
            && selects_cursor(document, &definition.node.selection_set.node, 0)
    })
}

fn selects_cursor(document: &ExecutableDocument, set: &SelectionSet, depth: usize) -> bool {
    // Deeper chains of fragments are refused before they come here.
    depth < 64
        && set.items.iter().any(|item| match &item.node {
            Selection::Field(field) => field.node.name.node == "cursor",
            Selection::InlineFragment(inline) => selects_cursor(document, &inline.node.selection_set.node, depth + 1),
            Selection::FragmentSpread(spread) => document
                .fragments
                .get(&spread.node.fragment_name.node)
                .is_some_and(|fragment| selects_cursor(document, &fragment.node.selection_set.node, depth + 1)),
        })
}
