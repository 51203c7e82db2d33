//! Rows of tags' names: what a tag is found by, whole (`tag_name`) or by the beginning of a word (`tag_key`).

use std::collections::{HashMap, HashSet};

use entity::{TagId, WorkspaceId, tag, tag_key, tag_name};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{DbErr, FromQueryResult, Iterable, QueryOrder, Statement};

use super::{TagName, store};
use crate::text;

/// Tags that are there, by the keys of their names and aliases.
pub(super) async fn by_keys(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    keys: &[&str],
) -> Result<HashMap<String, tag::Model>, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        key: String,
        #[sea_orm(nested)]
        tag: tag::Model,
    }
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let name = |column| Expr::col((tag_name::Entity, column));
    let mut query = Query::select();
    query
        .column((tag_name::Entity, tag_name::Column::Key))
        .columns(tag::Column::iter().map(|column| (tag::Entity, column)))
        .from(tag_name::Entity)
        .and_where(name(tag_name::Column::Workspace).eq(workspace))
        .and_where(name(tag_name::Column::Key).is_in(keys.iter().copied()));
    store::join_live(&mut query, name(tag_name::Column::Workspace), name(tag_name::Column::Tag));
    let rows = Row::find_by_statement(conn.get_database_backend().build(&query)).all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.key, row.tag)).collect())
}

/// Takes a name for a tag unless it is taken, by whomever. Waits for a transaction that is just taking or giving it up.
pub(super) async fn take(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    name: &TagName,
    tag: TagId,
) -> Result<bool, DbErr> {
    let row = tag_name::ActiveModel {
        workspace: Set(workspace),
        key: Set(name.key().to_owned()),
        tag: Set(tag),
        name: Set(name.as_str().to_owned()),
        is_alias: Set(false),
    };
    let unique = OnConflict::columns([tag_name::Column::Workspace, tag_name::Column::Key]).do_nothing().to_owned();
    let inserted = tag_name::Entity::insert(row).on_conflict(unique).exec_without_returning(conn).await?;
    Ok(inserted > 0)
}

/// Lets a tag be found by the words of a name that it has.
pub(super) async fn add_words(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    name: &TagName,
    tag: TagId,
) -> Result<(), DbErr> {
    let keys = text::suffixes(name.as_str()).into_iter().map(|key| tag_key::ActiveModel {
        workspace: Set(workspace),
        key: Set(key),
        tag: Set(tag),
    });
    // Its other names may have words in common with it.
    let unique = OnConflict::columns([tag_key::Column::Workspace, tag_key::Column::Key, tag_key::Column::Tag])
        .do_nothing()
        .to_owned();
    tag_key::Entity::insert_many(keys).on_conflict(unique).exec_without_returning(conn).await.map(drop)
}

/// Whose a name is.
pub(super) async fn owner(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    name: &TagName,
) -> Result<Option<TagId>, DbErr> {
    let row = tag_name::Entity::find_by_id((workspace, name.key().to_owned())).one(conn).await?;
    Ok(row.map(|row| row.tag))
}

/// Makes one of a tag's names its own, as typed; the others become aliases. False when the tag has no such name (any more).
pub(super) async fn make_own(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    name: &TagName,
    tag: TagId,
) -> Result<bool, DbErr> {
    of_tags(workspace, &[tag])
        .col_expr(tag_name::Column::IsAlias, Expr::value(true))
        .filter(tag_name::Column::IsAlias.eq(false))
        .exec(conn)
        .await?;
    let own = of_tags(workspace, &[tag])
        .col_expr(tag_name::Column::IsAlias, Expr::value(false))
        .col_expr(tag_name::Column::Name, Expr::value(name.as_str()))
        .filter(tag_name::Column::Key.eq(name.key()))
        .exec(conn)
        .await?;
    Ok(own.rows_affected > 0)
}

/// Makes all names of tags aliases of another.
pub(super) async fn move_to(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    from: &[TagId],
    into: TagId,
) -> Result<(), DbErr> {
    of_tags(workspace, from)
        .col_expr(tag_name::Column::Tag, Expr::value(into))
        .col_expr(tag_name::Column::IsAlias, Expr::value(true))
        .exec(conn)
        .await?;
    let places: Vec<String> = (3..from.len() + 3).map(|place| format!("${place}")).collect();
    let places = places.join(", ");
    let values = || {
        let of: [Value; 2] = [workspace.into(), into.into()];
        of.into_iter().chain(from.iter().map(|id| (*id).into()))
    };
    let copy = format!(
        "INSERT INTO tag_key (workspace, key, tag) SELECT DISTINCT workspace, key, $2 FROM tag_key \
         WHERE workspace = $1 AND tag IN ({places}) ON CONFLICT DO NOTHING"
    );
    conn.execute_raw(Statement::from_sql_and_values(conn.get_database_backend(), copy, values())).await?;
    tag_key::Entity::delete_many()
        .filter(tag_key::Column::Workspace.eq(workspace))
        .filter(tag_key::Column::Tag.is_in(from.iter().copied()))
        .exec(conn)
        .await
        .map(drop)
}

fn of_tags(workspace: WorkspaceId, tags: &[TagId]) -> sea_orm::UpdateMany<tag_name::Entity> {
    tag_name::Entity::update_many()
        .filter(tag_name::Column::Workspace.eq(workspace))
        .filter(tag_name::Column::Tag.is_in(tags.iter().copied()))
}

/// Forgets an alias. False when the tag has no such alias.
pub(super) async fn delete_alias(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    alias: &TagName,
    tag: TagId,
) -> Result<bool, DbErr> {
    let deleted = tag_name::Entity::delete_many()
        .filter(tag_name::Column::Workspace.eq(workspace))
        .filter(tag_name::Column::Key.eq(alias.key()))
        .filter(tag_name::Column::Tag.eq(tag))
        .filter(tag_name::Column::IsAlias.eq(true))
        .exec(conn)
        .await?;
    if deleted.rows_affected == 0 {
        return Ok(false);
    }
    let left = of(conn, workspace, &[tag]).await?;
    let kept: HashSet<String> = left.iter().flat_map(|row| text::suffixes(&row.name)).collect();
    let gone = text::suffixes(alias.as_str()).into_iter().filter(|key| !kept.contains(key));
    tag_key::Entity::delete_many()
        .filter(tag_key::Column::Workspace.eq(workspace))
        .filter(tag_key::Column::Tag.eq(tag))
        .filter(tag_key::Column::Key.is_in(gone))
        .exec(conn)
        .await?;
    Ok(true)
}

/// All names of tags, in the order of their keys.
pub(super) async fn of(
    conn: &impl ConnectionTrait,
    workspace: WorkspaceId,
    tags: &[TagId],
) -> Result<Vec<tag_name::Model>, DbErr> {
    tag_name::Entity::find()
        .filter(tag_name::Column::Workspace.eq(workspace))
        .filter(tag_name::Column::Tag.is_in(tags.iter().copied()))
        .order_by_asc(tag_name::Column::Key)
        .all(conn)
        .await
}
