//! Files that come with a request.

use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

/// A file, sent with the request: https://github.com/jaydenseric/graphql-multipart-request-spec, with the header
/// GraphQL-Require-Preflight.
#[derive(Clone, Copy, Debug)]
pub struct Upload(usize);

/// A file, sent with the request: https://github.com/jaydenseric/graphql-multipart-request-spec, with the header
/// GraphQL-Require-Preflight.
#[Scalar]
impl ScalarType for Upload {
    fn parse(value: Value) -> InputValueResult<Self> {
        // The transport puts a file's number in the place of its null.
        match &value {
            Value::String(number) => number.parse().ok().map(Self),
            _ => None,
        }
        .ok_or_else(|| InputValueError::custom("expected a file, sent with a multipart request"))
    }

    fn to_value(&self) -> Value {
        Value::Null
    }
}

/// The files of one request.
#[derive(Clone, Debug)]
pub struct Uploads(Arc<Mutex<Vec<Option<File>>>>);

impl Uploads {
    /// Numbered from 0.
    #[must_use]
    pub fn new(files: Vec<File>) -> Self {
        Self(Arc::new(Mutex::new(files.into_iter().map(Some).collect())))
    }

    /// A file, to whoever asks for it first; none when there is none with this number.
    pub(super) fn take(&self, upload: Upload) -> Option<File> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(upload.0)?.take()
    }
}
