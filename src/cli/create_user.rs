//! `tagwire create-user`.

use clap::Args;
use tagwire::access::{Cx, Right};
use tagwire::config::Config;
use tagwire::text::EmailAddress;
use tagwire::users::{self, NewUser};
use uuid::Uuid;

#[derive(Args)]
pub struct Arguments {
    /// Id of the workspace, as create-workspace printed it
    #[arg(long)]
    workspace: Uuid,
    /// Their name
    #[arg(long)]
    name: String,
    /// What they sign in with
    #[arg(long)]
    email: String,
    /// A right they get; can be given several times
    #[arg(long = "right")]
    rights: Vec<Right>,
    /// Print the ids as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(config: Config, arguments: Arguments) -> anyhow::Result<()> {
    let new = NewUser {
        name: arguments.name,
        email: EmailAddress::parse(&arguments.email)?,
        password: super::password::read(&arguments.email)?,
        rights: arguments.rights.into_iter().collect(),
    };
    let app = super::app(config).await?;
    let cx = Cx::of_system(arguments.workspace.into(), app.clock.clone());
    let user = users::create_user(&cx, &app.db, new).await.map_err(|error| match error {
        users::Error::NotFound => anyhow::anyhow!("There is no workspace {}.", arguments.workspace),
        error => error.into(),
    })?;
    app.db.close().await;
    super::print(&if arguments.json {
        serde_json::json!({ "workspace": arguments.workspace.to_string(), "user": user.to_string() }).to_string()
    } else {
        format!("Made the user {user}. {} can sign in now.", arguments.email)
    });
    Ok(())
}
