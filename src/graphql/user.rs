//! People and workspaces.

use async_graphql::{Enum, ID, InputObject, Object};

use super::command::payload;
use super::connection::{self, connection};
use super::error::ApiError;
use super::id;
use super::own_loaders::SharesOf;
use super::reader::Reader;
use super::scalar::{Date, DateTime, EmailAddress};
use super::share::Share;
use super::tag::OrderDirection;
use crate::users::shares;
use crate::{access, users};

/// What a user or a workspace has bought.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "users::Plan")]
pub enum Plan {
    /// The basics.
    Free,
    /// Without limits, with tag groups.
    Pro,
    /// As Pro, for large companies.
    Enterprise,
}

/// In which language Tagwire writes to the people of a workspace.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "users::Language")]
pub enum Language {
    /// English.
    English,
    /// Dutch.
    Dutch,
}

/// Whether a user can sign in.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "users::Status")]
pub enum UserStatus {
    /// Invited, and not here yet.
    Invited,
    /// Here.
    Active,
    /// No longer here.
    Disabled,
}

/// What a user may do. Set by an Admin. ADMIN implies all but VIEW_PRIVATE_MAIL, which an Admin may give to another (never to himself),
/// and which shows messages marked private in mailboxes that are shared with its holder; everyone in the workspace is told of it.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "access::Right")]
pub enum Right {
    /// Everything but VIEW_PRIVATE_MAIL, and setting rights.
    Admin,
    /// Inviting colleagues.
    InviteUsers,
    /// Administering tags.
    ManageTags,
    /// Buying licenses.
    ManageLicenses,
    /// Deleting contacts.
    DeleteContacts,
    /// Merging contacts.
    MergeContacts,
    /// Importing and exporting contacts.
    ImportExport,
    /// Seeing messages marked private in mailboxes that are shared with the holder.
    ViewPrivateMail,
}

/// One company's data.
#[derive(Clone)]
pub struct Workspace(pub(super) users::Workspace);

/// One company's data.
/// `edition`: the highest plan of its licenses in state ACTIVE or GRACE, or what the operator granted, whichever is higher.
#[Object]
impl Workspace {
    /// Its id.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// The company's name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it may use.
    async fn edition(&self) -> Plan {
        self.0.edition.into()
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// In which language Tagwire writes to its people: invitations, above all.
    async fn language(&self) -> Language {
        self.0.language.into()
    }
}

/// A person who signs in to this workspace.
#[derive(Clone)]
pub struct User {
    pub(super) user: users::User,
    /// None where nobody is signed in yet.
    pub(super) reader: Option<Reader>,
}

impl User {
    pub(super) fn new(user: users::User, reader: &Reader) -> Self {
        Self { user, reader: Some(reader.clone()) }
    }
}

/// A person who signs in to this workspace.
#[Object]
impl User {
    /// Their id.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.user.id)
    }

    /// Their name.
    async fn name(&self) -> &str {
        &self.user.name
    }

    /// What they sign in with.
    async fn email(&self) -> EmailAddress {
        EmailAddress(self.user.email.clone())
    }

    /// Whether they can sign in.
    async fn status(&self) -> UserStatus {
        self.user.status.into()
    }

    /// What they may do, as given by name: ADMIN implies others without naming them.
    async fn rights(&self) -> Vec<Right> {
        self.user.rights.iter().map(Right::from).collect()
    }

    /// When it is over (in UTC), they are disabled by themselves. Null unless the viewer is this user or an Admin.
    async fn last_working_day(&self) -> Option<Date> {
        let cx = self.reader.as_ref()?.cx();
        let may = cx.can(access::Right::Admin) || cx.user() == Some(self.user.id);
        self.user.last_working_day.filter(|_| may).map(Date)
    }

    /// What this user shares with colleagues. Null unless the viewer is this user or an Admin.
    #[graphql(complexity = "connection::list_cost(child_complexity)")]
    async fn shares(&self) -> Option<Result<Vec<Share>, ApiError>> {
        let reader = self.reader.as_ref()?;
        let shares = reader.own().load_one(SharesOf(self.user.id)).await.map_err(ApiError::from).transpose()?;
        let share = |share: &shares::Share| Share { share: *share, reader: reader.clone() };
        Some(shares.map(|shares| shares.iter().map(share).collect()))
    }
}

/// What users are ordered by.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "users::Order")]
pub enum UserOrderField {
    /// Their name.
    Name,
    /// Their address.
    Email,
    /// When they were made.
    CreatedAt,
}

/// The order of a list of users.
#[derive(InputObject)]
pub struct UserOrder {
    /// By what.
    pub field: UserOrderField,
    /// Which way.
    pub direction: OrderDirection,
}

impl UserOrder {
    pub(super) fn parts(self) -> (users::Order, bool) {
        (self.field.into(), self.direction == OrderDirection::Desc)
    }
}

connection!(UserConnection, UserEdge, User, "users");

/// All rights of a user.
#[derive(InputObject)]
pub struct SetRightsInput {
    /// Whose.
    pub user_id: ID,
    /// Exactly these from now on.
    pub rights: Vec<Right>,
}

payload!(UserPayload, user: User, "The user as they are now.");
