//! What the transports call.

use std::net::IpAddr;
use std::sync::Arc;
use std::task::Poll;

use async_graphql::{EmptyMutation, EmptySubscription, Request, Response, ServerError, ValidationMode};
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};

use super::admission::{Admission, Admitted};
use super::query::Query;
use super::reader::Reader;
use super::{guard, refusal};
use crate::app::App;
use crate::config::{Config, Introspection};
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
    /// For documents that are seen for the first time.
    strict: Schema,
    /// For documents that passed `strict` before: the same schema, without the rules that do not depend on variables.
    fast: Schema,
    admission: Admission,
}

impl Api {
    /// Over a node.
    #[must_use]
    pub fn new(app: App) -> Self {
        let strict = schema(&app.config, ValidationMode::Strict);
        let fast = schema(&app.config, ValidationMode::Fast);
        let admission = Admission::new(Arc::clone(&app.config), &strict.sdl());
        Self { app, strict, fast, admission }
    }

    /// The node.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The schema as SDL.
    #[must_use]
    pub fn sdl(&self) -> String {
        self.strict.sdl()
    }

    /// The schema as SDL, without a node.
    #[must_use]
    pub fn sdl_of(config: &Config) -> String {
        schema(config, ValidationMode::Strict).sdl()
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
        let Admitted { request, novelty, .. } = admitted;
        let schema = if novelty.is_some() { &self.strict } else { &self.fast };
        let response = refusal::finish(schema.execute(self.prepare(request, caller, None)).await);
        if let Some(novelty) = novelty.filter(|_| !refusal::is_request_error(&response)) {
            self.admission.remember(novelty);
        }
        response
    }

    /// Runs any admitted operation; a query or mutation gives one response. Subscriptions join `positions`.
    #[must_use]
    pub fn follow(&self, admitted: Admitted, caller: &Caller, positions: &Positions) -> BoxStream<'static, Response> {
        let Admitted { request, mut novelty, .. } = admitted;
        let schema = if novelty.is_some() { &self.strict } else { &self.fast };
        let mut responses = schema.execute_stream(self.prepare(request, caller, Some(positions.clone())));
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
        finished.boxed()
    }

    /// Admits and runs a query or mutation.
    pub async fn execute(&self, request: Request, caller: &Caller) -> Response {
        match self.admit(request, caller) {
            Ok(admitted) => self.run(admitted, caller).await,
            Err(error) => Response::from_errors(vec![error]),
        }
    }

    /// Admits and runs any operation; a query or mutation gives one response. Subscriptions join `positions`.
    pub fn stream(
        &self,
        request: Request,
        caller: &Caller,
        positions: &Positions,
    ) -> impl Stream<Item = Response> + Send + use<> {
        match self.admit(request, caller) {
            Ok(admitted) => self.follow(admitted, caller, positions),
            Err(error) => stream::iter([Response::from_errors(vec![error])]).boxed(),
        }
    }

    fn prepare(&self, request: Request, caller: &Caller, positions: Option<Positions>) -> Request {
        let request = request.data(caller.clone()).data(Reader::new(&self.app, caller));
        match positions {
            Some(positions) => request.data(positions),
            None => request,
        }
    }
}

/// The schema with its limits. Those on the document itself are `guard`'s; the cost depends on variables, so it is counted here.
fn schema(config: &Config, mode: ValidationMode) -> Schema {
    let builder = Schema::build(Query, EmptyMutation, EmptySubscription)
        .validation_mode(mode)
        .limit_complexity(config.limits.complexity)
        .limit_recursive_depth(guard::LEVELS);
    // Suggestions would tell the schema name by name.
    let builder = if config.introspection == Introspection::Everyone { builder } else { builder.disable_suggestions() };
    builder.finish()
}
