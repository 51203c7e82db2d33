//! The change log of a workspace: what a change is, how it is numbered, and the cursors that name a place in it.
//!
//! Owns the tables `change_head` and `change_log`. Writing happens only in `db::Tx::commit`; following the log live is `feed`.
//! Start reading at `Change`, then `log`.

mod change;
mod cursor;
pub mod log;
mod scope;

pub use change::{Action, Body, Change, Kind, NewChange};
pub use cursor::{Cursor, CursorError};
pub use scope::Scope;
