//! Replacing the key, while others go on sealing and opening.
//! Owns the order in which the key file changes; what is stored is sealed anew by who stores it.
//! Start at [`Rotation::begin`].

use std::fs::File;
use std::path::{Path, PathBuf};

use super::{SecretError, Secrets, key_file};

/// A rotation under way: the file holds the new key, which seals from now on, and those of before, which still open. One that is
/// not ended leaves it so, which loses nothing.
pub struct Rotation {
    path: PathBuf,
    secrets: Secrets,
    new: key_file::RawKey,
    /// Only one at a time.
    _lock: File,
}

impl Rotation {
    /// Puts a new key into the file, before those it has.
    ///
    /// # Errors
    /// `Rotating` while another process does the same.
    pub fn begin(path: &Path) -> Result<Self, SecretError> {
        let lock = key_file::lock(path)?;
        let new = key_file::new_key()?;
        let mut keys = vec![new.clone()];
        keys.extend(key_file::read_or_create(path)?);
        key_file::replace(path, &keys)?;
        Ok(Self { path: path.to_owned(), secrets: Secrets::open_or_create(path)?, new, _lock: lock })
    }

    /// Seals under the new key, opens what is under those of before.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Takes the keys of before out of the file. To be called when nothing that is stored needs them any more.
    pub fn end(self) -> Result<(), SecretError> {
        key_file::replace(&self.path, std::slice::from_ref(&self.new))
    }
}
