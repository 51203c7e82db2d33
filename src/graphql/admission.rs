//! What must hold of a request before it runs, whichever way it came.
//!
//! Owns the order: text, parse, document, operation, introspection, variables. A document that is known to be valid skips to its
//! operation. Start reading at `Admission::admit`.

use std::sync::Arc;

use async_graphql::parser::types::{
    BaseType, DocumentOperations, ExecutableDocument, OperationDefinition, OperationType,
};
use async_graphql::{Name, Request, ServerError, Value};

use super::documents::{Documents, Key, Known};
use super::error::Code;
use super::fan_out::Asked;
use super::refusal::{refusal, unreadable};
use super::variables::InputTypes;
use super::{Caller, guard};
use crate::config::{Config, Introspection};

/// A request that may be run.
pub struct Admitted {
    pub(super) request: Request,
    kind: OperationType,
    pub(super) novelty: Option<Novelty>,
    /// For a subscription that can be run for each event alone.
    pub(super) asked: Option<Asked>,
}

/// A document that is not known to be valid yet.
pub(super) struct Novelty {
    key: Key,
    known: Known,
}

impl Admitted {
    /// Whether it is a query, a mutation or a subscription.
    #[must_use]
    pub fn kind(&self) -> OperationType {
        self.kind
    }
}

#[derive(Clone)]
pub(super) struct Admission {
    config: Arc<Config>,
    documents: Documents,
    inputs: Arc<InputTypes>,
}

impl Admission {
    pub(super) fn new(config: Arc<Config>, sdl: &str) -> Self {
        Self { config, documents: Documents::new(), inputs: Arc::new(InputTypes::of(sdl)) }
    }

    /// Checks a request.
    pub(super) fn admit(&self, mut request: Request, caller: &Caller) -> Result<Admitted, ServerError> {
        // An empty name is none: by GET it cannot be left out otherwise (GraphQL over HTTP, 5.1).
        request.operation_name = request.operation_name.filter(|name| !name.is_empty());
        let key = Key::of(&request.query, request.operation_name.as_deref());
        let (known, is_new) = match self.documents.get(&key) {
            Some(known) => (known, false),
            None => (self.read(&request.query)?, true),
        };
        let operation = operation(&known.document, request.operation_name.as_deref())?;
        if known.introspects {
            self.may_introspect(caller)?;
        }
        self.inputs.check(operation, &request.variables)?;
        let kind = operation.ty;
        // The cost of a page is counted from variables that must be there. To every `Int` of the schema left out and null are the same.
        for variable in operation.variable_definitions.iter().map(|definition| &definition.node) {
            let optional = variable.var_type.node.nullable && variable.default_value.is_none();
            if optional && variable.var_type.node.base == BaseType::Named(Name::new("Int")) {
                request.variables.entry(variable.name.node.clone()).or_insert(Value::Null);
            }
        }
        let asked = (kind == OperationType::Subscription)
            .then(|| Asked::of(&known.document, operation, &request, key))
            .flatten();
        request.set_parsed_query(ExecutableDocument::clone(&known.document));
        Ok(Admitted { request, kind, novelty: is_new.then_some(Novelty { key, known }), asked })
    }

    /// Remembers a document that turned out to be valid.
    pub(super) fn remember(&self, novelty: Novelty) {
        self.documents.add(novelty.key, novelty.known);
    }

    fn read(&self, text: &str) -> Result<Known, ServerError> {
        let limits = &self.config.limits;
        guard::check_text(text, limits)?;
        let document = async_graphql::parser::parse_query(text).map_err(unreadable)?;
        guard::check_document(&document, limits)?;
        let introspects = guard::introspects(&document);
        Ok(Known::new(document, introspects, text))
    }

    fn may_introspect(&self, caller: &Caller) -> Result<(), ServerError> {
        match self.config.introspection {
            Introspection::Everyone => Ok(()),
            Introspection::SignedIn if caller.session.is_some() => Ok(()),
            Introspection::SignedIn => Err(refusal(Code::Unauthenticated, "Sign in to read the schema.")),
            Introspection::Off => Err(refusal(Code::Forbidden, "This server does not show its schema.")),
        }
    }
}

/// The operation to run (GraphQL specification, 6.1).
fn operation<'d>(document: &'d ExecutableDocument, name: Option<&str>) -> Result<&'d OperationDefinition, ServerError> {
    let refused = |message: String| refusal(Code::GraphqlValidationFailed, message);
    let found = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations.values().next(),
        _ => None,
    };
    found.map(|operation| &operation.node).ok_or_else(|| match name {
        Some(name) => {
            let name: String = name.chars().take(100).collect();
            refused(format!("The document has no operation named {name:?}."))
        }
        None => refused("The document has several operations; say with operationName which to run.".to_owned()),
    })
}
