//! The API: GraphQL objects over the features' nouns.
//!
//! Owns the schema, ids, pages, loaders and the mapping of errors. Rules belong to the features, transport to `http`.
//! Start reading at `Api`, then `query`, `mutation`, `subscription`.

mod api;
mod error;
mod query;
mod reader;

pub use api::{Api, Caller, Schema};
