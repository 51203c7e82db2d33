//! The layout of a pack: messages compressed one by one, back to back, with no index (the database rows are it).
//! Owns compressing, naming and checking; does no input or output.
//! Start at [`build`] and [`unpack`].

use bytes::Bytes;
use sha2::{Digest, Sha256};
use zstd::bulk::{Compressor, Decompressor};

use super::BlobError;

/// Bytes after which a pack is full; one message that is longer has a pack of its own.
pub const PACK: usize = 8 << 20;
/// Bytes of one message before compression.
pub const PLAIN: usize = 128 << 20;
/// Of zstd. On mail of all kinds, 1 takes 28 µs for 10 kB and 3 takes 35 µs for 1 % less: initial sync is bound by CPU.
const LEVEL: i32 = 1;

/// Where a message is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Locator {
    /// Name of the pack.
    pub pack: String,
    /// Bytes before it in the pack.
    pub offset: u32,
    /// Bytes it takes there, compressed.
    pub length: u32,
    /// SHA-256 of the message itself.
    pub hash: [u8; 32],
}

/// A pack to be written.
pub(super) struct Pack {
    pub(super) name: String,
    pub(super) bytes: Bytes,
    pub(super) locators: Vec<Locator>,
}

/// Packs that hold `messages` in order.
pub(super) fn build(messages: &[Bytes]) -> Result<Vec<Pack>, BlobError> {
    let mut compressor = Compressor::new(LEVEL).map_err(BlobError::Compress)?;
    let mut packs = Vec::new();
    let mut bytes = Vec::new();
    let mut locators: Vec<Locator> = Vec::new();
    for message in messages {
        if message.len() > PLAIN {
            return Err(BlobError::TooLarge(message.len()));
        }
        let compressed = compressor.compress(message).map_err(BlobError::Compress)?;
        if !bytes.is_empty() && bytes.len() + compressed.len() > PACK {
            packs.push(finish(std::mem::take(&mut bytes), std::mem::take(&mut locators)));
        }
        let too_large = |_| BlobError::TooLarge(message.len());
        locators.push(Locator {
            pack: String::new(),
            offset: u32::try_from(bytes.len()).map_err(too_large)?,
            length: u32::try_from(compressed.len()).map_err(too_large)?,
            hash: Sha256::digest(message).into(),
        });
        bytes.extend_from_slice(&compressed);
    }
    if !locators.is_empty() {
        packs.push(finish(bytes, locators));
    }
    Ok(packs)
}

/// A pack of messages that are compressed already, each with the hash of itself.
pub(super) fn assemble(messages: &[(Bytes, [u8; 32])]) -> Result<Pack, BlobError> {
    let mut bytes = Vec::new();
    let mut locators = Vec::with_capacity(messages.len());
    for (compressed, hash) in messages {
        let too_large = |_| BlobError::TooLarge(bytes.len());
        locators.push(Locator {
            pack: String::new(),
            offset: u32::try_from(bytes.len()).map_err(too_large)?,
            length: u32::try_from(compressed.len()).map_err(too_large)?,
            hash: *hash,
        });
        bytes.extend_from_slice(compressed);
    }
    Ok(finish(bytes, locators))
}

/// The name tells the content, and tells the pack from all others.
fn finish(bytes: Vec<u8>, mut locators: Vec<Locator>) -> Pack {
    let digits = Sha256::digest(&bytes).into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits: String = digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect();
    let name = format!("{digits}-{:016x}", rand::random::<u64>());
    for locator in &mut locators {
        locator.pack.clone_from(&name);
    }
    Pack { name, bytes: bytes.into(), locators }
}

/// The message whose compressed bytes these are.
pub(super) fn unpack(locator: &Locator, compressed: &[u8]) -> Result<Bytes, BlobError> {
    let damaged = |what| BlobError::Damaged(locator.pack.clone(), what);
    // The length stands in the frame's head, which may be damaged too: it is a claim.
    let length = Decompressor::upper_bound(compressed).filter(|length| *length <= PLAIN);
    let length = length.ok_or_else(|| damaged("it claims an impossible length"))?;
    let mut decompressor = Decompressor::new().map_err(BlobError::Compress)?;
    let plain = decompressor.decompress(compressed, length).map_err(|_| damaged("it cannot be decompressed"))?;
    let hash: [u8; 32] = Sha256::digest(&plain).into();
    if hash != locator.hash {
        return Err(damaged("its hash differs"));
    }
    Ok(plain.into())
}
