//! The operations that run on one websocket, each getting its turn.
//!
//! Owns their ids and order: whoever is ready is served in the order of becoming ready, and queues again behind the others when its
//! frame was written. Nothing is read ahead.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Response, ServerError, Value};
use futures_util::future::{AbortHandle, Abortable, BoxFuture};
use futures_util::stream::{BoxStream, FuturesUnordered};
use futures_util::{FutureExt, StreamExt};

use crate::graphql::{Answer, is_request_error};

/// One operation.
pub(super) struct Operation {
    id: Arc<str>,
    responses: BoxStream<'static, Answer>,
    is_subscription: bool,
    has_begun: bool,
    /// Already taken from `responses`.
    ahead: Option<Answer>,
}

/// What an operation has to tell.
pub(super) enum Told {
    Next(Answer),
    /// It was never run, and is over.
    Refused(Vec<ServerError>),
    /// It is over.
    Complete,
}

type Turn = BoxFuture<'static, (Operation, Told)>;

/// All of a socket.
#[derive(Default)]
pub(super) struct Operations {
    turns: FuturesUnordered<Abortable<Turn>>,
    running: HashMap<Arc<str>, AbortHandle>,
}

impl Operation {
    pub(super) fn new(id: String, responses: BoxStream<'static, Answer>, is_subscription: bool) -> Self {
        Self { id: id.into(), responses, is_subscription, has_begun: false, ahead: None }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    async fn turn(mut self) -> (Self, Told) {
        let response = match self.ahead.take() {
            Some(response) => Some(response),
            None => self.responses.next().await,
        };
        let Some(response) = response else { return (self, Told::Complete) };
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        match response {
            Answer::Own(response) if is_first && self.is_refusal(&response) => (self, Told::Refused(response.errors)),
            response => (self, Told::Next(response)),
        }
    }

    /// Whether the first response says that there will be none: a request error, or a source stream that was refused.
    fn is_refusal(&mut self, response: &Response) -> bool {
        if is_request_error(response) {
            return true;
        }
        if !self.is_subscription || response.data != Value::Null {
            return false;
        }
        match self.responses.next().now_or_never() {
            Some(None) => true,
            Some(Some(next)) => {
                self.ahead = Some(next);
                false
            }
            None => false,
        }
    }
}

impl Operations {
    pub(super) fn len(&self) -> usize {
        self.running.len()
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.running.contains_key(id)
    }

    /// Lets an operation have its turn when it has something to tell.
    pub(super) fn queue(&mut self, operation: Operation) {
        let (handle, registration) = AbortHandle::new_pair();
        self.running.insert(Arc::clone(&operation.id), handle);
        self.turns.push(Abortable::new(operation.turn().boxed(), registration));
    }

    /// Forgets an operation; one that waits for its turn is dropped.
    pub(super) fn remove(&mut self, id: &str) {
        if let Some(handle) = self.running.remove(id) {
            handle.abort();
        }
    }

    /// The next that is told by any; waits for it. The operation is to be queued again, or removed.
    pub(super) async fn next(&mut self) -> (Operation, Told) {
        loop {
            match self.turns.next().await {
                Some(Ok(told)) => return told,
                Some(Err(_aborted)) => {}
                None => std::future::pending().await,
            }
        }
    }
}
