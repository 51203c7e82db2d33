//! The command line as an operator uses it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use hyper::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::http;

const PASSWORD: &str = "correct horse battery";

fn tagwire(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tagwire"));
    command.current_dir(folder).env_clear().env("TAGWIRE_LISTEN", "127.0.0.1:0");
    command
}

fn run(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = tagwire(folder);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("tagwire starts");
    // It may refuse before it reads.
    let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
    child.wait_with_output().expect("tagwire ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[test]
fn alone_it_explains_itself() {
    let said = run(folder().path(), &[], "");
    let said = text(&said.stdout) + &text(&said.stderr);
    for command in ["serve", "migrate", "schema", "create-workspace", "create-user", "rotate-keys", "check-links"] {
        assert!(said.contains(command), "{said}");
    }
}

#[test]
fn a_wrong_setting_is_named_and_nothing_starts() {
    let folder = folder();
    std::fs::write(folder.path().join("tagwire.toml"), "TAGWIRE_LIMIT_DEPTH = 1000\n").unwrap();
    let output = run(folder.path(), &["serve"], "");
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("TAGWIRE_LIMIT_DEPTH") && said.contains("1 to 64"), "{said}");
    assert!(!folder.path().join("data").exists());

    let output =
        tagwire(folder.path()).arg("schema").env("TAGWIRE_LIMIT_DEPTH", "20").env("TAGWIRE_LOG", "=/=").output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("TAGWIRE_LOG"));
}

#[test]
fn it_prints_the_schema() {
    let output = run(folder().path(), &["schema"], "");
    assert!(output.status.success());
    assert!(text(&output.stdout).contains("type Subscription"));
}

#[test]
fn mistakes_are_told_in_words() {
    let folder = folder();
    let refused = |arguments: &[&str], input: &str, word: &str| {
        let output = run(folder.path(), arguments, input);
        let said = text(&output.stderr);
        assert!(!output.status.success() && said.contains(word), "{arguments:?}: {said}");
    };
    let workspace = ["create-workspace", "--name", "Acme", "--admin-name", "Ann", "--admin-email", "ann@acme.test"];
    refused(&workspace, "short\n", "10 to 1000 characters");
    refused(&workspace, "", "password is needed");
    refused(&workspace[..5], PASSWORD, "--admin-email");
    let user = ["create-user", "--workspace", "AQGiDCmmfnAdjGDouyqQwFg", "--name", "Bob", "--email", "bob@acme.test"];
    refused(&user, PASSWORD, "no workspace");
    refused(&[&user[..], &["--right", "EVERYTHING"]].concat(), PASSWORD, "MANAGE_TAGS");
}

#[tokio::test]
async fn from_nothing_to_a_signed_in_user_and_a_clean_end() {
    let folder = folder();
    let mut server = tagwire(folder.path()).arg("serve").stderr(Stdio::piped()).spawn().expect("tagwire starts");
    let mut log = BufReader::new(server.stderr.take().unwrap()).lines().map(|line| line.expect("a line"));
    let listening = log.find(|line| line.contains("Listening on")).expect("it says where it listens");
    let url =
        listening.split_whitespace().find(|word| word.starts_with("http://")).unwrap().trim_end_matches(',').to_owned();
    assert!(log.next().unwrap().contains("create-workspace"), "it says what to do next");

    let arguments =
        ["create-workspace", "--name", "Acme", "--admin-name", "Ann", "--admin-email", "ann@acme.test", "--json"];
    let output = run(folder.path(), &arguments, PASSWORD);
    let ids: Value = serde_json::from_slice(&output.stdout).expect("ids as JSON");
    let workspace = ids["workspace"].as_str().unwrap();
    let arguments = [
        "create-user",
        "--workspace",
        workspace,
        "--name",
        "Bob",
        "--email",
        "bob@acme.test",
        "--right",
        "MANAGE_TAGS",
    ];
    let output = run(folder.path(), &arguments, PASSWORD);
    assert!(output.status.success(), "{}", text(&output.stderr));

    let query = "mutation SignIn($input: SignInInput!) { signIn(input: $input) { token user { name rights } } }";
    let input = json!({ "input": { "email": "bob@acme.test", "password": PASSWORD } });
    let answer = http::graphql(&url).json(&json!({ "query": query, "variables": input })).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["data"]["signIn"]["user"], json!({ "name": "Bob", "rights": ["MANAGE_TAGS"] }));
    let token = answer.json()["data"]["signIn"]["token"].as_str().unwrap().to_owned();

    let ended = Command::new("kill").args(["-TERM", &server.id().to_string()]).status().unwrap();
    assert!(ended.success());
    let log: String = log.collect::<Vec<_>>().join("\n");
    assert!(server.wait().unwrap().success(), "{log}");
    assert!(log.contains("Stopped"), "{log}");
    assert!(!log.contains(&token) && !log.contains(PASSWORD), "no secret is in the log");
}
