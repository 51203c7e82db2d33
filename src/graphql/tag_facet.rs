//! The tags of the contacts that match.

use async_graphql::{Context, Object, SimpleObject};

use super::connection::{self, PageArguments};
use super::contact_filter::ContactFilter;
use super::error::ApiError;
use super::reader::Reader;
use super::tag::Tag;
use crate::contacts;

/// A tag, and how many of the contacts that match carry it.
#[derive(SimpleObject)]
pub struct TagFacet {
    /// The tag.
    pub tag: Tag,
    /// Contacts that match and carry it.
    pub count: i32,
}

/// Narrowing down.
#[derive(Default)]
pub struct TagFacetQuery;

/// Narrowing down.
#[Object]
impl TagFacetQuery {
    /// The tags of the matching contacts with how many carry each, most used first, then by name. 50, at most 200.
    #[graphql(complexity = "connection::cost(first, None, child_complexity)")]
    async fn tag_facets(
        &self,
        ctx: &Context<'_>,
        filter: Option<ContactFilter>,
        first: Option<i32>,
    ) -> Result<Vec<TagFacet>, ApiError> {
        let reader = Reader::of(ctx)?;
        let limit = PageArguments { first, after: None, last: None, before: None }.page()?.limit();
        let filter = filter.map(contacts::Filter::try_from).transpose()?;
        let facets = contacts::facets(reader.cx(), reader.db(), filter, limit).await?;
        let facet =
            |(tag, count)| TagFacet { tag: Tag::new(tag, reader), count: i32::try_from(count).unwrap_or(i32::MAX) };
        Ok(facets.into_iter().map(facet).collect())
    }
}
