//! Messages: what a mail is once it is here.
//! Owns reading raw mail and making its HTML safe to show; does not fetch mail (that is the sync's work).
//! Start at [`mime::parse`].

pub mod html;
pub mod mime;
