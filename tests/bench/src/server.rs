//! The servers under measure, as processes of their own.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, ensure};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::seed::Seeded;

/// Database connections of each server.
pub const POOL: &str = "8";

/// How long a server may take to start.
const START: Duration = Duration::from_secs(20);

/// Linux counts processor time in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// A running server. It ends with this.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
    _folder: TempDir,
}

impl Server {
    /// Tagwire, built beside this program.
    pub async fn tagwire(seeded: &Seeded) -> anyhow::Result<Self> {
        Self::tagwire_with(seeded, &[]).await
    }

    /// The same, with settings.
    pub async fn tagwire_with(seeded: &Seeded, settings: &[(&str, String)]) -> anyhow::Result<Self> {
        Self::start("tagwire", &["serve"], seeded, settings).await
    }

    /// The limit.
    pub async fn limit(seeded: &Seeded) -> anyhow::Result<Self> {
        Self::start("limit", &[], seeded, &[]).await
    }

    async fn start(
        name: &str,
        arguments: &[&str],
        seeded: &Seeded,
        settings: &[(&str, String)],
    ) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?.with_file_name(name);
        ensure!(program.is_file(), "{} is not there: cargo build --release -p tagwire -p bench", program.display());
        let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
        let folder = tempfile::tempdir()?;
        let child = Command::new(program)
            .args(arguments)
            .current_dir(folder.path())
            .env("TAGWIRE_LISTEN", address.to_string())
            .env("TAGWIRE_PUBLIC_URL", format!("http://{address}"))
            .env("TAGWIRE_DATA_DIR", folder.path())
            .env("TAGWIRE_DATABASE_URL", &seeded.database_url)
            .env("TAGWIRE_DATABASE_CONNECTIONS", POOL)
            .env("TAGWIRE_LOG", "warn")
            .env("BENCH_WORKSPACE", seeded.workspace.to_string())
            .envs(settings.iter().map(|(key, value)| (*key, value)))
            .kill_on_drop(true)
            .spawn()?;
        let deadline = Instant::now() + START;
        while TcpStream::connect(address).await.is_err() {
            ensure!(Instant::now() < deadline, "{name} does not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(Self { address, child, _folder: folder })
    }

    /// Resident memory in KiB.
    pub fn memory(&self) -> anyhow::Result<u64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse()?)
    }

    /// Processor time used so far, by all of its threads.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = self.proc("stat")?;
        // proc(5): fields 14 and 15, counted from behind the name, which may hold anything.
        let (_, behind) = stat.rsplit_once(')').context("a name")?;
        let ticks: Vec<u32> = behind.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
        Ok(ticks.into_iter().sum::<u32>() * TICK)
    }

    /// Its process.
    pub fn pid(&self) -> anyhow::Result<u32> {
        self.child.id().context("the server has ended")
    }

    fn proc(&self, file: &str) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(format!("/proc/{}/{file}", self.pid()?))?)
    }
}
