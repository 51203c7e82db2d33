//! Errors as the API shows them: what a person can mend becomes a `UserError`, our own fault is logged once and shows no internals.

use async_graphql::{Enum, ErrorExtensionValues, ID, SimpleObject};

use super::id;
use super::scalar::DateTime;
use crate::access::Denied;
use crate::changes::CursorError;
use crate::contacts::language::Mistake;
use crate::contacts::{self, Field};
use crate::db::Fault;
use crate::feed::FeedError;
use crate::mail_accounts::{self, ProblemCode};
use crate::mail_sync::{self, Part};
use crate::paging::PageError;
use crate::post::PostError;
use crate::{messages, users};

/// `extensions.code` of GraphQL errors: the whole list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Not signed in.
    Unauthenticated,
    /// A right is missing.
    Forbidden,
    /// Not there.
    NotFound,
    /// An argument cannot be used.
    BadUserInput,
    /// The document is not GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// The request costs too much.
    TooComplex,
    /// The log does not reach back that far.
    CursorExpired,
    /// Not a cursor of this workspace.
    CursorInvalid,
    /// Too many requests.
    RateLimited,
    /// It took too long.
    Timeout,
    /// Our fault.
    Internal,
}

impl Code {
    /// The API's word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::TooComplex => "TOO_COMPLEX",
            Self::CursorExpired => "CURSOR_EXPIRED",
            Self::CursorInvalid => "CURSOR_INVALID",
            Self::RateLimited => "RATE_LIMITED",
            Self::Timeout => "TIMEOUT",
            Self::Internal => "INTERNAL",
        }
    }
}

/// A GraphQL error. It has no `Display` on purpose: async-graphql turns whatever has one into an error that clients see, so that a
/// `?` on a database error would show them SQL.
#[derive(Clone, Debug)]
pub struct ApiError {
    code: Code,
    message: String,
    /// For a text that is a language: where it is wrong.
    pub(super) mistake: Option<Mistake>,
}

impl ApiError {
    /// An error with a plain sentence.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), mistake: None }
    }

    /// Nobody is signed in.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(Code::Unauthenticated, "Sign in first.")
    }

    /// Our own fault: logged here, with a reference that the client gets instead.
    #[must_use]
    pub fn fault(error: &dyn std::fmt::Display) -> Self {
        let reference = format!("{:08x}", rand::random::<u32>());
        tracing::error!(%error, reference, "A request failed");
        Self::new(Code::Internal, format!("Something went wrong on our side. Reference: {reference}."))
    }
}

impl From<ApiError> for async_graphql::Error {
    fn from(error: ApiError) -> Self {
        let mut shown = Self::new(error.message);
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", error.code.as_str());
        if let Some(mistake) = error.mistake {
            extensions.set("position", mistake.position);
            extensions.set("expected", mistake.expected);
        }
        shown.extensions = Some(extensions);
        shown
    }
}

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        Self::fault(&fault)
    }
}

impl From<PageError> for ApiError {
    fn from(error: PageError) -> Self {
        Self::new(Code::BadUserInput, error.to_string())
    }
}

impl From<CursorError> for ApiError {
    fn from(error: CursorError) -> Self {
        let code = match error {
            CursorError::Invalid => Code::CursorInvalid,
            CursorError::Expired => Code::CursorExpired,
        };
        Self::new(code, error.to_string())
    }
}

impl From<FeedError> for ApiError {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::Cursor(error) => error.into(),
            FeedError::Fault(fault) => fault.into(),
        }
    }
}

/// A read's error where a command's would be a `UserError`.
impl From<contacts::Error> for ApiError {
    fn from(error: contacts::Error) -> Self {
        match error {
            contacts::Error::Fault(fault) => fault.into(),
            other => Self::new(Code::BadUserInput, other.to_string()),
        }
    }
}

/// Why a mutation is refused, for clients that decide by it.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// A value cannot be used as it is.
    Invalid,
    /// There is no such object, or the viewer may not see it.
    NotFound,
    /// Something else stands in the way.
    Conflict,
    /// A right is missing.
    Forbidden,
    /// A license is missing.
    LicenseRequired,
    /// Nobody is signed in, or not with these credentials.
    Unauthenticated,
    /// Too many attempts.
    RateLimited,
    /// The mail server does not take these credentials.
    MailAuthenticationFailed,
    /// The mail server wants a password that was made for this use.
    AppPasswordRequired,
    /// The mail server takes no password: sign in and consent in the browser.
    OauthRequired,
    /// The mail server does not answer.
    MailServerUnreachable,
    /// The mail server refuses.
    MailServerRefused,
}

/// A refusal that the person at the screen can act on. Every mutation payload has `userErrors: [UserError!]!`;
/// when it is not empty nothing was changed. Faults that no user can act on are GraphQL errors with `extensions.code`.
#[derive(SimpleObject, Clone, Debug)]
pub struct UserError {
    /// What kind of refusal.
    pub code: ErrorCode,
    /// One sentence for the person at the screen.
    pub message: String,
    /// Path of the input field at fault, e.g. ["input", "email"]; empty when it concerns the whole request.
    pub path: Vec<String>,
    /// Ordered steps that mend it, e.g. how to make a Google App Password; often empty.
    pub remedy: Vec<String>,
    /// A page that helps.
    pub help_url: Option<String>,
    /// For a mistake inside a text that is a language (a filter's `query`): offset in characters from 0.
    pub position: Option<i32>,
    /// For RATE_LIMITED: when to try again.
    pub retry_at: Option<DateTime>,
    /// For CONFLICT: the object that stands in the way, if the viewer may see it.
    pub conflicting_id: Option<ID>,
}

impl UserError {
    /// A refusal in one sentence.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>, path: &[&str]) -> Self {
        Self {
            code,
            message: message.into(),
            path: path.iter().map(|step| (*step).to_owned()).collect(),
            remedy: Vec::new(),
            help_url: None,
            position: None,
            retry_at: None,
            conflicting_id: None,
        }
    }

    /// With the object that stands in the way.
    #[must_use]
    pub(super) fn conflicting(mut self, id: ID) -> Self {
        self.conflicting_id = Some(id);
        self
    }
}

/// A feature's error as a mutation answers it: a refusal, or our own fault.
pub trait Refusal: Sized {
    /// The refusal. `path` is where the object stands that the command is about, e.g. `["input", "id"]`.
    ///
    /// # Errors
    /// For our own fault.
    fn refusal(self, path: &[&str]) -> Result<UserError, ApiError>;

    /// Whether the command only lost a race, so that trying again may well do.
    fn lost_a_race(&self) -> bool;
}

pub(super) fn denied(denied: Denied) -> UserError {
    UserError::new(ErrorCode::Forbidden, denied.to_string(), &[])
}

impl Refusal for contacts::Error {
    fn refusal(self, path: &[&str]) -> Result<UserError, ApiError> {
        let message = self.to_string();
        Ok(match self {
            Self::Denied(error) => denied(error),
            Self::NotFound => UserError::new(ErrorCode::NotFound, message, path),
            Self::TagNotFound(entry) => {
                UserError::new(ErrorCode::NotFound, message, &["input", "tagIds", &entry.to_string()])
            }
            Self::Invalid(field, _) => {
                let mut error = UserError::new(ErrorCode::Invalid, message, &["input"]);
                error.path.extend(field_path(field));
                error
            }
            Self::EmailTaken { entry, contact, .. } => {
                let path = ["input", "emails", &entry.to_string(), "address"];
                UserError::new(ErrorCode::Conflict, message, &path).conflicting(id::encode(contact))
            }
            Self::Changed(contact) => {
                UserError::new(ErrorCode::Conflict, message, &["input", "version"]).conflicting(id::encode(contact))
            }
            Self::Filter(_) => UserError::new(ErrorCode::Invalid, message, &["input", "filter"]),
            Self::Tags(error) => return error.refusal(path),
            Self::Fault(fault) => return Err(fault.into()),
        })
    }

    fn lost_a_race(&self) -> bool {
        match self {
            Self::Tags(error) => error.lost_a_race(),
            Self::Fault(fault) => fault.is_transient(),
            _ => false,
        }
    }
}

fn field_path(field: Field) -> Vec<String> {
    let entry = |list: &str, entry: Option<usize>| {
        std::iter::once(list.to_owned()).chain(entry.map(|entry| entry.to_string())).collect()
    };
    match field {
        Field::Name => entry("name", None),
        Field::Company => entry("company", None),
        Field::JobTitle => entry("jobTitle", None),
        Field::Notes => entry("notes", None),
        Field::Emails(number) => entry("emails", number),
        Field::Phones(number) => entry("phones", number),
        Field::Tags(list, number) => entry(list, Some(number)),
        Field::List(list) => entry(list, None),
    }
}

impl Refusal for users::Error {
    fn refusal(self, path: &[&str]) -> Result<UserError, ApiError> {
        let message = self.to_string();
        Ok(match self {
            Self::Denied(error) => denied(error),
            Self::NotFound | Self::NotValid => UserError::new(ErrorCode::NotFound, message, path),
            Self::WrongCredentials => UserError::new(ErrorCode::Unauthenticated, message, path),
            Self::TooManyAttempts { retry_at } => {
                let error = UserError::new(ErrorCode::RateLimited, message, &[]);
                UserError { retry_at: Some(DateTime(retry_at)), ..error }
            }
            Self::Email(_) => UserError::new(ErrorCode::Invalid, message, &["input", "email"]),
            Self::Password(_) => UserError::new(ErrorCode::Invalid, message, &["input", "password"]),
            Self::Name => UserError::new(ErrorCode::Invalid, message, &["input", "name"]),
            Self::EmailTaken => UserError::new(ErrorCode::Conflict, message, &["input", "email"]),
            Self::LastAdmin if path == ["input", "userId"] => {
                UserError::new(ErrorCode::Conflict, message, &["input", "rights"])
            }
            Self::LastAdmin | Self::StillInvited => UserError::new(ErrorCode::Conflict, message, path),
            Self::DayIsOver => UserError::new(ErrorCode::Invalid, message, &["input", "lastWorkingDay"]),
            Self::Post(PostError::Unsendable(_)) => {
                UserError::new(ErrorCode::Invalid, "No mail can be sent to this address.", &["input", "email"])
            }
            Self::Post(error) => return Err(ApiError::fault(&error)),
            Self::NotYours(_) | Self::PrivateMailToSelf => {
                UserError::new(ErrorCode::Forbidden, message, &["input", "rights"])
            }
            Self::Fault(fault) => return Err(fault.into()),
        })
    }

    fn lost_a_race(&self) -> bool {
        matches!(self, Self::Fault(fault) if fault.is_transient())
    }
}

impl From<ProblemCode> for ErrorCode {
    fn from(code: ProblemCode) -> Self {
        match code {
            ProblemCode::AuthenticationFailed => Self::MailAuthenticationFailed,
            ProblemCode::AppPasswordRequired => Self::AppPasswordRequired,
            ProblemCode::Unreachable => Self::MailServerUnreachable,
            ProblemCode::Refused => Self::MailServerRefused,
            ProblemCode::RateLimited => Self::RateLimited,
        }
    }
}

impl From<mail_sync::Refusal> for UserError {
    fn from(refusal: mail_sync::Refusal) -> Self {
        let path: &[&str] = match (refusal.part, refusal.code) {
            (_, ProblemCode::AuthenticationFailed | ProblemCode::AppPasswordRequired) => &["input", "password"],
            (Part::Port, _) => &["input", "imapPort"],
            (Part::Security, _) => &["input", "imapSecurity"],
            (Part::Name | Part::Certificate, _) | (_, ProblemCode::Unreachable) => &["input", "imapHost"],
            (Part::SignIn | Part::Server, ProblemCode::Refused | ProblemCode::RateLimited) => &[],
        };
        Self::new(refusal.code.into(), refusal.message, path)
    }
}

impl Refusal for mail_accounts::Error {
    fn refusal(self, path: &[&str]) -> Result<UserError, ApiError> {
        let message = self.to_string();
        Ok(match self {
            Self::Denied(error) => denied(error),
            Self::NotFound => UserError::new(ErrorCode::NotFound, message, path),
            Self::AlreadyConnected(account) => {
                UserError::new(ErrorCode::Conflict, message, &["input", "email"]).conflicting(id::encode(account))
            }
            Self::Server => UserError::new(ErrorCode::Invalid, message, &["input", "imapHost"]),
            Self::Username => UserError::new(ErrorCode::Invalid, message, &["input", "username"]),
            Self::Password => UserError::new(ErrorCode::Invalid, message, &["input", "password"]),
            Self::HistoryDays => UserError::new(ErrorCode::Invalid, message, &["input", "historyDays"]),
            Self::FolderNotFound(entry) => {
                UserError::new(ErrorCode::NotFound, message, &["input", "folderIds", &entry.to_string()])
            }
            Self::Fenced | Self::Secret(_) => return Err(ApiError::fault(&message)),
            Self::Fault(fault) => return Err(fault.into()),
        })
    }

    fn lost_a_race(&self) -> bool {
        matches!(self, Self::Fault(fault) if fault.is_transient())
    }
}

impl From<messages::Error> for ApiError {
    fn from(error: messages::Error) -> Self {
        match error {
            messages::Error::Contacts(error) => error.into(),
            messages::Error::Account(_)
            | messages::Error::Blob(_)
            | messages::Error::Secret(_)
            | messages::Error::Fault(_) => Self::fault(&error),
        }
    }
}
