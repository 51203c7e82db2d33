//! Reads mail of connected accounts. Owns: talking to mail servers.
//! Does not own: accounts, messages and their rules, which are features of their own.
//! Start reading at [`imap`], the connection to a server.

pub mod imap;
