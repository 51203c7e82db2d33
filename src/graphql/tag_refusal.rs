//! Why commands about tags are refused, as a mutation answers it.

use super::error::{ApiError, ErrorCode, Refusal, UserError, denied};
use super::id;
use crate::tags::Error;

impl Refusal for Error {
    fn refusal(self, path: &[&str]) -> Result<UserError, ApiError> {
        let message = self.to_string();
        let refused = |code, path: &[&str]| UserError::new(code, message.clone(), path);
        let merged = |code, place: usize| refused(code, &["input", "fromIds", &place.to_string()]);
        Ok(match self {
            Self::Denied(error) => denied(error),
            Self::NotFound | Self::NoSuchGroup => refused(ErrorCode::NotFound, path),
            Self::GroupNotFound => refused(ErrorCode::NotFound, &["input", "groupId"]),
            Self::AliasNotFound => refused(ErrorCode::NotFound, &["alias"]),
            Self::MergedNotFound(place) => merged(ErrorCode::NotFound, place),
            Self::MergedWithItself(place) => merged(ErrorCode::Invalid, place),
            Self::NothingToMerge | Self::TooManyToMerge => refused(ErrorCode::Invalid, &["input", "fromIds"]),
            Self::TooManyAliases => refused(ErrorCode::Invalid, &["input"]),
            Self::Name(_) | Self::GroupName => refused(ErrorCode::Invalid, &["input", "name"]),
            Self::Color => refused(ErrorCode::Invalid, &["input", "color"]),
            Self::Position => refused(ErrorCode::Invalid, &["input", "position"]),
            Self::NameTaken(other) => refused(ErrorCode::Conflict, &["input", "name"]).conflicting(id::encode(other)),
            Self::GroupNameTaken(other) => {
                refused(ErrorCode::Conflict, &["input", "name"]).conflicting(id::encode(other))
            }
            Self::LicenseRequired => refused(ErrorCode::LicenseRequired, &[]),
            Self::Overtaken => return Err(ApiError::fault(&message)),
            Self::Fault(fault) => return Err(fault.into()),
        })
    }

    fn lost_a_race(&self) -> bool {
        match self {
            Self::Overtaken => true,
            Self::Fault(fault) => fault.is_transient(),
            _ => false,
        }
    }
}
