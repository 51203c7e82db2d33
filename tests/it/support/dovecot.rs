//! A private Dovecot: a real IMAP server for one test, stopped when dropped.
//! Works as root (its processes drop to the `dovecot` user) and as any other user.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

/// Two users with their passwords.
pub const ALICE: (&str, &str) = ("alice@crm.test", "alice's \"app\" \\ password");
pub const BOB: (&str, &str) = ("bob@crm.test", "bób-passwörd");

const CONFIG: &str = include_str!("dovecot.conf");
const PATIENCE: Duration = Duration::from_secs(20);
static DELIVERED: AtomicU64 = AtomicU64::new(0);

pub struct Dovecot {
    dir: TempDir,
    owner: Option<(u32, u32)>,
    plain_port: u16,
    tls_port: u16,
    master: Option<Child>,
}

impl Dovecot {
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// Starts it with more settings, such as `imap_capability = …` to announce less.
    pub fn start_with(extra: &str) -> Self {
        let dir = tempfile::Builder::new().prefix("dove").tempdir_in("/tmp").unwrap();
        let id = |args: &[&str]| {
            let output = Command::new("id").args(args).output().unwrap();
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        let root = id(&["-u"]) == "0";
        let (user, group, login) = if root {
            ("dovecot".to_owned(), "dovecot".to_owned(), "dovenull".to_owned())
        } else {
            (id(&["-un"]), id(&["-gn"]), id(&["-un"]))
        };
        let owner = root.then(|| (id(&["-u", "dovecot"]).parse().unwrap(), id(&["-g", "dovecot"]).parse().unwrap()));
        let ports = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [plain_port, tls_port] = ports.map(|listener| listener.local_addr().unwrap().port());
        let mut server = Self { dir, owner, plain_port, tls_port, master: None };

        fs::set_permissions(server.dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        server.make_folder(&server.dir.path().join("mail"));
        write_certificates(server.dir.path());
        let passwords = [ALICE, BOB].map(|(user, password)| format!("{user}:{{PLAIN}}{password}\n")).concat();
        fs::write(server.dir.path().join("passwords"), passwords).unwrap();
        let config = CONFIG
            .replace("DIR", server.dir.path().to_str().unwrap())
            .replace("RUN_USER", &user)
            .replace("RUN_GROUP", &group)
            .replace("LOGIN_USER", &login)
            .replace("IMAP_PORT", &plain_port.to_string())
            .replace("IMAPS_PORT", &tls_port.to_string())
            .replace("EXTRA", extra);
        fs::write(server.config(), config).unwrap();
        server.resume();
        server
    }

    /// Plain port, which offers STARTTLS.
    pub fn imap_port(&self) -> u16 {
        self.plain_port
    }

    /// TLS port. The certificate is valid for `localhost`, `imap.firma.test` and `mail.firma.test`.
    pub fn imaps_port(&self) -> u16 {
        self.tls_port
    }

    /// The authority that signed the certificate, in PEM.
    pub fn ca_file(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    /// What the server logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("dovecot.log")).unwrap_or_default()
    }

    /// Ends all connections; the ports stay its own.
    pub fn stop(&mut self) {
        let Some(mut master) = self.master.take() else { return };
        signal("-TERM", &master.id().to_string());
        let end = Instant::now() + PATIENCE;
        while master.try_wait().unwrap().is_none() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(10));
        }
        // Processes that still serve a connection outlive the master for a moment.
        signal("-KILL", &format!("-{}", master.id()));
        master.wait().unwrap();
    }

    /// Starts it again after `stop`; returns when it greets.
    pub fn resume(&mut self) {
        let server = Command::new(dovecot_binary())
            .arg("-F")
            .arg("-c")
            .arg(self.config())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("Dovecot 2.3 is installed (Debian: dovecot-imapd)");
        self.master = Some(server);
        let end = Instant::now() + PATIENCE;
        while !greets(self.plain_port) {
            assert!(Instant::now() < end, "Dovecot does not start:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Puts a message into a folder, as a delivery does. The folder must exist, but for INBOX.
    pub fn deliver(&self, user: &str, folder: &str, message: &[u8]) {
        self.deliver_all(user, folder, std::iter::once(message.to_vec()));
    }

    /// Puts many messages into a folder, in order; fast enough for tens of thousands.
    pub fn deliver_all(&self, user: &str, folder: &str, messages: impl IntoIterator<Item = Vec<u8>>) {
        let path = self.folder_path(user, folder);
        for part in ["tmp", "new", "cur"] {
            self.make_folder(&path.join(part));
        }
        for message in messages {
            put(&path, &message, None);
        }
    }

    /// As `deliver`, at a time of the past, in seconds since 1970: a maildir's file tells it.
    pub fn deliver_at(&self, user: &str, folder: &str, message: &[u8], at: u64) {
        let path = self.folder_path(user, folder);
        for part in ["tmp", "new", "cur"] {
            self.make_folder(&path.join(part));
        }
        put(&path, message, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(at)));
    }

    pub fn create_folder(&self, user: &str, folder: &str) {
        self.doveadm(&["mailbox", "create", "-u", user, folder]);
    }

    pub fn delete_folder(&self, user: &str, folder: &str) {
        self.doveadm(&["mailbox", "delete", "-u", user, folder]);
    }

    pub fn add_flag(&self, user: &str, folder: &str, uid: u32, flag: &str) {
        self.doveadm(&["flags", "add", "-u", user, flag, "mailbox", folder, "uid", &uid.to_string()]);
    }

    pub fn remove_flag(&self, user: &str, folder: &str, uid: u32, flag: &str) {
        self.doveadm(&["flags", "remove", "-u", user, flag, "mailbox", folder, "uid", &uid.to_string()]);
    }

    pub fn move_message(&self, user: &str, from: &str, uid: u32, to: &str) {
        self.doveadm(&["move", "-u", user, to, "mailbox", from, "uid", &uid.to_string()]);
    }

    pub fn expunge(&self, user: &str, folder: &str, uid: u32) {
        self.doveadm(&["expunge", "-u", user, "mailbox", folder, "uid", &uid.to_string()]);
    }

    /// Makes the server forget all UIDs of a folder: it comes back with another UIDVALIDITY. Restarts the server.
    pub fn reset_uid_validity(&mut self, user: &str, folder: &str) {
        self.stop();
        for entry in fs::read_dir(self.folder_path(user, folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if name == "dovecot-uidlist" || name.starts_with("dovecot.index") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        self.resume();
    }

    /// Runs `doveadm` on this instance; its output.
    pub fn doveadm(&self, args: &[&str]) -> String {
        let output: Output = Command::new("doveadm").arg("-c").arg(self.config()).args(args).output().unwrap();
        assert!(output.status.success(), "doveadm {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn config(&self) -> PathBuf {
        self.dir.path().join("dovecot.conf")
    }

    fn folder_path(&self, user: &str, folder: &str) -> PathBuf {
        let inbox = self.dir.path().join("mail").join(user).join("Maildir");
        self.make_folder(&inbox);
        if folder.eq_ignore_ascii_case("INBOX") { inbox } else { inbox.join(folder) }
    }

    /// Makes a folder with its parents inside the instance, owned by the server.
    fn make_folder(&self, path: &Path) {
        if path.exists() || !path.starts_with(self.dir.path()) {
            return;
        }
        if let Some(parent) = path.parent() {
            self.make_folder(parent);
        }
        fs::create_dir(path).unwrap();
        if let Some((user, group)) = self.owner {
            chown(path, Some(user), Some(group)).unwrap();
        }
    }
}

impl Drop for Dovecot {
    /// At once: an orderly end takes Dovecot a second.
    fn drop(&mut self) {
        if let Some(mut master) = self.master.take() {
            signal("-KILL", &format!("-{}", master.id()));
            let _ended = master.wait();
        }
    }
}

/// Sends a signal to a process, or with a minus before it to its group.
fn signal(signal: &str, target: &str) {
    let _sent = Command::new("kill").args([signal, "--", target]).output();
}

fn dovecot_binary() -> &'static str {
    if Path::new("/usr/sbin/dovecot").exists() { "/usr/sbin/dovecot" } else { "dovecot" }
}

/// A server whose helpers cannot start accepts connections but greets nobody.
fn greets(port: u16) -> bool {
    let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).is_ok() && line.starts_with("* OK")
}

fn write_certificates(dir: &Path) {
    let mut authority = CertificateParams::new(Vec::<String>::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = ["localhost", "imap.firma.test", "mail.firma.test"].map(str::to_owned).to_vec();
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
    fs::write(dir.join("ca.pem"), authority.pem()).unwrap();
    fs::write(dir.join("cert.pem"), certificate.pem()).unwrap();
    fs::write(dir.join("key.pem"), key.serialize_pem()).unwrap();
}

fn put(path: &Path, message: &[u8], at: Option<SystemTime>) {
    let number = DELIVERED.fetch_add(1, Ordering::Relaxed);
    let size = message.len();
    let name = format!("{}.M{number:08}P{}.test,S={size}", 1_700_000_000 + number, std::process::id());
    fs::write(path.join("tmp").join(&name), message).unwrap();
    if let Some(at) = at {
        fs::File::options().write(true).open(path.join("tmp").join(&name)).unwrap().set_modified(at).unwrap();
    }
    fs::rename(path.join("tmp").join(&name), path.join("new").join(&name)).unwrap();
}
