//! Running a feature's command for a mutation.

use std::time::Duration;

use super::error::{ApiError, Refusal, UserError};

/// Times a command is tried when it loses a race for locks.
const TRIES: u32 = 6;

/// Runs a command; again, after a moment, when it only lost a race. `path` is where the object stands that it is about.
/// The result is what it made, or why it is refused.
pub(super) async fn run<T, E, F>(
    path: &[&str],
    mut command: impl FnMut() -> F,
) -> Result<Result<T, UserError>, ApiError>
where
    E: Refusal,
    F: Future<Output = Result<T, E>>,
{
    let mut tries = 1;
    loop {
        match command().await {
            Ok(made) => return Ok(Ok(made)),
            Err(error) if error.lost_a_race() && tries < TRIES => {
                futures_timer::Delay::new(moment(tries)).await;
                tries += 1;
            }
            Err(error) => return error.refusal(path).map(Err),
        }
    }
}

/// How long to wait after a lost race. With jitter: those who met once shall not meet again.
pub(super) fn moment(tries: u32) -> Duration {
    Duration::from_millis(rand::random_range(1..=8_u64 << tries.min(7)))
}

/// A payload of one object and `userErrors`.
macro_rules! payload {
    ($payload:ident, $field:ident: $type:ty, $what:literal) => {
        /// What the mutation did.
        pub struct $payload(Result<$type, $crate::graphql::error::UserError>);

        /// What the mutation did.
        #[async_graphql::Object]
        impl $payload {
            #[doc = $what]
            async fn $field(&self) -> Option<&$type> {
                self.0.as_ref().ok()
            }

            /// Why nothing was changed; empty when it was done.
            async fn user_errors(&self) -> Vec<&$crate::graphql::error::UserError> {
                self.0.as_ref().err().into_iter().collect()
            }
        }

        impl From<Result<$type, $crate::graphql::error::UserError>> for $payload {
            fn from(result: Result<$type, $crate::graphql::error::UserError>) -> Self {
                Self(result)
            }
        }
    };
}

pub(super) use payload;
