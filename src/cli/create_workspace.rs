//! `tagwire create-workspace`.

use clap::{Args, ValueEnum};
use tagwire::access::{Cx, Rights};
use tagwire::config::Config;
use tagwire::graphql::id;
use tagwire::text::EmailAddress;
use tagwire::users::{self, NewUser, NewWorkspace, Plan, WorkspaceChange};

#[derive(Args)]
pub struct Arguments {
    /// The company's name
    #[arg(long)]
    name: String,
    /// Name of the first user, who gets the right ADMIN
    #[arg(long)]
    admin_name: String,
    /// What they sign in with
    #[arg(long)]
    admin_email: String,
    /// What the workspace may use
    #[arg(long, value_enum, ignore_case = true, default_value = "FREE")]
    edition: Edition,
    /// In which language Tagwire writes to its people
    #[arg(long, value_enum, ignore_case = true, default_value = "en")]
    language: Language,
    /// Print the ids as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "UPPER")]
enum Edition {
    Free,
    Pro,
    Enterprise,
}

#[derive(Clone, Copy, ValueEnum)]
enum Language {
    En,
    Nl,
}

pub async fn run(config: Config, arguments: Arguments) -> anyhow::Result<()> {
    let admin = NewUser {
        name: arguments.admin_name,
        email: EmailAddress::parse(&arguments.admin_email)?,
        password: super::password::read(&arguments.admin_email)?,
        rights: Rights::default(),
    };
    let edition = match arguments.edition {
        Edition::Free => Plan::Free,
        Edition::Pro => Plan::Pro,
        Edition::Enterprise => Plan::Enterprise,
    };
    let app = super::app(config).await?;
    let new = NewWorkspace { name: arguments.name, edition, admin };
    let (workspace, user) = users::create_workspace(&app.db, &app.clock, new).await?;
    if matches!(arguments.language, Language::Nl) {
        let change = WorkspaceChange { language: Some(users::Language::Dutch), ..WorkspaceChange::default() };
        users::update_workspace(&Cx::of_system(workspace, app.clock.clone()), &app.db, change).await?;
    }
    app.db.close().await;
    super::print(&if arguments.json {
        serde_json::json!({ "workspace": id::encode(workspace), "user": id::encode(user) }).to_string()
    } else {
        format!(
            "Made the workspace {}. {} can sign in now, as its Admin.",
            *id::encode(workspace),
            arguments.admin_email
        )
    });
    Ok(())
}
