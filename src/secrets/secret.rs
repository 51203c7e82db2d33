//! A secret in memory.
//! Owns that it is not printed, logged or left behind; does not seal it.
//! Start at [`Secret`].

use std::fmt;

use zeroize::Zeroize;

/// A password or token in the clear. Has no `Display`, prints as `Secret(…)`, and its memory is wiped when it goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself: only for handing it to who asks for it, never for a message or log.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
