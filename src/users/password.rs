//! Passwords: argon2id, never more at once than the machine has room for.

use std::num::NonZero;
use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use tokio::sync::Semaphore;

/// Hashing at once: each takes 19 MiB (the OWASP figure, argon2's default) and one core.
static AT_ONCE: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(2, NonZero::get)));

/// Compared with when there is no such account, so that the answer takes as long.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("nobody has this password").unwrap_or_default());

/// A password as a person types it. Shown nowhere.
#[derive(Clone)]
pub struct Password(String);

/// A password that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A password has 10 to 1000 characters.")]
pub struct PasswordError;

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Password {
    /// A new password.
    ///
    /// # Errors
    /// When it has fewer than 10 or more than 1000 characters.
    pub fn parse(text: String) -> Result<Self, PasswordError> {
        if (10..=1000).contains(&text.chars().count()) { Ok(Self(text)) } else { Err(PasswordError) }
    }

    /// One given to sign in, to be compared; whatever its length.
    #[must_use]
    pub fn given(text: String) -> Self {
        Self(text)
    }

    /// Its hash, to be stored. None when hashing fails, which it does only for lack of memory.
    pub(super) async fn hash(self) -> Option<String> {
        let _permit = AT_ONCE.acquire().await;
        tokio::task::spawn_blocking(move || hash_now(&self.0)).await.ok().flatten()
    }

    /// Whether it is the one that was hashed. Takes the same time without a hash to compare with.
    pub(super) async fn matches(self, hash: Option<String>) -> bool {
        let known = hash.is_some();
        if self.0.len() > 4000 {
            return false;
        }
        let _permit = AT_ONCE.acquire().await;
        let same = tokio::task::spawn_blocking(move || {
            let hash = hash.as_deref().unwrap_or(&NOBODY);
            PasswordHash::new(hash)
                .is_ok_and(|hash| Argon2::default().verify_password(self.0.as_bytes(), &hash).is_ok())
        });
        same.await.unwrap_or(false) && known
    }
}

fn hash_now(password: &str) -> Option<String> {
    Argon2::default().hash_password(password.as_bytes()).ok().map(|hash| hash.to_string())
}
