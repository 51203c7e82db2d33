//! What was found.

use crate::mail_accounts::{Authentication, Provider, Server};

/// Where the mail of an address is, and how one signs in there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Whose servers they are.
    pub provider: Provider,
    /// How one signs in.
    pub authentication: Authentication,
    /// Where mail is read.
    pub imap: Server,
    /// Where mail is sent.
    pub smtp: Option<Server>,
    /// The name to sign in with.
    pub username: String,
    /// How it is known, for the person at the screen.
    pub source: String,
    /// What comes next, for the person at the screen: ordered steps.
    pub instructions: Vec<String>,
    /// Whether the word of who told it is enough to send a password there. Where not, the person decides.
    pub is_vouched_for: bool,
}
