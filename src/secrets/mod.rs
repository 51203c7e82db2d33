//! Secrets at rest: passwords and tokens of others, sealed under the key in the key file.
//! Owns the key file and the sealed form; does not know where sealed bytes are stored.
//! Start at [`Secrets`].

mod key_file;
mod secret;
#[cfg(test)]
mod tests;

use std::path::Path;

use chacha20poly1305::{
    Key, XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use rand::{TryRng, rngs::SysRng};
use sha2::{Digest, Sha256};

pub use secret::Secret;

/// First byte of everything sealed.
const VERSION: u8 = 1;
const KEY_ID: usize = 8;
const NONCE: usize = 24;

/// Why a secret could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It was sealed under another key than the one in the key file.
    #[error("sealed under key {}, the key file holds {}", hex(*.sealed), hex(*.held))]
    OtherKey {
        /// Id of the key it was sealed under.
        sealed: [u8; 8],
        /// Id of the key there is.
        held: [u8; 8],
    },
    /// These bytes were not sealed by this, were changed, or belong to another context.
    #[error("the sealed secret is damaged or belongs elsewhere")]
    Damaged,
    /// The key file cannot be read or made.
    #[error("key file {path}: {source}")]
    KeyFile {
        /// The file.
        path: String,
        /// What went wrong.
        source: std::io::Error,
    },
    /// The key file is there but holds no key.
    #[error("key file {path} holds no key: {why}")]
    NoKey {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The system gives no random numbers.
    #[error("no random numbers from the system")]
    NoRandomness,
}

/// Seals and opens secrets under one key.
pub struct Secrets {
    cipher: XChaCha20Poly1305,
    key_id: [u8; KEY_ID],
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets(key {})", hex(self.key_id))
    }
}

impl Secrets {
    /// With the key in this file; a file that is not there is made, readable for its owner only, with a new key.
    pub fn open_or_create(path: &Path) -> Result<Self, SecretError> {
        let key = key_file::read_or_create(path)?;
        Ok(Self::with_key(&key))
    }

    fn with_key(key: &[u8; 32]) -> Self {
        Self { cipher: XChaCha20Poly1305::new(&Key::from(*key)), key_id: id_of(key) }
    }

    /// Names the key without telling it: the first bytes of its SHA-256.
    #[must_use]
    pub fn key_id(&self) -> [u8; 8] {
        self.key_id
    }

    /// Seals a secret. It opens only with the same `context`, which says where it belongs (workspace, row and field), so
    /// that sealed bytes copied to another row are worth nothing.
    pub fn seal(&self, context: &str, secret: &Secret) -> Result<Vec<u8>, SecretError> {
        let mut nonce = [0; NONCE];
        SysRng.try_fill_bytes(&mut nonce).map_err(|_| SecretError::NoRandomness)?;
        let mut sealed = Vec::with_capacity(1 + KEY_ID + NONCE + secret.reveal().len() + 16);
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.key_id);
        sealed.extend_from_slice(&nonce);
        let aad = additional(self.key_id, context);
        let payload = Payload { msg: secret.reveal().as_bytes(), aad: &aad };
        let body = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| SecretError::Damaged)?;
        sealed.extend_from_slice(&body);
        Ok(sealed)
    }

    /// Opens what was sealed for the same `context`.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Secret, SecretError> {
        let (version, rest) = sealed.split_first().ok_or(SecretError::Damaged)?;
        let (key_id, rest) = rest.split_first_chunk::<KEY_ID>().ok_or(SecretError::Damaged)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE>().ok_or(SecretError::Damaged)?;
        if *version != VERSION {
            return Err(SecretError::Damaged);
        }
        if *key_id != self.key_id {
            return Err(SecretError::OtherKey { sealed: *key_id, held: self.key_id });
        }
        let aad = additional(*key_id, context);
        let payload = Payload { msg: body, aad: &aad };
        let plain = self.cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| SecretError::Damaged)?;
        String::from_utf8(plain).map(Secret::from).map_err(|_| SecretError::Damaged)
    }
}

/// Names a key without telling it.
fn id_of(key: &[u8; 32]) -> [u8; KEY_ID] {
    let mut key_id = [0; KEY_ID];
    for (byte, hashed) in key_id.iter_mut().zip(Sha256::digest(key)) {
        *byte = hashed;
    }
    key_id
}

/// What is authenticated beside the secret.
fn additional(key_id: [u8; KEY_ID], context: &str) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&key_id);
    bytes.extend_from_slice(context.as_bytes());
    bytes
}

fn hex(key_id: [u8; KEY_ID]) -> String {
    format!("{:016x}", u64::from_be_bytes(key_id))
}
