//! What the transports call.

use std::net::IpAddr;
use std::sync::Arc;
use std::task::Poll;

use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};
use async_graphql::{Request, Response, ServerError, ValidationMode};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use super::admission::{Admission, Admitted};
use super::error::ApiError;
use super::fan_out::{Answer, FanOut};
use super::following::Begun;
use super::mutation::Mutation;
use super::query::Query;
use super::reader::{EventLoaders, Reader};
use super::subscription::Subscription;
use super::{guard, refusal};
use crate::app::App;
use crate::config::{Config, Introspection};
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
    /// For documents that are seen for the first time.
    strict: Schema,
    /// For documents that passed `strict` before: the same schema, without the rules that do not depend on variables.
    fast: Schema,
    admission: Admission,
    fan_out: FanOut,
}

impl Api {
    /// Over a node.
    #[must_use]
    pub fn new(app: App) -> Self {
        let loaders = Arc::new(EventLoaders::default());
        let strict = schema(&app, &loaders, ValidationMode::Strict);
        let fast = schema(&app, &loaders, ValidationMode::Fast);
        let admission = Admission::new(Arc::clone(&app.config), &strict.sdl());
        let fan_out = FanOut::new(fast.clone());
        Self { app, strict, fast, admission, fan_out }
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

    /// Checks what must hold before anything runs: cost, the operation, its variables.
    ///
    /// # Errors
    /// Of the request; nothing has run.
    pub fn admit(&self, request: Request, caller: &Caller) -> Result<Admitted, ServerError> {
        self.admission.admit(request, caller)
    }

    /// Runs an admitted query or mutation.
    pub async fn run(&self, admitted: Admitted, caller: &Caller) -> Response {
        let kind = admitted.kind();
        let Admitted { request, novelty, .. } = admitted;
        let schema = if novelty.is_some() { &self.strict } else { &self.fast };
        let response = match self.prepare(request, kind, caller).await {
            Ok(request) => refusal::finish(schema.execute(request).await),
            Err(error) => return refused(error),
        };
        if let Some(novelty) = novelty.filter(|_| !refusal::is_request_error(&response)) {
            self.admission.remember(novelty);
        }
        response
    }

    /// Runs an admitted subscription, which joins `positions`.
    pub async fn follow(
        &self,
        admitted: Admitted,
        caller: &Caller,
        positions: &Positions,
    ) -> BoxStream<'static, Answer> {
        let kind = admitted.kind();
        let Admitted { request, mut novelty, asked, .. } = admitted;
        let schema = if novelty.is_some() { &self.strict } else { &self.fast };
        let mut request = match self.prepare(request, kind, caller).await {
            Ok(request) => request.data(positions.clone()),
            Err(error) => return stream::iter([Answer::own(refused(error))]).boxed(),
        };
        let begun = Begun::default();
        if asked.is_some() {
            request = request.data(begun.clone());
        }
        let mut responses = schema.execute_stream(request);
        let admission = self.admission.clone();
        let finished = stream::poll_fn(move |cx| {
            let polled = responses.poll_next_unpin(cx).map(|response| response.map(refusal::finish));
            // The first poll validates; whoever waits for a first event has passed.
            let refused = matches!(&polled, Poll::Ready(Some(response)) if refusal::is_request_error(response));
            if let Some(novelty) = novelty.take().filter(|_| !refused) {
                admission.remember(novelty);
            }
            polled
        });
        let finished = finished.map(Answer::own);
        let Some(asked) = asked else { return finished.boxed() };
        // The field only says where it begins; from there on it is run for each event.
        let fan_out = self.fan_out.clone();
        let events = stream::once(async move {
            begun.take().map_or_else(|| stream::empty().boxed(), |following| fan_out.follow(asked, following))
        });
        finished.chain(events.flatten()).boxed()
    }

    async fn prepare(&self, request: Request, kind: OperationType, caller: &Caller) -> Result<Request, ApiError> {
        let mut request = request.data(caller.clone());
        let Some(session) = &caller.session else { return Ok(request) };
        let reader = match kind {
            OperationType::Mutation => Reader::of_mutation(&self.app, session.cx()),
            _ => Reader::new(&self.app, session.cx()),
        };
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

/// The schema with its limits. Those on the document itself are `guard`'s; the cost depends on variables, so it is counted here.
fn schema(app: &App, loaders: &Arc<EventLoaders>, mode: ValidationMode) -> Schema {
    let Config { limits, introspection, .. } = &*app.config;
    let builder = Schema::build(Query::default(), Mutation::default(), Subscription)
        .data(app.clone())
        .data(Arc::clone(loaders))
        .validation_mode(mode)
        .limit_complexity(limits.complexity)
        .limit_recursive_depth(guard::LEVELS);
    // Suggestions would tell the schema name by name.
    let builder = if *introspection == Introspection::Everyone { builder } else { builder.disable_suggestions() };
    builder.finish()
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
    depth < guard::LEVELS
        && set.items.iter().any(|item| match &item.node {
            Selection::Field(field) => field.node.name.node == "cursor",
            Selection::InlineFragment(inline) => selects_cursor(document, &inline.node.selection_set.node, depth + 1),
            Selection::FragmentSpread(spread) => document
                .fragments
                .get(&spread.node.fragment_name.node)
                .is_some_and(|fragment| selects_cursor(document, &fragment.node.selection_set.node, depth + 1)),
        })
}
