//! Reading tags.

use std::collections::HashMap;

use entity::{ContactId, TagGroupId, TagId, contact_tag, tag, tag_group, tag_key};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{Condition, FromQueryResult, Iterable, QueryOrder};

use super::{Tag, TagGroup, name_store, store};
use crate::access::Cx;
use crate::db::{Db, Fault};
use crate::paging::{Page, PageError, Place, Rows, Sort};
use crate::text;

/// Which tags.
#[derive(Clone, Debug, Default)]
pub struct TagFilter {
    /// A prefix of the name, of an alias, or of a word in them, with or without `#`.
    pub search: Option<String>,
    /// Those of one group.
    pub group: Option<TagGroupId>,
}

/// In which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagOrder {
    /// By name.
    Name {
        /// Last first.
        descending: bool,
    },
    /// By the number of contacts.
    ContactCount {
        /// Most first.
        descending: bool,
    },
}

/// Tags by id; those of other workspaces and deleted ones are as if they never existed.
pub async fn by_ids(cx: &Cx, db: &Db, ids: &[TagId]) -> Result<Vec<Tag>, Fault> {
    Ok(store::by_ids(db.reader(), cx.workspace, ids).await?.into_iter().map(Tag::from).collect())
}

/// Tags by folded name or alias.
pub async fn by_names(cx: &Cx, db: &Db, keys: &[&str]) -> Result<HashMap<String, TagId>, Fault> {
    let rows = name_store::by_keys(db.reader(), cx.workspace, keys).await?;
    Ok(rows.into_iter().map(|(key, row)| (key, row.id)).collect())
}

/// A page of tags.
pub async fn list(
    cx: &Cx,
    db: &Db,
    filter: &TagFilter,
    order: TagOrder,
    page: &Page,
) -> Result<Result<Rows<Tag>, PageError>, Fault> {
    let mut query = select(cx, filter);
    query.columns(tag::Column::iter().map(|column| (tag::Entity, column)));
    let id = Expr::col((tag::Entity, tag::Column::Id));
    let (sort, descending, numeric) = match order {
        TagOrder::Name { descending } => (tag::Column::NameSort, descending, false),
        TagOrder::ContactCount { descending } => (tag::Column::ContactCount, descending, true),
    };
    if let Err(error) = page.apply(&mut query, &Expr::col((tag::Entity, sort)), &id, descending, numeric) {
        return Ok(Err(error));
    }
    let rows = tag::Model::find_by_statement(db.backend().build(&query)).all(db.reader()).await?;
    let tags = rows.into_iter().map(Tag::from).collect();
    Ok(Ok(page.rows(tags, |tag: &Tag| {
        let sort = if numeric { Sort::Number(tag.contact_count) } else { Sort::Text(tag.name_sort.clone()) };
        Place(sort, tag.id.0)
    })))
}

/// How many tags there are.
pub async fn count(cx: &Cx, db: &Db, filter: &TagFilter) -> Result<u64, Fault> {
    #[derive(FromQueryResult)]
    struct Counted {
        count: i64,
    }
    let mut query = select(cx, filter);
    query.expr_as(Expr::col((tag::Entity, tag::Column::Id)).count(), "count");
    let counted = Counted::find_by_statement(db.backend().build(&query)).one(db.reader()).await?;
    Ok(counted.and_then(|counted| u64::try_from(counted.count).ok()).unwrap_or(0))
}

fn select(cx: &Cx, filter: &TagFilter) -> SelectStatement {
    let mut query = Query::select();
    query
        .from(tag::Entity)
        .and_where(Expr::col((tag::Entity, tag::Column::Workspace)).eq(cx.workspace))
        .and_where(Expr::col((tag::Entity, tag::Column::DeletedAt)).is_null());
    if let Some(group) = filter.group {
        query.and_where(Expr::col((tag::Entity, tag::Column::GroupId)).eq(group));
    }
    let typed = filter.search.as_deref().unwrap_or_default().trim_start();
    let prefix = text::key(typed.strip_prefix('#').unwrap_or(typed));
    if !prefix.is_empty() {
        let key = Expr::col(tag_key::Column::Key);
        let found = Query::select()
            .column(tag_key::Column::Tag)
            .from(tag_key::Entity)
            .and_where(Expr::col(tag_key::Column::Workspace).eq(cx.workspace))
            .and_where(key.clone().gte(prefix.as_str()))
            .and_where(key.lt(format!("{prefix}{}", text::LAST_CHAR)))
            .to_owned();
        query.and_where(Expr::col((tag::Entity, tag::Column::Id)).in_subquery(found));
    }
    query
}

/// The tags of several contacts with their groups, by name, in one statement.
pub async fn of_contacts(
    cx: &Cx,
    db: &Db,
    contacts: &[ContactId],
) -> Result<HashMap<ContactId, Vec<(Tag, Option<TagGroup>)>>, Fault> {
    #[derive(FromQueryResult)]
    struct Row {
        contact: ContactId,
        #[sea_orm(nested)]
        tag: tag::Model,
        group_name: Option<String>,
        group_color: Option<String>,
        group_position: Option<i32>,
    }
    let group = |column| Expr::col((tag_group::Entity, column));
    let mut query = Query::select();
    query
        .column((contact_tag::Entity, contact_tag::Column::Contact))
        .columns(tag::Column::iter().map(|column| (tag::Entity, column)))
        .expr_as(group(tag_group::Column::Name), "group_name")
        .expr_as(group(tag_group::Column::Color), "group_color")
        .expr_as(group(tag_group::Column::Position), "group_position")
        .from(contact_tag::Entity);
    store::join_live(&mut query, link(contact_tag::Column::Workspace), link(contact_tag::Column::Tag));
    query
        .left_join(
            tag_group::Entity,
            Condition::all()
                .add(group(tag_group::Column::Workspace).eq(Expr::col((tag::Entity, tag::Column::Workspace))))
                .add(group(tag_group::Column::Id).eq(Expr::col((tag::Entity, tag::Column::GroupId)))),
        )
        .and_where(link(contact_tag::Column::Workspace).eq(cx.workspace))
        .and_where(link(contact_tag::Column::Contact).is_in(contacts.iter().copied()));
    let rows = Row::find_by_statement(db.backend().build(&query)).all(db.reader()).await?;
    let mut by_contact: HashMap<ContactId, Vec<(Tag, Option<TagGroup>)>> = HashMap::new();
    for row in rows {
        let group = match (row.tag.group_id, row.group_name, row.group_color, row.group_position) {
            (Some(id), Some(name), Some(color), Some(position)) => Some(TagGroup { id, name, color, position }),
            _ => None,
        };
        by_contact.entry(row.contact).or_default().push((row.tag.into(), group));
    }
    for tags in by_contact.values_mut() {
        tags.sort_unstable_by(|(a, _), (b, _)| (&a.name_sort, a.id).cmp(&(&b.name_sort, b.id)));
    }
    Ok(by_contact)
}

fn link(column: contact_tag::Column) -> Expr {
    Expr::col((contact_tag::Entity, column))
}

/// The aliases of several tags as they were typed.
pub async fn aliases(cx: &Cx, db: &Db, tags: &[TagId]) -> Result<HashMap<TagId, Vec<String>>, Fault> {
    let mut by_tag: HashMap<TagId, Vec<String>> = HashMap::new();
    for row in name_store::of(db.reader(), cx.workspace, tags).await? {
        if row.is_alias {
            by_tag.entry(row.tag).or_default().push(row.name);
        }
    }
    Ok(by_tag)
}

/// The tags of several groups by name.
pub async fn tags_of_groups(cx: &Cx, db: &Db, groups: &[TagGroupId]) -> Result<HashMap<TagGroupId, Vec<Tag>>, Fault> {
    let rows = store::live(cx.workspace)
        .filter(tag::Column::GroupId.is_in(groups.iter().copied()))
        .order_by_asc(tag::Column::NameSort)
        .order_by_asc(tag::Column::Id)
        .all(db.reader())
        .await?;
    let mut by_group: HashMap<TagGroupId, Vec<Tag>> = HashMap::new();
    for row in rows {
        if let Some(group) = row.group_id {
            by_group.entry(group).or_default().push(row.into());
        }
    }
    Ok(by_group)
}
