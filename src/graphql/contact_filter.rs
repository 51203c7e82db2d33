//! Which contacts, as clients ask for them.

use async_graphql::{Enum, ID, InputObject, OneofObject};

use super::id;
use super::tag::OrderDirection;
use crate::access::Cx;
use crate::contacts::{self, OrderField};
use crate::messages;

/// Which contacts. All given members hold together; and/or/not nest freely. `and: []` is everything, `or: []` nothing.
#[derive(InputObject, Clone, Default)]
pub struct ContactFilter {
    /// All of these hold.
    pub and: Option<Vec<ContactFilter>>,
    /// At least one of these holds.
    pub or: Option<Vec<ContactFilter>>,
    /// This does not hold.
    pub not: Option<Box<ContactFilter>>,
    /// Carries a tag.
    pub tag: Option<TagMatch>,
    /// Words in name, company, e-mail address or phone number.
    pub text: Option<String>,
}

/// Which tag. Exactly one member is given.
#[derive(OneofObject, Clone)]
pub enum TagMatch {
    /// The tag with this id.
    Id(ID),
    /// The tag with this name.
    Name(String),
    /// Any tag of this group.
    GroupId(ID),
    /// No tag at all (true), or any (false).
    Untagged(bool),
}

impl From<ContactFilter> for contacts::Filter {
    fn from(asked: ContactFilter) -> Self {
        let all = |filters: Vec<ContactFilter>| filters.into_iter().map(Self::from).collect();
        let mut filters = Vec::new();
        filters.extend(asked.and.map(|inner| Self::And(all(inner))));
        filters.extend(asked.or.map(|inner| Self::Or(all(inner))));
        filters.extend(asked.not.map(|inner| Self::Not(Box::new(Self::from(*inner)))));
        filters.extend(asked.tag.map(|matching| Self::Tag(matching.into())));
        filters.extend(asked.text.map(Self::Text));
        match filters.pop() {
            Some(only) if filters.is_empty() => only,
            Some(last) => {
                filters.push(last);
                Self::And(filters)
            }
            None => Self::And(Vec::new()),
        }
    }
}

impl From<TagMatch> for contacts::TagMatch {
    fn from(asked: TagMatch) -> Self {
        match asked {
            TagMatch::Id(text) => id::decode(&text).map_or(Self::Never, Self::Id),
            TagMatch::Name(name) => Self::Name(name),
            TagMatch::GroupId(text) => id::decode(&text).map_or(Self::Never, Self::Group),
            TagMatch::Untagged(untagged) => Self::Untagged(untagged),
        }
    }
}

/// What contacts are ordered by.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactOrderField {
    /// Name, in any script, accents beside their letters.
    Name,
    /// Company; contacts without one first.
    Company,
    /// When they were added.
    CreatedAt,
    /// When their own fields last changed.
    UpdatedAt,
    /// When the newest mail with one of their addresses came, of the mail that the viewer may see; contacts without any first.
    LastMessageAt,
}

/// In which order contacts come.
#[derive(InputObject, Clone, Copy)]
pub struct ContactOrder {
    /// What by.
    pub field: ContactOrderField,
    /// Which way.
    pub direction: OrderDirection,
}

impl ContactOrder {
    /// In the eyes of a viewer.
    pub(super) fn of(self, cx: &Cx) -> contacts::ContactOrder {
        let field = match self.field {
            ContactOrderField::Name => OrderField::Name,
            ContactOrderField::Company => OrderField::Company,
            ContactOrderField::CreatedAt => OrderField::CreatedAt,
            ContactOrderField::UpdatedAt => OrderField::UpdatedAt,
            ContactOrderField::LastMessageAt => OrderField::Measure(messages::last_message_at(cx)),
        };
        contacts::ContactOrder { field, descending: self.direction == OrderDirection::Desc }
    }
}
