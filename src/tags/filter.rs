//! Conditions on contacts by their tags, for `contacts` to put into its statements.

use entity::{TagGroupId, TagId, WorkspaceId, contact_tag, tag};
use sea_orm::Condition;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement, SimpleExpr};

/// Which tag a contact carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagMatch {
    /// This one. None: a tag that is not there, which no contact carries.
    Tag(Option<TagId>),
    /// Any of a group.
    Group(TagGroupId),
    /// None at all (true), or any (false).
    Untagged(bool),
}

/// Whether the contact of the outer statement carries it. `contact` is that statement's column of contact ids.
#[must_use]
pub fn carries(workspace: WorkspaceId, matching: &TagMatch, contact: &SimpleExpr) -> SimpleExpr {
    let links = || {
        let mut links = Query::select();
        links
            .expr(Expr::value(1))
            .from(contact_tag::Entity)
            .and_where(link(contact_tag::Column::Workspace).eq(workspace))
            .and_where(link(contact_tag::Column::Contact).eq(contact.clone()));
        links
    };
    // Links of a deleted tag are removed behind it; until then they must not count. SQLite joins in the order of a cross join: it would
    // look for a link to each tag of a group, of which there are many, and a contact has few.
    let live = |links: &mut SelectStatement| {
        links
            .cross_join(tag::Entity)
            .and_where(Expr::col((tag::Entity, tag::Column::Workspace)).eq(link(contact_tag::Column::Workspace)))
            .and_where(Expr::col((tag::Entity, tag::Column::Id)).eq(link(contact_tag::Column::Tag)))
            .and_where(Expr::col((tag::Entity, tag::Column::DeletedAt)).is_null());
    };
    match matching {
        TagMatch::Tag(Some(tag)) => Expr::exists(links().and_where(link(contact_tag::Column::Tag).eq(*tag)).to_owned())
            .and(is_live(workspace, *tag)),
        TagMatch::Tag(None) => Expr::value(1).eq(0),
        TagMatch::Group(group) => {
            let mut links = links();
            live(&mut links);
            links.and_where(Expr::col((tag::Entity, tag::Column::GroupId)).eq(*group));
            Expr::exists(links)
        }
        TagMatch::Untagged(untagged) => {
            let mut links = links();
            live(&mut links);
            if *untagged { Expr::exists(links).not() } else { Expr::exists(links) }
        }
    }
}

/// Whether a tag is there. Does not depend on the outer statement: both databases ask it once.
fn is_live(workspace: WorkspaceId, tag: TagId) -> SimpleExpr {
    Expr::exists(
        Query::select()
            .expr(Expr::value(1))
            .from(tag::Entity)
            .and_where(Expr::col((tag::Entity, tag::Column::Workspace)).eq(workspace))
            .and_where(Expr::col((tag::Entity, tag::Column::Id)).eq(tag))
            .and_where(Expr::col((tag::Entity, tag::Column::DeletedAt)).is_null())
            .to_owned(),
    )
}

/// Makes a statement over contacts start from the links of one tag, which are kept in the order of the contacts' names: every row
/// carries that tag. Returns the columns to order by: name, id.
pub fn driven_by(
    query: &mut SelectStatement,
    workspace: WorkspaceId,
    tag: TagId,
    contact: &SimpleExpr,
) -> (SimpleExpr, SimpleExpr) {
    let driver = Alias::new("driver");
    let column = |column: contact_tag::Column| Expr::col((driver.clone(), column));
    query.join_as(
        sea_orm::sea_query::JoinType::InnerJoin,
        contact_tag::Entity,
        driver.clone(),
        Condition::all()
            .add(column(contact_tag::Column::Workspace).eq(workspace))
            .add(column(contact_tag::Column::Tag).eq(tag))
            .add(column(contact_tag::Column::Contact).eq(contact.clone())),
    );
    query.and_where(is_live(workspace, tag));
    (column(contact_tag::Column::ContactSort), column(contact_tag::Column::Contact))
}

fn link(column: contact_tag::Column) -> SimpleExpr {
    Expr::col((contact_tag::Entity, column))
}
