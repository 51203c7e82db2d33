//! Settings: from the environment, or under the same keys in `tagwire.toml`; the environment wins.
//!
//! Owns every key, its default, and the sentence that names a wrong one. README's table is of these.

mod discovery;
mod source;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use discovery::Discovery;
pub use source::{SettingError, Source};

use crate::feed::Retention;
use crate::post::{NotSettings, Smtp};

/// All settings of a node.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the server listens. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// How people reach it: scheme, host and port, without a path.
    pub public_url: String,
    /// Folder of the database, blobs and key, where those are not set otherwise.
    pub data_dir: PathBuf,
    /// `sqlite://PATH` or `postgres://…`.
    pub database_url: String,
    /// Database connections for reading (SQLite) or in all (PostgreSQL).
    pub database_connections: u32,
    /// The key that encrypts other secrets.
    pub secret_key_file: PathBuf,
    /// `host:port` pairs that may be reached although they are not public.
    pub allowed_private_hosts: Vec<String>,
    /// Where mail servers are looked for.
    pub discovery: Discovery,
    /// Certificate authorities beside the public ones, as a PEM file.
    pub ca_file: Option<PathBuf>,
    /// Origins whose browsers may ask: the public URL's and those set.
    pub allowed_origins: Vec<String>,
    /// How long changes are kept.
    pub retention: Retention,
    /// Whether `/graphiql` is served.
    pub graphiql: bool,
    /// Who may introspect.
    pub introspection: Introspection,
    /// What a request may cost.
    pub limits: Limits,
    /// Filter of the log, as `tracing_subscriber::EnvFilter` reads it.
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Who helps when nothing else does.
    pub support_contact: Option<String>,
    /// The mail server that takes Tagwire's own letters. Without one they wait.
    pub smtp: Option<Smtp>,
}

/// Who may introspect. The schema is public, the data is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Introspection {
    /// Everyone.
    Everyone,
    /// Those who signed in.
    SignedIn,
    /// Nobody.
    Off,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What a request may cost. The defaults leave room for the standard introspection query (depth 15) and real screens.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Bytes of a request that brings a file.
    pub upload_bytes: usize,
    /// Bytes of a document.
    pub query_bytes: usize,
    /// Levels of nested fields.
    pub depth: usize,
    /// Cost of all fields, a list's times its page size.
    pub complexity: usize,
    /// Fields after fragments are spread.
    pub selections: usize,
    /// Aliases in a document.
    pub aliases: usize,
    /// Fields of the operation itself.
    pub root_fields: usize,
    /// Directives in a document.
    pub directives: usize,
    /// Operations running at once on one websocket.
    pub socket_operations: usize,
    /// Bytes of one websocket message from a client.
    pub socket_message_bytes: usize,
    /// Websockets of one node.
    pub sockets: usize,
    /// How long a query or mutation may take.
    pub request_time: Duration,
}

impl Config {
    /// Reads the environment and `tagwire.toml` of the working directory.
    ///
    /// # Errors
    /// Names the key and what was expected.
    pub fn load() -> Result<Self, SettingError> {
        Self::read(&Source::of_process()?)
    }

    /// Reads given settings.
    ///
    /// # Errors
    /// Names the key and what was expected.
    pub fn read(source: &Source) -> Result<Self, SettingError> {
        let data_dir = PathBuf::from(source.text("TAGWIRE_DATA_DIR").unwrap_or_else(|| "./data".to_owned()));
        let public_url = origin(source, "TAGWIRE_PUBLIC_URL")?.unwrap_or_else(|| "http://127.0.0.1:8080".to_owned());
        let mut allowed_origins = vec![public_url.clone()];
        for entry in source.list("TAGWIRE_ALLOWED_ORIGINS") {
            allowed_origins.push(as_origin(&entry).ok_or_else(|| {
                SettingError::new(
                    "TAGWIRE_ALLOWED_ORIGINS",
                    &entry,
                    "origins such as https://crm.example, separated by commas",
                )
            })?);
        }
        let allowed_private_hosts = source.list("TAGWIRE_ALLOWED_PRIVATE_HOSTS");
        for entry in &allowed_private_hosts {
            if entry.rsplit_once(':').is_none_or(|(host, port)| host.is_empty() || port.parse::<u16>().is_err()) {
                let expected = "host:port pairs such as mail.intern:993, separated by commas";
                return Err(SettingError::new("TAGWIRE_ALLOWED_PRIVATE_HOSTS", entry, expected));
            }
        }
        let database_url = source
            .text("TAGWIRE_DATABASE_URL")
            .unwrap_or_else(|| format!("sqlite://{}", data_dir.join("tagwire.sqlite").display()));
        if !["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| database_url.starts_with(scheme)) {
            // Not shown: it may hold a password.
            return Err(SettingError::new(
                "TAGWIRE_DATABASE_URL",
                "…",
                "sqlite://PATH or postgres://user:password@host/database",
            ));
        }
        let ca_file = source.text("TAGWIRE_CA_FILE").map(PathBuf::from);
        if let Some(file) = ca_file.as_ref().filter(|file| !file.is_file()) {
            return Err(SettingError::new("TAGWIRE_CA_FILE", &file.display().to_string(), "a PEM file that exists"));
        }
        Ok(Self {
            listen: source.parsed(
                "TAGWIRE_LISTEN",
                SocketAddr::from(([127, 0, 0, 1], 8080)),
                "address:port, such as 127.0.0.1:8080",
            )?,
            public_url,
            database_url,
            database_connections: source.number("TAGWIRE_DATABASE_CONNECTIONS", 8, 1..=200)?,
            secret_key_file: source
                .text("TAGWIRE_SECRET_KEY_FILE")
                .map_or_else(|| data_dir.join("secret.key"), PathBuf::from),
            data_dir,
            allowed_private_hosts,
            discovery: Discovery::read(source)?,
            ca_file,
            allowed_origins,
            retention: Retention {
                age: Duration::from_secs(24 * 60 * 60 * source.number("TAGWIRE_CHANGE_RETENTION_DAYS", 7, 1..=3650)?),
                count: source.number("TAGWIRE_CHANGE_RETENTION_EVENTS", 5_000_000, 1..=i64::MAX)?,
            },
            graphiql: source.choice("TAGWIRE_GRAPHIQL", true, &[("on", true), ("off", false)])?,
            introspection: source.choice(
                "TAGWIRE_INTROSPECTION",
                Introspection::Everyone,
                &[
                    ("everyone", Introspection::Everyone),
                    ("signed-in", Introspection::SignedIn),
                    ("off", Introspection::Off),
                ],
            )?,
            limits: Limits::read(source)?,
            log: source.text("TAGWIRE_LOG").unwrap_or_else(|| "info".to_owned()),
            log_format: source.choice(
                "TAGWIRE_LOG_FORMAT",
                LogFormat::Text,
                &[("text", LogFormat::Text), ("json", LogFormat::Json)],
            )?,
            support_contact: source.text("TAGWIRE_SUPPORT_CONTACT"),
            smtp: smtp(source)?,
        })
    }
}

impl Limits {
    fn read(source: &Source) -> Result<Self, SettingError> {
        Ok(Self {
            body_bytes: source.number("TAGWIRE_LIMIT_BODY_BYTES", 1 << 20, 1024..=1 << 30)?,
            upload_bytes: source.number("TAGWIRE_LIMIT_UPLOAD_BYTES", 64 << 20, 1024..=16 << 30)?,
            query_bytes: source.number("TAGWIRE_LIMIT_QUERY_BYTES", 64 << 10, 256..=16 << 20)?,
            depth: source.number("TAGWIRE_LIMIT_DEPTH", 20, 1..=64)?,
            complexity: source.number("TAGWIRE_LIMIT_COMPLEXITY", 20_000, 1..=100_000_000)?,
            selections: source.number("TAGWIRE_LIMIT_SELECTIONS", 5_000, 1..=1_000_000)?,
            aliases: source.number("TAGWIRE_LIMIT_ALIASES", 50, 0..=100_000)?,
            root_fields: source.number("TAGWIRE_LIMIT_ROOT_FIELDS", 20, 1..=10_000)?,
            directives: source.number("TAGWIRE_LIMIT_DIRECTIVES", 20, 0..=10_000)?,
            socket_operations: source.number("TAGWIRE_LIMIT_SOCKET_OPERATIONS", 100, 1..=10_000)?,
            socket_message_bytes: source.number("TAGWIRE_LIMIT_SOCKET_MESSAGE_BYTES", 256 << 10, 1024..=64 << 20)?,
            sockets: source.number("TAGWIRE_LIMIT_SOCKETS", 50_000, 1..=10_000_000)?,
            request_time: Duration::from_secs(source.number("TAGWIRE_LIMIT_REQUEST_SECONDS", 30, 1..=3600)?),
        })
    }
}

/// Scheme, host and port as a browser sends them in `Origin` (RFC 6454); none for anything more or less.
fn as_origin(url: &str) -> Option<String> {
    let url = url.strip_suffix('/').unwrap_or(url);
    let (scheme, host) = url.split_once("://")?;
    let sound = matches!(scheme, "http" | "https") && !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']);
    sound.then(|| url.to_ascii_lowercase())
}

/// The mail server, and who sends.
fn smtp(source: &Source) -> Result<Option<Smtp>, SettingError> {
    let Some(url) = source.text("TAGWIRE_SMTP_URL") else { return Ok(None) };
    let from = source.text("TAGWIRE_MAIL_FROM").unwrap_or_default();
    Smtp::parse(url, &from).map(Some).map_err(|wrong| match wrong {
        // Not shown: it may hold a password.
        NotSettings::Url => SettingError::new(
            "TAGWIRE_SMTP_URL",
            "…",
            "smtps://user:password@host:port, or smtp://… with ?tls=required where the server takes STARTTLS",
        ),
        NotSettings::From => {
            SettingError::new("TAGWIRE_MAIL_FROM", &from, "the sender of mail, such as Acme <crm@acme.example>")
        }
    })
}

fn origin(source: &Source, key: &'static str) -> Result<Option<String>, SettingError> {
    source
        .text(key)
        .map(|url| {
            as_origin(&url)
                .ok_or_else(|| SettingError::new(key, &url, "scheme, host and port, such as https://crm.example"))
        })
        .transpose()
}
