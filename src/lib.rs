//! Tagwire.

pub mod blobs;
pub mod messages;
pub mod secrets;
