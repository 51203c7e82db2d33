//! Which contacts: a boolean expression, and the SQL condition that it is.

use std::collections::{HashMap, HashSet};

use entity::{SavedFilterId, TagGroupId, TagId, contact, contact_word};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SimpleExpr};
use serde::{Deserialize, Serialize};

use super::{Error, saved};
use crate::access::Cx;
use crate::db::Db;
use crate::tags;
use crate::text;

/// Most parts of one filter. Each tag or word is a sub-select.
pub(super) const MOST_PARTS: usize = 200;

/// Most words looked for in one text.
const MOST_WORDS: usize = 20;

/// Most sub-selects that PostgreSQL may turn into joins. It plans joins in a time that grows with the cube of their number: measured,
/// 25 ms for 20, 1.3 s for 100, 13 s for 200; with 8 joins and 192 sub-selects it is 0.1 s.
const MOST_JOINS: usize = 8;

/// A filter as asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Filter {
    /// All hold. Empty: everything.
    And(Vec<Filter>),
    /// At least one holds. Empty: nothing.
    Or(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// Carries a tag.
    Tag(TagMatch),
    /// Each word begins a word of name, company, address or phone number.
    Text(String),
    /// What is saved under this id holds; nobody matches one that is not there.
    Saved(SavedFilterId),
}

/// Which tag is carried, as asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TagMatch {
    /// The one with this id.
    Id(TagId),
    /// The one with this name.
    Name(String),
    /// Any of this group.
    Group(TagGroupId),
    /// Any of the group with this name.
    GroupName(String),
    /// None at all (true), or any (false).
    Untagged(bool),
    /// One that cannot exist: an id that is none of this API's tags.
    Never,
}

/// A filter that is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Too many parts.
    #[error("A filter has at most 200 parts.")]
    TooManyParts,
}

/// A filter whose tags and groups are known by id, or known not to be there.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Resolved {
    And(Vec<Resolved>),
    Or(Vec<Resolved>),
    Not(Box<Resolved>),
    Tag(tags::TagMatch),
    Words(Vec<String>),
}

/// Looks up what a filter names: saved filters, then the tags and groups of it all, in at most one statement each.
pub(super) async fn resolve(cx: &Cx, db: &Db, filter: Filter) -> Result<Resolved, Error> {
    let mut named = Named::default();
    named.collect(&filter)?;
    let saved = saved::filters(cx, db, named.saved.keys().copied()).await?;
    for (id, filter) in &saved {
        for _ in 0..named.saved.get(id).copied().unwrap_or_default() {
            // It stands where its id stood.
            named.parts -= 1;
            named.collect(filter)?;
        }
    }
    let known = Known {
        saved,
        tags: tags::by_names(cx, db, &keys(&named.tags)).await?,
        groups: tags::groups_by_names(cx, db, &keys(&named.groups)).await?,
    };
    Ok(known.resolve(filter))
}

fn keys(names: &HashSet<String>) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// What a filter names: names folded, saved filters with how often.
#[derive(Default)]
struct Named {
    saved: HashMap<SavedFilterId, usize>,
    tags: HashSet<String>,
    groups: HashSet<String>,
    parts: usize,
}

impl Named {
    /// Recursion is bounded: the nesting of a document, of its variables and of a query is, before they come here.
    fn collect(&mut self, filter: &Filter) -> Result<(), FilterError> {
        self.parts += 1;
        if self.parts > MOST_PARTS {
            return Err(FilterError::TooManyParts);
        }
        match filter {
            Filter::And(filters) | Filter::Or(filters) => {
                filters.iter().try_for_each(|filter| self.collect(filter))?;
            }
            Filter::Not(filter) => self.collect(filter)?,
            Filter::Tag(TagMatch::Name(name)) => {
                self.tags.insert(tag_key(name));
            }
            Filter::Tag(TagMatch::GroupName(name)) => {
                self.groups.insert(text::key(name));
            }
            Filter::Saved(id) => *self.saved.entry(*id).or_default() += 1,
            Filter::Tag(_) | Filter::Text(_) => {}
        }
        Ok(())
    }
}

/// Ids by folded name, and saved filters, of those that are there.
struct Known {
    saved: HashMap<SavedFilterId, Filter>,
    tags: HashMap<String, TagId>,
    groups: HashMap<String, TagGroupId>,
}

impl Known {
    fn resolve(&self, filter: Filter) -> Resolved {
        let all = |filters: Vec<Filter>| filters.into_iter().map(|filter| self.resolve(filter)).collect();
        match filter {
            Filter::And(filters) => Resolved::And(all(filters)),
            Filter::Or(filters) => Resolved::Or(all(filters)),
            Filter::Not(filter) => Resolved::Not(Box::new(self.resolve(*filter))),
            Filter::Tag(matching) => Resolved::Tag(match matching {
                TagMatch::Id(id) => tags::TagMatch::Tag(Some(id)),
                TagMatch::Name(name) => tags::TagMatch::Tag(self.tags.get(&tag_key(&name)).copied()),
                TagMatch::Group(group) => tags::TagMatch::Group(group),
                TagMatch::GroupName(name) => match self.groups.get(&text::key(&name)) {
                    Some(group) => tags::TagMatch::Group(*group),
                    None => tags::TagMatch::Tag(None),
                },
                TagMatch::Untagged(untagged) => tags::TagMatch::Untagged(untagged),
                TagMatch::Never => tags::TagMatch::Tag(None),
            }),
            Filter::Text(text) => {
                let mut words = text::words(&text);
                words.truncate(MOST_WORDS);
                Resolved::Words(words)
            }
            Filter::Saved(id) => match self.saved.get(&id) {
                Some(filter) => self.resolve(filter.clone()),
                None => Resolved::Or(Vec::new()),
            },
        }
    }
}

fn tag_key(name: &str) -> String {
    let name = name.trim();
    text::key(name.strip_prefix('#').unwrap_or(name))
}

impl Resolved {
    /// Whether it is plainly every contact.
    pub(super) fn is_everything(&self) -> bool {
        matches!(self, Self::And(filters) if filters.is_empty())
    }

    /// The tag that every match must carry, where there is one: its links are where a statement in the order of names starts.
    pub(super) fn driver(&self) -> Option<TagId> {
        match self {
            Self::Tag(tags::TagMatch::Tag(Some(tag))) => Some(*tag),
            Self::And(filters) => filters.iter().find_map(Self::driver),
            _ => None,
        }
    }

    /// The condition on the contact of the statement, whose every row carries `driver`.
    pub(super) fn condition(&self, cx: &Cx, driver: Option<TagId>) -> SimpleExpr {
        Conditions { cx, driver, selects: 0 }.of(self)
    }
}

/// Makes the condition of one statement.
struct Conditions<'c> {
    cx: &'c Cx,
    driver: Option<TagId>,
    selects: usize,
}

impl Conditions<'_> {
    fn of(&mut self, filter: &Resolved) -> SimpleExpr {
        match filter {
            Resolved::And(filters) => self.joined(filters, true),
            Resolved::Or(filters) => self.joined(filters, false),
            Resolved::Not(filter) => self.of(filter).not(),
            Resolved::Tag(tags::TagMatch::Tag(tag)) if tag.is_some() && *tag == self.driver => truth(true),
            Resolved::Tag(matching) => {
                let carries = tags::carries(self.cx.workspace, matching, &contact_id());
                self.select(carries)
            }
            Resolved::Words(words) => words.iter().fold(truth(true), |all, word| {
                let column = || Expr::col((contact_word::Entity, contact_word::Column::Word));
                let found = Query::select()
                    .column((contact_word::Entity, contact_word::Column::Contact))
                    .from(contact_word::Entity)
                    .and_where(Expr::col((contact_word::Entity, contact_word::Column::Workspace)).eq(self.cx.workspace))
                    .and_where(column().gte(word.as_str()))
                    .and_where(column().lt(format!("{word}{}", text::LAST_CHAR)))
                    .to_owned();
                all.and(self.select(contact_id().in_subquery(found)))
            }),
        }
    }

    fn joined(&mut self, filters: &[Resolved], and: bool) -> SimpleExpr {
        let conditions = filters.iter().map(|filter| self.of(filter));
        conditions.reduce(|a, b| if and { a.and(b) } else { a.or(b) }).unwrap_or_else(|| truth(and))
    }

    /// A condition that is a sub-select; behind the first ones in a form that is not turned into a join.
    fn select(&mut self, condition: SimpleExpr) -> SimpleExpr {
        self.selects += 1;
        if self.selects > MOST_JOINS { condition.or(truth(false)) } else { condition }
    }
}

fn contact_id() -> SimpleExpr {
    Expr::col((contact::Entity, contact::Column::Id))
}

fn truth(value: bool) -> SimpleExpr {
    Expr::value(1).eq(i32::from(value))
}
