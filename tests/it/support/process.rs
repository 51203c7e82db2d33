//! Tagwire as a process of its own, which can be killed.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::people::{PASSWORD, Person};

/// `tagwire serve` on the data of a folder; killed when dropped.
pub struct Process {
    /// `http://127.0.0.1:PORT`; another one at each start.
    pub url: String,
    child: Child,
    log: Arc<Mutex<String>>,
}

impl Process {
    /// Starts it; returns when it listens.
    pub fn start(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let mut serve = tagwire(folder);
        serve.arg("serve").envs(settings.iter().copied()).stderr(Stdio::piped());
        let mut child = serve.spawn().expect("tagwire starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its log")).lines().map_while(Result::ok);
        let log = Arc::new(Mutex::new(String::new()));
        let listening = lines.by_ref().find(|line| line.contains("Listening on")).expect("it says where it listens");
        let url = listening.split_whitespace().find(|word| word.starts_with("http://")).expect("an address");
        let url = url.trim_end_matches(',').to_owned();
        let kept = Arc::clone(&log);
        // Read to the end, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(|line| *kept.lock().unwrap() += &(line + "\n")));
        Self { url, child, log }
    }

    /// What it said since it listens.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it ran").is_some()
    }

    /// Makes a workspace on the data of a folder; its first Admin, signed in here.
    pub async fn workspace(&self, folder: &Path) -> Person {
        self.workspace_with(folder, &[]).await
    }

    /// As `workspace`, with settings.
    pub async fn workspace_with(&self, folder: &Path, settings: &[(&str, &str)]) -> Person {
        let email = "ann@acme.test";
        let mut create = tagwire(folder);
        create.envs(settings.iter().copied());
        create.args(["create-workspace", "--name", "Acme", "--admin-name", "Ann", "--admin-email", email, "--json"]);
        let mut child = create.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("tagwire starts");
        child.stdin.take().expect("its input").write_all(PASSWORD.as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("tagwire ends");
        let ids: Value = serde_json::from_slice(&output.stdout).expect("ids as JSON");
        Person::at(&self.url, ids["user"].as_str().expect("an id"), email).await
    }

    /// Ends it as a power cut would: SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().expect("it ran");
        self.child.wait().expect("it has ended");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn tagwire(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tagwire"));
    command.current_dir(folder).env_clear().env("TAGWIRE_LISTEN", "127.0.0.1:0");
    command
}
