//! Filters kept under a name.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use entity::UserId;

use super::command::{payload, run};
use super::connection;
use super::contact::DeletePayload;
use super::error::{ApiError, ErrorCode, Refusal, UserError};
use super::given::{Cleared, required};
use super::id;
use super::reader::Reader;
use super::user::User;
use crate::contacts::saved::{self, Error, NewSavedFilter, SavedFilterEdit};

/// A filter kept under a name: `query` is in the tag language.
#[derive(Clone)]
pub struct SavedFilter {
    pub(super) filter: saved::SavedFilter,
    pub(super) reader: Reader,
}

/// A filter kept under a name: `query` is in the tag language.
#[Object]
impl SavedFilter {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.filter.id)
    }

    /// As typed; unique among its owner's as a tag's name is.
    async fn name(&self) -> &str {
        &self.filter.name
    }

    /// As typed. Names in it mean what they mean when it is used.
    async fn query(&self) -> &str {
        &self.filter.query
    }

    /// Whether the whole workspace sees and uses it. Only its owner changes it.
    async fn shared(&self) -> bool {
        self.filter.shared
    }

    /// Who saved it.
    async fn owner(&self) -> Result<User, ApiError> {
        let owner: UserId = self.filter.owner;
        let user = self.reader.shared().load_one(owner).await?;
        user.map(|user| User::new(user, &self.reader))
            .ok_or_else(|| ApiError::fault(&"a saved filter without its owner"))
    }

    /// Its place among its owner's, from 0.
    async fn position(&self) -> i32 {
        self.filter.position
    }
}

/// Reading saved filters.
#[derive(Default)]
pub struct SavedFilterQuery;

/// Reading saved filters.
#[Object]
impl SavedFilterQuery {
    /// The viewer's own in their order, then those that others share, by name.
    #[graphql(complexity = "connection::list_cost(child_complexity)")]
    async fn saved_filters(&self, ctx: &Context<'_>) -> Result<Vec<SavedFilter>, ApiError> {
        let reader = Reader::of(ctx)?;
        let filters = saved::list(reader.cx(), reader.db()).await?;
        Ok(filters.into_iter().map(|filter| SavedFilter { filter, reader: reader.clone() }).collect())
    }
}

/// A filter to be saved, behind the last of the viewer's own.
#[derive(InputObject)]
pub struct CreateSavedFilterInput {
    /// Its name, at most 100 characters.
    pub name: String,
    /// In the tag language.
    pub query: String,
    /// Whether the whole workspace sees and uses it.
    #[graphql(default)]
    pub shared: bool,
}

/// As in every update input: a member left out stays. None of a saved filter's can be cleared.
#[derive(InputObject)]
pub struct UpdateSavedFilterInput {
    /// Which one.
    pub id: ID,
    /// Its name, at most 100 characters.
    pub name: MaybeUndefined<String>,
    /// In the tag language.
    pub query: MaybeUndefined<String>,
    /// Whether the whole workspace sees and uses it. To others it is removed when it no longer is.
    pub shared: MaybeUndefined<bool>,
    /// Its place among its owner's, from 0; those between move by one.
    pub position: MaybeUndefined<i32>,
}

impl UpdateSavedFilterInput {
    fn edit(self) -> Result<SavedFilterEdit, Cleared> {
        Ok(SavedFilterEdit {
            id: id::decode_or_nil(&self.id),
            name: required(self.name, "name")?,
            query: required(self.query, "query")?,
            shared: required(self.shared, "shared")?,
            position: required(self.position, "position")?,
        })
    }
}

payload!(SavedFilterPayload, saved_filter: SavedFilter, "The filter as it is now.");

/// Saving filters.
#[derive(Default)]
pub struct SavedFilterMutation;

/// Saving filters.
#[Object]
impl SavedFilterMutation {
    /// Keeps a filter under a name. A user keeps at most 200. A name of another of their own is a CONFLICT with that one.
    async fn create_saved_filter(
        &self,
        ctx: &Context<'_>,
        input: CreateSavedFilterInput,
    ) -> Result<SavedFilterPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let made = run(&["input"], || {
            let new = NewSavedFilter { name: input.name.clone(), query: input.query.clone(), shared: input.shared };
            saved::create(reader.cx(), reader.db(), new)
        })
        .await?;
        Ok(made.map(|filter| SavedFilter { filter, reader: reader.clone() }).into())
    }

    /// Changes one of the viewer's own, or its place. One that another shares is FORBIDDEN.
    async fn update_saved_filter(
        &self,
        ctx: &Context<'_>,
        input: UpdateSavedFilterInput,
    ) -> Result<SavedFilterPayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let edit = match input.edit() {
            Ok(edit) => edit,
            Err(cleared) => return Ok(Err(cleared.into()).into()),
        };
        let made = run(&["input", "id"], || saved::update(reader.cx(), reader.db(), edit.clone())).await?;
        Ok(made.map(|filter| SavedFilter { filter, reader: reader.clone() }).into())
    }

    /// Deletes one of the viewer's own. One that another shares is FORBIDDEN.
    async fn delete_saved_filter(&self, ctx: &Context<'_>, id: ID) -> Result<DeletePayload, ApiError> {
        let reader = Reader::of(ctx)?;
        let filter = id::decode_or_nil(&id);
        let done = run(&["id"], || saved::delete(reader.cx(), reader.db(), filter)).await?;
        Ok(DeletePayload::of(id, done))
    }
}

impl Refusal for Error {
    fn refusal(self, path: &[&str]) -> Result<UserError, ApiError> {
        let message = self.to_string();
        let refused = |code, path: &[&str]| UserError::new(code, message.clone(), path);
        Ok(match self {
            Self::NotFound => refused(ErrorCode::NotFound, path),
            Self::NotYours => refused(ErrorCode::Forbidden, path),
            Self::NoOwner => refused(ErrorCode::Unauthenticated, &[]),
            Self::Name => refused(ErrorCode::Invalid, &["input", "name"]),
            Self::NameTaken(other) => refused(ErrorCode::Conflict, &["input", "name"]).conflicting(id::encode(other)),
            Self::Query(mistake) => {
                let position = i32::try_from(mistake.position).ok();
                UserError { position, ..refused(ErrorCode::Invalid, &["input", "query"]) }
            }
            Self::Position => refused(ErrorCode::Invalid, &["input", "position"]),
            Self::TooMany => refused(ErrorCode::Invalid, &["input"]),
            Self::Fault(fault) => return Err(fault.into()),
        })
    }

    fn lost_a_race(&self) -> bool {
        matches!(self, Self::Fault(fault) if fault.is_transient())
    }
}
