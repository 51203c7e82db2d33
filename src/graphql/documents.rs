//! Documents that were found valid before: they are neither parsed nor validated again.
//!
//! Owns a bounded cache by hash of the text. A document enters when it has been run, so that texts which are refused take no room.

use std::sync::Arc;

use async_graphql::parser::types::ExecutableDocument;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

/// Room for documents, in bytes.
const ROOM: u64 = 16 << 20;

/// What a parsed document takes for each byte of its text, measured on typical ones, rounded up.
const BYTES_PER_BYTE: u64 = 24;

/// Documents kept, about: only sizes the table.
const ABOUT: usize = 2_000;

/// Names a text and the operation chosen in it, which is what validation looks at.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 32]);

/// A valid document.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) document: Arc<ExecutableDocument>,
    pub(super) introspects: bool,
    text_bytes: usize,
}

/// The valid documents of a node.
#[derive(Clone)]
pub(super) struct Documents(Arc<Cache<Key, Known, ByText>>);

#[derive(Clone)]
struct ByText;

impl Weighter<Key, Known> for ByText {
    fn weight(&self, _: &Key, known: &Known) -> u64 {
        512 + BYTES_PER_BYTE * known.text_bytes as u64
    }
}

impl Key {
    pub(super) fn of(text: &str, operation_name: Option<&str>) -> Self {
        let mut hash = Sha256::new();
        hash.update(operation_name.unwrap_or_default());
        hash.update([0]);
        hash.update(text);
        Self(hash.finalize().into())
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Known {
    pub(super) fn new(document: ExecutableDocument, introspects: bool, text: &str) -> Self {
        Self { document: Arc::new(document), introspects, text_bytes: text.len() }
    }
}

impl Documents {
    pub(super) fn new() -> Self {
        Self(Arc::new(Cache::with_weighter(ABOUT, ROOM, ByText)))
    }

    pub(super) fn get(&self, key: &Key) -> Option<Known> {
        self.0.get(key)
    }

    pub(super) fn add(&self, key: Key, known: Known) {
        self.0.insert(key, known);
    }
}
