//! Stories told through public faces, with real servers.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod imap_connection;
mod imap_faults;
mod support;
