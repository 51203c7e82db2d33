//! The API: GraphQL objects over the features' nouns.
//!
//! Owns the schema, ids, pages, loaders and the mapping of errors. Rules belong to the features, transport to `http`.
//! Start reading at `Api`, then `query`, `mutation`, `subscription`; each noun has a file of its own.
#![expect(
    clippy::doc_markdown,
    clippy::doc_link_with_quotes,
    reason = "what is said of types and fields is shown to clients as it stands"
)]

mod admission;
mod api;
mod attachment;
mod block;
mod change;
mod command;
mod connection;
mod contact;
mod contact_creation;
mod contact_filter;
mod contact_import;
mod contacts_live;
mod documents;
mod error;
mod fan_out;
mod following;
mod given;
mod guard;
mod highlight;
mod history;
pub mod id;
mod invitation;
mod loaders;
mod mail_account;
mod mail_account_event;
mod mail_account_mutation;
mod mail_account_update;
mod mail_change;
mod mail_delivery;
mod mail_discovery;
mod mail_folder;
mod message;
mod message_filter;
mod message_mutation;
mod mutation;
mod node;
mod own_loaders;
pub mod payload;
mod query;
mod reader;
mod refusal;
mod saved_filter;
mod scalar;
mod share;
mod sign_in;
mod skipped_message;
mod subscription;
mod tag;
mod tag_change;
mod tag_facet;
mod tag_group;
mod tag_refusal;
mod tagging;
mod thread;
mod timeline;
mod upload;
mod user;
mod user_update;
mod variables;
mod why;
mod workspace_update;

pub use admission::Admitted;
pub use api::{Api, Caller, Schema};
pub use error::{ApiError, Code};
pub use fan_out::Answer;
pub use refusal::{is_request_error, refusal};
pub use upload::Uploads;
