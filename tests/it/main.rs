//! Stories told through public faces, with real servers.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod command_line;
mod contacts;
mod deeds;
mod event_stream;
mod filters;
mod guards;
mod imap_connection;
mod imap_faults;
mod layering;
mod live;
mod mail_corpus;
mod mail_sync;
mod over_http;
mod shutdown;
mod support;
mod tags;
mod websocket;
