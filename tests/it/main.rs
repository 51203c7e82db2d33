//! Stories told through public faces, with real servers.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod command_line;
mod contacts;
mod deeds;
mod deleted_tags;
mod event_stream;
mod executor;
mod filters;
mod guards;
mod imap_connection;
mod imap_faults;
mod isolation;
mod language;
mod layering;
mod limits;
mod live;
mod mail_corpus;
mod mail_crash;
mod mail_depth;
mod mail_faults;
mod mail_sync;
mod over_http;
mod processes;
mod resuming;
mod rights;
mod rights_table;
mod schema;
mod sessions;
mod settings;
mod shutdown;
mod sign_in;
mod statements;
mod support;
mod tag_groups;
mod tags;
mod websocket;
