//! A fresh PostgreSQL database with a workspace in it: contacts, tags in 20 groups, up to 4 tags a contact (the first
//! tags far more often than the last), 20 users who are signed in.

use anyhow::{Context, bail};
use entity::WorkspaceId;
use sea_orm::{ConnectionTrait, Database, FromQueryResult, Statement};
use tagwire::access::Cx;
use tagwire::app::App;
use tagwire::clock::Clock;
use tagwire::config::{Config, Source};
use tagwire::text::EmailAddress;
use tagwire::users::{self, NewUser, NewWorkspace, Password, Plan, SignIn, SignedIn};
use uuid::Uuid;

const DATABASE: &str = "tagwire_bench";
const PASSWORD: &str = "correct horse battery";
const USERS: usize = 20;

/// In `$1` the workspace, in `$2` how many contacts, in `{tags}` how many tags.
const ROWS: &[&str] = &[
    "INSERT INTO tag_group SELECT $1, gen_random_uuid(), 'Group ' || n, 'group ' || n, '#336699', n \
     FROM generate_series(0, 19) n WHERE $2 > 0",
    "INSERT INTO tag SELECT $1, gen_random_uuid(), 'Tag ' || lpad(n::text, 4, '0'), 'tag ' || lpad(n::text, 4, '0'), \
     NULL, g.id, 0, 1, 0, NULL \
     FROM generate_series(0, {tags} - 1) n JOIN tag_group g ON g.workspace = $1 AND g.position = n % 20 WHERE $2 > 0",
    "INSERT INTO tag_name SELECT workspace, name_sort, id, name, FALSE FROM tag WHERE workspace = $1 AND $2 > 0",
    "INSERT INTO tag_key SELECT workspace, key, tag FROM tag_name WHERE workspace = $1 AND $2 > 0",
    "INSERT INTO contact SELECT $1, gen_random_uuid(), initcap(name), name, 'Company ' || n % 5000, 'company ' || n % 5000, \
     'Buyer', repeat('Called, will call again. ', 8), 1, n, n \
     FROM (SELECT n, left(md5(n::text), 6) || ' ' || left(md5('x' || n), 9) AS name FROM generate_series(1, $2) n) made",
    "INSERT INTO contact_word (workspace, contact, word) SELECT DISTINCT $1, id, word \
     FROM contact, regexp_split_to_table(name_sort || ' ' || company_sort, ' ') word WHERE workspace = $1 AND $2 > 0",
    "INSERT INTO contact_tag SELECT $1, c.id, t.id, c.name_sort, 0 \
     FROM contact c CROSS JOIN generate_series(1, 4) \
     CROSS JOIN LATERAL (SELECT floor({tags} * power(random(), 2))::int AS number WHERE c.id IS NOT NULL) drawn \
     JOIN (SELECT id, row_number() OVER (ORDER BY name_sort) - 1 AS number FROM tag WHERE workspace = $1) t USING (number) \
     WHERE c.workspace = $1 AND $2 > 0 ON CONFLICT DO NOTHING",
    "UPDATE tag SET contact_count = counted.count \
     FROM (SELECT tag, count(*) FROM contact_tag WHERE workspace = $1 GROUP BY tag) counted \
     WHERE tag.workspace = $1 AND tag.id = counted.tag AND $2 > 0",
];

/// What was filled in.
pub struct Seeded {
    /// Where.
    pub database_url: String,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Proof of each user's sign-in.
    pub tokens: Vec<String>,
    /// All tags.
    pub tags: Vec<Uuid>,
    /// All contacts.
    pub contacts: Vec<Uuid>,
}

/// Makes the database anew beside the one that `server` names (`postgres://USER@HOST:PORT/DATABASE`). Returns its address.
pub async fn database(server: &str) -> anyhow::Result<String> {
    let (before, _) = server.rsplit_once('/').context("postgres://USER@HOST:PORT/DATABASE")?;
    let admin = Database::connect(server).await?;
    admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")).await?;
    admin.execute_unprepared(&format!("CREATE DATABASE {DATABASE}")).await?;
    Ok(format!("{before}/{DATABASE}"))
}

/// A workspace with its users in an empty database.
pub async fn people(database_url: String) -> anyhow::Result<(Seeded, App)> {
    let folder = tempfile::tempdir()?;
    let settings = format!(
        "TAGWIRE_DATA_DIR = {:?}\nTAGWIRE_DATABASE_URL = {database_url:?}",
        folder.path().display().to_string()
    );
    let app = App::build(Config::read(&Source::of_toml(&settings)?)?, Clock::system()).await?;
    let new = NewWorkspace { name: "Acme".to_owned(), edition: Plan::Pro, admin: user(0)? };
    let (workspace, _) = users::create_workspace(&app.db, &app.clock, new).await?;
    let cx = Cx::of_system(workspace, app.clock.clone());
    for number in 1..USERS {
        users::create_user(&cx, &app.db, user(number)?).await?;
    }
    let mut tokens = Vec::new();
    for number in 0..USERS {
        tokens.push(sign_in(&app, number).await?);
    }
    Ok((Seeded { database_url, workspace, tokens, tags: Vec::new(), contacts: Vec::new() }, app))
}

/// Makes the database anew, with people, contacts and tags.
pub async fn seed(server: &str, contacts: i32, tags: u32) -> anyhow::Result<Seeded> {
    let (mut seeded, app) = people(database(server).await?).await?;
    let workspace = seeded.workspace;
    let conn = app.db.writer();
    let backend = app.db.backend();
    for sql in ROWS {
        let sql = sql.replace("{tags}", &tags.to_string());
        conn.execute_raw(Statement::from_sql_and_values(backend, sql, [workspace.into(), contacts.into()])).await?;
    }
    conn.execute_unprepared("VACUUM ANALYZE").await?;
    seeded.tags = ids(conn, "SELECT id FROM tag ORDER BY name_sort").await?;
    seeded.contacts = ids(conn, "SELECT id FROM contact ORDER BY id").await?;
    app.db.close().await;
    Ok(seeded)
}

async fn ids(conn: &impl ConnectionTrait, sql: &str) -> anyhow::Result<Vec<Uuid>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
    }
    let statement = Statement::from_string(conn.get_database_backend(), sql);
    Ok(Row::find_by_statement(statement).all(conn).await?.into_iter().map(|row| row.id).collect())
}

fn user(number: usize) -> anyhow::Result<NewUser> {
    Ok(NewUser {
        name: format!("User {number}"),
        email: EmailAddress::parse(&email(number))?,
        password: Password::parse(PASSWORD.to_owned())?,
        rights: [].into_iter().collect(),
    })
}

fn email(number: usize) -> String {
    format!("user{number}@acme.test")
}

async fn sign_in(app: &App, number: usize) -> anyhow::Result<String> {
    let given = SignIn {
        email: email(number),
        password: Password::given(PASSWORD.to_owned()),
        workspace: None,
        peer: None,
        user_agent: None,
    };
    match users::sign_in(&app.db, &app.clock, given).await? {
        SignedIn::Session { token, .. } => Ok(token),
        SignedIn::Choose(_) => bail!("a user of one workspace has several"),
    }
}
