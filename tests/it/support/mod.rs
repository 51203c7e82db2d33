//! What the stories are told with: real servers, and scripted ones for faults no real server commits on demand.

pub mod dovecot;
pub mod scripted_imap;
