//! A private Dovecot with one mailbox, in a folder of its own under the system's temporary one.
//!
//! Owns its settings, its life and the delivery of mail. As root its processes become the user `dovecot`; otherwise they are ours. It
//! ends when this process does, however that comes: a shell waits at the other end of a pipe, stops it and removes the folder.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, sleep, timeout};

/// The mailbox's address, which is also the name to sign in with.
pub const ADDRESS: &str = "ann@demo.example";

/// Its password. Everybody may know it: the server listens on loopback and holds made-up mail.
pub const PASSWORD: &str = "demo mailbox";

const SETTINGS: &str = include_str!("dovecot.conf");

/// Runs Dovecot until standard input ends.
const KEEPER: &str = r#"trap '' INT HUP; "$1" -F -c "$2/dovecot.conf" </dev/null >/dev/null 2>&1 & server=$!
cat >/dev/null; kill "$server" 2>/dev/null; wait "$server"; rm -rf "$2""#;

/// How long it may take to start, and to stop.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running Dovecot.
pub struct Dovecot {
    folder: PathBuf,
    port: u16,
    owner: Option<(u32, u32)>,
    delivered: u64,
    keeper: Child,
    alive: Option<ChildStdin>,
}

impl Dovecot {
    /// A port for it: the one it had before, if that is still free.
    pub fn choose_port(before: Option<u16>) -> io::Result<u16> {
        let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).and_then(|listener| listener.local_addr());
        before.and_then(|port| free(port).ok()).map_or_else(|| free(0), Ok).map(|address| address.port())
    }

    /// Starts it with an empty mailbox; returns when it greets.
    pub async fn start(port: u16) -> anyhow::Result<Self> {
        let binary = binary().await?;
        let root = id(&["-u"]).await? == "0";
        let (user, group, login) = if root {
            ("dovecot".to_owned(), "dovecot".to_owned(), "dovenull".to_owned())
        } else {
            (id(&["-un"]).await?, id(&["-gn"]).await?, id(&["-un"]).await?)
        };
        let owner = if root {
            Some((id(&["-u", "dovecot"]).await?.parse()?, id(&["-g", "dovecot"]).await?.parse()?))
        } else {
            None
        };
        // Short, since paths of sockets are at most 107 bytes long.
        let folder = std::env::temp_dir().join(format!("tagwire-demo-{:08x}", rand::random::<u32>()));
        fs::DirBuilder::new()
            .mode(0o755)
            .create(&folder)
            .with_context(|| format!("Cannot make {}", folder.display()))?;
        let settings = SETTINGS
            .replace("DIR", &folder.display().to_string())
            .replace("RUN_USER", &user)
            .replace("RUN_GROUP", &group)
            .replace("LOGIN_USER", &login)
            .replace("IMAP_PORT", &port.to_string());
        fs::write(folder.join("dovecot.conf"), settings)?;
        fs::write(folder.join("passwords"), format!("{ADDRESS}:{{PLAIN}}{PASSWORD}\n"))?;
        for path in ["mail", "mail/Maildir", "mail/Maildir/tmp", "mail/Maildir/new", "mail/Maildir/cur"] {
            let path = folder.join(path);
            fs::create_dir(&path)?;
            give(&path, owner)?;
        }
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(binary)
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C is for us; we stop it in our order.
            .process_group(0)
            .spawn()
            .context("Cannot start a shell")?;
        let alive = keeper.stdin.take();
        let server = Self { folder, port, owner, delivered: 0, keeper, alive };
        let end = Instant::now() + PATIENCE;
        while !server.greets().await {
            if Instant::now() > end {
                let log = fs::read_to_string(server.folder.join("dovecot.log")).unwrap_or_default();
                bail!("Dovecot does not start. It says:\n{log}");
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(server)
    }

    /// Where it listens: plain IMAP on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Puts a mail into the inbox that was received at `seconds` since 1970.
    pub fn deliver(&mut self, mail: &str, seconds: i64) -> io::Result<()> {
        self.delivered += 1;
        let inbox = self.folder.join("mail/Maildir");
        let name = format!("{seconds}.M{:06}P{}.demo,S={}", self.delivered, std::process::id(), mail.len());
        let unfinished = inbox.join("tmp").join(&name);
        fs::write(&unfinished, mail)?;
        let received = UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        fs::File::options().write(true).open(&unfinished)?.set_modified(received)?;
        give(&unfinished, self.owner)?;
        fs::rename(unfinished, inbox.join("new").join(name))
    }

    /// Stops it and removes what it left.
    pub async fn stop(mut self) {
        drop(self.alive.take());
        if timeout(PATIENCE, self.keeper.wait()).await.is_err() {
            tracing::warn!(folder = %self.folder.display(), "Dovecot does not stop");
        }
    }

    /// A server whose processes cannot start accepts connections but greets nobody.
    async fn greets(&self) -> bool {
        let greeting = async {
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await?;
            let mut line = String::new();
            BufReader::new(stream).read_line(&mut line).await?;
            io::Result::Ok(line)
        };
        matches!(timeout(Duration::from_millis(500), greeting).await, Ok(Ok(line)) if line.starts_with("* OK"))
    }
}

fn give(path: &Path, owner: Option<(u32, u32)>) -> io::Result<()> {
    owner.map_or(Ok(()), |(user, group)| chown(path, Some(user), Some(group)))
}

/// The program; Debian keeps it out of an ordinary user's PATH.
async fn binary() -> anyhow::Result<&'static str> {
    let installed = "/usr/sbin/dovecot";
    let binary = if Path::new(installed).exists() { installed } else { "dovecot" };
    let missing = "Dovecot 2.3 is missing (Debian: dovecot-imapd); ./demo installs it";
    let output = Command::new(binary).arg("--version").output().await.context(missing)?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    ensure!(version.starts_with("2.3."), "{missing}. Here is version {version}, whose settings differ");
    Ok(binary)
}

/// What `id` says.
async fn id(arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("id").args(arguments).output().await.context("Cannot run id")?;
    ensure!(output.status.success(), "id {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
