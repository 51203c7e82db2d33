//! The demo's mailbox: connected through the API, watched through the API, and given mail.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use futures_util::StreamExt;
use serde_json::{Value, json};
use tagwire::clock::Clock;

use super::client::Client;
use super::dovecot::{ADDRESS, Dovecot, PASSWORD};
use super::letters::letter;
use crate::cli::print;

/// Mails that are there when the mailbox is connected, one for each seven hours before.
const HISTORY: usize = 200;
const HOURS_BETWEEN: i64 = 7;

/// Between new mails.
const NEW_MAIL_EVERY: Duration = Duration::from_secs(6);

const ACCOUNTS: &str = "query Accounts { mailAccounts { id email state } }";
const CONNECT: &str = "mutation Connect($input: ConnectMailAccountInput!) {
    payload: connectMailAccount(input: $input) { mailAccount { id state } userErrors { message } } }";
const PROGRESS: &str = "subscription Progress($after: Cursor) { mailAccountChanged(after: $after) {
    mailAccount { email state progress { stored total skipped } problem { message } } } }";
const MAIL: &str = "subscription Mail($after: Cursor) { messageReceived(after: $after) {
    message { subject from { name address contact { name tags { name } } } } } }";

/// The port that the mailbox was connected with, so that it is found again.
pub fn port_before(folder: &Path) -> Option<u16> {
    fs::read_to_string(folder.join("demo-mail-port")).ok()?.trim().parse().ok()
}

/// Puts the old mail into the mailbox.
pub fn add_history(dovecot: &mut Dovecot, made_at: i64) -> std::io::Result<()> {
    for number in 0..HISTORY {
        let back = i64::try_from(HISTORY - number).unwrap_or_default() * HOURS_BETWEEN * 60 * 60;
        dovecot.deliver(&letter(number, made_at - back).text, made_at - back)?;
    }
    Ok(())
}

/// Connects the mailbox, unless it is connected already.
pub async fn connect(client: &Client, folder: &Path, port: u16) -> anyhow::Result<()> {
    let accounts = client.ask(ACCOUNTS, json!({})).await?;
    let known = accounts["mailAccounts"].as_array().is_some_and(|all| all.iter().any(|one| one["email"] == ADDRESS));
    if known {
        // Its server's port is part of it.
        ensure!(
            port_before(folder) == Some(port),
            "It was connected at a port that is taken now. Stop what listens there, or remove {}",
            folder.display()
        );
        print(&format!("The mailbox {ADDRESS} is connected since an earlier run."));
        return Ok(());
    }
    print(&format!("Connecting the mailbox {ADDRESS} at 127.0.0.1:{port} by connectMailAccount …"));
    let input = json!({
        "email": ADDRESS, "password": PASSWORD, "provider": "IMAP",
        "imapHost": "127.0.0.1", "imapPort": port, "imapSecurity": "PLAINTEXT",
    });
    client.change(CONNECT, json!({ "input": input })).await?;
    fs::write(folder.join("demo-mail-port"), port.to_string())?;
    Ok(())
}

/// Prints the mailbox's state and progress as they change.
pub async fn show_progress(client: &Client, after: &Value) -> anyhow::Result<()> {
    let mut events = client.follow(PROGRESS, json!({ "after": after })).await?.boxed();
    let mut shown = String::new();
    while let Some(event) = events.next().await {
        let account = &event?["mailAccountChanged"]["mailAccount"];
        let mut line = format!("  mailbox  {}", text(&account["state"]));
        if let Some(stored) = account["progress"]["stored"].as_i64() {
            line = format!("{line}  {stored} of {} stored", account["progress"]["total"]);
        }
        if let Some(problem) = account["problem"]["message"].as_str() {
            line = format!("{line}  {problem}");
        }
        if line != shown {
            print(&line);
            shown = line;
        }
    }
    Ok(())
}

/// Prints each new mail as it is pushed.
pub async fn show_mail(client: &Client, after: &Value) -> anyhow::Result<()> {
    let mut events = client.follow(MAIL, json!({ "after": after })).await?.boxed();
    while let Some(event) = events.next().await {
        let message = &event?["messageReceived"]["message"];
        let from = &message["from"][0];
        let tags: Vec<_> =
            from["contact"]["tags"].as_array().into_iter().flatten().map(|tag| text(&tag["name"])).collect();
        let tags = if tags.is_empty() { String::new() } else { format!("  #{}", tags.join(" #")) };
        print(&format!(
            "  pushed   {} <{}>{tags}: {}",
            text(&from["name"]),
            text(&from["address"]),
            text(&message["subject"])
        ));
    }
    Ok(())
}

/// Puts a new mail into the mailbox every few seconds.
pub async fn keep_delivering(dovecot: &mut Dovecot, clock: &Clock) -> anyhow::Result<()> {
    let mut number = HISTORY;
    loop {
        clock.sleep(NEW_MAIL_EVERY).await;
        let seconds = clock.now().0 / 1_000_000;
        // Counted by the clock too, so that each run begins with other senders.
        let letter = letter(number + usize::try_from(seconds % 1_000).unwrap_or_default(), seconds);
        print(&format!("  mailed   {}: {}", letter.from, letter.subject));
        dovecot.deliver(&letter.text, seconds)?;
        number += 1;
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}
