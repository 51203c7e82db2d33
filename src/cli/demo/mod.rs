//! `tagwire demo`: a server with a made-up workspace and a mailbox that gets mail, to be looked at and tried.
//!
//! Owns the order in which things start and stop. All but the workspace and its users is made and seen through the API, as any other
//! client would. Start reading at `run`.

mod client;
mod contents;
mod dovecot;
mod letters;
mod mailbox;
mod people;

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};
use tagwire::app::App;
use tagwire::config::{Config, Source};
use tagwire::{http, users};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use client::Client;
use dovecot::Dovecot;
use people::USERS;

/// Ports tried when the one asked for is taken.
const PORTS: u16 = 100;

#[derive(Args)]
pub struct Arguments {
    /// Where the server listens; when that port is taken, on the next free one
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Folder of the demo's data, made by the first run
    #[arg(long, default_value = "./data/demo")]
    data_dir: PathBuf,
}

/// Runs until Ctrl-C, and stops all it started. Settings of a real server around it are not the demo's.
pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let (mut terminate, mut interrupt, mut hangup) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?);
    let listener = listen(arguments.listen).await?;
    let address = listener.local_addr()?;
    let mail_port = Dovecot::choose_port(mailbox::port_before(&arguments.data_dir))?;
    let app = crate::cli::app(settings(address, &arguments.data_dir, mail_port)?).await?;
    let (db, shutdown) = (app.db.clone(), CancellationToken::new());
    let serving = tokio::spawn(http::serve(app.clone(), listener, shutdown.clone()));
    let mut dovecot = None;
    let shown = tokio::select! {
        shown = show(&app, address, mail_port, &mut dovecot) => shown,
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        _ = hangup.recv() => Ok(()),
    };
    super::print("\nStopping …");
    shutdown.cancel();
    tokio::join!(
        async {
            if let Some(dovecot) = dovecot {
                dovecot.stop().await;
            }
        },
        async {
            if let Err(error) = serving.await {
                tracing::error!(%error, "The server ended early");
            }
        },
    );
    db.close().await;
    shown
}

/// Makes what is not there yet, then shows what happens, without end.
async fn show(app: &App, address: SocketAddr, mail_port: u16, dovecot: &mut Option<Dovecot>) -> anyhow::Result<()> {
    let folder = &app.config.data_dir;
    let mut client = Client::new(reachable(address));
    let [(_, email, password), _] = USERS;
    if users::workspaces(&app.db).await?.is_empty() {
        contents::make_workspace(app).await?;
    }
    let token = client.sign_in(email, password).await?;
    let made_at = if let Some(made_at) = contents::made_at(folder) {
        made_at
    } else {
        super::print("Making contacts and tags …");
        let now = app.clock.now().0 / 1_000_000;
        contents::fill(&client, folder, now)
            .await
            .with_context(|| format!("The demo could not be made; remove {} and start it again", folder.display()))?;
        now
    };
    super::print(&welcome(&app.config.public_url, &token));
    let dovecot = dovecot.insert(Dovecot::start(mail_port).await?);
    mailbox::add_history(dovecot, made_at)?;
    let after: Value = client.ask("query Now { cursor }", json!({})).await?["cursor"].take();
    if let Err(error) = mailbox::connect(&client, folder, dovecot.port()).await {
        super::print(&format!("The mailbox could not be connected: {error:#}\nThe rest of the demo goes on."));
        return std::future::pending().await;
    }
    super::print("What happens, as subscribers are told (Ctrl-C stops everything):");
    tokio::try_join!(
        mailbox::show_progress(&client, &after),
        mailbox::show_mail(&client, &after),
        mailbox::keep_delivering(dovecot, &app.clock),
    )?;
    Ok(())
}

async fn listen(wanted: SocketAddr) -> anyhow::Result<TcpListener> {
    let last = wanted.port().saturating_add(PORTS);
    let mut address = wanted;
    loop {
        match TcpListener::bind(address).await {
            Err(error) if error.kind() == ErrorKind::AddrInUse && address.port() < last => {
                address.set_port(address.port() + 1);
            }
            bound => return bound.with_context(|| format!("Cannot listen on {address} (--listen)")),
        }
    }
}

fn settings(address: SocketAddr, folder: &std::path::Path, mail_port: u16) -> anyhow::Result<Config> {
    let address = reachable(address);
    Ok(Config::read(&Source::of([
        ("TAGWIRE_LISTEN", address.to_string()),
        ("TAGWIRE_PUBLIC_URL", format!("http://{address}")),
        ("TAGWIRE_ALLOWED_ORIGINS", format!("http://localhost:{}", address.port())),
        ("TAGWIRE_DATA_DIR", folder.display().to_string()),
        ("TAGWIRE_ALLOWED_PRIVATE_HOSTS", format!("127.0.0.1:{mail_port}")),
    ]))?)
}

/// An address that can be connected to, where it listens on all.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    address
}

fn welcome(url: &str, token: &str) -> String {
    let users = USERS.map(|(name, email, password)| format!("    {email:<18} {password}   ({name})")).join("\n");
    format!(
        r#"
Tagwire runs. Try it in a browser:

    {url}/graphiql

Sign in as one of these, by the mutation signIn:

{users}

or take Ann's token, in GraphiQL's tab "Headers":

    {{ "Authorization": "Bearer {token}" }}

Three operations to paste. A filter by tag:

    query HotProspects {{
      contacts(first: 10, filter: {{ and: [
        {{ tag: {{ name: "hot prospect" }} }}
        {{ or: [{{ tag: {{ name: "nl" }} }}, {{ tag: {{ name: "be" }} }}] }}
      ] }}) {{
        totalCount
        nodes {{ name company tags {{ name color group {{ name }} }} }}
      }}
    }}

Tagging, which every subscriber hears of at once:

    mutation CallThem {{
      tagContacts(input: {{ filter: {{ tag: {{ name: "hot prospect" }} }}, names: ["call today"] }}) {{
        changedCount
        tags {{ name contactCount }}
        userErrors {{ message }}
      }}
    }}

New mail, pushed as it arrives:

    subscription NewMail {{
      messageReceived {{
        cursor
        message {{ subject snippet from {{ name address contact {{ name tags {{ name }} }} }} }}
      }}
    }}
"#
    )
}
