//! What can be changed.

use async_graphql::{Context, MergedObject, Object};

use super::block::BlockMutation;
use super::command::run;
use super::contact::ContactMutation;
use super::contact_creation::ContactCreationMutation;
use super::contact_import::ImportMutation;
use super::error::ApiError;
use super::id;
use super::invitation::InvitationMutation;
use super::mail_account_mutation::MailAccountMutation;
use super::mail_account_update::MailAccountUpdate;
use super::message_mutation::MessageMutation;
use super::reader::Reader;
use super::saved_filter::SavedFilterMutation;
use super::share::ShareMutation;
use super::sign_in::SignInMutation;
use super::skipped_message::SkippedMessageMutation;
use super::tag::TagMutation;
use super::tag_group::TagGroupMutation;
use super::tagging::TaggingMutation;
use super::user::{SetRightsInput, User, UserPayload};
use super::user_update::UserUpdate;
use super::workspace_update::WorkspaceMutation;
use crate::access::Rights;
use crate::users;

/// What can be changed. Every payload has `userErrors`; when it is not empty nothing was changed.
#[derive(MergedObject, Default)]
#[graphql(name = "Mutation")]
pub struct Mutation(
    SignInMutation,
    ContactMutation,
    ImportMutation,
    TaggingMutation,
    TagMutation,
    TagGroupMutation,
    SavedFilterMutation,
    UserMutation,
    ShareMutation,
    MailAccountMutation,
    MailAccountUpdate,
    SkippedMessageMutation,
    MessageMutation,
    BlockMutation,
    ContactCreationMutation,
    InvitationMutation,
    WorkspaceMutation,
    UserUpdate,
);

/// Administering users.
#[derive(Default)]
pub struct UserMutation;

/// Administering users.
#[Object]
impl UserMutation {
    /// Sets what a user may do. By Admins only.
    async fn set_rights(&self, ctx: &Context<'_>, input: SetRightsInput) -> Result<UserPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let user = id::decode_or_nil(&input.user_id);
        let rights: Rights = input.rights.iter().map(|right| (*right).into()).collect();
        let made = run(&["input", "userId"], || users::set_rights(reader.cx(), reader.db(), user, rights)).await?;
        Ok(made.map(|user| User::new(user, reader)).into())
    }
}
