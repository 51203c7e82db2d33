//! Files that come with a request (<https://github.com/jaydenseric/graphql-multipart-request-spec>).
//!
//! Owns how they are taken in: from people who are signed in, within their own limit of size, and onto disk piece by piece. Start
//! reading at `receive`.

use std::collections::BTreeMap;

use async_graphql::{Name, Request, Value};
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};

use super::answer::Refused;
use super::{Http, parameters};
use crate::blobs::Spool;
use crate::graphql::{Code, Uploads};

/// How long a request with files may take to arrive.
pub(super) const ARRIVAL: std::time::Duration = std::time::Duration::from_secs(10 * 60);

/// Most files of one request.
const MOST_FILES: usize = 10;

/// A form can be sent by a foreign page without asking; one of these headers cannot.
pub(super) const PREFLIGHT: [HeaderName; 2] =
    [HeaderName::from_static("graphql-require-preflight"), HeaderName::from_static("apollo-require-preflight")];

/// Whether files come with a request. A form without one of the headers is none, and is refused as any other type is.
pub(super) fn is_upload(headers: &HeaderMap) -> bool {
    let form = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|text| {
        let name = text.split(';').next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case("multipart/form-data")
    });
    form && PREFLIGHT.iter().any(|name| headers.contains_key(name))
}

/// The request, with its files on disk and their numbers in the places of its variables.
pub(super) async fn receive(http: &Http, mut request: axum::extract::Request) -> Result<Request, Refused> {
    let _room = http.inner.uploads.acquire().await;
    let limits = &http.config().limits;
    DefaultBodyLimit::max(limits.upload_bytes).apply(&mut request);
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|rejection| Refused::new(rejection.status(), Code::BadUserInput, rejection.body_text()))?;
    let operations = text(&mut form, "operations", limits.body_bytes).await?;
    let mut request = parameters::of_bytes(&operations)?;
    let map = text(&mut form, "map", limits.body_bytes).await?;
    let map: BTreeMap<String, Vec<String>> =
        serde_json::from_slice(&map).map_err(|_| Refused::malformed("The part map is no map of lists of paths."))?;
    if map.len() > MOST_FILES {
        return Err(Refused::malformed("At most 10 files can be sent at once."));
    }
    let mut files = Vec::new();
    let mut missing = map;
    while let Some(mut field) = form.next_field().await.map_err(|error| broken(&error))? {
        let paths = field.name().and_then(|name| missing.remove(name));
        let paths = paths.ok_or_else(|| Refused::malformed("The form has a part that its map does not name."))?;
        for path in paths {
            let place = place(&mut request, &path)
                .ok_or_else(|| Refused::malformed("The map names a place of the variables that is not null."))?;
            *place = Value::String(files.len().to_string());
        }
        let failed = |error: std::io::Error| {
            tracing::error!(%error, "An uploaded file could not be kept");
            Refused::new(
                StatusCode::INSUFFICIENT_STORAGE,
                Code::Internal,
                "The file could not be stored. Try again soon.",
            )
        };
        let mut spool = Spool::create(&http.config().data_dir).await.map_err(failed)?;
        while let Some(bytes) = field.chunk().await.map_err(|error| broken(&error))? {
            spool.write(&bytes).await.map_err(failed)?;
        }
        files.push(spool.finish().await.map_err(failed)?);
    }
    if missing.is_empty() {
        Ok(request.data(Uploads::new(files)))
    } else {
        Err(Refused::malformed("The form lacks a file that its map names."))
    }
}

async fn text(form: &mut Multipart, name: &str, most: usize) -> Result<Vec<u8>, Refused> {
    let field = form.next_field().await.map_err(|error| broken(&error))?.filter(|field| field.name() == Some(name));
    let mut field: Field<'_> = field.ok_or_else(|| {
        Refused::malformed("The form begins with the parts operations and map, in this order, and files follow.")
    })?;
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
        if bytes.len() + chunk.len() > most {
            let message = format!("The part {name} is too long.");
            return Err(Refused::new(StatusCode::PAYLOAD_TOO_LARGE, Code::BadUserInput, message));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The null at a path such as `variables.input.file`.
fn place<'r>(request: &'r mut Request, path: &str) -> Option<&'r mut Value> {
    let mut steps = path.strip_prefix("variables.")?.split('.');
    let mut place = request.variables.get_mut(&Name::new(steps.next()?))?;
    for step in steps {
        place = match place {
            Value::Object(members) => members.get_mut(step)?,
            Value::List(entries) => entries.get_mut(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    (*place == Value::Null).then_some(place)
}

fn broken(error: &MultipartError) -> Refused {
    Refused::new(error.status(), Code::BadUserInput, error.body_text())
}
