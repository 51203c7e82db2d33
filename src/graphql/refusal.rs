//! Errors that no resolver made: documents that cannot be read, are not valid, cost too much, or take too long.
//!
//! Owns their codes and the finishing of every response. What a resolver refuses is `error`'s. Start reading at `finish`.

use async_graphql::{ErrorExtensionValues, Response, ServerError, Value};

use super::error::Code;

/// Errors in one answer to a request that cannot be run: more help nobody.
const ERRORS: usize = 20;

/// Characters of a message. Messages repeat names from the request, which may be long.
const MESSAGE: usize = 1000;

/// Refuses with one of the codes of the API.
#[must_use]
pub fn refusal(code: Code, message: impl Into<String>) -> ServerError {
    with_code(ServerError::new(message, None), code)
}

pub(super) fn with_code(mut error: ServerError, code: Code) -> ServerError {
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code.as_str());
    error
}

/// A document that is not GraphQL. The parser's message draws the whole line; its last line says what was expected.
pub(super) fn unreadable(error: async_graphql::parser::Error) -> ServerError {
    let mut error = ServerError::from(error);
    if let Some((_, expected)) = error.message.rsplit_once("\n  = ") {
        error.message = format!("The document cannot be read: {expected}.");
    }
    with_code(shortened(error), Code::GraphqlParseFailed)
}

/// Whether nothing was run: the errors are of the request, not of its fields.
#[must_use]
pub fn is_request_error(response: &Response) -> bool {
    response.data == Value::Null && !response.errors.is_empty() && response.errors.iter().all(|e| e.path.is_empty())
}

/// Gives every error a code of the closed list.
pub(super) fn finish(mut response: Response) -> Response {
    let of_request = is_request_error(&response);
    if of_request {
        response.errors.truncate(ERRORS);
    }
    for error in &mut response.errors {
        if error.extensions.as_ref().is_some_and(|extensions| extensions.get("code").is_some()) {
            continue;
        }
        let bare = std::mem::replace(error, ServerError::new("", None));
        *error = if of_request { invalid(bare) } else { of_field(bare) };
    }
    response
}

fn invalid(error: ServerError) -> ServerError {
    let costs_too_much = matches!(error.message.as_str(), "Query is too complex." | "Query is nested too deep.")
        || error.message.starts_with("The recursion depth");
    with_code(shortened(error), if costs_too_much { Code::TooComplex } else { Code::GraphqlValidationFailed })
}

/// The executor itself speaks without a code only of arguments it cannot read. Anything else is a fault of ours, told to the log.
fn of_field(error: ServerError) -> ServerError {
    let of_input = ["Failed to parse", "Expected input type", "Invalid value for"];
    if of_input.iter().any(|start| error.message.starts_with(start)) {
        return with_code(shortened(error), Code::BadUserInput);
    }
    let reference = format!("{:016x}", rand::random::<u64>());
    tracing::error!(%reference, message = %error.message, path = ?error.path, "A field failed without saying why");
    let mut told = refusal(Code::Internal, format!("Something went wrong on our side. Reference: {reference}"));
    told.locations = error.locations;
    told.path = error.path;
    told
}

fn shortened(mut error: ServerError) -> ServerError {
    if error.message.chars().nth(MESSAGE).is_some() {
        error.message = error.message.chars().take(MESSAGE).chain("…".chars()).collect();
    }
    error
}
