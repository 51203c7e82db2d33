//! Keeps stored mail equal to connected mailboxes, and only ever reads there.
//!
//! Owns talking to mail servers and the order of work; accounts, messages and their rules are features of their own. Start reading at
//! `Supervisor`, then `runner`, `watch` (news of the inbox) and `work` (history and the other folders); both read by `reader`.

mod allowance;
mod arrival;
mod backoff;
mod budget;
mod coverage;
mod diagnosis;
mod error;
mod folders;
mod headers;
mod history;
pub mod imap;
mod link;
mod manners;
mod patience;
mod prepare;
mod reader;
mod reconcile;
mod runner;
mod session;
mod storing;
mod supervisor;
mod tally;
mod trial;
mod watch;
mod window;
mod work;

pub use imap::TlsSetupError;
pub use supervisor::{Deps, Supervisor};
pub use trial::{Part, Refusal, try_credentials};
