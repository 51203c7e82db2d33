//! Members of update inputs: left out, null, or given.

use async_graphql::MaybeUndefined;

use super::error::{ErrorCode, UserError};

/// Left out stays; null is the empty value, which a command refuses where there must be one.
pub(super) fn cleared<T: Default>(given: MaybeUndefined<T>) -> Option<T> {
    match given {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(T::default()),
        MaybeUndefined::Value(value) => Some(value),
    }
}

/// Left out stays; null clears.
#[expect(clippy::option_option, reason = "left out, cleared and given are three things")]
pub(super) fn clearable<T>(given: MaybeUndefined<T>) -> Option<Option<T>> {
    match given {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

/// A member of `input` that is null and cannot be.
pub(super) struct Cleared(&'static str);

/// Left out stays; null is refused. `member` is its name in `input`.
pub(super) fn required<T>(given: MaybeUndefined<T>, member: &'static str) -> Result<Option<T>, Cleared> {
    match given {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Err(Cleared(member)),
        MaybeUndefined::Value(value) => Ok(Some(value)),
    }
}

impl From<Cleared> for UserError {
    fn from(Cleared(member): Cleared) -> Self {
        Self::new(ErrorCode::Invalid, "This cannot be cleared.", &["input", member])
    }
}
