//! Secrets at rest: passwords and tokens of others, sealed under a key in the key file.
//! Owns the key file and the sealed form; does not know where sealed bytes are stored.
//! Start at [`Secrets`].

mod key_file;
mod rotation;
mod secret;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use chacha20poly1305::{
    Key, XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use rand::{TryRng, rngs::SysRng};
use sha2::{Digest, Sha256};

pub use rotation::Rotation;
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
    /// Another process replaces the key.
    #[error("another process rotates the keys just now")]
    Rotating,
    /// The system gives no random numbers.
    #[error("no random numbers from the system")]
    NoRandomness,
}

/// A key and its name.
#[derive(Clone)]
struct SealingKey {
    id: [u8; KEY_ID],
    cipher: XChaCha20Poly1305,
}

impl SealingKey {
    fn new(key: &[u8; 32]) -> Self {
        Self { id: id_of(key), cipher: XChaCha20Poly1305::new(&Key::from(*key)) }
    }
}

/// The keys there are: the first seals, all open.
struct Keys {
    current: SealingKey,
    others: Vec<SealingKey>,
    /// When the file was written from which they are.
    read_from: Option<Stamp>,
}

/// Tells a file from the one that was there before.
type Stamp = (std::time::SystemTime, u64);

/// Seals and opens secrets under the keys in the key file. A file that another process replaces meanwhile is noticed.
pub struct Secrets {
    file: Option<PathBuf>,
    keys: RwLock<Keys>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets(key {})", hex(self.key_id()))
    }
}

impl Secrets {
    /// With the keys in this file; a file that is not there is made, readable for its owner only, with a new key.
    pub fn open_or_create(path: &Path) -> Result<Self, SecretError> {
        let keys = key_file::read_or_create(path)?;
        let secrets = Self::with_keys(&keys)?;
        Ok(Self { file: Some(path.to_owned()), ..secrets })
    }

    fn with_keys(keys: &[key_file::RawKey]) -> Result<Self, SecretError> {
        let mut keys = keys.iter().map(|key| SealingKey::new(key));
        let current = keys.next().ok_or(SecretError::Damaged)?;
        let keys = Keys { current, others: keys.collect(), read_from: None };
        Ok(Self { file: None, keys: RwLock::new(keys) })
    }

    /// Names the key that seals, without telling it: the first bytes of its SHA-256.
    #[must_use]
    pub fn key_id(&self) -> [u8; 8] {
        self.keys().current.id
    }

    /// Whether this is sealed under the key that seals now.
    #[must_use]
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        sealed.split_first().is_some_and(|(_, rest)| rest.starts_with(&self.key_id()))
    }

    /// Seals a secret. It opens only with the same `context`, which says where it belongs (workspace, row and field), so
    /// that sealed bytes copied to another row are worth nothing.
    pub fn seal(&self, context: &str, secret: &Secret) -> Result<Vec<u8>, SecretError> {
        self.heed_file();
        let SealingKey { id, cipher } = self.keys().current.clone();
        let mut nonce = [0; NONCE];
        SysRng.try_fill_bytes(&mut nonce).map_err(|_| SecretError::NoRandomness)?;
        let mut sealed = Vec::with_capacity(1 + KEY_ID + NONCE + secret.reveal().len() + 16);
        sealed.push(VERSION);
        sealed.extend_from_slice(&id);
        sealed.extend_from_slice(&nonce);
        let aad = additional(id, context);
        let payload = Payload { msg: secret.reveal().as_bytes(), aad: &aad };
        let body = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| SecretError::Damaged)?;
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
        let cipher = self.cipher(*key_id).or_else(|| {
            self.heed_file();
            self.cipher(*key_id)
        });
        let Some(cipher) = cipher else {
            return Err(SecretError::OtherKey { sealed: *key_id, held: self.key_id() });
        };
        let aad = additional(*key_id, context);
        let payload = Payload { msg: body, aad: &aad };
        let plain = cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| SecretError::Damaged)?;
        String::from_utf8(plain).map(Secret::from).map_err(|_| SecretError::Damaged)
    }

    /// The same secret sealed anew, under the key that seals now; none where it is already. One that does not open stays as it is, and is
    /// told of in the log by its context.
    pub fn renewed(&self, context: &str, sealed: &[u8]) -> Result<Option<Vec<u8>>, SecretError> {
        if self.is_current(sealed) {
            return Ok(None);
        }
        match self.open(context, sealed) {
            Ok(secret) => self.seal(context, &secret).map(Some),
            Err(error) => {
                tracing::warn!(context, %error, "A stored secret cannot be read and stays as it is");
                Ok(None)
            }
        }
    }

    fn keys(&self) -> RwLockReadGuard<'_, Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn cipher(&self, id: [u8; KEY_ID]) -> Option<XChaCha20Poly1305> {
        let keys = self.keys();
        let mut all = std::iter::once(&keys.current).chain(&keys.others);
        all.find(|key| key.id == id).map(|key| key.cipher.clone())
    }

    /// Takes over the keys of a file that was replaced. Those that it has no more still open: what was sealed for a while (a link to
    /// an export) lives as long as this process. A file that cannot be read changes nothing.
    fn heed_file(&self) {
        let Some(path) = &self.file else { return };
        let stamp = std::fs::metadata(path).and_then(|file| Ok((file.modified()?, file.len()))).ok();
        if stamp.is_none() || self.keys().read_from == stamp {
            return;
        }
        let Ok(read) = key_file::read_existing(path) else { return };
        let mut read = read.iter().map(|key| SealingKey::new(key));
        let Some(current) = read.next() else { return };
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let known = std::mem::take(&mut keys.others);
        let before = std::mem::replace(&mut keys.current, current);
        let mut others: Vec<SealingKey> = read.collect();
        for key in std::iter::once(before).chain(known) {
            if key.id != keys.current.id && others.iter().all(|other| other.id != key.id) {
                others.push(key);
            }
        }
        keys.others = others;
        keys.read_from = stamp;
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
