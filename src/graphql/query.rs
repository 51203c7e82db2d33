//! What can be read.

use async_graphql::Object;

/// What can be read.
pub struct Query;

#[Object]
impl Query {
    /// The version of the server.
    async fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }
}
