//! One connection to an IMAP server, read only. Owns: TLS, commands, answers and what an answer proves.
//! Does not own: what is done with the mail, when to connect again, any database.
//! Start reading at [`ImapConn`] in `conn.rs`; every command goes through its one `exec`.

mod answer;
mod code;
mod conn;
mod error;
mod examine;
mod fetch;
mod folder_name;
mod folders;
mod guard;
mod idle;
mod login;
mod news;
mod quoted;
mod resync;
mod tls;
mod transport;
mod uid_set;

pub use answer::{FetchItem, FolderStatus, ListedFolder, SpecialUse, Untagged};
pub use code::ResponseCode;
pub use conn::{Completion, ImapConn, Security, Target, Timeouts};
pub use error::ImapError;
pub use examine::Examined;
pub use fetch::Part;
pub use folder_name::display_name;
pub use idle::IdleOutcome;
pub use login::{Credentials, Password};
pub use news::News;
pub use resync::{Changes, Known};
pub use tls::{TlsSetupError, client_config};
pub use uid_set::UidSet;

pub use crate::hosts::AllowedHosts;
