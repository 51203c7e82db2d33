//! Tagwire.

pub mod mail_sync;
