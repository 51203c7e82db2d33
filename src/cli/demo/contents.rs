//! What the demo's workspace holds, made through the API, once.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::json;
use tagwire::access::{Cx, Rights};
use tagwire::app::App;
use tagwire::text::EmailAddress;
use tagwire::users::{self, NewUser, NewWorkspace, Password, Plan};

use super::client::Client;
use super::people::{CONTACTS, GROUPS, USERS};

const TAG_GROUP: &str = "mutation Group($input: CreateTagGroupInput!) {
    payload: createTagGroup(input: $input) { tagGroup { id } userErrors { message } } }";
const TAG: &str = "mutation Tag($input: CreateTagInput!) {
    payload: createTag(input: $input) { tag { id } userErrors { message } } }";
const CONTACT: &str = "mutation Contact($input: CreateContactInput!) {
    payload: createContact(input: $input) { contact { id } userErrors { message } } }";

/// The file that says, since when in seconds since 1970, that all is made.
fn mark(folder: &Path) -> PathBuf {
    folder.join("demo-made-at")
}

/// When the demo in this folder was made; none before it is whole.
pub fn made_at(folder: &Path) -> Option<i64> {
    fs::read_to_string(mark(folder)).ok()?.trim().parse().ok()
}

/// Makes the workspace and its users.
pub async fn make_workspace(app: &App) -> anyhow::Result<()> {
    let [admin, colleague] = USERS;
    let user = |(name, email, password): (&str, &str, &str)| {
        anyhow::Ok(NewUser {
            name: name.to_owned(),
            email: EmailAddress::parse(email)?,
            password: Password::parse(password.to_owned())?,
            rights: Rights::default(),
        })
    };
    let new = NewWorkspace { name: "Demo".to_owned(), edition: Plan::Pro, admin: user(admin)? };
    let (workspace, _) = users::create_workspace(&app.db, &app.clock, new).await?;
    let cx = Cx::of_system(workspace, app.clock.clone());
    users::create_user(&cx, &app.db, user(colleague)?).await?;
    Ok(())
}

/// Makes contacts, tags and groups, and marks the demo as made.
pub async fn fill(client: &Client, folder: &Path, now: i64) -> anyhow::Result<()> {
    for (name, color, tags) in GROUPS {
        let made = client.change(TAG_GROUP, json!({ "input": { "name": name, "color": color } })).await?;
        for tag in tags {
            let input = json!({ "name": tag, "groupId": made["tagGroup"]["id"] });
            client.change(TAG, json!({ "input": input })).await?;
        }
    }
    for (name, company, job_title, email, tags) in CONTACTS {
        let input = json!({
            "name": name, "company": company, "jobTitle": job_title, "emails": [{ "address": email }], "tags": tags,
        });
        client.change(CONTACT, json!({ "input": input })).await.with_context(|| format!("The contact {name}"))?;
    }
    fs::write(mark(folder), now.to_string())?;
    Ok(())
}
