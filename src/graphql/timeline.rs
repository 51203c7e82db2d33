//! The timelines of contacts.

use async_graphql::{SimpleObject, Union};
use entity::ContactId;

use super::connection::PageInfo;
use super::error::ApiError;
use super::history::HistoryEntry;
use super::message::Message;
use super::reader::Reader;
use crate::paging::{Page, Place};
use crate::timeline::{self, Item};

/// Something that happened with a contact.
#[derive(Union, Clone)]
pub enum TimelineItem {
    /// A mail.
    Message(Message),
    /// A tag put on or taken off, or an edit.
    HistoryEntry(HistoryEntry),
}

/// One item of a timeline, and its place.
#[derive(SimpleObject)]
pub struct TimelineEdge {
    /// Cursor of this edge, for `after` and `before`.
    pub cursor: String,
    /// What happened.
    pub node: TimelineItem,
}

/// A page of a timeline, newest first.
#[derive(SimpleObject)]
pub struct TimelineConnection {
    /// What happened, with cursors.
    pub edges: Vec<TimelineEdge>,
    /// What happened.
    pub nodes: Vec<TimelineItem>,
    /// Where this page lies in the timeline.
    pub page_info: PageInfo,
}

impl TimelineConnection {
    pub(super) async fn of(reader: &Reader, contact: ContactId, page: &Page) -> Result<Self, ApiError> {
        let rows = timeline::of_contact(reader.cx(), reader.db(), contact, page).await??;
        let rows = rows.map(|item| match item {
            Item::Message(message) => TimelineItem::Message(Message { message, reader: reader.clone() }),
            Item::Entry(entry) => TimelineItem::HistoryEntry(HistoryEntry::new(entry, reader)),
        });
        let edge =
            |(node, place): &(TimelineItem, Place)| TimelineEdge { cursor: place.to_cursor(), node: node.clone() };
        Ok(Self {
            edges: rows.rows.iter().map(edge).collect(),
            page_info: PageInfo::of(&rows),
            nodes: rows.rows.into_iter().map(|(node, _)| node).collect(),
        })
    }
}
