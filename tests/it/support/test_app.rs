//! A running Tagwire on a fresh database.

use entity::Timestamp;
use sea_orm::ConnectionTrait;
use tagwire::app::App;
use tagwire::clock::Clock;
use tagwire::config::{Config, Source};
use tagwire::users::Plan;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Company;

/// 2026-11-24 00:00 UTC, in microseconds: where the clock stands when a story begins.
pub const MORNING: Timestamp = Timestamp(1_795_478_400_000_000);

/// A running server. Its clock stands still until a story moves it.
pub struct TestApp {
    /// What the server runs on.
    pub app: App,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// Tells the server to stop.
    pub shutdown: CancellationToken,
    serving: JoinHandle<()>,
    /// Where the server keeps its files, as long as it runs.
    _folder: TempDir,
}

impl TestApp {
    /// Tells a story on SQLite, and again on PostgreSQL where `TAGWIRE_TEST_POSTGRES` names one (`postgres://USER@HOST:PORT/DATABASE`).
    pub async fn on_each_database(story: impl AsyncFn(&TestApp)) {
        Self::on_each_database_with(&[], story).await;
    }

    /// As `on_each_database`, with settings.
    pub async fn on_each_database_with(settings: &[(&str, &str)], story: impl AsyncFn(&TestApp)) {
        Self::tell(settings, || Clock::standing(MORNING), story).await;
    }

    /// As `on_each_database_with`, but time goes on by itself: for stories with mail servers, which have clocks of their own.
    pub async fn in_real_time(settings: &[(&str, &str)], story: impl AsyncFn(&TestApp)) {
        Self::tell(settings, Clock::system, story).await;
    }

    async fn tell(settings: &[(&str, &str)], clock: impl Fn() -> Clock, story: impl AsyncFn(&TestApp)) {
        let app = Self::begin("", settings, clock()).await;
        story(&app).await;
        app.stop().await;
        let Ok(server) = std::env::var("TAGWIRE_TEST_POSTGRES") else {
            eprintln!("TAGWIRE_TEST_POSTGRES is not set: this story was told on SQLite only");
            return;
        };
        let database = format!("tagwire_{:016x}", rand::random::<u64>());
        let admin = sea_orm::Database::connect(&server).await.expect("TAGWIRE_TEST_POSTGRES is there");
        admin.execute_unprepared(&format!("CREATE DATABASE {database}")).await.expect("a database of the story's own");
        let (before, _) = server.rsplit_once('/').expect("TAGWIRE_TEST_POSTGRES names a database");
        let app = Self::begin(&format!("{before}/{database}"), settings, clock()).await;
        story(&app).await;
        app.stop().await;
        admin.execute_unprepared(&format!("DROP DATABASE {database} WITH (FORCE)")).await.expect("it can go");
    }

    /// On SQLite only: for what has nothing to do with the database.
    pub async fn on_sqlite(settings: &[(&str, &str)]) -> Self {
        Self::begin("", settings, Clock::standing(MORNING)).await
    }

    async fn begin(database_url: &str, settings: &[(&str, &str)], clock: Clock) -> Self {
        if let Ok(filter) = std::env::var("TAGWIRE_TEST_LOG") {
            // Another story of this process may have begun it.
            let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let data = folder.path().display().to_string();
        let own =
            [("TAGWIRE_DATA_DIR", data.as_str()), ("TAGWIRE_PUBLIC_URL", &url), ("TAGWIRE_DATABASE_URL", database_url)];
        let set = own.iter().chain(settings).filter(|(_, value)| !value.is_empty());
        let lines: Vec<_> = set.map(|(key, value)| format!("{key} = {value:?}")).collect();
        let config = Config::read(&Source::of_toml(&lines.join("\n")).expect("settings")).expect("sound settings");
        let app = App::build(config, clock).await.expect("a database");
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(tagwire::http::serve(app.clone(), listener, shutdown.clone()));
        Self { app, url, shutdown, serving, _folder: folder }
    }

    /// A company with its first Admin, Ann.
    pub async fn workspace(&self, edition: Plan) -> Company {
        Company::begin(self, edition).await
    }

    /// Returns when the server has stopped.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.serving.await.expect("the server did not panic");
        self.app.db.close().await;
    }
}
