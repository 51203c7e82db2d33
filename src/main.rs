//! Tagwire.
fn main() {}
