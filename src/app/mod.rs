//! Builds everything once. The only place that knows concrete types.

mod work;

use std::sync::Arc;

pub use work::Work;

use crate::blobs::{BlobError, Blobs};
use crate::clock::Clock;
use crate::config::Config;
use crate::contacts::Numbering;
use crate::db::{self, Db, Fault};
use crate::feed::Feed;
use crate::imports;
use crate::invitations;
use crate::mail_accounts::StopWithOwner;
use crate::mail_discovery::Discovery;
use crate::mail_sync::{Deps, Supervisor, TlsSetupError};
use crate::messages::{self, Contents, blocks};
use crate::post::{Post, PostError};
use crate::secrets::{SecretError, Secrets};
use crate::tags;
use crate::users::{self, Leaving, LiveSessions};

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
    /// The sync of mailboxes.
    pub mail_sync: Supervisor,
    /// Looks for the mail servers of addresses.
    pub discovery: Arc<Discovery>,
    /// Reads what is in messages, files too.
    pub contents: Contents,
    /// What goes on behind answered requests.
    pub work: Work,
    /// Imports of files, which may take long. Those of one node bear its name.
    pub importing: Work,
    /// This node's name, another each time it starts.
    pub node: uuid::Uuid,
    /// Seals what is handed out to be brought back.
    pub secrets: Arc<Secrets>,
    /// Numbers of contacts, for live lists of them.
    pub numbering: Numbering,
    /// Letters that Tagwire itself sends.
    pub post: Post,
    /// What stops with users who are disabled.
    pub leaving: Arc<dyn Leaving>,
}

/// A node cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The data folder cannot be made.
    #[error("the folder {0} cannot be made: {1}")]
    Folder(std::path::PathBuf, std::io::Error),
    /// The database refuses.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The folder of blobs cannot be used.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The key that encrypts secrets cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The certificate authorities cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsSetupError),
    /// The mail server's settings cannot be used.
    #[error(transparent)]
    Post(#[from] PostError),
}

impl App {
    /// Connects to the database, brings its schema up to date, and wires the parts together.
    pub async fn build(config: Config, clock: Clock) -> Result<Self, BuildError> {
        let folder = &config.data_dir;
        std::fs::create_dir_all(folder).map_err(|error| BuildError::Folder(folder.clone(), error))?;
        let db = Db::open(&config.database_url, config.database_connections).await?;
        db.migrate().await?;
        messages::threads::thread_rest(&db, &clock).await?;
        let feed = Feed::new(db.clone());
        let sessions = LiveSessions::new(db.clone(), clock.clone(), feed.clone());
        feed.set_observer(Box::new(sessions.clone()));
        let blobs = Blobs::local(&config.data_dir.join("blobs"))?;
        let secrets = Secrets::open_or_create(&config.secret_key_file)?;
        let sealing = Arc::new(Secrets::open_or_create(&config.secret_key_file)?);
        let deps = Deps::new(&config, db.clone(), clock.clone(), secrets, blobs.clone())?;
        let leaving: Arc<dyn Leaving> = Arc::new(StopWithOwner(deps.signals.clone()));
        let discovery =
            Discovery::new(config.discovery.clone(), clock.clone(), deps.allowed_hosts().clone(), deps.tls());
        let discovery = Arc::new(discovery);
        let (mail_sync, contents) = (Supervisor::new(deps), Contents::new(blobs, &config.data_dir));
        let (work, importing, node) = (Work::default(), Work::new(IMPORTS), clock.new_id());
        let (smtp, ca_file) = (config.smtp.as_ref(), config.ca_file.as_deref());
        let post = Post::new(db.clone(), clock.clone(), Arc::clone(&sealing), smtp, ca_file)?;
        let config = Arc::new(config);
        let numbering = Numbering::default();
        Ok(Self {
            config,
            clock,
            db,
            feed,
            sessions,
            mail_sync,
            discovery,
            contents,
            work,
            importing,
            node,
            secrets: sealing,
            numbering,
            post,
            leaving,
        })
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
        // SQLite is one node's own: whoever held leases there is gone.
        let alone = self.db.is_embedded();
        let cleanup = tags::Cleanup::run(&self.db, &self.clock);
        let imports = Box::pin(imports::run_sweep(&self.db, &self.clock, self.node));
        let blocks = Box::pin(blocks::run_sweep(&self.db, &self.clock));
        let index = Box::pin(messages::index_backlog(&self.db, &self.clock, &self.contents));
        let mail_sync = Box::pin(self.mail_sync.run(alone));
        let statistics = db::keep_statistics(&self.db, &self.clock);
        let (post, invitations) = (Box::pin(self.post.run()), Box::pin(invitations::run_sweep(&self.db, &self.clock)));
        let departures = Box::pin(users::run_departures(&self.db, &self.clock, self.leaving.as_ref()));
        let people = async { tokio::join!(post, invitations, departures) };
        tokio::join!(self.feed.run(), mail_sync, cleanup, imports, blocks, index, statistics, retention, sweep, people);
    }

    /// Lets go of what others may take over. To be called when `run` has been dropped.
    pub async fn end(&self) {
        if let Err(error) = imports::fail(&self.db, &self.clock, imports::Abandoned::Of(self.node)).await {
            tracing::warn!(%error, "Imports could not be ended; they will be found abandoned");
        }
        if let Err(error) = self.mail_sync.release().await {
            tracing::warn!(%error, "Leases of mailboxes could not be given back; they end by themselves in 45 seconds");
        }
    }
}

/// Imports at work at once on one node, each by another user.
const IMPORTS: usize = 100;

/// How often ended sessions are removed. They are refused from their end on; this only frees the space.
const SWEEP: std::time::Duration = std::time::Duration::from_secs(10 * 60);
