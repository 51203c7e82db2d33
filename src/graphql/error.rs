//! Errors as the API shows them.
