//! `tagwire create-user`.

use clap::Args;
use entity::WorkspaceId;
use tagwire::access::{Cx, Right};
use tagwire::config::Config;
use tagwire::graphql::id;
use tagwire::text::EmailAddress;
use tagwire::users::{self, NewUser};
use uuid::Uuid;

#[derive(Args)]
pub struct Arguments {
    /// Id of the workspace, as create-workspace printed it
    #[arg(long, value_parser = workspace)]
    workspace: WorkspaceId,
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
    let cx = Cx::of_system(arguments.workspace, app.clock.clone());
    let user = users::create_user(&cx, &app.db, new).await.map_err(|error| match error {
        users::Error::NotFound => anyhow::anyhow!("There is no workspace {}.", *id::encode(arguments.workspace)),
        error => error.into(),
    })?;
    app.db.close().await;
    super::print(&if arguments.json {
        serde_json::json!({ "workspace": id::encode(arguments.workspace), "user": id::encode(user) }).to_string()
    } else {
        format!("Made the user {}. {} can sign in now.", *id::encode(user), arguments.email)
    });
    Ok(())
}

/// A workspace's id as the API has it, or as the database has it.
pub(super) fn workspace(text: &str) -> Result<WorkspaceId, String> {
    id::decode(text)
        .or_else(|| text.parse::<Uuid>().ok().map(WorkspaceId))
        .ok_or_else(|| "this is no id of a workspace; create-workspace prints it".to_owned())
}
