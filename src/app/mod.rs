//! Builds everything once. The only place that knows concrete types.

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::Config;
use crate::db::{Db, Fault};
use crate::feed::Feed;
use crate::users::{self, LiveSessions};

/// A node: its settings, its database, and what runs on them.
#[derive(Clone)]
pub struct App {
    /// Settings.
    pub config: Arc<Config>,
    /// Time and new ids.
    pub clock: Clock,
    /// The database.
    pub db: Db,
    /// Changes, live.
    pub feed: Feed,
    /// Sessions that hold sockets.
    pub sessions: LiveSessions,
}

impl App {
    /// Connects to the database, brings its schema up to date, and wires the parts together.
    pub async fn build(config: Config, clock: Clock) -> Result<Self, Fault> {
        let db = Db::open(&config.database_url, config.database_connections).await?;
        db.migrate().await?;
        let feed = Feed::new(db.clone());
        let sessions = LiveSessions::new(db.clone(), clock.clone(), feed.clone());
        feed.set_observer(Box::new(sessions.clone()));
        Ok(Self { config: Arc::new(config), clock, db, feed, sessions })
    }

    /// Runs what goes on in the background, until dropped.
    pub async fn run(&self) {
        let retention = self.config.retention.run(&self.db, &self.clock, || users::workspaces(&self.db));
        let sweep = async {
            loop {
                self.clock.sleep(SWEEP).await;
                if let Err(error) = self.sessions.sweep().await {
                    tracing::warn!(%error, "Could not remove ended sessions");
                }
            }
        };
        tokio::join!(self.feed.run(), retention, sweep);
    }
}

/// How often ended sessions are removed. They are refused from their end on; this only frees the space.
const SWEEP: std::time::Duration = std::time::Duration::from_secs(10 * 60);
