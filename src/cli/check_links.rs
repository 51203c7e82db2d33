//! `tagwire check-links`.

use clap::Args;
use entity::WorkspaceId;
use tagwire::access::Cx;
use tagwire::config::Config;
use tagwire::graphql::id;
use tagwire::{messages, users};

#[derive(Args)]
pub struct Arguments {
    /// Only this workspace, by the id that create-workspace printed
    #[arg(long, value_parser = super::create_user::workspace)]
    workspace: Option<WorkspaceId>,
}

pub async fn run(config: Config, arguments: Arguments) -> anyhow::Result<()> {
    let app = super::app(config).await?;
    let mut workspaces = users::workspaces(&app.db).await?;
    if let Some(only) = arguments.workspace {
        anyhow::ensure!(workspaces.contains(&only), "There is no workspace {}.", *id::encode(only));
        workspaces = vec![only];
    }
    let (mut mails, mut differences) = (0, 0);
    for workspace in workspaces {
        let cx = Cx::of_system(workspace, app.clock.clone());
        let found = messages::check_links(&cx, &app.db, &app.contents, |found| {
            super::print(&format!(
                "workspace {} message {}: {}",
                *id::encode(workspace),
                *id::encode(found.message),
                found.what
            ));
        })
        .await?;
        mails += found.messages;
        differences += found.differences;
    }
    app.db.close().await;
    anyhow::ensure!(differences == 0, "Of {mails} messages, {differences} links are not what the mail says.");
    super::print(&format!("The links of all {mails} messages are what the mail says."));
    Ok(())
}
