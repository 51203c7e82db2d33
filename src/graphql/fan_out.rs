//! One execution and one text of an event for all subscribers who ask the same and see the same.
//!
//! Owns what makes two subscriptions ask the same, and what recent events became. Whether it may be shared is found out while it is
//! made: a reader knows whether anything was asked that depends on who sees it. Start reading at `FanOut::tell`.

use std::convert::Infallible;
use std::sync::Arc;

use async_graphql::parser::types::{BaseType, ExecutableDocument, OperationDefinition, Selection};
use async_graphql::{Request, Response, Variables};
use entity::WorkspaceId;
use futures_util::stream::{self, BoxStream, StreamExt};
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use super::api::Schema;
use super::documents::Key;
use super::following::{Event, Following, Told};
use super::tag_change::TagChange;
use super::{payload, refusal};
use crate::changes::{Action, Change, Kind};

/// Outcomes kept. Subscribers come to an event one after another, within moments.
const EVENTS: usize = 512;

/// Bytes of a text that is kept; a longer one is made for each subscriber.
const LONGEST: usize = 32 << 10;

/// A response on its way to a client.
pub enum Answer {
    /// Made for this client.
    Own(Box<Response>),
    /// The payload's text, made for all who ask and see the same.
    Shared(Arc<str>),
}

impl Answer {
    pub(super) fn own(response: Response) -> Self {
        Self::Own(Box::new(response))
    }
}

/// A subscription that can be run for one event alone.
pub(super) struct Asked {
    document: Arc<ExecutableDocument>,
    operation_name: Option<String>,
    variables: Variables,
    /// Equal for all who ask the same, wherever in the log they began.
    key: [u8; 32],
    concerns: fn(&Change) -> bool,
}

impl Asked {
    /// None for an operation that does not consist of one field of `Subscription`.
    pub(super) fn of(
        document: &Arc<ExecutableDocument>,
        operation: &OperationDefinition,
        request: &Request,
        key: Key,
    ) -> Option<Self> {
        let [item] = operation.selection_set.node.items.as_slice() else { return None };
        let Selection::Field(field) = &item.node else { return None };
        let concerns = concerns(&field.node.name.node).filter(|_| field.node.directives.is_empty())?;
        let mut hash = Sha256::new();
        hash.update(key.bytes());
        for (name, value) in request.variables.iter() {
            // Cursors are taken by the field itself alone, and only say where one begins.
            let is_cursor = operation.variable_definitions.iter().any(|definition| {
                definition.node.name.node == *name
                    && matches!(&definition.node.var_type.node.base, BaseType::Named(of) if of == "Cursor")
            });
            if !is_cursor {
                hash.update(serde_json::to_vec(&(name, value)).ok()?);
            }
        }
        Some(Self {
            document: Arc::clone(document),
            operation_name: request.operation_name.clone(),
            variables: request.variables.clone(),
            key: hash.finalize().into(),
            concerns,
        })
    }
}

/// Which changes a field may tell, before anything is made of them.
fn concerns(field: &str) -> Option<fn(&Change) -> bool> {
    match field {
        "changes" => Some(|_| true),
        "tagChanged" => Some(TagChange::concerns),
        "messageReceived" => Some(|change| change.kind == Kind::Message && change.body.arrived),
        "mailAccountChanged" => Some(|change| change.kind == Kind::MailAccount),
        _ => None,
    }
}

/// What an event became for a subscription.
enum Outcome {
    /// Nothing of it is told.
    Nothing,
    Shared(Arc<str>),
    /// It depends on who sees it, failed, or is long: each runs it for themselves.
    Personal,
}

type Place = (WorkspaceId, i64, Action, [u8; 32]);

/// What recent events became, on this node.
#[derive(Clone)]
pub(super) struct FanOut {
    schema: Schema,
    outcomes: Arc<Cache<Place, Arc<OnceCell<Outcome>>>>,
}

impl FanOut {
    pub(super) fn new(schema: Schema) -> Self {
        Self { schema, outcomes: Arc::new(Cache::new(EVENTS)) }
    }

    /// What a subscriber is told, from its place in the log on.
    pub(super) fn follow(self, asked: Asked, following: Following) -> BoxStream<'static, Answer> {
        let following = stream::unfold(Some((self, asked, following)), |state| async {
            let (this, asked, mut following) = state?;
            loop {
                match following.next(asked.concerns).await {
                    Ok((change, action)) => {
                        if let Some(answer) = this.tell(&asked, &following, change, action).await {
                            return Some((answer, Some((this, asked, following))));
                        }
                    }
                    Err(error) => {
                        let response = this.run(&asked, Told::Failed(error)).await?;
                        return Some((Answer::own(response), None));
                    }
                }
            }
        });
        following.boxed()
    }

    async fn tell(&self, asked: &Asked, following: &Following, change: Arc<Change>, action: Action) -> Option<Answer> {
        let place = (following.workspace(), change.seq, action, asked.key);
        let cell: Result<_, Infallible> = self.outcomes.get_or_insert_with(&place, || Ok(Arc::default()));
        let Ok(cell) = cell;
        let mut own = None;
        let outcome = cell.get_or_init(async || {
            let event = following.event(Arc::clone(&change), action);
            let reader = event.reader.clone();
            let Some(response) = self.run(asked, Told::Event(event)).await else {
                return if reader.is_personal() { Outcome::Personal } else { Outcome::Nothing };
            };
            let text = payload::text(&response);
            if response.errors.is_empty() && text.len() <= LONGEST && !reader.is_personal() {
                return Outcome::Shared(text.into());
            }
            own = Some(response);
            Outcome::Personal
        });
        match outcome.await {
            Outcome::Nothing => None,
            Outcome::Shared(text) => Some(Answer::Shared(Arc::clone(text))),
            Outcome::Personal => {
                let response = match own {
                    Some(response) => Some(response),
                    None => self.run(asked, Told::Event(following.event(change, action))).await,
                };
                response.map(Answer::own)
            }
        }
    }

    /// Runs the operation for one event. None when it tells nothing of it.
    async fn run(&self, asked: &Asked, told: Told) -> Option<Response> {
        let mut request = Request::new(String::new()).variables(asked.variables.clone());
        request.operation_name.clone_from(&asked.operation_name);
        request.set_parsed_query(ExecutableDocument::clone(&asked.document));
        if let Told::Event(Event { reader, .. }) = &told {
            request = request.data(reader.clone());
        }
        self.schema.execute_stream(request.data(told)).next().await.map(refusal::finish)
    }
}
