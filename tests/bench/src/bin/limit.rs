//! The limit: the least a server does for the same answers. One statement written by hand for each question, no sign-in, no rights,
//! no log, and a websocket that repeats to all what it is given.
//!
//! Settings as of Tagwire: `TAGWIRE_LISTEN`, `TAGWIRE_DATABASE_URL`, `TAGWIRE_DATABASE_CONNECTIONS`; and `BENCH_WORKSPACE`.

use axum::extract::ws::{Message, Utf8Bytes, WebSocketUpgrade};
use axum::extract::{Json, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use axum::serve::ListenerExt;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::sqlx::postgres::{PgPool, PgPoolOptions, PgRow};
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use uuid::Uuid;

/// Contacts of a tag by name, each with its tags and their groups.
const Q1: &str = "SELECT c.id, c.name, t.id, t.name, g.name FROM \
    (SELECT contact, contact_sort FROM contact_tag WHERE workspace = $1 AND tag = $2 ORDER BY contact_sort, contact LIMIT 51) p \
    JOIN contact c ON c.workspace = $1 AND c.id = p.contact \
    JOIN contact_tag l ON l.workspace = $1 AND l.contact = p.contact \
    JOIN tag t ON t.workspace = $1 AND t.id = l.tag AND t.deleted_at IS NULL \
    LEFT JOIN tag_group g ON g.workspace = $1 AND g.id = t.group_id \
    ORDER BY p.contact_sort, p.contact, t.name_sort, t.id";

/// Tags by the beginning of their name, most used first, counted as they are asked for.
const Q3: &str = "SELECT t.id, t.name, count(l.contact) FROM tag t \
    LEFT JOIN contact_tag l ON l.workspace = $1 AND l.tag = t.id \
    WHERE t.workspace = $1 AND t.deleted_at IS NULL AND t.name_sort LIKE $2 || '%' \
    GROUP BY t.id, t.name ORDER BY 3 DESC, 1 DESC LIMIT 10";

/// Contacts with both of two tags or without a third by name, and how many they are.
const Q4: &str = "WITH found AS MATERIALIZED (SELECT id, name, name_sort FROM contact c WHERE workspace = $1 AND ( \
    EXISTS (SELECT FROM contact_tag l WHERE l.workspace = $1 AND l.contact = c.id AND l.tag = $2) \
    AND EXISTS (SELECT FROM contact_tag l WHERE l.workspace = $1 AND l.contact = c.id AND l.tag = $3) \
    OR NOT EXISTS (SELECT FROM contact_tag l WHERE l.workspace = $1 AND l.contact = c.id AND l.tag = $4))) \
    SELECT id, name, (SELECT count(*) FROM found) FROM found ORDER BY name_sort, id LIMIT 50";

/// The link alone.
const M1: &str = "WITH made AS (INSERT INTO contact_tag SELECT $1, id, $3, name_sort, 0 FROM contact \
    WHERE workspace = $1 AND id = $2 ON CONFLICT DO NOTHING RETURNING 1) \
    SELECT id, name, (SELECT count(*) FROM made) FROM tag WHERE workspace = $1 AND id = $3";

/// The link, the tag's count, and an entry in the workspace's log.
const M1_LOGGED: &str = "WITH made AS (INSERT INTO contact_tag SELECT $1, id, $3, name_sort, 0 FROM contact \
    WHERE workspace = $1 AND id = $2 ON CONFLICT DO NOTHING RETURNING 1), \
    counted AS (UPDATE tag SET contact_count = contact_count + 1 \
    WHERE workspace = $1 AND id = $3 AND EXISTS (SELECT FROM made) RETURNING id), \
    numbered AS (UPDATE change_head SET seq = seq + 1 WHERE workspace = $1 AND EXISTS (SELECT FROM counted) RETURNING seq), \
    logged AS (INSERT INTO change_log SELECT $1, seq, 0, 'CONTACT', 'UPDATED', $2, 1, 'workspace', 'workspace', NULL, '{}' \
    FROM numbered) \
    SELECT id, name, (SELECT count(*) FROM made) FROM tag WHERE workspace = $1 AND id = $3";

#[derive(Clone)]
struct Limit {
    pool: PgPool,
    workspace: Uuid,
    frames: broadcast::Sender<Utf8Bytes>,
}

#[derive(Deserialize)]
struct OfTag {
    tag: Uuid,
}

#[derive(Deserialize)]
struct Search {
    search: String,
}

#[derive(Deserialize)]
struct OfTags {
    tags: [Uuid; 3],
}

#[derive(Deserialize)]
struct Tagging {
    contact: Uuid,
    tag: Uuid,
}

#[derive(Serialize)]
struct Group {
    name: String,
}

#[derive(Serialize)]
struct Tag {
    id: String,
    name: String,
    group: Option<Group>,
}

#[derive(Serialize)]
struct Contact {
    id: String,
    name: String,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Contacts {
    nodes: Vec<Contact>,
    page_info: PageInfo,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Counted {
    id: String,
    name: String,
    contact_count: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    total_count: i64,
    nodes: Vec<Tagged>,
}

#[derive(Serialize)]
struct Nodes<T> {
    nodes: Vec<T>,
}

#[derive(Serialize)]
struct Tagged {
    id: String,
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TagContacts {
    changed_count: i64,
    tags: [Tagged; 1],
    user_errors: [(); 0],
}

struct Failed(sqlx::Error);

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.0.to_string()).into_response()
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let setting = |key| std::env::var(key).map_err(|_| anyhow::anyhow!("{key} is not set"));
    let pool = PgPoolOptions::new()
        .max_connections(setting("TAGWIRE_DATABASE_CONNECTIONS")?.parse()?)
        .test_before_acquire(false)
        .connect(&setting("TAGWIRE_DATABASE_URL")?)
        .await?;
    let limit = Limit { pool, workspace: setting("BENCH_WORKSPACE")?.parse()?, frames: broadcast::Sender::new(1024) };
    let routes = axum::Router::new()
        .route("/q1", post(q1))
        .route("/q3", post(q3))
        .route("/q4", post(q4))
        .route("/m1", post(async |state: State<Limit>, given: Json<Tagging>| m1(M1, &state, &given).await))
        .route(
            "/m1-logged",
            post(async |state: State<Limit>, given: Json<Tagging>| m1(M1_LOGGED, &state, &given).await),
        )
        .route("/broadcast", post(tell))
        .route("/graphql", any(listen))
        .with_state(limit);
    let listener = tokio::net::TcpListener::bind(setting("TAGWIRE_LISTEN")?).await?;
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    Ok(axum::serve(listener, routes).await?)
}

async fn q1(State(limit): State<Limit>, Json(of): Json<OfTag>) -> Result<Response, Failed> {
    let rows = sqlx::query(Q1).bind(limit.workspace).bind(of.tag).fetch_all(&limit.pool).await?;
    let mut nodes: Vec<Contact> = Vec::with_capacity(51);
    let mut last = None;
    for row in &rows {
        let contact: Uuid = row.try_get(0)?;
        if last.replace(contact) != Some(contact) {
            nodes.push(Contact { id: id(3, contact), name: row.try_get(1)?, tags: Vec::new() });
        }
        let group: Option<String> = row.try_get(4)?;
        let tag = Tag { id: id(4, row.try_get(2)?), name: row.try_get(3)?, group: group.map(|name| Group { name }) };
        if let Some(node) = nodes.last_mut() {
            node.tags.push(tag);
        }
    }
    let has_next_page = nodes.len() > 50;
    nodes.truncate(50);
    Ok(data("contacts", &Contacts { nodes, page_info: PageInfo { has_next_page } }))
}

async fn q3(State(limit): State<Limit>, Json(of): Json<Search>) -> Result<Response, Failed> {
    let rows = sqlx::query(Q3).bind(limit.workspace).bind(of.search).fetch_all(&limit.pool).await?;
    let mut nodes = Vec::with_capacity(rows.len());
    for row in &rows {
        nodes.push(Counted { id: id(4, row.try_get(0)?), name: row.try_get(1)?, contact_count: row.try_get(2)? });
    }
    Ok(data("tags", &Nodes { nodes }))
}

async fn q4(State(limit): State<Limit>, Json(OfTags { tags: [a, b, c] }): Json<OfTags>) -> Result<Response, Failed> {
    let query = sqlx::query(Q4).bind(limit.workspace).bind(a).bind(b).bind(c);
    let rows = query.fetch_all(&limit.pool).await?;
    let mut found = Found { total_count: 0, nodes: Vec::with_capacity(rows.len()) };
    for row in &rows {
        found.total_count = row.try_get(2)?;
        found.nodes.push(Tagged { id: id(3, row.try_get(0)?), name: row.try_get(1)? });
    }
    Ok(data("contacts", &found))
}

async fn m1(sql: &'static str, limit: &Limit, given: &Tagging) -> Result<Response, Failed> {
    let query = sqlx::query(sql).bind(limit.workspace).bind(given.contact).bind(given.tag);
    let row: PgRow = query.fetch_one(&limit.pool).await?;
    let tags = [Tagged { id: id(4, row.try_get(0)?), name: row.try_get(1)? }];
    Ok(data("tagContacts", &TagContacts { changed_count: row.try_get(2)?, tags, user_errors: [] }))
}

async fn tell(State(limit): State<Limit>, frame: String) -> StatusCode {
    drop(limit.frames.send(frame.into()));
    StatusCode::OK
}

async fn listen(State(limit): State<Limit>, upgrade: WebSocketUpgrade) -> Response {
    let upgrade = upgrade.protocols(["graphql-transport-ws"]).read_buffer_size(4096).write_buffer_size(0);
    upgrade.on_upgrade(async move |mut socket| {
        let mut frames = limit.frames.subscribe();
        loop {
            tokio::select! {
                frame = frames.recv() => {
                    let Ok(frame) = frame else { return };
                    if socket.send(Message::Text(frame)).await.is_err() {
                        return;
                    }
                }
                heard = socket.recv() => match heard {
                    Some(Ok(Message::Text(text))) if text.contains("connection_init") => {
                        drop(socket.send(Message::text(r#"{"type":"connection_ack"}"#)).await);
                    }
                    Some(Ok(_)) => {}
                    _ => return,
                },
            }
        }
    })
}

fn data(field: &str, value: &impl Serialize) -> Response {
    let value = serde_json::to_string(value).unwrap_or_default();
    let body = format!(r#"{{"data":{{"{field}":{value}}}}}"#);
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn id(of: u8, id: Uuid) -> String {
    let mut bytes = [of; 17];
    bytes[1..].copy_from_slice(id.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}
