//! Relay connections.

use async_graphql::SimpleObject;

use super::error::ApiError;
use crate::paging::{DEFAULT, Page, Rows};

/// Where a page lies in its list.
#[derive(SimpleObject, Clone, Debug)]
pub struct PageInfo {
    /// Whether the list goes on behind this page.
    pub has_next_page: bool,
    /// Whether the list begins before this page.
    pub has_previous_page: bool,
    /// Cursor of the first edge.
    pub start_cursor: Option<String>,
    /// Cursor of the last edge.
    pub end_cursor: Option<String>,
}

impl PageInfo {
    pub(super) fn of<T>(rows: &Rows<T>) -> Self {
        Self {
            has_next_page: rows.has_next,
            has_previous_page: rows.has_previous,
            start_cursor: rows.rows.first().map(|(_, place)| place.to_cursor()),
            end_cursor: rows.rows.last().map(|(_, place)| place.to_cursor()),
        }
    }
}

/// The arguments of a connection field.
pub(super) struct PageArguments {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

impl PageArguments {
    pub(super) fn page(&self) -> Result<Page, ApiError> {
        Ok(Page::new(self.first, self.after.as_deref(), self.last, self.before.as_deref())?)
    }
}

/// What a connection costs: its page size times what one entry costs.
pub(super) fn cost(first: Option<i32>, last: Option<i32>, child: usize) -> usize {
    let size = first.or(last).and_then(|size| usize::try_from(size).ok()).unwrap_or(DEFAULT_COST);
    // What is beyond the limit is refused by the page itself; here it must only not overflow.
    size.min(1_000_000).saturating_mul(child).saturating_add(1)
}

/// What a list without pages costs.
pub(super) fn list_cost(child: usize) -> usize {
    child.saturating_mul(5).saturating_add(1)
}

#[expect(clippy::cast_possible_truncation, reason = "a small constant")]
const DEFAULT_COST: usize = DEFAULT as usize;

/// A connection and its edge over a node. `$count` is what answers `totalCount`: called only when it is selected.
macro_rules! connection {
    ($connection:ident, $edge:ident, $node:ty, $what:literal) => {
        #[doc = concat!("A page of ", $what, ".")]
        pub struct $connection {
            pub(super) rows: crate::paging::Rows<$node>,
            pub(super) count: Box<
                dyn Fn() -> futures_util::future::BoxFuture<'static, Result<u64, $crate::graphql::error::ApiError>>
                    + Send
                    + Sync,
            >,
        }

        #[doc = concat!("One of ", $what, ", and its place in the list.")]
        pub struct $edge(($node, crate::paging::Place));

        #[doc = concat!("One of ", $what, ", and its place in the list.")]
        #[async_graphql::Object]
        impl $edge {
            /// Cursor of this edge, for `after` and `before`.
            async fn cursor(&self) -> String {
                self.0.1.to_cursor()
            }

            /// The entry.
            async fn node(&self) -> &$node {
                &self.0.0
            }
        }

        #[doc = concat!("A page of ", $what, ".")]
        #[async_graphql::Object]
        impl $connection {
            /// The entries with their cursors.
            async fn edges(&self) -> Vec<$edge> {
                self.rows.rows.iter().cloned().map($edge).collect()
            }

            /// The entries.
            async fn nodes(&self) -> Vec<&$node> {
                self.rows.rows.iter().map(|(node, _)| node).collect()
            }

            /// Where this page lies in the list.
            async fn page_info(&self) -> $crate::graphql::connection::PageInfo {
                $crate::graphql::connection::PageInfo::of(&self.rows)
            }

            /// How many entries the whole list has. Counted only when asked for.
            async fn total_count(&self) -> Result<i32, $crate::graphql::error::ApiError> {
                Ok(i32::try_from((self.count)().await?).unwrap_or(i32::MAX))
            }
        }
    };
}

pub(super) use connection;
