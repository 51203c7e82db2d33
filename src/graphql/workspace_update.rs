//! Changing the workspace itself.

use async_graphql::{Context, InputObject, Object};

use super::command::{payload, run};
use super::error::ApiError;
use super::reader::Reader;
use super::user::{Language, Workspace};
use crate::users::{self, WorkspaceChange};

/// What is to be changed; what is left out stays.
#[derive(InputObject)]
pub struct UpdateWorkspaceInput {
    /// The company's name.
    pub name: Option<String>,
    /// In which language Tagwire writes to its people.
    pub language: Option<Language>,
}

payload!(WorkspacePayload, workspace: Workspace, "The workspace as it is now.");

/// Changing the workspace itself.
#[derive(Default)]
pub struct WorkspaceMutation;

/// Changing the workspace itself.
#[Object]
impl WorkspaceMutation {
    /// Changes the workspace's name, or the language in which it is written to. By Admins only.
    async fn update_workspace(
        &self,
        ctx: &Context<'_>,
        input: UpdateWorkspaceInput,
    ) -> Result<WorkspacePayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let change = WorkspaceChange { name: input.name, language: input.language.map(users::Language::from) };
        let update = || users::update_workspace(reader.cx(), reader.db(), change.clone());
        Ok(run(&["input"], update).await?.map(Workspace).into())
    }
}
