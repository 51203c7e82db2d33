//! The API: GraphQL objects over the features' nouns.
//!
//! Owns the schema, ids, pages, loaders and the mapping of errors. Rules belong to the features, transport to `http`.
//! Start reading at `Api`, then `query`, `mutation`, `subscription`.

mod admission;
mod api;
mod documents;
mod error;
mod guard;
mod query;
mod reader;
mod refusal;
mod variables;

pub use admission::Admitted;
pub use api::{Api, Caller, Schema};
pub use refusal::{is_request_error, refusal};
