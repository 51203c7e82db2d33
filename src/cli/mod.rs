//! The command line: one module for each command.
//!
//! Owns arguments, the process's runtime and log, and exit codes: 0 done, 1 failed, 2 called or set wrongly. What a command does is
//! decided in the library.

mod check_links;
mod create_user;
mod create_workspace;
mod demo;
mod logging;
mod migrate;
mod password;
mod rotate_keys;
mod schema;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tagwire::app::App;
use tagwire::clock::Clock;
use tagwire::config::{Config, SettingError};

/// A GraphQL server with a real-time layer for a CRM: contacts, tags and synced mail.
///
/// `tagwire serve` starts it; nothing needs to be set. Settings come from the environment (`TAGWIRE_…`) or `tagwire.toml`.
#[derive(Parser)]
#[command(name = "tagwire", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server, until it gets SIGTERM or SIGINT
    Serve,
    /// Run a server with a made-up workspace and a mailbox that gets mail, to try it
    Demo(demo::Arguments),
    /// Bring the database's schema up to date, and stop
    Migrate,
    /// Print the GraphQL schema
    Schema,
    /// Make a workspace and its first Admin
    CreateWorkspace(create_workspace::Arguments),
    /// Make a user of a workspace
    CreateUser(create_user::Arguments),
    /// Replace the key that encrypts stored passwords and tokens, also while the server runs
    RotateKeys,
    /// Compare the contacts that mail is linked to with the mail itself
    CheckLinks(check_links::Arguments),
}

pub fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run(command)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tagwire: {error:#}");
            ExitCode::from(if error.is::<SettingError>() { 2 } else { 1 })
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    let mut config = Config::load()?;
    if matches!(command, Command::Demo(_)) && std::env::var_os("TAGWIRE_LOG").is_none() {
        // What happens is told on standard output.
        "warn".clone_into(&mut config.log);
    }
    logging::begin(&config)?;
    match command {
        Command::Serve => Box::pin(serve::run(config)).await,
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Migrate => migrate::run(config).await,
        Command::Schema => {
            schema::run();
            Ok(())
        }
        Command::CreateWorkspace(arguments) => create_workspace::run(config, arguments).await,
        Command::CreateUser(arguments) => create_user::run(config, arguments).await,
        Command::RotateKeys => rotate_keys::run(config).await,
        Command::CheckLinks(arguments) => check_links::run(config, arguments).await,
    }
}

/// The node that a command works on, its database up to date.
async fn app(config: Config) -> anyhow::Result<App> {
    use anyhow::Context;
    std::fs::create_dir_all(&config.data_dir).map_err(|error| {
        SettingError::new(
            "TAGWIRE_DATA_DIR",
            &config.data_dir.display().to_string(),
            &format!("a folder that can be made and written to ({error})"),
        )
    })?;
    App::build(config, Clock::system()).await.context("The database cannot be used (TAGWIRE_DATABASE_URL)")
}

/// Writes a command's result, which other programs may read.
fn print(text: &str) {
    #[expect(clippy::print_stdout, reason = "standard output is where a command's result belongs")]
    {
        println!("{text}");
    }
}
