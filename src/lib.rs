//! Tagwire.
