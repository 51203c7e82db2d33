//! Pages of ordered lists, forward and backward, by the place of their rows and not by counting.
//!
//! Owns what a page request is, the text of its cursors, and the condition and order it puts on a query.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::sea_query::{Expr, ExprTrait, Order, SelectStatement, SimpleExpr};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Rows of a page when none are asked for.
pub const DEFAULT: u64 = 50;

/// Most rows of a page.
pub const MOST: u64 = 200;

/// The place of a row in its order: what it is ordered by, then its id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place(pub Sort, pub Uuid);

/// What a row is ordered by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Sort {
    /// A number or an instant.
    Number(i64),
    /// A folded text.
    Text(String),
}

/// A page request that cannot be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PageError(&'static str);

/// Which page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Page {
    limit: u64,
    backward: bool,
    after: Option<Place>,
    before: Option<Place>,
}

/// The rows of a page in the order of the list.
#[derive(Clone, Debug)]
pub struct Rows<T> {
    /// Each with its place.
    pub rows: Vec<(T, Place)>,
    /// Whether the list goes on behind them.
    pub has_next: bool,
    /// Whether the list begins before them.
    pub has_previous: bool,
}

impl Place {
    /// As a cursor: opaque to clients.
    #[must_use]
    pub fn to_cursor(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn parse(cursor: &str) -> Result<Self, PageError> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
        bytes
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            // PostgreSQL takes no NUL, and no list gives one.
            .filter(|Self(sort, _)| !matches!(sort, Sort::Text(text) if text.contains('\0')))
            .ok_or(PageError("This page cursor was not given by this list."))
    }
}

impl Page {
    /// From the arguments of a connection field.
    ///
    /// # Errors
    /// For both `first` and `last`, a negative number, one above 200, or a cursor that no list gave.
    pub fn new(
        first: Option<i32>,
        after: Option<&str>,
        last: Option<i32>,
        before: Option<&str>,
    ) -> Result<Self, PageError> {
        if first.is_some() && last.is_some() {
            return Err(PageError("Give either `first` or `last`, not both."));
        }
        let limit = match first.or(last) {
            None => DEFAULT,
            Some(limit) => u64::try_from(limit)
                .ok()
                .filter(|limit| *limit <= MOST)
                .ok_or(PageError("A page has from 0 to 200 entries."))?,
        };
        Ok(Self {
            limit,
            backward: last.is_some(),
            after: after.map(Place::parse).transpose()?,
            before: before.map(Place::parse).transpose()?,
        })
    }

    /// The first page.
    #[must_use]
    pub fn first(limit: u64) -> Self {
        Self { limit, backward: false, after: None, before: None }
    }

    /// Rows asked for.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// The place from which on it is read.
    #[must_use]
    pub fn edge(&self) -> Option<&Place> {
        if self.backward { self.before.as_ref() } else { self.after.as_ref() }
    }

    /// Whether the rows are read from the end of the list on.
    #[must_use]
    pub fn is_backward(&self) -> bool {
        self.backward
    }

    /// Restricts and orders a query: by `sort`, then by `id`, in one direction. It reads one row more than the page has.
    ///
    /// # Errors
    /// For a cursor of a list that is ordered by another kind of value.
    pub fn apply(
        &self,
        query: &mut SelectStatement,
        sort: &SimpleExpr,
        id: &SimpleExpr,
        descending: bool,
        numeric: bool,
    ) -> Result<(), PageError> {
        for (place, above) in [(&self.after, !descending), (&self.before, descending)] {
            let Some(Place(value, row)) = place else { continue };
            let value: SimpleExpr = match value {
                Sort::Number(value) if numeric => Expr::value(*value),
                Sort::Text(value) if !numeric => Expr::value(value.as_str()),
                _ => return Err(PageError("This page cursor belongs to a list in another order.")),
            };
            let here = Expr::tuple([sort.clone(), id.clone()]);
            let there = Expr::tuple([value, Expr::value(*row)]);
            query.and_where(if above { here.gt(there) } else { here.lt(there) });
        }
        let order = if descending == self.backward { Order::Asc } else { Order::Desc };
        query.order_by_expr(sort.clone(), order.clone()).order_by_expr(id.clone(), order).limit(self.limit + 1);
        Ok(())
    }

    /// As `apply`, where the list is ordered by a number that no two rows share, so that the order needs no id.
    ///
    /// # Errors
    /// For a cursor of a list that is ordered by text.
    pub fn apply_unique(
        &self,
        query: &mut SelectStatement,
        sort: &SimpleExpr,
        descending: bool,
    ) -> Result<(), PageError> {
        for (place, above) in [(&self.after, !descending), (&self.before, descending)] {
            let Some(Place(value, _)) = place else { continue };
            let Sort::Number(value) = *value else {
                return Err(PageError("This page cursor belongs to a list in another order."));
            };
            query.and_where(if above { sort.clone().gt(value) } else { sort.clone().lt(value) });
        }
        let order = if descending == self.backward { Order::Asc } else { Order::Desc };
        query.order_by_expr(sort.clone(), order).limit(self.limit + 1);
        Ok(())
    }

    /// Makes the page of the rows that the query gave.
    #[must_use]
    pub fn rows<T>(&self, mut rows: Vec<T>, place: impl Fn(&T) -> Place) -> Rows<T> {
        let more = rows.len() as u64 > self.limit;
        rows.truncate(usize::try_from(self.limit).unwrap_or(usize::MAX));
        if self.backward {
            rows.reverse();
        }
        let (has_next, has_previous) =
            if self.backward { (self.before.is_some(), more) } else { (more, self.after.is_some()) };
        let rows = rows
            .into_iter()
            .map(|row| {
                let place = place(&row);
                (row, place)
            })
            .collect();
        Rows { rows, has_next, has_previous }
    }

    /// This page of a list made of two, from this page of each. All are ordered from the greatest place down.
    #[must_use]
    pub fn newest_of<T>(&self, one: Rows<T>, other: Rows<T>) -> Rows<T> {
        let (mut has_next, mut has_previous) = (one.has_next || other.has_next, one.has_previous || other.has_previous);
        let mut rows: Vec<_> = one.rows.into_iter().chain(other.rows).collect();
        rows.sort_by(|(_, a), (_, b)| b.cmp(a));
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let surplus = rows.len().saturating_sub(limit);
        if self.backward {
            has_previous |= surplus > 0;
            rows.drain(..surplus);
        } else {
            has_next |= surplus > 0;
            rows.truncate(limit);
        }
        Rows { rows, has_next, has_previous }
    }
}

impl<T> Rows<T> {
    /// The same page of something made of each row.
    pub fn map<U>(self, make: impl Fn(T) -> U) -> Rows<U> {
        Rows {
            rows: self.rows.into_iter().map(|(row, place)| (make(row), place)).collect(),
            has_next: self.has_next,
            has_previous: self.has_previous,
        }
    }
}
