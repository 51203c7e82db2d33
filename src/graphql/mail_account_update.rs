//! Choosing what of a mailbox is read.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};

use super::command::run;
use super::error::ApiError;
use super::given::{clearable, required};
use super::id;
use super::mail_account::MailAccount;
use super::mail_account_mutation::MailAccountPayload;
use super::reader::Reader;
use crate::mail_accounts::{self, Settings};

/// What of a mailbox is read. A member that is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateMailAccountInput {
    /// The mailbox.
    pub id: ID,
    /// The folders that are read; the inbox always is. The others keep the mail that is stored, and no news of them is read. Folders
    /// that are found later are not read until they are chosen.
    pub folder_ids: MaybeUndefined<Vec<ID>>,
    /// How many days back from now mail is read, 1 to 36500; null for all of it. It concerns what lay in a folder when it was first
    /// read; what is stored stays.
    pub history_days: MaybeUndefined<i32>,
}

/// Choosing what of a mailbox is read.
#[derive(Default)]
pub struct MailAccountUpdate;

/// Choosing what of a mailbox is read.
#[Object]
impl MailAccountUpdate {
    /// Chooses which folders are read, and how far back. What is stored stays.
    async fn update_mail_account(
        &self,
        ctx: &Context<'_>,
        input: UpdateMailAccountInput,
    ) -> Result<MailAccountPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let folders = match required(input.folder_ids, "folderIds") {
            Ok(folders) => folders.map(|ids| ids.iter().map(|id| id::decode_or_nil(id)).collect::<Vec<_>>()),
            Err(cleared) => return Ok(Err(cleared.into()).into()),
        };
        let settings = Settings { folders, history_days: clearable(input.history_days) };
        let (account, signals) = (id::decode_or_nil(&input.id), &reader.app().mail_sync.deps().signals);
        let made = run(&["input", "id"], || {
            mail_accounts::update(reader.cx(), reader.db(), signals, account, settings.clone())
        })
        .await?;
        Ok(made.map(|account| MailAccount { account, reader: reader.clone() }).into())
    }
}
