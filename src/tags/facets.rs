//! How many contacts carry each tag.

use entity::{contact_tag, tag};
use sea_orm::sea_query::{Alias, CommonTableExpression, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{FromQueryResult, Iterable};

use super::{Tag, store};
use crate::access::Cx;
use crate::db::{Db, Fault};

/// The tags that contacts carry, most used first, then by name, in one statement. `matching` selects the contacts that count, each
/// once, by their `id`; without it all of them do, whose counts are kept.
pub async fn facets(cx: &Cx, db: &Db, matching: Option<SelectStatement>, limit: u64) -> Result<Vec<(Tag, i64)>, Fault> {
    #[derive(FromQueryResult)]
    struct Row {
        #[sea_orm(nested)]
        tag: tag::Model,
        carried: i64,
    }
    let (carried, facet, contacts) = (Alias::new("carried"), Alias::new("facet"), Alias::new("matching"));
    let link = |column| Expr::col((contact_tag::Entity, column));
    let of_tag = |column| Expr::col((tag::Entity, column));
    let mut query = Query::select();
    query.columns(tag::Column::iter().map(|column| (tag::Entity, column)));
    match matching {
        Some(matching) => {
            // The contacts are found first, and once: PostgreSQL would ask for each link whether its contact matches. SQLite joins in
            // the order of a cross join: it would go through all links of the workspace, since they come grouped by tag.
            let found =
                CommonTableExpression::new().query(matching).table_name(contacts.clone()).materialized(true).to_owned();
            let counted = Query::select()
                .expr(link(contact_tag::Column::Tag))
                .expr_as(link(contact_tag::Column::Contact).count(), carried.clone())
                .from(contacts.clone())
                .cross_join(contact_tag::Entity)
                .and_where(link(contact_tag::Column::Workspace).eq(cx.workspace))
                .and_where(link(contact_tag::Column::Contact).eq(Expr::col((contacts, Alias::new("id")))))
                .group_by_col((contact_tag::Entity, contact_tag::Column::Tag))
                .to_owned();
            query.with_cte(found).column((facet.clone(), carried.clone())).from_subquery(counted, facet.clone());
            store::join_live(&mut query, Expr::value(cx.workspace), Expr::col((facet, contact_tag::Column::Tag)));
        }
        None => {
            query
                .expr_as(of_tag(tag::Column::ContactCount), carried.clone())
                .from(tag::Entity)
                .and_where(of_tag(tag::Column::Workspace).eq(cx.workspace))
                .and_where(of_tag(tag::Column::DeletedAt).is_null())
                .and_where(of_tag(tag::Column::ContactCount).gt(0));
        }
    }
    query
        .order_by(carried, Order::Desc)
        .order_by_expr(of_tag(tag::Column::NameSort), Order::Asc)
        .order_by_expr(of_tag(tag::Column::Id), Order::Asc)
        .limit(limit);
    let rows = Row::find_by_statement(db.backend().build(&query)).all(db.reader()).await?;
    Ok(rows.into_iter().map(|row| (row.tag.into(), row.carried)).collect())
}
