//! Which contacts, as clients ask for them.

use async_graphql::{Enum, ID, InputObject, OneofObject};

use super::error::{ApiError, Code, ErrorCode, UserError};
use super::id;
use super::tag::OrderDirection;
use crate::access::Cx;
use crate::contacts::{self, OrderField, language};
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
    /// The same filter as people type it: `#hot and (#nl or #be) and not #lost jansen`. A name with spaces is quoted: `#"hot prospect"`.
    pub query: Option<String>,
    /// The saved filter with this id; nobody matches one that the viewer does not see.
    pub saved_filter_id: Option<ID>,
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

/// A filter whose `query`, or one within it, cannot be read.
#[derive(Clone, Debug)]
pub struct WrongQuery {
    /// From the query outwards to the filter.
    path: Vec<String>,
    mistake: language::Mistake,
}

impl WrongQuery {
    fn beneath(mut self, member: &dyn ToString) -> Self {
        self.path.push(member.to_string());
        self
    }

    /// As a mutation tells it. `filter` is where the filter stands, e.g. `["input", "filter"]`.
    pub(super) fn refusal(&self, filter: &[&str]) -> UserError {
        let mut error = UserError::new(ErrorCode::Invalid, self.mistake.to_string(), filter);
        error.path.extend(self.path.iter().rev().cloned());
        error.position = i32::try_from(self.mistake.position).ok();
        error
    }
}

impl From<WrongQuery> for ApiError {
    fn from(wrong: WrongQuery) -> Self {
        let mut error = Self::new(Code::BadUserInput, wrong.mistake.to_string());
        error.mistake = Some(wrong.mistake);
        error
    }
}

impl TryFrom<ContactFilter> for contacts::Filter {
    type Error = WrongQuery;

    fn try_from(asked: ContactFilter) -> Result<Self, WrongQuery> {
        let all = |member: &str, inner: Vec<ContactFilter>| {
            let each = inner
                .into_iter()
                .enumerate()
                .map(|(index, filter)| Self::try_from(filter).map_err(|wrong| wrong.beneath(&index).beneath(&member)));
            each.collect::<Result<Vec<_>, _>>()
        };
        let mut filters = Vec::new();
        if let Some(inner) = asked.and {
            filters.push(Self::And(all("and", inner)?));
        }
        if let Some(inner) = asked.or {
            filters.push(Self::Or(all("or", inner)?));
        }
        if let Some(inner) = asked.not {
            let inner = Self::try_from(*inner).map_err(|wrong| wrong.beneath(&"not"))?;
            filters.push(Self::Not(Box::new(inner)));
        }
        filters.extend(asked.tag.map(|matching| Self::Tag(matching.into())));
        filters.extend(asked.text.map(Self::Text));
        if let Some(query) = asked.query {
            let read =
                language::parse(&query).map_err(|mistake| WrongQuery { path: vec!["query".to_owned()], mistake })?;
            filters.extend(read.map(Self::from));
        }
        filters.extend(asked.saved_filter_id.map(|id| Self::Saved(id::decode_or_nil(&id))));
        match filters.pop() {
            Some(only) if filters.is_empty() => Ok(only),
            last => {
                filters.extend(last);
                Ok(Self::And(filters))
            }
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
