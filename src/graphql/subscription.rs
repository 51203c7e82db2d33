//! What can be followed.

use async_graphql::{Context, ID, Subscription as GraphqlSubscription};
use futures_util::Stream;

use super::change::{Change, ChangeKind};
use super::connection;
use super::contact_filter::{ContactFilter, ContactOrder};
use super::contacts_live::{self, ContactsLive};
use super::error::ApiError;
use super::following::events;
use super::id;
use super::mail_change::{MailAccountChanged, MessageReceived};
use super::scalar::Cursor;
use super::tag_change::TagChange;

/// What can be followed.
#[derive(Default)]
pub struct Subscription;

/// What can be followed. Each event is judged with the rights of now, and shows its object as it is now.
#[GraphqlSubscription]
impl Subscription {
    /// Everything the viewer may see. History that is imported when a mailbox is connected is not told mail by mail: its account's
    /// progress is.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        after: Option<Cursor>,
        kinds: Option<Vec<ChangeKind>>,
    ) -> Result<impl Stream<Item = Result<Change, ApiError>> + use<>, ApiError> {
        events(ctx, after, move |event| Change::of(event, kinds.as_deref())).await
    }

    /// Tags and groups made, renamed, recolored, merged or removed; contacts tagged and untagged, one event per contact.
    async fn tag_changed(
        &self,
        ctx: &Context<'_>,
        after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<TagChange, ApiError>> + use<>, ApiError> {
        events(ctx, after, TagChange::of).await
    }

    /// Mail that arrives from the moment its account is first connected, each once: also what came during the import of history or
    /// while the server was down.
    async fn message_received(
        &self,
        ctx: &Context<'_>,
        account_ids: Option<Vec<ID>>,
        after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<MessageReceived, ApiError>> + use<>, ApiError> {
        let accounts = account_ids.map(|ids| ids.iter().filter_map(|id| id::decode(id)).collect::<Vec<_>>());
        events(ctx, after, move |event| MessageReceived::of(event, accounts.as_deref())).await
    }

    /// State, problem, progress and folders of the viewer's mailboxes, or of one.
    async fn mail_account_changed(
        &self,
        ctx: &Context<'_>,
        id: Option<ID>,
        after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<MailAccountChanged, ApiError>> + use<>, ApiError> {
        let account = id.map(|id| id::decode_or_nil(&id));
        events(ctx, after, move |event| MailAccountChanged::of(event, account)).await
    }

    /// First the page as it is now, then every contact that enters, changes in, or leaves the whole filter (not only the page) from
    /// exactly that moment on. After a reconnect, and where one change moves very many contacts (a tag deleted or merged), a fresh
    /// snapshot comes.
    #[graphql(complexity = "connection::cost(first, None, child_complexity)")]
    async fn contacts_live(
        &self,
        ctx: &Context<'_>,
        filter: Option<ContactFilter>,
        order_by: Option<ContactOrder>,
        first: Option<i32>,
    ) -> Result<impl Stream<Item = Result<ContactsLive, ApiError>> + use<>, ApiError> {
        contacts_live::follow(ctx, filter, order_by, first).await
    }
}
